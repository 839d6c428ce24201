"""`gateway retention`: how long what is kept, what is due, and what a legal hold keeps in spite of it."""

from typing import Any

import rich_click as click

from gateway.casework.retention import Due
from gateway.cli.exits import Exit
from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, answer_table, json_option, say
from gateway.store.legal_holds import HoldScope, LegalHold
from gateway.wiring import House

_DUE = ("what", "project", "before", "days", "gone", "kept")
_HOLDS = ("id", "scope", "target", "reason", "set", "lifted")


@click.group()
def retention() -> None:
    """What is kept for how long, and legal holds, which go before every rule."""


@retention.command()
@json_option
@call
def plan(this: Call, /, *, as_json: bool) -> None:
    """Count what has been kept long enough by the settings; nothing is changed."""
    _show(in_house(this, lambda house: house.keeping.retention.due()), as_json=as_json)


@retention.command()
@click.option("--reason", default="retention", show_default=True, help="Stands in the ledger beside what is emptied.")
@click.confirmation_option(prompt="Erase and empty for good what gateway retention plan shows?")
@json_option
@call
def run(this: Call, /, *, reason: str, as_json: bool) -> Exit:
    """Erase sealed objects and empty ledger entries that were kept long enough.

    Every step is recorded first; a run that was interrupted is finished by the next. Exits 3 when something waits for
    witnesses to see its order.
    """

    async def work(house: House) -> tuple[Due, int]:
        due, waiting = await house.keeping.retention.run(reason=reason)
        return due, len(waiting)

    due, waiting = in_house(this, work)
    _show(due, as_json=as_json)
    if waiting:
        say(f"{waiting} orders wait until witnesses have seen them; see gateway erase list")
        return Exit.UNAVAILABLE
    return Exit.DONE


@retention.command()
@click.option("--all", "everything", is_flag=True, help="Keep everything.")
@click.option("--job", help="Keep this job, by the id that the SDK shows.")
@click.option("--principal", help="Keep what this principal did.")
@click.option("--project", help="Keep all of this project.")
@click.option("--reason", required=True, help="Why, such as a case number; it stands in the ledger for good.")
@json_option
@call
def hold(  # one option for each thing there is to hold
    this: Call,
    /,
    *,
    everything: bool,
    job: str | None,
    principal: str | None,
    project: str | None,
    reason: str,
    as_json: bool,
) -> None:
    """Set a legal hold: from now on nothing of this is erased or emptied, whoever asks."""
    named = {HoldScope.JOB: job, HoldScope.PRINCIPAL: principal, HoldScope.PROJECT: project}
    chosen = [(scope, name) for scope, name in named.items() if name]
    if everything:
        chosen.append((HoldScope.EVERYTHING, ""))
    if len(chosen) != 1:
        raise click.UsageError("give exactly one of --all, --job, --principal and --project")
    scope, target = chosen[0]
    done = in_house(this, lambda house: house.keeping.legal_holds.set(scope, target, reason=reason))
    _show_holds([done], as_json=as_json)


@retention.command()
@click.argument("hold_id", metavar="ID")
@click.option("--reason", required=True, help="Why; it stands in the ledger for good.")
@json_option
@call
def lift(this: Call, /, *, hold_id: str, reason: str, as_json: bool) -> None:
    """Lift the legal hold ID: what it kept is due again by the rules."""
    done = in_house(this, lambda house: house.keeping.legal_holds.lift(hold_id, reason=reason))
    _show_holds([done], as_json=as_json)


@retention.command()
@json_option
@call
def holds(this: Call, /, *, as_json: bool) -> None:
    """List legal holds, lifted ones too."""
    _show_holds(in_house(this, lambda house: house.keeping.legal_holds.every()), as_json=as_json)


def _show(due: Due, *, as_json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {
            "what": each.kind,
            "project": each.project,
            "before": each.before.isoformat(),
            "days": each.days,
            "gone": each.objects,
            "kept": each.held,
        }
        for each in due.lapsed
    ]
    if (entries := due.prunable) is not None:
        rows.append(
            {
                "what": "entries",
                "project": None,
                "before": f"entry {entries.stop}",
                "days": entries.days,
                "gone": entries.entries,
                "kept": entries.held,
            }
        )
    answer_json(rows) if as_json else answer_table(rows, _DUE)


def _show_holds(found: list[LegalHold], *, as_json: bool) -> None:
    rows = [
        {
            "id": each.id,
            "scope": each.scope.value,
            "target": each.target,
            "reason": each.reason,
            "set": each.at,
            "lifted": each.lifted_at,
        }
        for each in found
    ]
    answer_json(rows) if as_json else answer_table(rows, _HOLDS)
