"""Which backends a vendor has and how they are, kept in memory and refreshed by a clock, which is also the probe.

Each account may see others; a backend is shown as the last account that lists it saw it. A refresh that fails
leaves what was known, until it is too old to be believed.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from gateway.domain.backend import Backend, BackendStatus
from gateway.domain.errors import GatewayError, NotFoundError
from gateway.ports.vendor import (
    Account,
    AnswerLostError,
    BackendReport,
    VendorBusyError,
    VendorUnreachableError,
)
from gateway.telemetry import events
from gateway.vendors.asking import Question
from gateway.vendors.desk import Desk

_SHORTEST_REST: Final = 0.5
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A backend as one account saw it."""

    report: BackendReport
    account: Account
    seen_at: float


class Roster:
    """The backends of one vendor."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lists: dict[str, tuple[Sighting, ...]] = {}
        self._states: dict[str, str] = {}
        self.sightings: Mapping[str, Sighting] = {}
        """By backend."""
        self.tried = asyncio.Event()
        """Set once the first refresh ended, well or not."""

    def backends(self) -> Sequence[Backend]:
        """List what is known."""
        return tuple(sighting.report.backend for sighting in self.sightings.values())

    def sighting(self, backend: str) -> Sighting:
        """Give one.

        Raises:
            NotFoundError: no account listed it.
        """
        if backend not in self.sightings:
            raise NotFoundError(noun="backend", name=backend)
        return self.sightings[backend]

    def status(self, backend: str) -> BackendStatus:
        """Say whether a backend takes work: what the vendor said, unless that is old or sending is paused."""
        sighting = self.sighting(backend)
        said, age = sighting.report.status, self._desk.timing.monotonic() - sighting.seen_at
        if age > self._desk.pace.stale_seconds:
            words = f"{self._desk.name} has not been heard of for {round(age)} s; before that: {said.message}"
            return replace(said, online=False, message=words.removesuffix("; before that: "))
        if why_not := self._desk.breakers.why_not(backend):
            return replace(said, online=False, message=why_not)
        return said

    async def run(self) -> None:
        """Refresh, for ever: at the pace that was chosen, or as the breaker wants its probes."""
        while True:
            await self.refresh()
            self.tried.set()
            await self._rest()

    async def _rest(self) -> None:
        healthy = self._desk.breakers.healthy
        if healthy.is_set():
            pause = self._desk.timing.spread(self._desk.pace.refresh_seconds)
            await self._desk.timing.wait(self._desk.breakers.degraded, pause)
        if not healthy.is_set():
            await self._desk.timing.sleep(max(_SHORTEST_REST, self._desk.breakers.seconds_left()))

    async def refresh(self) -> None:
        """Ask every account, everybody's first; the first sign that the vendor is away ends the round."""
        accounts = self._desk.accounts()
        self._lists = {each.id: self._lists[each.id] for each in accounts if each.id in self._lists}
        for account in accounts:
            try:
                await self._refresh(account)
            except (VendorUnreachableError, VendorBusyError, AnswerLostError) as error:
                log.warning(events.VENDOR_FAILED, vendor=self._desk.name, operation="backends", code=error.code)
                break
            except GatewayError as error:
                log.warning(events.VENDOR_FAILED, vendor=self._desk.name, operation="backends", code=error.code)
            except Exception:
                log.exception(events.VENDOR_FAILED, vendor=self._desk.name, operation="backends")
        self._merge()

    async def _refresh(self, account: Account) -> None:
        reports = await self._desk.asker.ask(Question.BACKENDS, account, self._desk.vendor.backends, probe=True)
        now = self._desk.timing.monotonic()
        self._lists[account.id] = tuple(Sighting(report=each, account=account, seen_at=now) for each in reports)

    def _merge(self) -> None:
        every = sorted((each for seen in self._lists.values() for each in seen), key=lambda each: each.seen_at)
        self.sightings = {each.report.backend.name: each for each in every}
        for name, sighting in self.sightings.items():
            status = sighting.report.status
            self._desk.metrics.backend(
                vendor=self._desk.name, backend=name, online=status.online, queue=status.queue_length
            )
            self._note(name, _state(status))
        for name in [name for name in self._states if name not in self.sightings]:
            self._desk.metrics.backend_gone(vendor=self._desk.name, backend=name)
            self._note(name, "gone")
            del self._states[name]

    def _note(self, backend: str, state: str) -> None:
        """Tell a change; what is online when it is first seen is no news."""
        if self._states.get(backend, "online") != state:
            log.info(events.BACKEND_CHANGED, vendor=self._desk.name, backend=backend, status=state)
            body = {"vendor": self._desk.name, "backend": backend, "state": state}
            self._desk.herald.say("backend.changed", body)
        self._states[backend] = state


def _state(status: BackendStatus) -> str:
    if status.online:
        return "online"
    return "maintenance" if "maintenance" in status.message.lower() else "offline"
