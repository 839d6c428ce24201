"""Showing backends, their calibration, and what a project has used."""

from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from gateway.budgets.quote import PriceBook
from gateway.domain.backend import Calibration
from gateway.domain.clock import Clock
from gateway.domain.errors import NotFoundError
from gateway.domain.principal import Caller
from gateway.identity.instances import Instances
from gateway.ports.answers import (
    BackendList,
    BackendView,
    CalibrationList,
    CalibrationView,
    CostEstimate,
    IdentityView,
    InstanceList,
    UsageView,
)
from gateway.ports.operations import EstimateCost, ListCalibrations
from gateway.routing.fleet import Berth, Fleet
from gateway.store import calibrations as snapshots
from gateway.store import jobs as rows
from gateway.store.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Backends:
    """Carries out what shows backends and instances and changes nothing."""

    fleet: Fleet
    instances: Instances
    database: Database
    prices: PriceBook
    clock: Clock

    def offer(self, caller: Caller) -> BackendList:
        """List what the caller's project may use, in the order it should be tried."""
        return BackendList(backends=tuple(_view(berth) for berth in self._visible(caller)))

    def describe(self, name: str) -> BackendView:
        """Describe a backend to anybody, where a vendor does so too."""
        return _view(self.fleet.get(name))

    def show(self, caller: Caller, name: str) -> BackendView:
        """Show one backend."""
        return _view(self._find(caller, name))

    async def calibration(
        self, caller: Caller, name: str, *, before: datetime | None, calibration_id: str | None
    ) -> CalibrationView:
        """Show a backend's newest snapshot, or the one of a moment, or the one with an id.

        Raises:
            NotFoundError: no such backend, or no snapshot with that id.
        """
        berth = self._find(caller, name)
        snapshot = berth.calibration(before)
        if before is not None and snapshot is None:
            snapshot = await self._kept(berth.backend.name, before)
        if calibration_id is not None and (snapshot is None or not snapshot.digest.startswith(calibration_id)):
            raise NotFoundError(noun="calibration", name=calibration_id)
        return CalibrationView(backend=berth.backend, calibration=snapshot)

    async def _kept(self, backend: str, before: datetime) -> Calibration | None:
        """Find an older snapshot than memory holds."""
        wanted = ListCalibrations(backend=backend, after=None, before=before, limit=1, offset=0)
        async with self.database.reading() as connection:
            found, _ = await snapshots.search(connection, wanted)
        return found[0] if found else None

    async def calibrations(self, caller: Caller, operation: ListCalibrations) -> CalibrationList:
        """List the snapshots of a backend that are kept, newest first."""
        berth = self._find(caller, operation.backend)
        async with self.database.reading() as connection:
            found, count = await snapshots.search(connection, operation)
        newest = berth.calibration()
        if not found and newest is not None and operation.offset == 0:
            found, count = [newest], 1
        return CalibrationList(backend=berth.backend, calibrations=tuple(found), count=count)

    def estimate(self, caller: Caller, operation: EstimateCost) -> CostEstimate:
        """Price a job by its size; the price that counts is the one of its submission."""
        berth = self._find(caller, operation.backend)
        shots = operation.circuits * operation.shots
        quote = self.prices.estimate(berth.backend, shots=shots, seconds=operation.seconds)
        return CostEstimate(
            backend=berth.backend,
            quote=quote,
            seconds=operation.seconds,
            queue_length=berth.status.queue_length,
            at=self.clock.now(),
        )

    def identity(self, caller: Caller) -> IdentityView:
        """Show who the caller is here."""
        return IdentityView(
            instance=self.instances_of(caller).instances[0],
            principal_id=caller.principal.id,
            principal_name=caller.principal.name,
            project_id=caller.project.id,
            key_id=caller.key.id,
        )

    def instances_of(self, caller: Caller) -> InstanceList:
        """List the one virtual instance of the key's project."""
        names = tuple(berth.backend.name for berth in self._visible(caller))
        return InstanceList(instances=(self.instances.of(caller.project, backends=names),))

    async def usage(self, caller: Caller) -> UsageView:
        """Show the execution seconds of the project in this calendar month (UTC)."""
        now = self.clock.now()
        start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
        async with self.database.reading() as connection:
            used = await rows.used_seconds(connection, caller.project.id, since=start)
        return UsageView(
            instance=self.instances_of(caller).instances[0],
            used_seconds=used,
            period_start=start,
            period_end=end,
            allocation_seconds=None,
        )

    def _visible(self, caller: Caller) -> list[Berth]:
        allowed = caller.project.backends
        return [
            berth
            for berth in self.fleet.berths()
            if caller.understands(berth.upstream.dialect)
            and (allowed is None or any(fnmatchcase(berth.backend.name, pattern) for pattern in allowed))
        ]

    def _find(self, caller: Caller, name: str) -> Berth:
        for berth in self._visible(caller):
            if berth.backend.name == name:
                return berth
        raise NotFoundError(noun="backend", name=name)


def _view(berth: Berth) -> BackendView:
    return BackendView(backend=berth.backend, status=berth.status, calibration=berth.calibration())
