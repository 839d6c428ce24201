"""`gateway policy break-glass`: two people together let rules not deny, for some hours."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

import rich_click as click

from gateway.casework.glasses import PERMISSION
from gateway.cli.house import in_house, names
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, answer_table, json_option, say
from gateway.cli.person import identified, key_option
from gateway.domain.leniency import BreakGlass
from gateway.wiring import House
from gateway.wiring.latitude import latitude

_COLUMNS: Final = ("id", "state", "requested_by", "confirmed_by", "until", "reason")


@click.group("break-glass")
def glass() -> None:
    """Break-glass: in an emergency, two people let go what `data.org.enforcement.break_glass` names."""


@glass.command()
@click.option("--reason", required=True, help="Why; it stands in the ledger.")
@click.option("--hours", type=click.IntRange(1), default=1, show_default=True, help="How long, from confirmation on.")
@key_option
@json_option
@call
def request(this: Call, /, *, reason: str, hours: int, key_source: str | None, as_json: bool) -> None:
    """Ask for it; nothing is lifted until another person confirms within the hour."""

    async def work(house: House) -> list[BreakGlass]:
        who = identified(house, key_source, PERMISSION)
        lasting = timedelta(hours=hours)
        return [await latitude(house).glasses.request(reason=reason, lasting=lasting, by=who.principal.id)]

    _answer(this, work, as_json=as_json)


@glass.command()
@click.argument("glass_id", metavar="ID")
@key_option
@json_option
@call
def confirm(this: Call, /, *, glass_id: str, key_source: str | None, as_json: bool) -> None:
    """Confirm ID as the second person: from within a second on the rules do not deny, and every decision says so."""

    async def work(house: House) -> list[BreakGlass]:
        who = identified(house, key_source, PERMISSION)
        return [await latitude(house).glasses.confirm(glass_id, by=who.principal.id)]

    _answer(this, work, as_json=as_json)


@glass.command()
@click.argument("glass_id", metavar="ID")
@json_option
@call
def end(this: Call, /, *, glass_id: str, as_json: bool) -> None:
    """Let the rules deny again, or withdraw what was asked for; whoever runs the gateway's machine may."""

    async def work(house: House) -> list[BreakGlass]:
        return [await latitude(house).glasses.end(glass_id)]

    _answer(this, work, as_json=as_json)
    say("what was decided meanwhile: gateway audit search --rule main/break-glass")


@glass.command("list")
@click.option("--over", is_flag=True, help="Also those that are over.")
@json_option
@call
def list_(this: Call, /, *, over: bool, as_json: bool) -> None:
    """List what is in force and what waits for a second person, oldest first."""

    async def work(house: House) -> list[BreakGlass]:
        now = house.clock.now()
        return [each for each in await latitude(house).glasses.every() if over or _state(each, now) != _OVER]

    _answer(this, work, as_json=as_json)


def _answer(this: Call, work: Callable[[House], Awaitable[list[BreakGlass]]], *, as_json: bool) -> None:
    async def within(house: House) -> list[Mapping[str, Any]]:
        done = await work(house)
        people, _ = await names(house)
        return [_row(each, people, house.clock.now()) for each in done]

    rows = in_house(this, within)
    answer_json(rows) if as_json else answer_table(rows, _COLUMNS)


_OVER: Final = "over"


def _row(each: BreakGlass, people: Mapping[str, str], now: datetime) -> Mapping[str, Any]:
    return {
        **asdict(each),
        "state": _state(each, now),
        "requested_by": people.get(each.requested_by, each.requested_by),
        "confirmed_by": people.get(each.confirmed_by or "", each.confirmed_by),
    }


def _state(each: BreakGlass, now: datetime) -> str:
    if each.in_force(now):
        return "in force"
    return "waits for a second person" if each.waits(now) else _OVER
