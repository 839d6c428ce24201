"""`gateway audit search`, `tail`, `exports` and `reindex`: finding entries, and who takes them away."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import rich_click as click

from gateway.casework.entries import OPERATOR
from gateway.casework.filters import NAMES, WORDS, wanted
from gateway.casework.formats import Form, shown
from gateway.casework.found import Found, Page
from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, answer_line, answer_table, json_option, say
from gateway.domain.errors import GatewayError
from gateway.domain.search import Filter, Scope
from gateway.policy.reference import rules
from gateway.store import deliveries
from gateway.wiring import House

COLUMNS: Final = ("seq", "at", "type", "who", "project", "where", "what")
_ALL: Final = Scope(reader=OPERATOR)
"""Who runs the gateway's machine sees everything."""
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _argument(name: str) -> str:
    return "type_" if name == "type" else name


def filter_options(command: _Command) -> _Command:
    """Give a command an option for each word of a filter."""
    for name in reversed(NAMES):
        told = WORDS[name].replace("`", "")
        option = click.option(_option(name), _argument(name), help=told, multiple=name == "type")
        command = option(command)
    return command


def filter_of(options: Mapping[str, Any]) -> Filter:
    """Read the options that `filter_options` gave."""
    given = {name: options[_argument(name)] for name in NAMES}
    return wanted({name: value if isinstance(value, tuple) else (value,) for name, value in given.items() if value})


@click.command()
@filter_options
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="At most so many.")
@click.option("--cursor", help="Go on where the last page ended, with the same filter.")
@click.option("--oldest", is_flag=True, help="Oldest first.")
@json_option
@call
def search(this: Call, /, *, limit: int, cursor: str | None, oldest: bool, as_json: bool, **options: Any) -> None:
    """Find entries, newest first: all options that are given must hold. A selection proves nothing: see verify."""
    asked = filter_of(options)

    async def work(house: House) -> tuple[Page, Sequence[str]]:
        await house.search.index.follow()
        page = await house.search.find(asked, _ALL, limit=limit, cursor=cursor, ascending=oldest)
        return page, () if page.found else await _unheard(house, asked)

    page, unheard = in_house(this, work)
    for hint in unheard:
        say(hint)
    if as_json:
        answer_json({"entries": [shown(each) for each in page.found], "cursor": page.cursor})
        return
    answer_table([row(each) for each in page.found], COLUMNS)
    if page.cursor:
        say(f"there is more: --cursor {page.cursor}")


@click.command()
@filter_options
@click.option("--after", type=click.IntRange(0), help="From behind this entry on; else from now on.")
@json_option
@call
def tail(this: Call, /, *, after: int | None, as_json: bool, **options: Any) -> None:
    """Follow the ledger of a running gateway until interrupted: a line for each new entry; with --json, JSON lines."""
    asked = filter_of(options)

    async def work(house: House) -> None:
        for hint in await _unheard(house, asked):
            say(hint)
        async for found in house.search.tail(asked, _ALL, after=after):
            for each in found:
                answer_line(shown(each)) if as_json else click.echo("  ".join(map(str, row(each).values())))

    in_house(this, work)


async def _unheard(house: House, asked: Filter) -> Sequence[str]:
    """Say which words of a filter neither ledger nor rules have; rules that cannot be read take no search away."""
    named: Collection[str] = ()
    if asked.rule:
        with suppress(GatewayError):
            named = rules(house.bundle)
    return await house.search.unheard(asked, _ALL, rules=named)


@click.command()
@json_option
@call
def exports(this: Call, /, *, as_json: bool) -> None:
    """Show how far scheduled exports are, and webhooks that get entries."""

    async def work(house: House) -> list[Mapping[str, Any]]:
        async with house.database.reading() as connection:
            known = await deliveries.every(connection)
        size = (await house.search.standing()).of
        return [
            {"name": each.name, "taken": each.next_seq, "of": size, "at": each.at, "problem": each.problem}
            for each in known
        ]

    rows = in_house(this, work)
    answer_json(rows) if as_json else answer_table(rows, ("name", "taken", "of", "at", "problem"))


@click.command()
@call
def reindex(this: Call, /) -> None:
    """Make the index of the ledger anew; searches find less while it runs. The ledger is not touched."""
    say(f"{in_house(this, lambda house: house.search.index.rebuild())} entries are in the index")


async def write_selection(house: House, asked: Filter, form: Form, output: Path | None) -> int:
    """Write the entries of a filter in a format that is not the ledger's own; gives how many bytes."""
    await house.search.index.follow()
    written = 0
    with click.open_file(str(output or "-"), "wb") as stream:
        async for portion in house.search.export(asked, _ALL, form):
            written += stream.write(portion)
    return written


def row(found: Found) -> Mapping[str, Any]:
    """Tell an entry in one line."""
    return {
        "seq": found.seq,
        "at": _second(found.at),
        "type": found.type,
        "who": found.principal or (found.subject or "-")[:12],
        "project": found.project or "-",
        "where": found.backend or found.backend_asked or found.vendor or "-",
        "what": found.reason or ", ".join(found.rules) or found.code or found.client_job_id or "-",
    }


def _second(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")
