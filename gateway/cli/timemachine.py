"""`gateway policy replay`: decide the past again by other policies, and say what that moves."""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import rich_click as click

from gateway.casework.amounts import show
from gateway.casework.recorded import Recordings, Span
from gateway.casework.revisions import short
from gateway.casework.timemachine import LISTED, Kind, Progress, Replay, Tally, TimeMachine
from gateway.cli.candidates import NAMED, candidate_of
from gateway.cli.exits import Exit
from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, answer_table, counted, json_option, say
from gateway.domain.budget import Unit
from gateway.wiring import House

_COLUMNS: Final = ("seq", "at", "change", "job", "project", "principal", "before", "after", "amount")
_AGO: Final = re.compile(r"([1-9][0-9]{0,5})([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_WORDS: Final[Mapping[Kind, str]] = {
    Kind.ALLOW_TO_DENY: "would have been denied",
    Kind.DENY_TO_ALLOW: "would have been allowed",
    Kind.PLACEMENT: "would have run elsewhere",
    Kind.OBLIGATIONS: "would have been obliged otherwise",
}


_HELP: Final = f"""Decide recorded submissions again, by CANDIDATE, and list what would have been decided otherwise.

CANDIDATE is {NAMED}. Every decision is made again from its sealed facts, in engines of this command's own; nothing that
runs is touched. Exits 0 when nothing would have been otherwise (or no more than --allow-flips), and 1 when something
would, or when a recorded decision cannot be made again as it was. The list goes to stdout, the sums to stderr.
"""


@click.command(help=_HELP)
@click.argument("candidate")
@click.option("--since", default="90d", show_default=True, help="How far back: 90d, 12h, or a date such as 2026-11-01.")
@click.option("--until", help="Up to here, written alike; else now.")
@click.option("--project", help="Only this project's.")
@click.option("--workers", type=click.IntRange(1, 64), help="Engines side by side; else one for each core.")
@click.option(
    "--list", "listed", type=click.IntRange(0), default=LISTED, show_default=True, help="List so many at most."
)
@click.option("--allow-flips", type=click.IntRange(0), default=0, help="So many do not count as a no.")
@json_option
@call
def replay(this: Call, /, *, candidate: str, as_json: bool, allow_flips: int, **asked: Any) -> Exit:
    """Decide recorded submissions again; the help text above is what people read."""

    async def work(house: House) -> Replay:
        now = house.clock.now()
        project, until = asked["project"], asked["until"]
        span = Span(
            since=moment(asked["since"], now),
            until=moment(until, now) if until else now,
            project_id=(await house.administration.projects.named(project)).id if project else None,
        )
        machine = TimeMachine(
            recordings=Recordings(database=house.database, vault=house.vault),
            revisions=house.revisions,
            workers=asked["workers"] or os.cpu_count() or 1,
        )
        bundle = await candidate_of(house, candidate)
        with _bar() as progress:
            return await machine.replay(bundle, span, progress=progress, listed=asked["listed"])

    found = in_house(this, work)
    answer_json(plain(found)) if as_json else _tell(found)
    _sum_up(found)
    return Exit.DONE if found.sound and found.flipped <= allow_flips else Exit.NO


def moment(text: str, now: datetime) -> datetime:
    """Read `90d`, `12h`, a date or a moment."""
    if ago := _AGO.fullmatch(text):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"{text!r} is no time; write 90d, 12h, 2026-11-01 or 2026-11-01T12:00:00Z") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def plain(found: Replay) -> dict[str, Any]:
    """Give everything that was found, for scripts; people are counted, and named in the listed flips alone."""
    numbers = {name: value for name, value in asdict(found).items() if isinstance(value, int | str)}
    return {
        **numbers,
        "flipped": found.flipped,
        "sound": found.sound,
        "flips": {kind.value: _counted(tally) for kind, tally in found.flips.items()},
        "listed": [asdict(flip) for flip in found.listed],
    }


def _counted(tally: Tally) -> dict[str, Any]:
    return {
        "decisions": tally.decisions,
        "people": len(tally.people),
        "projects": sorted(tally.projects),
        "micros": dict(tally.micros),
        "rules": dict(tally.rules.most_common()),
    }


@contextmanager
def _bar() -> Iterator[Progress]:
    """Show on stderr how far a replay is."""
    bars: Any = click.progressbar
    with bars(length=1, label="deciding again", file=sys.stderr, show_pos=True) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield progress


def _tell(found: Replay) -> None:
    rows = [
        {
            **asdict(flip),
            "change": flip.kind.value,
            "amount": None if flip.amount_micros is None else _money(flip.amount_micros, flip.currency),
        }
        for flip in found.listed
    ]
    if rows:
        answer_table(rows, _COLUMNS)


def _sum_up(found: Replay) -> None:
    say(f"{found.decided} of {counted(found.total, 'decision')} made again by revision {short(found.candidate)}")
    for kind, tally in found.flips.items():
        if tally.decisions:
            amounts = ", ".join(_money(micros, currency) for currency, micros in sorted(tally.micros.items()))
            rules = ", ".join(f"{rule} ({count})" for rule, count in tally.rules.most_common(5))
            say(
                f"{tally.decisions} {_WORDS[kind]}: {counted(len(tally.people), 'person', 'people')}, "
                f"{counted(len(tally.projects), 'project')}, "
                f"{amounts or 'no money'}{f'; {rules}' if rules else ''}"
            )
    if not found.flipped:
        say("nothing would have been decided otherwise")
    for count, words in _besides(found):
        if count:
            say(f"{count} {words}")


def _besides(found: Replay) -> Iterator[tuple[int, str]]:
    yield found.flipped - len(found.listed), "of them are not listed"
    yield found.other_reasons, "would have had the same outcome for other reasons, or in other words"
    yield found.undecided, "not made again: the engine had failed, which was no decision of policy"
    yield found.unkept, "not made again: policy let them go under conditions that could not be met where they went"
    yield found.unreadable, "not made again: their facts were erased"
    yield found.damaged, "NOT made again: their facts are not what the ledger says; run gateway audit verify"
    yield found.irreproducible, "do NOT come out as recorded under their own revision; report this"


def _money(micros: int, currency: str | None) -> str:
    return f"{show(micros, Unit.MONEY)} {currency or ''}".rstrip()
