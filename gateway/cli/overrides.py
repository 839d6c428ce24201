"""`gateway policy levels|override|rollout`: how hard each rule is, and what people let go for a while."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

import rich_click as click

from gateway.casework.rollouts import Rollout
from gateway.cli.house import in_house, names
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, answer_table, json_option, say
from gateway.domain.leniency import Override
from gateway.policy.bundle import default_root, load
from gateway.policy.levels import FIXED, HARD, Levels, is_fixed
from gateway.policy.testing import values
from gateway.wiring import House
from gateway.wiring.latitude import latitude

_LEVELS: Final = ("rule", "level", "rollout_percent", "break_glass")
_OVERRIDES: Final = ("id", "rule", "project", "principal", "until", "state", "reason")
_ROLLOUTS: Final = ("rule", "percent", "decided", "denied", "people", "stopped")


@click.command()
@json_option
@call
def levels(this: Call, /, *, as_json: bool) -> None:
    """List every rule with its level, its rollout, and whether break-glass lifts it; what never lowers is hard."""
    chosen = this.settings.policy
    bundle = load(chosen.directory or default_root(), chosen.overrides)
    table = Levels.of(bundle)
    areas, fixed = (each or () for each in asyncio.run(values(bundle, FIXED)))
    rows = [_level(rule, table, lowers=not is_fixed(rule, areas, fixed)) for rule in table.rules]
    answer_json(rows) if as_json else answer_table(rows, _LEVELS)


@click.group()
def override() -> None:
    """Overrides: a soft rule that does not deny for a project or a principal, for a while."""


@override.command()
@click.argument("rule")
@click.option("--project", help="For this project.")
@click.option("--principal", help="For this one; with --project, for their work in it.")
@click.option("--hours", type=click.IntRange(1), required=True, help="How long; `policy.override_days` at most.")
@click.option("--reason", required=True, help="Why; it stands in the ledger.")
@json_option
@call
def new(
    this: Call, /, *, rule: str, project: str | None, principal: str | None, hours: int, reason: str, as_json: bool
) -> None:
    """Let the soft rule RULE not deny for a project, or a principal, from within a second on."""

    async def work(house: House) -> list[Override]:
        lasting = timedelta(hours=hours)
        made = await latitude(house).overrides.new(
            rule, project=project, principal=principal, lasting=lasting, reason=reason
        )
        return [made]

    _answer(this, work, as_json=as_json)


@override.command("end")
@click.argument("override_id", metavar="ID")
@json_option
@call
def end_override(this: Call, /, *, override_id: str, as_json: bool) -> None:
    """Let the rule deny again that the override ID lifted."""

    async def work(house: House) -> list[Override]:
        return [await latitude(house).overrides.end(override_id)]

    _answer(this, work, as_json=as_json)


@override.command("list")
@click.option("--ended", is_flag=True, help="Also those that are over.")
@json_option
@call
def list_overrides(this: Call, /, *, ended: bool, as_json: bool) -> None:
    """List the overrides in force, oldest first."""

    async def work(house: House) -> list[Override]:
        now = house.clock.now()
        return [each for each in await latitude(house).overrides.every() if ended or each.in_force(now)]

    _answer(this, work, as_json=as_json)


def _answer(this: Call, work: Callable[[House], Awaitable[list[Override]]], *, as_json: bool) -> None:
    async def within(house: House) -> list[Mapping[str, Any]]:
        done = await work(house)
        people, projects = await names(house)
        return [_row(each, people, projects, in_force=each.in_force(house.clock.now())) for each in done]

    rows = in_house(this, within)
    answer_json(rows) if as_json else answer_table(rows, _OVERRIDES)


def _row(
    each: Override, people: Mapping[str, str], projects: Mapping[str, str], *, in_force: bool
) -> Mapping[str, Any]:
    return {
        **asdict(each),
        "project": projects.get(each.project_id or "", each.project_id),
        "principal": people.get(each.principal_id or "", each.principal_id),
        "state": "in force" if in_force else "over",
    }


@click.group()
def rollout() -> None:
    """Rollouts: rules that deny for a share of the projects, and are advisory for the others."""


@rollout.command("list")
@json_option
@call
def list_rollouts(this: Call, /, *, as_json: bool) -> None:
    """List the rules that are rolled out, and what they denied of late to the projects they have reached."""

    async def work(house: House) -> list[Rollout]:
        return await latitude(house).rollouts.every()

    rows = [{**asdict(each), "stopped": each.stop and each.stop.at} for each in in_house(this, work)]
    answer_json(rows) if as_json else answer_table(rows, _ROLLOUTS)


@rollout.command()
@click.argument("rule")
@click.option("--reason", required=True, help="Why; it stands in the ledger.")
@call
def resume(this: Call, /, *, rule: str, reason: str) -> None:
    """Let the rule RULE deny again for its share, after it was stopped because it denied too much."""

    async def work(house: House) -> None:
        await latitude(house).rollouts.resume(rule, reason=reason)

    in_house(this, work)
    say(f"{rule} denies again for its share of the projects")


def _level(rule: str, table: Levels, *, lowers: bool) -> Mapping[str, Any]:
    row = table.row(rule) if lowers else HARD
    return {
        "rule": rule,
        "level": row.level,
        "rollout_percent": row.rollout_percent,
        "break_glass": lowers and rule in table.break_glass,
    }


COMMANDS: Final = (levels, override, rollout)
