"""`gateway console`: who is signed in to the web console, and how to end that."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import rich_click as click

from gateway.casework.entries import OPERATOR
from gateway.cli.house import in_house, names
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, answer_table, json_option, say
from gateway.domain.console import ConsoleSession
from gateway.wiring import House
from gateway.wiring.console import sign_ins

_COLUMNS = ("id", "principal", "signed in by", "began", "last used", "ends at the latest")


@click.group()
def console() -> None:
    """The web console: who is signed in."""


@console.command("sessions")
@json_option
@call
def sessions(this: Call, /, *, as_json: bool) -> None:
    """List the sessions that are open, oldest first."""

    async def work(house: House) -> list[ConsoleSession]:
        return await sign_ins(house).every()

    _answer(this, work, as_json=as_json)


@console.command("end")
@click.argument("session_id", metavar="ID", required=False)
@click.option("--all", "everybody", is_flag=True, help="End every session of everybody.")
@json_option
@call
def end(this: Call, /, *, session_id: str | None, everybody: bool, as_json: bool) -> None:
    """End the session ID, or all of them, at every gateway of the deployment at once.

    Whoever it was can sign in again as long as key, principal and group are good: end those to keep somebody out.
    """
    if (session_id is None) is not everybody:
        raise click.UsageError("name either a session or --all")

    async def work(house: House) -> list[ConsoleSession]:
        desk = sign_ins(house)
        chosen = [each.id for each in await desk.every()] if session_id is None else [session_id]
        return [await desk.end(each, by=OPERATOR) for each in chosen]

    _answer(this, work, as_json=as_json)
    say("ended; the ledger says so")


def _answer(this: Call, work: Callable[[House], Awaitable[list[ConsoleSession]]], *, as_json: bool) -> None:
    async def within(house: House) -> list[Mapping[str, Any]]:
        found = await work(house)
        principals, _ = await names(house)
        return [_row(each, principals) for each in found]

    rows = in_house(this, within)
    answer_json(rows) if as_json else answer_table(rows, _COLUMNS)


def _row(session: ConsoleSession, principals: Mapping[str, str]) -> Mapping[str, Any]:
    return {
        "id": session.id,
        "principal": principals.get(session.principal_id, session.principal_id),
        "signed in by": f"key {session.key_id}" if session.key_id else session.issuer,
        "began": session.created_at,
        "last used": session.seen_at,
        "ends at the latest": session.until,
    }
