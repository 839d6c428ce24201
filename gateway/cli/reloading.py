"""`gateway policy reload|watch`: give running gateways new policies, and see at once what a change does."""

import asyncio
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

import rich_click as click

from gateway.casework.entries import AdminEntries
from gateway.casework.reload_requests import Answer, ReloadRequests, files_below
from gateway.cli.exits import Exit
from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, counted, json_option, say
from gateway.policy import check as lint
from gateway.policy import testing
from gateway.policy.bundle import default_root
from gateway.wiring import House

_PAUSE_SECONDS: Final = 0.25
_LOOK_SECONDS: Final = 0.5


@click.command()
@click.option("--reason", required=True, help="Why; it stands in the ledger.")
@click.option(
    "--seconds", type=click.IntRange(1, 600), default=120, show_default=True, help="How long to wait for them."
)
@click.option(
    "--gateways", type=click.IntRange(1, 64), default=1, show_default=True, help="How many must have answered."
)
@json_option
@call
def reload(this: Call, /, *, reason: str, seconds: int, gateways: int, as_json: bool) -> Exit:
    """Let running gateways take in the policy files as they are now.

    Each compiles them, lets them decide what is known and what was decided lately, stores them, and then decides by
    them from one decision to the next. A revision that fails is refused and the old one goes on. Exits 0 when all took
    it, 1 when one refused it, and 3 when fewer than --gateways answered in time: one that starts later reads the files
    anyway, and where policy demands that witnesses see the request first, it is done as soon as they have.
    """

    async def work(house: House) -> list[Answer]:
        entries = AdminEntries(ledger=house.ledger, vault=house.vault, clock=house.clock)
        requests = ReloadRequests(database=house.database, entries=entries)
        request, since = await requests.ask(house.bundle.revision, reason=reason)
        until = time.monotonic() + seconds
        while True:
            answers = await requests.answers(request, since=since)
            if len(answers) >= gateways or time.monotonic() > until:
                return answers
            await asyncio.sleep(_PAUSE_SECONDS)

    answers = in_house(this, work)
    if as_json:
        answer_json([asdict(each) for each in answers])
    for each in answers:
        _tell(each)
    if len(answers) < gateways:
        say(f"{len(answers)} of {counted(gateways, 'gateway')} answered within {seconds} s")
        return Exit.UNAVAILABLE
    return Exit.DONE if all(each.activated for each in answers) else Exit.NO


def _tell(answer: Answer) -> None:
    who = f"gateway {answer.replica}" if answer.replica else "the gateway"
    if answer.activated:
        canary = answer.canary
        say(
            f"{who} decides by it now; of {canary.get('decisions', 0)} recent submissions it newly denies "
            f"{canary.get('newly_denied', 0)} and newly allows {canary.get('newly_allowed', 0)}; "
            f"{canary.get('newly_obliged', 0)} would go under other conditions, of which "
            f"{canary.get('newly_waiting', 0)} wait for a second person"
        )
    else:
        say(f"{who} refused it and goes on as before: {answer.reason}")


@click.command()
@click.option("--opa", default="opa", show_default=True, help="The OPA program, for its own checks where it is there.")
@click.option("--times", type=click.IntRange(1), help="End after so many changes; else when interrupted.")
@call
def watch(this: Call, /, *, opa: str, times: int | None) -> Exit:
    """Check and test the policies again whenever one of their files is saved; nothing that runs is touched.

    Exits 0 when all was well at the end and 1 when not.
    """
    policy = this.settings.policy
    root = policy.directory or default_root()
    watched = [place for place in (root, policy.overrides) if place is not None]
    # Looked at before the checks: what is saved while they run is checked again, too.
    seen, left = files_below(watched), times
    well = _look(root, policy.overrides, opa)
    while left is None or left:
        time.sleep(_LOOK_SECONDS)
        if (now := files_below(watched)) != seen:
            seen, left = now, None if left is None else left - 1
            well = _look(root, policy.overrides, opa)
    return Exit.DONE if well else Exit.NO


def _look(root: Path, overrides: Path | None, opa: str) -> bool:
    found = lint.check(root, overrides=overrides, opa=opa)
    for finding in found:
        click.echo(str(finding))
    if wrong := [finding for finding in found if not finding.advice]:
        say(f"{len(wrong)} to mend")
        return False
    report = testing.run_tests(root, overrides=overrides)
    for failure in report.failures:
        click.echo(f"failed: {failure}")
    say(f"nothing to mend; {report.passed} tests passed, {report.failed} failed")
    return not report.failed


COMMANDS: Final = (reload, watch)
