"""Opens what serving takes besides the house: worker processes, the policy engine and the upstreams."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final, Protocol
from uuid import uuid4

from gateway.audit.collect import Witnesses
from gateway.enforcement.sticky import STICKY
from gateway.settings import Settings
from gateway.store import jobs
from gateway.store.member import Member
from gateway.store.replicas import Seat
from gateway.wiring.console import provider, sign_ins
from gateway.wiring.exports import archive, forwarding
from gateway.wiring.fitting import Fitter
from gateway.wiring.house import House, Serving
from gateway.wiring.opening import open_house
from gateway.wiring.reloading import listening, replays
from gateway.wiring.selftest import rounds
from gateway.wiring.transparency import witnesses
from gateway.wiring.warnings import courier, watch

UNANSWERED: Final = timedelta(hours=1)
"""How far back a start looks for jobs whose clients may not know of them."""


class _Part(Protocol):
    """What is started before serving and closed after it."""

    async def start(self) -> None: ...

    async def close(self) -> None: ...


@asynccontextmanager
async def open_serving(settings: Settings, *, seat: str = "") -> AsyncIterator[House]:
    """Open everything that serving takes: the house, worker processes, the policy engine, the upstreams.

    `seat` names what only one serving process can hold at a time, such as a lock of this machine's kernel.

    Raises:
        GatewayError: a part that does not start; the message names the mend.
    """
    async with open_house(settings) as house, AsyncExitStack() as stack:
        _ = house.bundle  # what cannot be decided by is told before anything starts
        await house.ledger.self_check()
        await house.checkpoints.start()
        member = await _join(house, seat, stack) if settings.postgresql else None
        peers = witnesses(house, stack)
        serving = Fitter(house, member, lambda: peers.standing).serving()
        house.checkpoints.leads = partial(_leads, member)
        serving = accompanied(house, serving, peers, stack)
        parts: tuple[_Part, ...] = (serving.sandbox, serving.decision_point, *serving.fleet.upstreams.values())
        for session in serving.vendor_sessions.values():
            stack.push_async_callback(session.close)
        for part in parts:
            stack.push_async_callback(part.close)
        await asyncio.gather(*(part.start() for part in parts))
        await house.revisions.archive(house.bundle, house.prices)
        await serving.jobs.refresh()
        await serving.halts.refresh()
        await serving.lenient.refresh()
        stack.push_async_callback(serving.shadowing.close)
        await serving.limits.refresh()
        await serving.wishes.refresh()
        await (serving.recovery.look_back() if member is None else serving.recovery.take_over())
        await remember(house, serving)
        if serving.witnesses is not None:
            await serving.witnesses.start()
        yield replace(house, rooms=replace(serving, listening=await listening(house, serving.decision_point)))


def accompanied(house: House, serving: Serving, peers: Witnesses, stack: AsyncExitStack) -> Serving:
    """Add whoever works beside submissions: warnings, exports, witnesses, and the console's door."""
    return replace(
        serving,
        watch=watch(house),
        courier=courier(house, stack),
        witnesses=peers,
        archive=archive(house, stack),
        forwarding=forwarding(house),
        replays=replays(house),
        selftest=rounds(house, serving),
        unready_when_failing=house.settings.selftest.refuse_readiness,
        sign_ins=sign_ins(house),
        provider=provider(house, stack),
    )


def _leads(member: Member | None) -> bool:
    return member is None or member.leads


async def _join(house: House, seat: str, stack: AsyncExitStack) -> Member:
    """Be one of several replicas from now on, until everything else is closed."""
    settings = house.settings
    place = Seat(id=seat or str(uuid4()), address=settings.server.origin)
    member = Member(house.database, place, lease_seconds=settings.database.lease_seconds)
    stack.push_async_callback(member.leave)
    await member.start()
    house.writer.join(member)
    return member


async def remember(house: House, serving: Serving) -> None:
    """Count as lost every recent answer that is not known to have arrived, and remember what was just cancelled."""
    now = house.clock.now()
    async with house.database.reading() as connection:
        if serving.member is None:
            lost = await jobs.unanswered(connection, now - UNANSWERED)
            serving.repeats.restore([job for job in lost if job.id not in serving.recovery.void], now)
        serving.cancelled.restore(await jobs.cancelled(connection, now - STICKY))
