"""Opens what serving takes besides the house: worker processes, the policy engine and the upstreams."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Final, Protocol

import msgspec

from gateway.enforcement.entries import Entries
from gateway.enforcement.sticky import STICKY
from gateway.settings import Settings
from gateway.store import jobs, policies
from gateway.wiring.fitting import Fitter
from gateway.wiring.house import House, Serving
from gateway.wiring.opening import open_house

UNANSWERED: Final = timedelta(hours=1)
"""How far back a start looks for jobs whose clients may not know of them."""


class _Part(Protocol):
    """What is started before serving and closed after it."""

    async def start(self) -> None: ...

    async def close(self) -> None: ...


@asynccontextmanager
async def open_serving(settings: Settings) -> AsyncIterator[House]:
    """Open everything that serving takes: the house, worker processes, the policy engine, the upstreams.

    Raises:
        GatewayError: a part that does not start; the message names the mend.
    """
    async with open_house(settings) as house, AsyncExitStack() as stack:
        await house.ledger.self_check()
        serving = Fitter(house).serving()
        parts: tuple[_Part, ...] = (serving.sandbox, serving.decision_point, *serving.fleet.upstreams.values())
        for session in serving.vendor_sessions.values():
            stack.push_async_callback(session.close)
        for part in parts:
            stack.push_async_callback(part.close)
        await asyncio.gather(*(part.start() for part in parts))
        await _archive_policy(house)
        await serving.jobs.refresh()
        await serving.halts.refresh()
        await serving.wishes.refresh()
        await remember(house, serving)
        yield replace(house, rooms=serving)


async def remember(house: House, serving: Serving) -> None:
    """Count as lost every recent answer that is not known to have arrived, and remember what was just cancelled."""
    now = house.clock.now()
    async with house.database.reading() as connection:
        serving.repeats.restore(await jobs.unanswered(connection, now - UNANSWERED), now)
        serving.cancelled.restore(await jobs.cancelled(connection, now - STICKY))


async def _archive_policy(house: House) -> None:
    """Store policy, policy data and prices by content before their first use, and say so in the ledger."""
    at = house.clock.now()
    kinds = {
        "policy": (house.bundle.policy_revision, msgspec.json.encode(house.bundle.rego, order="sorted")),
        "data": (house.bundle.data_revision, msgspec.json.encode(house.bundle.tables, order="sorted")),
        "prices": (house.prices.revision, house.prices.content),
    }
    async with house.database.reading() as connection:
        new = {kind: each for kind, each in kinds.items() if not await policies.known(connection, each[0])}
    if not new:
        return
    rows = tuple(
        policies.write(digest=digest, kind=kind, content=content, first_used_at=at)
        for kind, (digest, content) in new.items()
    )
    body = {f"{kind}_revision": digest for kind, (digest, _) in kinds.items()}
    entries = Entries(clock=house.clock, subject=house.vault.subject)
    await house.ledger.record(entries.draft("policy.loaded", None, body), rows=rows)
