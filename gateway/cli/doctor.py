"""`gateway doctor`: what is configured, reachable, stale or insecure, each with its mend."""

import asyncio
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

import rich_click as click

from gateway.cli import checks
from gateway.cli.checks import Check, State
from gateway.cli.exits import Exit
from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, answer_table, json_option
from gateway.domain.clock import SystemClock
from gateway.domain.errors import GatewayError
from gateway.policy.bundle import PolicyBundleError
from gateway.policy.signing import PolicySignatureError
from gateway.settings import Settings
from gateway.wiring import House, NotInitialisedError, open_house
from gateway.wiring.serving import open_serving
from gateway.workers.lock import exclusive

_WARM_UP_SECONDS: Final = 20.0
_PAUSE_SECONDS: Final = 0.1


@click.command()
@click.option("--key", help="Explain instead why this gateway key is accepted or refused; - reads it from stdin.")
@json_option
@call
def doctor(this: Call, /, *, key: str | None, as_json: bool) -> Exit:
    """Look at everything, and tell what to mend.

    When no gateway runs here, a start is rehearsed: engines, sandbox and simulators come up and go down again.
    Exits 0 when nothing failed, 1 when something did; warnings fail nothing.
    """
    if key is not None:
        return _explain(this, sys.stdin.readline() if key == "-" else key, as_json=as_json)
    found = asyncio.run(_look(this.settings, this.config))
    if as_json:
        answer_json([asdict(check) for check in found])
    else:
        answer_table([asdict(check) for check in found], ("state", "name", "found", "mend"))
    return Exit.NO if any(check.state is State.FAIL for check in found) else Exit.DONE


async def _look(settings: Settings, config: Path | None) -> list[Check]:
    server = checks.of_server(settings)
    found = [*checks.of_files(settings, config), *checks.of_listeners(settings, SystemClock()), server]
    try:
        found += await _inside(settings, running=server.state is not State.WARN)
    except GatewayError as error:
        found.append(checks.fail("deployment", error.message))
    return found


async def _inside(settings: Settings, *, running: bool) -> list[Check]:
    if not running:
        # By policies that cannot be read nothing starts; below it is told which, and all that can be looked at.
        with suppress(PolicyBundleError, PolicySignatureError):
            return await _rehearsed(settings)
    async with open_house(settings) as house:
        return [check async for check in checks.of_house(house)]


async def _rehearsed(settings: Settings) -> list[Check]:
    if not settings.master_key_file.exists():
        raise NotInitialisedError
    async with exclusive(settings.state_dir), open_serving(settings) as house:
        await _settled(house)
        return [*[check async for check in checks.of_house(house)], *checks.of_serving(house)]


async def _settled(house: House) -> None:
    """Give the sandbox time to warm up; what is missing after that is missing."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_WARM_UP_SECONDS):
            while house.serving.missing():  # noqa: ASYNC110  # rooms say whether they are ready, they do not announce it
                await asyncio.sleep(_PAUSE_SECONDS)


def _explain(this: Call, text: str, *, as_json: bool) -> Exit:
    async def work(house: House) -> list[str]:
        return house.authenticator.explain(text)

    lines = in_house(this, work)
    if as_json:
        answer_json(lines)
    else:
        click.echo("\n".join(lines))
    return Exit.NO if any(line.startswith("refused") for line in lines) else Exit.DONE
