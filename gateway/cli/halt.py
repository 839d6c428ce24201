"""`gateway halt`: the kill switch. What it stops is cancelled within seconds, and nothing new is taken."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import rich_click as click

from gateway.cli.house import in_house, names
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, answer_table, json_option, say
from gateway.domain.halt import Halt, Scope
from gateway.wiring import House

_COLUMNS = ("id", "stops", "target", "reason", "set", "lifted")


@click.group()
def halt() -> None:
    """The kill switch: stop a project, a vendor or everything, until it is lifted."""


@halt.command("set")
@click.option("--all", "everything", is_flag=True, help="Stop all work of everybody.")
@click.option("--project", help="Stop the work of this project, wherever it runs.")
@click.option("--vendor", help="Stop what runs, or would run, at this vendor or simulator.")
@click.option("--reason", required=True, help="Why; everybody whom it stops reads it.")
@json_option
@call
def set_(
    this: Call, /, *, everything: bool, project: str | None, vendor: str | None, reason: str, as_json: bool
) -> None:
    """Stop work now: running jobs are cancelled, new ones refused with the reason.

    A running gateway obeys within seconds; one that is started later obeys from the start. Results that are there
    can still be read.
    """
    scope, target = _aim(everything=everything, project=project, vendor=vendor)

    async def work(house: House) -> list[Halt]:
        return [await house.administration.halts.set(scope, target, reason=reason)]

    _answer(this, work, as_json=as_json)
    say("work is stopped; see what is still under way: gateway jobs list --pending")


@halt.command()
@click.argument("halt_id", metavar="ID")
@json_option
@call
def lift(this: Call, /, *, halt_id: str, as_json: bool) -> None:
    """Let work go on that the halt ID stopped; what was cancelled must be submitted again."""

    async def work(house: House) -> list[Halt]:
        return [await house.administration.halts.lift(halt_id)]

    _answer(this, work, as_json=as_json)


@halt.command("list")
@click.option("--lifted", is_flag=True, help="Also those that were lifted.")
@json_option
@call
def list_(this: Call, /, *, lifted: bool, as_json: bool) -> None:
    """List the halts in force, oldest first."""

    async def work(house: House) -> list[Halt]:
        return [each for each in await house.administration.halts.every() if lifted or each.lifted_at is None]

    _answer(this, work, as_json=as_json)


def _aim(*, everything: bool, project: str | None, vendor: str | None) -> tuple[Scope, str]:
    aims = {Scope.ALL: "" if everything else None, Scope.PROJECT: project, Scope.VENDOR: vendor}
    chosen = [(scope, target) for scope, target in aims.items() if target is not None]
    if len(chosen) != 1:
        raise click.UsageError("name exactly one of --all, --project and --vendor")
    return chosen[0]


def _answer(this: Call, work: Callable[[House], Awaitable[list[Halt]]], *, as_json: bool) -> None:
    async def within(house: House) -> list[Mapping[str, Any]]:
        done = await work(house)
        _, projects = await names(house)
        return [_row(each, projects) for each in done]

    rows = in_house(this, within)
    answer_json(rows) if as_json else answer_table(rows, _COLUMNS)


def _row(halt: Halt, projects: Mapping[str, str]) -> Mapping[str, Any]:
    return {
        "id": halt.id,
        "stops": halt.scope.value,
        "target": projects.get(halt.target, halt.target),
        "reason": halt.reason,
        "set": halt.at,
        "lifted": halt.lifted_at,
    }
