"""Qiskit Aer as an upstream: emulated devices, a fair queue, and worker processes that simulate.

The serving process never imports qiskit: it describes devices, judges feasibility, queues, and hands the
received bytes to workers. What runs when the gateway stops is not told about: the outbox still holds it,
and it is attempted again.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from adapters.aer import calibration, codec, devices, endings, feasibility
from adapters.aer.crew import Crew, Desk
from adapters.aer.endings import CANCELLED, RUNNING, Ending
from adapters.aer.errors import UpstreamClosedError
from adapters.aer.options import not_applied
from adapters.aer.queue import FairQueue
from adapters.aer.settings import AerSettings
from gateway.domain.backend import Backend, BackendStatus, Calibration, ExecutionKind, Feasibility
from gateway.domain.circuit import ProgramFacts
from gateway.domain.errors import NotFoundError, UnavailableError
from gateway.domain.permit import Permit
from gateway.ports.upstream import Attempt, Order, Progress, UpstreamContext
from gateway.ports.vendor import Prepared, Resend
from gateway.processes.supervise import Child, ChildError, ChildTimeoutError

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Ticket:
    """One job on its way through."""

    permit: Permit
    order: Order
    desk: Desk | None = None
    cancelled: bool = False

    def called_off(self) -> bool:
        """Whether somebody cancelled it; asked again after every wait."""
        return self.cancelled


class AerUpstream:
    """Implements `ports.upstream.Upstream`. The upstream's own job id is the gateway's."""

    name = "aer"
    kind = ExecutionKind.SIMULATOR
    dialect: str | None = None
    bounds_time = True

    def __init__(self, settings: AerSettings, context: UpstreamContext) -> None:
        self._settings, self._context = settings, context
        self._devices = {name: devices.device(name) for name in settings.devices} if settings.enabled else {}
        self._queue: FairQueue[_Ticket] = FairQueue(
            per_principal=settings.queue_per_principal, total=settings.queue_total
        )
        self._crew = Crew(settings, context.readers)
        self._tickets: dict[str, _Ticket] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._snapshot = lru_cache(maxsize=64)(calibration.snapshot)

    async def start(self) -> None:
        """Take jobs; the workers warm up meanwhile."""
        if self._settings.enabled:
            self._tasks = [asyncio.create_task(self._serve(Desk())) for _ in range(self._settings.workers)]

    async def close(self) -> None:
        """Stop simulating. Jobs that wait or run stay unfinished in the gateway's records."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._crew.close()

    def backends(self) -> Sequence[Backend]:
        """List the emulated devices."""
        return tuple(self._devices.values())

    def status(self, backend: str) -> BackendStatus:
        """Say whether jobs are taken, how many are ahead, and that this is a simulator."""
        self._device(backend)
        return BackendStatus(online=bool(self._tasks), queue_length=len(self._tickets), message=devices.STATUS_MESSAGE)

    def calibration(self, backend: str, *, before: datetime | None = None) -> Calibration | None:
        """Give the snapshot of today, or of the day of a moment; each is taken at midnight UTC."""
        device, now = self._device(backend), self._context.clock.now()
        moment = min(before, now) if before else now
        if moment < device.online_since:
            return None
        return self._snapshot(device, seed=self._settings.seed, day=moment.astimezone(UTC).date())

    def feasible(self, facts: ProgramFacts, backend: Backend, options: Mapping[str, Any]) -> Feasibility:  # noqa: ARG002  # no option changes what a simulation costs
        """Say whether a program could be simulated here, and by which method."""
        return feasibility.judge(facts, backend, self._limits)

    def options_not_applied(self, program: str, options: Mapping[str, Any]) -> tuple[str, ...]:
        """List submitted options that change nothing here.

        Raises:
            OptionRefusedError: an option whose absence would falsify the result.
        """
        return not_applied(program, options)

    async def submit(self, permit: Permit, order: Order) -> str:
        """Let a job wait for a worker. A job that already waits or runs goes on under the newer permit.

        Raises:
            UnavailableError: the queue is full, or the simulator is closed.
            NotFoundError: the permit names no device of this upstream.
        """
        if not self._tasks:
            raise UpstreamClosedError
        self._device(permit.placement.backend)
        if known := self._tickets.get(permit.job_id):
            known.permit = permit
            return permit.job_id
        ticket = _Ticket(permit=permit, order=order)
        self._queue.put(order.principal_id, permit.job_id, ticket)
        self._tickets[permit.job_id] = ticket
        return permit.job_id

    async def cancel(self, job_id: str) -> bool:
        """Drop a waiting job, or kill the worker of a running one; false when it had already ended."""
        ticket = self._tickets.get(job_id)
        if ticket is None:
            return False
        ticket.cancelled = True
        if self._queue.remove(job_id) is not None:
            await self._finish(ticket, CANCELLED)
        elif ticket.desk and ticket.desk.child:
            ticket.desk.child.kill()
        return True

    def queue_position(self, job_id: str) -> int | None:
        """Give a job's place in the queue, 1 is next."""
        return self._queue.position(job_id)

    # ── what only an upstream outside this process has to do ────────────────────────────────────────
    def prepare(self, job_id: str, attempt: int, project_id: str, backend: str, order: Order) -> Prepared | None:  # noqa: ARG002  # the port's
        """Change nothing: readers take the received body."""
        return None

    async def find(self, attempt: Attempt) -> str | None:
        """Find a job that waits or runs here; after a restart there is none."""
        return attempt.job_id if attempt.job_id in self._tickets else None

    def resend(self, attempt: Attempt, *, searched: int, now: datetime) -> Resend | None:  # noqa: ARG002  # the port's
        """Allow it always: a simulation costs nothing and its seed is recorded."""
        return Resend.IDEMPOTENT

    def take_over(self, job_id: str, attempt: int) -> None:
        """Do nothing: running it here once more does no harm."""

    def absent(self, attempt: Attempt, *, searched: int, now: datetime) -> bool:  # noqa: ARG002  # the port's
        """Say so of whatever is not here: nothing is on its way to a simulator."""
        return attempt.job_id not in self._tickets

    async def follow(self, attempt: Attempt, vendor_job_id: str) -> None:
        """Do nothing: what runs here is followed from its submission on."""

    def envelope(self, job_id: str) -> bytes | None:  # noqa: ARG002  # the port's
        """Give nothing: a simulator has no words of its own."""
        return None

    # ── simulating ───────────────────────────────────────────────────────────────────────────────
    async def _serve(self, desk: Desk) -> None:
        """Simulate one job after the other at one desk, until the upstream closes."""
        with contextlib.suppress(ChildError):
            await self._crew.warm()
        try:
            while True:
                ticket = await self._queue.get()
                ticket.desk = desk
                await self._tell(ticket, RUNNING)
                await self._finish(ticket, await self._simulate(ticket, desk))
        finally:
            await self._crew.clear(desk)

    async def _simulate(self, ticket: _Ticket, desk: Desk) -> Ending:
        try:
            worker = await self._crew.seat(desk, ticket.order.principal_id)
            return CANCELLED if ticket.called_off() else await self._ask(worker, ticket)
        except ChildError as error:
            return CANCELLED if ticket.called_off() else endings.of_death(error, cpu_seconds=self._settings.cpu_seconds)

    async def _ask(self, worker: Child, ticket: _Ticket) -> Ending:
        seconds = self._seconds(ticket.order)
        try:
            answer = await worker.request(self._message(ticket), deadline_seconds=seconds)
        except ChildTimeoutError:
            return endings.too_long(seconds, asked=seconds == ticket.order.max_seconds)
        return CANCELLED if ticket.called_off() else endings.of_answer(answer)

    def _seconds(self, order: Order) -> float:
        return min(order.max_seconds or self._settings.wall_seconds, self._settings.wall_seconds)

    def _message(self, ticket: _Ticket) -> dict[str, Any]:
        order, limits = ticket.order, self._limits
        plans = [feasibility.choose(circuit, limits) for circuit in order.facts.circuits]
        snapshot = order.calibration or self.calibration(ticket.permit.placement.backend)
        return codec.order(
            reader=order.reader,
            body=order.body,
            methods=[plan.method if plan else "automatic" for plan in plans],
            settings=self._settings,
            calibration=snapshot if limits.noisy else None,
        )

    async def _finish(self, ticket: _Ticket, ending: Ending) -> None:
        self._tickets.pop(ticket.permit.job_id, None)
        await self._tell(ticket, ending)

    async def _tell(self, ticket: _Ticket, ending: Ending) -> None:
        """Tell the house, again and again while its ledger takes nothing: an outcome must not be lost."""
        progress = Progress(
            job_id=ticket.permit.job_id,
            attempt=ticket.permit.attempt,
            status=ending.status,
            at=self._context.clock.now(),
            reason=ending.reason,
            reason_code=ending.reason_code,
            result=ending.result,
        )
        while True:
            try:
                return await self._context.progress(progress)
            except UnavailableError as error:
                await asyncio.sleep(error.retry_after_seconds)
            except Exception:  # noqa: BLE001  # the house's fault must not end the desk; its records still say running
                _log.exception("upstream.progress_lost")
                return None

    @property
    def _limits(self) -> feasibility.Limits:
        return feasibility.Limits(
            cpu_seconds=self._settings.cpu_seconds,
            memory_bytes=self._settings.memory_bytes,
            noisy=self._settings.noise == "calibrated",
        )

    def _device(self, name: str) -> Backend:
        if name not in self._devices:
            raise NotFoundError(noun="backend", name=name)
        return self._devices[name]
