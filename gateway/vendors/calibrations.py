"""Calibration snapshots: the newest of each backend asked for by a slow clock, kept as history, gaps told as gaps."""

import hashlib
import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Final

import structlog

from gateway.domain.backend import Calibration, ExecutionKind
from gateway.domain.clock import rfc3339
from gateway.domain.errors import GatewayError
from gateway.telemetry import events
from gateway.vendors.asking import Question
from gateway.vendors.desk import Desk
from gateway.vendors.roster import Roster, Sighting

_LOOK_SECONDS: Final = 5.0
"""How soon a backend that was just listed gets its first snapshot."""
log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class _History:
    """One backend's snapshots, oldest first, and when they were asked for."""

    asked_at: datetime
    """When the vendor last answered; at first, when the backend was first seen."""
    due: float
    missed: bool = False
    snapshots: list[Calibration] = field(default_factory=list)


class Calibrations:
    """The snapshots of one vendor's backends; simulators have none."""

    def __init__(self, desk: Desk, roster: Roster) -> None:
        self._desk, self._roster = desk, roster
        self._histories: dict[str, _History] = {}

    def newest(self, backend: str, *, before: datetime | None = None) -> Calibration | None:
        """Give the newest snapshot, or the newest that was taken at or before a moment."""
        history = self._histories.get(backend)
        snapshots = [] if history is None else history.snapshots
        at = len(snapshots) if before is None else bisect_right(snapshots, before, key=_taken_at)
        return snapshots[at - 1] if at else None

    async def recall(self) -> None:
        """Take up what earlier runs stored: after a restart no decision waits for the vendor to tell it again."""
        for backend in self._hardware():
            await self._history(backend)

    async def run(self) -> None:
        """Ask for whatever is due, for ever; while the vendor is left alone, only gaps are noticed."""
        await self._roster.tried.wait()
        while True:
            await self.refresh()
            await self._desk.timing.sleep(self._desk.timing.spread(_LOOK_SECONDS))

    async def refresh(self) -> None:
        """Ask about each backend whose turn it is."""
        for name, sighting in self._hardware().items():
            await self._visit(name, sighting)

    def _hardware(self) -> dict[str, Sighting]:
        seen = self._roster.sightings.items()
        return {name: each for name, each in seen if each.report.backend.kind is ExecutionKind.HARDWARE}

    async def _history(self, backend: str) -> _History:
        if backend not in self._histories:
            kept = await self._desk.outside.kept(backend, self._desk.pace.calibrations_kept)
            opened = _History(asked_at=self._desk.timing.now(), due=0.0, snapshots=sorted(kept, key=_taken_at))
            self._histories.setdefault(backend, opened)
        return self._histories[backend]

    async def _visit(self, backend: str, sighting: Sighting) -> None:
        history = await self._history(backend)
        if self._desk.timing.monotonic() >= history.due and self._desk.breakers.healthy.is_set():
            await self._ask(backend, sighting, history)
        await self._note_gap(backend, history)
        if history.snapshots:
            age = (self._desk.timing.now() - history.snapshots[-1].taken_at).total_seconds()
            self._desk.metrics.calibrated(vendor=self._desk.name, backend=backend, age_seconds=age)

    async def _ask(self, backend: str, sighting: Sighting, history: _History) -> None:
        history.due = self._desk.timing.monotonic() + self._desk.timing.spread(self._desk.pace.calibration_seconds)
        try:
            snapshot = await self._desk.asker.ask(
                Question.CALIBRATION, sighting.account, lambda call: self._desk.vendor.calibration(call, backend)
            )
            if snapshot is not None:
                await self._keep(history, replace(snapshot, digest=digest(snapshot)))
        except Exception as error:  # noqa: BLE001  # whatever one backend's answer is, the others are asked
            history.due = self._desk.timing.monotonic() + self._desk.timing.spread(self._desk.pace.longest_poll_seconds)
            code = error.code if isinstance(error, GatewayError) else type(error).__name__
            log.warning(events.VENDOR_FAILED, vendor=self._desk.name, operation="calibration", code=code)
            return
        await self._close_gap(backend, history)
        history.asked_at = self._desk.timing.now()

    async def _keep(self, history: _History, snapshot: Calibration) -> None:
        """Have a new snapshot stored before anybody can rest on it."""
        if any(known.digest == snapshot.digest for known in history.snapshots):
            return
        body = {
            "vendor": self._desk.name,
            "backend": snapshot.backend,
            "digest": snapshot.digest,
            "taken_at": rfc3339(snapshot.taken_at),
        }
        await self._desk.outside.tell("calibration.recorded", body, calibration=snapshot)
        at = bisect_right(history.snapshots, snapshot.taken_at, key=_taken_at)
        history.snapshots.insert(at, snapshot)
        del history.snapshots[: -self._desk.pace.calibrations_kept]

    async def _note_gap(self, backend: str, history: _History) -> None:
        silent = (self._desk.timing.now() - history.asked_at).total_seconds()
        if history.missed or silent < 2 * self._desk.pace.calibration_seconds:
            return
        history.missed = True
        log.warning(events.CALIBRATION_MISSED, vendor=self._desk.name, backend=backend, age_seconds=round(silent))
        await self._desk.outside.tell("calibration.missed", self._gap(backend, history))

    async def _close_gap(self, backend: str, history: _History) -> None:
        if history.missed:
            history.missed = False
            ended = {**self._gap(backend, history), "until": rfc3339(self._desk.timing.now())}
            await self._desk.outside.tell("calibration.missed", ended)

    def _gap(self, backend: str, history: _History) -> dict[str, str]:
        return {"vendor": self._desk.name, "backend": backend, "since": rfc3339(history.asked_at)}


def digest(snapshot: Calibration) -> str:
    """Address a snapshot by its content: what was measured, where and when, not how we came by it."""
    facts: dict[str, object] = {
        "backend": snapshot.backend,
        "taken_at": rfc3339(snapshot.taken_at),
        "qubits": _plain(snapshot.qubits),
        "gates": _plain(snapshot.gates),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _plain(values: Sequence[object]) -> list[dict[str, object]]:
    return [asdict(each) for each in values]  # type: ignore[call-overload]  # dataclasses, both of them


def _taken_at(snapshot: Calibration) -> datetime:
    return snapshot.taken_at
