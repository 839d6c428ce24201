"""`gateway budgets`: limits on money and on use, and what is taken from them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import rich_click as click

from gateway.casework import amounts
from gateway.casework.budgets import Shown, Wish, row_of, rows_of
from gateway.cli.exits import Exit
from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_fields, answer_json, answer_table, json_option, say
from gateway.domain.budget import Level, Period
from gateway.store.books import Difference
from gateway.wiring import House

_COLUMNS: Final = (
    *("name", "level", "target", "unit", "currency", "allowed", "soft", "held", "settled", "left", "per", "upstream"),
    "resets",
)
_DIFFERING: Final = ("limit", "window", "held", "derived held", "settled", "derived settled")


@click.group()
def budgets() -> None:
    """Limits on money, jobs, circuits, shots and time: what is allowed, what is taken, what is left."""


@budgets.command("list")
@json_option
@call
def list_(this: Call, /, *, as_json: bool) -> None:
    """List the limits in force, oldest first, as they stand now."""
    rows = rows_of(in_house(this, lambda house: house.administration.budgets.every()))
    answer_json(rows) if as_json else answer_table(rows, _COLUMNS)


@budgets.command()
@click.argument("name")
@json_option
@call
def show(this: Call, /, *, name: str, as_json: bool) -> None:
    """Show the limit NAME with its window and its raises."""
    _answer(this, lambda house: house.administration.budgets.named(name), as_json=as_json)


@budgets.command("set")
@click.argument("name")
@click.option("--organisation", is_flag=True, help="Limit everybody together.")
@click.option("--team", help="Limit the projects of this team together.")
@click.option("--project", help="Limit this project.")
@click.option("--principal", help="Limit this person or service, in all projects.")
@click.option("--key", "key", metavar="ID", help="Limit this one key.")
@click.option("--unit", type=click.Choice(list(amounts.UNITS)), default="money", show_default=True, help="What counts.")
@click.option("--amount", required=True, help="How much, as a decimal such as 100 or 12.50.")
@click.option("--currency", default="", help="Of money: ISO 4217, such as EUR; in which the vendor's prices are.")
@click.option("--per", type=click.Choice([each.value for each in Period]), required=True, help="How long it lasts.")
@click.option("--zone", default="UTC", show_default=True, help="Where days, months and years begin (IANA name).")
@click.option("--fiscal-month", type=int, help="Month in which the fiscal year begins, for quarters and years.")
@click.option("--seconds", type=int, help="Length of a rolling window.")
@click.option("--soft", help="From this amount on people are warned, in place of 80 %.")
@click.option("--upstream", default="", help="Count only what runs at this vendor or simulator.")
@click.option("--reason", default="", help="Why; it stands in the ledger.")
@json_option
@call
def set_(this: Call, /, *, name: str, reason: str, as_json: bool, **said: Any) -> None:
    """Set the limit NAME, or change how much it allows.

    A job that would take more than is left is refused before anything is sent. A limit set in the middle of its
    window begins with what was taken in it already. What a limit counts cannot change: remove it and set another.

    `total` has one window for ever, `open` counts what is under way now, and `rolling` the last --seconds.
    """
    wish = _wish(said)
    _answer(this, lambda house: house.administration.budgets.set(name, wish, reason=reason), as_json=as_json)


@budgets.command("raise")
@click.argument("name")
@click.option("--amount", required=True, help="By how much, as a decimal.")
@click.option("--until", required=True, help="Until when: 2026-12-01, which is midnight in its zone, or a moment.")
@click.option("--reason", required=True, help="Why; it stands in the ledger.")
@json_option
@call
def raise_(this: Call, /, *, name: str, amount: str, until: str, reason: str, as_json: bool) -> None:
    """Allow more of the limit NAME for a while; raises add up, and each ends by itself."""
    _answer(
        this,
        lambda house: house.administration.budgets.raise_(name, amount=amount, until=until, reason=reason),
        as_json=as_json,
    )


@budgets.command()
@click.argument("name")
@click.option("--reason", default="", help="Why; it stands in the ledger.")
@json_option
@call
def remove(this: Call, /, *, name: str, reason: str, as_json: bool) -> None:
    """Let the limit NAME hold no longer; what was spent stays in the journal."""
    removed = in_house(this, lambda house: house.administration.budgets.remove(name, reason=reason))
    answer = {"id": removed.id, "name": removed.name, "removed": removed.removed_at}
    answer_json(answer) if as_json else answer_fields(answer)


@budgets.command()
@json_option
@call
def check(this: Call, /, *, as_json: bool) -> Exit:
    """Derive every balance from the journal again and compare, to the micro.

    Exits 0 when all agree, and 1 with a line for each that does not.
    """
    found = in_house(this, lambda house: house.administration.budgets.check())
    rows = [_difference(each) for each in found]
    answer_json(rows) if as_json else answer_table(rows, _DIFFERING)
    say(f"{len(rows)} balances differ from the journal" if rows else "every balance is what the journal says")
    return Exit.NO if rows else Exit.DONE


def _wish(said: Mapping[str, Any]) -> Wish:
    aims = {level: said[level.value] for level in Level if level is not Level.ORGANISATION and said[level.value]}
    if len(aims) + said["organisation"] != 1:
        raise click.UsageError("name exactly one of --organisation, --team, --project, --principal and --key")
    level, target = next(iter(aims.items()), (Level.ORGANISATION, ""))
    return Wish(
        level=level,
        target=target,
        unit=said["unit"],
        amount=said["amount"],
        currency=said["currency"],
        per=Period(said["per"]),
        zone=said["zone"],
        fiscal_month=said["fiscal_month"],
        seconds=said["seconds"],
        soft=said["soft"],
        upstream=said["upstream"],
    )


def _answer(this: Call, work: Callable[[House], Awaitable[Shown]], *, as_json: bool) -> None:
    row = row_of(in_house(this, work))
    if as_json:
        answer_json(row)
        return
    raises = [f"{each['amount']} until {each['until']:%Y-%m-%d %H:%MZ} ({each['reason']})" for each in row["raises"]]
    answer_fields({**row, "raises": raises})


def _difference(each: Difference) -> Mapping[str, Any]:
    figures = zip(("held", "settled"), each.kept, each.derived, strict=True)
    shown = {
        key: amounts.show(value, each.limit.unit)
        for name, kept, derived in figures
        for key, value in ((name, kept), (f"derived {name}", derived))
    }
    return {"limit": each.limit.name, "window": each.window_start or None, **shown}
