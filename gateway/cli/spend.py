"""`gateway spend`: who spent what, in four figures that stay four."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import rich_click as click

from gateway.casework import focus, sheets
from gateway.casework.spending import BY, Spent, row_of
from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, answer_table, synthetic_option
from gateway.wiring import House

_FIGURES: Final = (
    *("currency", "estimated", "held", "reported", "invoiced", "charged", "open"),
    *("jobs", "circuits", "shots", "qpu_seconds", "native"),
)


@click.command()
@click.option("--by", default="project,vendor", show_default=True, help=f"Told apart by: {', '.join(BY)}.")
@click.option("--since", help="From here on: 2026-11-01 or a moment; else the beginning of this month (UTC).")
@click.option("--until", help="Until before here; else now.")
@click.option("--project", help="Only of this project.")
@synthetic_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "focus"]),
    default="table",
    show_default=True,
    help="`focus` is CSV in FOCUS 1.2, by day, whatever --by says.",
)
@call
def spend(
    this: Call, /, *, by: str, since: str | None, until: str | None, project: str | None, synthetic: bool, form: str
) -> None:
    """Show what was spent: estimated, held, reported by vendors, and invoiced.

    Jobs count for the day they were held (UTC). `charged` is what counts against budgets: reported, and corrected
    since. Simulators that cost nothing appear without a currency.
    """
    asked = focus.BY if form == "focus" else tuple(name.strip() for name in by.split(",") if name.strip())

    async def work(house: House) -> list[Spent]:
        administration = house.administration
        begins, ends = administration.spending.span(since, until)
        owner = None if project is None else (await administration.projects.named(project)).id
        return await administration.spending.report(
            since=begins, until=ends, by=asked, project_id=owner, synthetic=synthetic
        )

    spent = in_house(this, work)
    rows = [row_of(each) for each in spent]
    columns = (*dict.fromkeys(asked), *_FIGURES)
    match form:
        case "json":
            answer_json(rows)
        case "csv":
            click.echo(csv_of([{**row, "native": "; ".join(row["native"])} for row in rows], columns), nl=False)
        case "focus":
            deployment = this.settings.ledger.origin
            priced = [focus.row(each, deployment=deployment) for each in spent if each.currency]
            click.echo(csv_of(priced, focus.COLUMNS), nl=False)
        case _:
            answer_table(rows, columns)


def csv_of(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Write rows as CSV, their columns first."""
    return sheets.lines([columns, *([row[column] for column in columns] for row in rows)])
