"""Takes new policies into a running gateway: how they are read again, and how each engine comes to decide by them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from gateway.casework.entries import AdminEntries
from gateway.casework.recorded import Recordings
from gateway.casework.reload import Reloader
from gateway.casework.reload_requests import Listening, ReloadRequests
from gateway.casework.replays import Replays
from gateway.domain.decision import Step
from gateway.domain.errors import InsecureError
from gateway.policy.bundle import Bundle, default_root
from gateway.policy.live import BundlePoint, Current, LiveDecisionPoint
from gateway.policy.published import Published
from gateway.wiring.house import House
from gateway.wiring.policies import SEED, decision_point, published

ELSEWHERE: Final = frozenset({Step.ALTERNATIVE.value, Step.VENDOR.value})
OPA_SECONDS: Final = 60.0
"""How long OPA servers may take to pull a new revision: several of their looks for one."""
_LOOK_SECONDS: Final = 0.1


class PolicyNeedsRestartError(InsecureError):
    """A new revision places jobs where this process cannot send them."""

    code = "policy-needs-restart"

    def __init__(self) -> None:
        super().__init__(
            "the new policies place jobs on other hardware, and this gateway was started without what writes programs "
            "for it; restart the gateway"
        )


class OpaBehindError(InsecureError):
    """OPA servers did not take a new revision in time."""

    code = "opa-behind"

    def __init__(self, why: str) -> None:
        super().__init__(f"no OPA server decided by the new policies within {OPA_SECONDS:g} s ({why}); look at its log")


async def listening(house: House, live: LiveDecisionPoint) -> Listening:
    """Make what reloads the policies of a serving process, when it is asked to or when it watches."""
    policy, seed = house.settings.policy, await house.vault.secret(SEED)
    reloader = Reloader(
        current=house.policies,
        switch=_Switch(house=house, live=live, current=house.policies),
        load=lambda: published(policy, seed),
        revisions=house.revisions,
        recordings=Recordings(database=house.database, vault=house.vault),
        prices=house.prices,
        ledger=house.ledger,
        clock=house.clock,
        canary_decisions=policy.canary_decisions,
        canary_denials_percent=policy.canary_denials_percent,
    )
    places = (policy.directory or default_root(), policy.overrides, policy.bundle)
    watched = [place for place in places if place is not None] if policy.watch else []
    entries = AdminEntries(ledger=house.ledger, vault=house.vault, clock=house.clock)
    requests = ReloadRequests(database=house.database, entries=entries)
    listening = Listening(house.database, reloader, watched=watched, requests=requests, quorum=house.quorum)
    await listening.start()
    return listening


def replays(house: House) -> Replays:
    """Make what decides the past again for people at the console."""

    async def files() -> Bundle:
        return published(house.settings.policy, await house.vault.secret(SEED)).bundle

    recordings = Recordings(database=house.database, vault=house.vault)
    return Replays(recordings=recordings, revisions=house.revisions, files=files)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Switch:
    """Starts the next decision point beside the one in force."""

    house: House
    live: LiveDecisionPoint
    current: Current

    @asynccontextmanager
    async def prepared(self, new: Published) -> AsyncIterator[Callable[[], None]]:
        old = self.current.bundle
        if ELSEWHERE & set(new.bundle.placement_order) and not ELSEWHERE & set(old.placement_order):
            raise PolicyNeedsRestartError
        point = decision_point(self.house.settings.policy, new.bundle, self.house.metrics)
        in_force = False

        def bring_in() -> None:
            nonlocal in_force
            self.live.swap(point)
            self.current.published, in_force = new, True

        # Announced first: from then on servers may pull it, and the first that did is believed by the new point alone.
        self.live.announce(point)
        self.house.shelf.put(new)
        try:
            await point.start()
            await _until_ready(point)
            yield bring_in
        finally:
            if not in_force:
                self.house.shelf.put(self.current.published)
                self.live.announce(None)
                await point.close()


async def _until_ready(point: BundlePoint) -> None:
    try:
        async with asyncio.timeout(OPA_SECONDS):
            while point.ready() is not None:  # noqa: ASYNC110  # its servers tell nobody when they have pulled
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        raise OpaBehindError(point.ready() or "") from None
