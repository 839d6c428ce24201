"""A vendor's breakers: one for the whole, one for each backend that was submitted to; and telling when one turns.

While the whole vendor is left alone, only the refresh of its backends probes it: nobody's submission is risked.
A backend's own breaker is fed by submissions, and so the probe is one, too.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

import structlog

from gateway.ports.vendor import VendorBusyError
from gateway.telemetry import events
from gateway.telemetry.vendors import VendorMetrics
from gateway.vendors.breaker import Admission, Breaker, Limits, State
from gateway.vendors.herald import Herald
from gateway.vendors.settings import VendorPace
from gateway.vendors.timing import Timing

PAUSED: Final = "paused"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One call let through, to be settled with one of the verdicts of `Breakers`."""

    whole: Admission
    backend: str | None = None
    part: Admission | None = None


class Breakers:
    """All breakers of one vendor."""

    def __init__(
        self, vendor: str, pace: VendorPace, *, timing: Timing, herald: Herald, metrics: VendorMetrics
    ) -> None:
        self._vendor, self._timing, self._herald, self._metrics = vendor, timing, herald, metrics
        self._limits = Limits(
            in_a_row=pace.failures_in_a_row,
            of_twenty=pace.failures_of_twenty,
            shortest_seconds=pace.shortest_pause_seconds,
            longest_seconds=pace.longest_pause_seconds,
        )
        self._whole = self._breaker()
        self._parts: dict[str, Breaker] = {}
        self._degraded_at: float | None = None
        self._paused: set[str] = set()
        self.healthy, self.degraded = asyncio.Event(), asyncio.Event()
        """Set while the vendor is asked as usual, and while it is left alone."""
        self.healthy.set()
        metrics.breaker(State.CLOSED, vendor=vendor)

    def enter(self, *, backend: str | None = None, probe: bool = False) -> Passage:
        """Let a call through.

        Raises:
            VendorBusyError: the vendor, or the backend, is left alone now; nothing was sent.
        """
        now = self._timing.monotonic()
        self.check(backend=backend, probe=probe)
        whole = self._whole.admit(now)
        part = None if backend is None else self._part(backend).admit(now)
        if whole is None or (backend is not None and part is None):
            if whole is not None:
                self._whole.withdraw(whole)
            raise self._paused_error(backend)
        return Passage(whole=whole, backend=backend, part=part)

    def check(self, *, backend: str | None = None, probe: bool = False) -> None:
        """Look whether a call would be let through, without making one.

        Raises:
            VendorBusyError: it would not.
        """
        now = self._timing.monotonic()
        if not probe and self._whole.state(now) is not State.CLOSED:
            raise self._paused_error(None)
        if backend is not None and self._part(backend).state(now) is State.OPEN:
            raise self._paused_error(backend)

    def answered(self, passage: Passage) -> None:
        """The vendor answered, whatever it said."""
        self._whole.succeed(passage.whole)
        if passage.part is not None and passage.backend is not None:
            self._part(passage.backend).succeed(passage.part)
        self._note(passage.backend, "answered")

    def failed(self, passage: Passage, outcome: str) -> None:
        """The vendor did not answer, or could not; without any connection that says nothing about one backend."""
        now = self._timing.monotonic()
        self._whole.fail(passage.whole, now)
        if passage.part is not None and passage.backend is not None:
            part = self._part(passage.backend)
            part.withdraw(passage.part) if outcome == "unreachable" else part.fail(passage.part, now)
        self._note(passage.backend, outcome)

    def withdrawn(self, passage: Passage) -> None:
        """Nothing was learnt about the vendor."""
        self._whole.withdraw(passage.whole)
        if passage.part is not None and passage.backend is not None:
            self._part(passage.backend).withdraw(passage.part)

    def seconds_left(self) -> float:
        """Say how long the whole vendor is certainly left alone."""
        return self._whole.seconds_left(self._timing.monotonic())

    def why_not(self, backend: str) -> str:
        """Say for people why a backend gets nothing now; empty when it does."""
        try:
            self.check(backend=backend)
        except VendorBusyError as error:
            return error.message
        return ""

    def _breaker(self) -> Breaker:
        return Breaker(self._limits, random=self._timing.random)

    def _part(self, backend: str) -> Breaker:
        return self._parts.setdefault(backend, self._breaker())

    def _paused_error(self, backend: str | None) -> VendorBusyError:
        breaker = self._whole if backend is None else self._part(backend)
        seconds = max(1, round(breaker.seconds_left(self._timing.monotonic())))
        where = self._vendor if backend is None else f"{backend} at {self._vendor}"
        return VendorBusyError(f"{where} failed too often and is sent nothing now; it is tried again in {seconds} s")

    # ── telling ──────────────────────────────────────────────────────────────────────────────────
    def _note(self, backend: str | None, outcome: str) -> None:
        now = self._timing.monotonic()
        self._note_whole(now, outcome)
        if backend is not None:
            self._note_part(backend, self._part(backend).state(now))

    def _note_whole(self, now: float, outcome: str) -> None:
        state = self._whole.state(now)
        self._metrics.breaker(state, vendor=self._vendor)
        if state is not State.CLOSED and self._degraded_at is None:
            self._degraded_at = now
            self.healthy.clear()
            self.degraded.set()
            failures = self._whole.recent_failures
            log.warning(events.VENDOR_DEGRADED, vendor=self._vendor, reason=outcome, count=failures)
            body = {"vendor": self._vendor, "reason": outcome, "failures": failures}
            self._herald.say("vendor.degraded", body)
        elif state is State.CLOSED and self._degraded_at is not None:
            seconds, self._degraded_at = round(now - self._degraded_at), None
            self.degraded.clear()
            self.healthy.set()
            log.info(events.VENDOR_RECOVERED, vendor=self._vendor, age_seconds=seconds)
            self._herald.say("vendor.recovered", {"vendor": self._vendor, "seconds": seconds})

    def _note_part(self, backend: str, state: State) -> None:
        self._metrics.breaker(state, vendor=self._vendor, backend=backend)
        if (state is not State.CLOSED) == (backend in self._paused):
            return
        self._paused ^= {backend}
        word = PAUSED if backend in self._paused else "online"
        log.warning(events.BACKEND_CHANGED, vendor=self._vendor, backend=backend, status=word)
        self._herald.say("backend.changed", {"vendor": self._vendor, "backend": backend, "state": word})
