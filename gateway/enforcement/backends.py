"""Showing backends, their calibration, and what a project has used."""

from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from gateway.budgets.allowance import tightest
from gateway.budgets.pricing import Pricing
from gateway.domain.backend import Calibration
from gateway.domain.budget import Standing
from gateway.domain.clock import Clock
from gateway.domain.errors import NotFoundError
from gateway.domain.principal import Caller
from gateway.enforcement.standings import Standings
from gateway.identity.instances import Instances
from gateway.ports.answers import (
    Allowance,
    BackendList,
    BackendView,
    CalibrationList,
    CalibrationView,
    CostEstimate,
    IdentityView,
    InstanceList,
    LimitsView,
    UsageView,
)
from gateway.ports.operations import EstimateCost, ListCalibrations, ShowLimits
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
    prices: Pricing
    books: Standings
    clock: Clock

    def offer(self, caller: Caller) -> BackendList:
        """List what the caller's project may use, in the order it should be tried."""
        return BackendList(backends=tuple(self._view(berth, caller.project.id) for berth in self._visible(caller)))

    def priced(self, *, understood_by: str | None) -> BackendList:
        """List every backend of one dialect with what it charges for, to anybody: nothing of a project is in it."""
        berths = (each for each in self.fleet.berths() if each.upstream.dialect in {None, understood_by})
        return BackendList(backends=tuple(self._view(berth, None) for berth in berths))

    def describe(self, name: str) -> BackendView:
        """Describe a backend to anybody, where a vendor does so too."""
        return self._view(self.fleet.get(name), None)

    def show(self, caller: Caller, name: str) -> BackendView:
        """Show one backend."""
        return self._view(self._find(caller, name), caller.project.id)

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
        return CostEstimate(
            backend=berth.backend,
            quote=self.prices.estimate(caller.project.id, berth.backend, operation),
            tariff=self.prices.tariff(caller.project.id, berth.backend, mitigated=operation.mitigated),
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
        """Show the execution seconds of the project in this calendar month (UTC), and its tightest limit as time."""
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
            allowance=await self._allowance(caller),
        )

    async def limits(self, caller: Caller, operation: ShowLimits) -> LimitsView:
        """Show the limits that count the caller's jobs, and which of the backends in view they count."""
        standings = await self._standings(caller)
        berths = [
            each
            for each in self._visible(caller)
            if each.upstream.dialect is not None and operation.backend in {None, each.backend.name}
        ]
        return LimitsView(
            project_id=caller.project.id, standings=standings, backends=tuple(each.backend for each in berths)
        )

    async def _allowance(self, caller: Caller) -> Allowance | None:
        """Find the tightest limit, at the dearest price per second of what the caller may use."""
        standings = await self._standings(caller)
        if not standings:
            return None
        tariffs = (self.prices.tariff(caller.project.id, each.backend) for each in self._visible(caller))
        timed = [each for each in tariffs if each is not None and each.per_second_micros]
        return tightest(standings, max(timed, key=lambda each: each.per_second_micros, default=None))

    async def _standings(self, caller: Caller) -> tuple[Standing, ...]:
        """Give the limits that count the caller's jobs at the vendor whose words it speaks."""
        places = {"", caller.dialect}
        return tuple(each for each in await self.books.standings(caller) if each.limit.upstream in places)

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

    def _view(self, berth: Berth, project_id: str | None) -> BackendView:
        return BackendView(
            backend=berth.backend,
            status=berth.status,
            calibration=berth.calibration(),
            tariff=self.prices.tariff(project_id, berth.backend),
        )
