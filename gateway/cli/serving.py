"""`python -m gateway.cli.serving`: the serving process itself, started by the supervisor and never by hand.

It binds itself to its parent before anything else, so that no gateway outlives its supervisor.
"""

from gateway.processes.limits import bind_to_parent

bind_to_parent()

import argparse  # noqa: E402  # nothing may be imported before the process is bound to its parent
import asyncio  # noqa: E402
import gc  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Final  # noqa: E402

import structlog  # noqa: E402
import uvloop  # noqa: E402

from gateway.domain.errors import GatewayError, UnavailableError  # noqa: E402
from gateway.http.inside import InsideDoor  # noqa: E402
from gateway.http.server import Listeners  # noqa: E402
from gateway.settings import Settings, load  # noqa: E402
from gateway.store.member import FencedError  # noqa: E402
from gateway.telemetry import events, logging  # noqa: E402
from gateway.wiring import House  # noqa: E402
from gateway.wiring.serving import open_serving  # noqa: E402
from gateway.workers.clocks import clocks, note_answered  # noqa: E402
from gateway.workers.lock import exclusive  # noqa: E402
from gateway.workers.supervisor import REFUSED_TO_START  # noqa: E402

UNAVAILABLE = 3
"""Exit status when something needed does not answer; the supervisor tries again."""
YOUNG_OBJECTS: Final = 10_000
"""How many more objects are made than freed before the collector looks at them; almost none are garbage."""
log = structlog.get_logger(__name__)


async def serve(settings: Settings) -> None:
    """Open the house, take up what a crash left, listen, and close it all in order when told to."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with exclusive(settings.state_dir) as seat, open_serving(settings, seat=seat) as house:
        await house.serving.note("gateway.started")
        listeners = Listeners.of(house)
        listeners.start()
        background = [asyncio.create_task(worker.run()) for worker in clocks(house, InsideDoor(house))]
        _settle_memory()
        log.info(events.GATEWAY_STARTED, address=settings.server.origin, pid=os.getpid())
        try:
            await _until(stopping, listeners, house.serving.fenced)
        finally:
            for task in background:
                task.cancel()
            house.search.followers.ending.set()
            await _stop(house, listeners)


def _settle_memory() -> None:
    """Look for garbage in what requests leave behind, and not in all that was made at the start, again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)


async def _stop(house: House, listeners: Listeners) -> None:
    if house.serving.fenced.is_set():
        # Whoever took the work over answers for it, and nothing can be written in this one's name any more.
        await listeners.stop(drain_seconds=0.0)
        return
    await listeners.stop(drain_seconds=house.settings.server.drain_seconds)
    await note_answered(house)
    await house.serving.refusals.flush()
    await house.serving.outside.flush()
    await house.serving.note("gateway.stopped")
    await house.checkpoints.close()
    log.info(events.GATEWAY_STOPPED)


async def _until(stopping: asyncio.Event, listeners: Listeners, fenced: asyncio.Event) -> None:
    told = asyncio.create_task(stopping.wait())
    ended = asyncio.create_task(listeners.failed())
    taken_over = asyncio.create_task(fenced.wait())
    await asyncio.wait({told, ended, taken_over}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    taken_over.cancel()
    if fenced.is_set():
        raise FencedError
    if ended.done():
        await ended
    ended.cancel()


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
        return UNAVAILABLE if isinstance(error, UnavailableError) else REFUSED_TO_START
    return 0


if __name__ == "__main__":
    sys.exit(main())
