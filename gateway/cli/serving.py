"""`python -m gateway.cli.serving`: the serving process itself, started by the supervisor and never by hand.

It binds itself to its parent before anything else, so that no gateway outlives its supervisor.
"""

from gateway.processes.limits import bind_to_parent

bind_to_parent()

import argparse  # noqa: E402  # nothing may be imported before the process is bound to its parent
import asyncio  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import structlog  # noqa: E402
import uvloop  # noqa: E402

from gateway.domain.errors import GatewayError  # noqa: E402
from gateway.http.server import Listeners  # noqa: E402
from gateway.settings import Settings, load  # noqa: E402
from gateway.telemetry import events, logging  # noqa: E402
from gateway.wiring.serving import open_serving  # noqa: E402
from gateway.workers.clocks import clocks  # noqa: E402
from gateway.workers.lock import exclusive  # noqa: E402
from gateway.workers.supervisor import REFUSED_TO_START  # noqa: E402

log = structlog.get_logger(__name__)


async def serve(settings: Settings) -> None:
    """Open the house, take up what a crash left, listen, and close it all in order when told to."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with exclusive(settings.state_dir), open_serving(settings) as house:
        left = await house.serving.recovery.find()
        listeners = Listeners.of(house)
        listeners.start()
        background = [asyncio.create_task(worker.run()) for worker in clocks(house)]
        background.append(asyncio.create_task(house.serving.recovery.run(left)))
        log.info(events.GATEWAY_STARTED, address=settings.server.origin, pid=os.getpid())
        ended = [asyncio.create_task(stopping.wait()), asyncio.create_task(listeners.failed())]
        await asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED)
        for task in (*background, *ended):
            task.cancel()
        await listeners.stop(drain_seconds=settings.server.drain_seconds)
        log.info(events.GATEWAY_STOPPED)


def main() -> int:
    """Run until told to stop; a refusal to start is one line on stderr and exit status 2."""
    parser = argparse.ArgumentParser(prog="gateway.cli.serving")
    parser.add_argument("--config", type=Path)
    try:
        settings = load(parser.parse_args().config, os.environ)
        logging.configure(json=settings.log.format == "json", level=settings.log.level)
        uvloop.run(serve(settings))
    except GatewayError as error:
        print(f"gateway serve: {error.message}", file=sys.stderr)  # noqa: T201  # a person started this
        return REFUSED_TO_START
    return 0


if __name__ == "__main__":
    sys.exit(main())
