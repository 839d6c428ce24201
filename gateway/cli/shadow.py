"""`gateway policy shadow`: let a candidate decide beside the live revision, and see what it would do otherwise."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, Final

import rich_click as click

from gateway.casework.revisions import short
from gateway.casework.shadows import ShadowReport
from gateway.cli.candidates import NAMED, candidate_of
from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, answer_table, counted, json_option, say
from gateway.wiring import House
from gateway.wiring.latitude import latitude

_COLUMNS: Final = ("decision", "difference", "rules")


@click.group()
def shadow() -> None:
    """Shadow: a candidate decides beside the live revision, and nobody obeys it."""


_HELP: Final = f"""Let CANDIDATE decide beside the live revision, in every running gateway, from within a second on.

CANDIDATE is {NAMED}. It is self-tested and stored first. Nothing waits for it, and a restart does not end it.
"""


@shadow.command(help=_HELP)
@click.argument("candidate")
@click.option("--reason", required=True, help="Why; it stands in the ledger.")
@json_option
@call
def start(this: Call, /, *, candidate: str, reason: str, as_json: bool) -> None:
    """Start it; the help text above is what people read."""

    async def work(house: House) -> ShadowReport:
        shadows = latitude(house).shadows
        await shadows.start(await candidate_of(house, candidate), reason=reason)
        return await shadows.report()

    _answer(this, work, as_json=as_json)


@shadow.command()
@json_option
@call
def status(this: Call, /, *, as_json: bool) -> None:
    """Say what the candidate would have decided otherwise so far, with examples; explain one with `policy explain`."""

    async def work(house: House) -> ShadowReport:
        return await latitude(house).shadows.report()

    _answer(this, work, as_json=as_json)


@shadow.command()
@json_option
@call
def stop(this: Call, /, *, as_json: bool) -> None:
    """End it, and write into the ledger what it would have decided otherwise."""

    async def work(house: House) -> ShadowReport:
        return await latitude(house).shadows.stop()

    _answer(this, work, as_json=as_json)


def _answer(this: Call, work: Callable[[House], Awaitable[ShadowReport]], *, as_json: bool) -> None:
    report = in_house(this, work)
    answer_json(asdict(report)) if as_json else _tell(report)


def _tell(report: ShadowReport) -> None:
    rows: list[dict[str, Any]] = [
        {"decision": each.decision_id, "difference": each.kind, "rules": each.rules} for each in report.examples
    ]
    if rows:
        answer_table(rows, _COLUMNS)
    state = "in shadow" if report.shadow.stopped_at is None else "was in shadow"
    say(f"revision {short(report.shadow.revision)} {state} since {report.shadow.at:%Y-%m-%d %H:%M:%SZ}")
    say(f"{counted(report.compared, 'decision')} compared, {report.dropped} dropped because it could not keep up")
    for kind, count in report.differing.items():
        rules = ", ".join(f"{rule} ({often})" for rule, often in report.rules[kind].items())
        say(f"{count} {kind}{f': {rules}' if rules else ''}")
    if not report.differing:
        say("nothing was decided otherwise")
    if report.examples:
        say(f"see why it would decide otherwise: gateway policy explain DECISION --by {short(report.shadow.revision)}")
