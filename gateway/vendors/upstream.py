"""A vendor as an upstream: `ports.upstream.Upstream` over any `ports.vendor.Vendor`.

What a submission may meet, in this order: a breaker (nothing was sent), the vendor's refusal (nothing runs), a
lost answer (nobody knows). A job that was taken is followed from then on; one that was found again, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.domain.backend import Backend, BackendStatus, Calibration, ExecutionKind, Feasibility
from gateway.domain.circuit import ProgramFacts
from gateway.domain.errors import GatewayError
from gateway.domain.job import JobStatus
from gateway.domain.marks import mark
from gateway.domain.permit import Permit
from gateway.ports.upstream import Attempt, Order, Progress, UpstreamContext
from gateway.ports.vendor import (
    Account,
    AnswerLostError,
    Call,
    Dispatch,
    Prepared,
    Resend,
    Vendor,
    VendorAnswer,
    VendorRequest,
)
from gateway.telemetry.vendors import VendorMetrics
from gateway.vendors.asking import Question
from gateway.vendors.calibrations import Calibrations
from gateway.vendors.clocks import Clocks
from gateway.vendors.desk import Desk
from gateway.vendors.errors import VendorAccountError
from gateway.vendors.finding import Finder
from gateway.vendors.poller import Poller
from gateway.vendors.proof import Proof
from gateway.vendors.roster import Roster
from gateway.vendors.settings import VendorPace
from gateway.vendors.sweep import Books, Sweep
from gateway.vendors.timing import Timing
from gateway.vendors.visiting import Visitor

_CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far a vendor's clock may be behind ours when we search by time."""


class VendorUpstream:
    """One vendor; its simulators are backends of another kind."""

    kind = ExecutionKind.HARDWARE

    def __init__(
        self,
        vendor: Vendor,
        context: UpstreamContext,
        pace: VendorPace,
        *,
        metrics: VendorMetrics,
        books: Books | None = None,
        timing: Timing | None = None,
    ) -> None:
        if context.outside is None:
            raise ValueError("a vendor cannot be asked without a way out")
        self.name = vendor.name
        self.dialect: str | None = vendor.name
        self.bounds_time = vendor.bounds_time
        timing = timing or Timing(clock=context.clock)
        self._desk = desk = Desk.of(vendor, outside=context.outside, pace=pace, timing=timing, metrics=metrics)
        self._clocks, self._proof, self._roster = Clocks(timing), Proof(vendor, pace, timing), Roster(desk)
        self._calibrations, self._finder = Calibrations(desk, self._roster), Finder(desk)
        self._progress, self._may_send = context.progress, context.may_send
        self._poller = Poller(desk, Visitor(desk, self._tell))
        self._sweep = Sweep(desk, books, leads=context.leads) if books else None

    async def start(self) -> None:
        """Start every clock, and wait a little for the first list of backends; a vendor that is away stops nothing."""
        endless = {
            "herald": self._desk.herald.run,
            "backends": self._roster.run,
            "calibrations": self._calibrations.run,
            "poller": self._poller.run,
        }
        self._proof.begin()
        self._clocks.start({**endless, "sweep": self._sweep.run} if self._sweep else endless)
        await self._desk.timing.wait(self._roster.tried, self._desk.pace.start_seconds)
        await self._calibrations.recall()

    async def close(self) -> None:
        """Stop asking. What runs at the vendor runs on, and is followed again after the next start."""
        await self._desk.herald.drain()
        await self._clocks.close()

    # ── what there is ────────────────────────────────────────────────────────────────────────────
    def backends(self) -> Sequence[Backend]:
        """List what the vendor offers to any of our accounts."""
        return self._roster.backends()

    def status(self, backend: str) -> BackendStatus:
        """Say whether a backend takes work; offline, too, while it is not heard of or left alone."""
        return self._roster.status(backend)

    def calibration(self, backend: str, *, before: datetime | None = None) -> Calibration | None:
        """Give the newest snapshot, or the newest that was taken at or before a moment."""
        return self._calibrations.newest(backend, before=before)

    def feasible(self, facts: ProgramFacts, backend: Backend, options: Mapping[str, Any]) -> Feasibility:  # noqa: ARG002  # no option changes what fits
        """Say whether a program fits a backend; how long it takes there is not ours to know."""
        reason = _misfit(facts, backend)
        return Feasibility(feasible=not reason, method=None, cpu_seconds=0.0, memory_bytes=0, reason=reason)

    def options_not_applied(self, program: str, options: Mapping[str, Any]) -> tuple[str, ...]:  # noqa: ARG002  # the vendor gets them all
        """List none: the body goes to the vendor as it came."""
        return ()

    # ── submitting ───────────────────────────────────────────────────────────────────────────────
    def prepare(self, job_id: str, attempt: int, project_id: str, backend: str, order: Order) -> Prepared:
        """Make the declared edits for the account that will be used.

        Raises:
            VendorAccountError: the project has no account at this vendor, and there is none for everybody.
            VendorBusyError: a breaker is open.
        """
        self._desk.breakers.check(backend=backend)
        account = self._desk.outside.account(self.name, project_id)
        if account is None:
            raise VendorAccountError(f"there is no account at {self.name} for this project; ask an administrator")
        prepared = self._desk.vendor.prepare(account, _dispatch(job_id, attempt, backend, order))
        return replace(prepared, account_id=account.id)

    async def submit(self, permit: Permit, order: Order) -> str:
        """Send an attempt once, and follow it. What is followed already is not sent again.

        Raises:
            AnswerLostError: nobody knows whether the vendor took it.
            RefusedError, UnavailableError: certainly nothing runs.
        """
        known = self._poller.get(permit.job_id)
        if known is not None and known.attempt == permit.attempt:
            return known.vendor_job_id
        if order.prepared is None:
            raise VendorAccountError(f"the job was not prepared for an account at {self.name} before its permit")
        prepared, backend = order.prepared, permit.placement.backend
        account = self._desk.account(prepared.account_id)
        dispatch = _dispatch(permit.job_id, permit.attempt, backend, order)
        try:
            vendor_job_id = await self._desk.asker.ask(
                Question.SUBMIT,
                account,
                lambda call: self._desk.vendor.submit(self._guarded(call), dispatch, prepared),
                backend=backend,
            )
        except BaseException as error:
            # Also when the caller gives up in the middle: the request was on its way.
            if isinstance(error, AnswerLostError) or not isinstance(error, GatewayError):
                self._proof.may_have_left(permit.job_id, permit.attempt)
            raise
        self._follow(permit.job_id, permit.attempt, account, vendor_job_id, prepared.body)
        return vendor_job_id

    def _guarded(self, call: Call) -> Call:
        """Ask before each request of a submission leaves, however long it took until here, whether it still may."""

        async def send(request: VendorRequest) -> VendorAnswer:
            self._may_send()
            return await call.send(request)

        return replace(call, send=send)

    async def find(self, attempt: Attempt) -> str | None:
        """Search the account for an attempt's mark; `None` proves something only with `resend`.

        Raises:
            UnavailableError: the vendor, or the account, could not be searched.
        """
        account = self._desk.account(attempt.account_id)
        dispatch = _dispatch(attempt.job_id, attempt.attempt, attempt.backend, attempt)
        look = await self._finder.find(account, dispatch, since=attempt.permitted_at - _CLOCK_SKEW)
        if look.job is None:
            self._proof.searched_in_vain(attempt.job_id, attempt.attempt, began_at=look.began_at)
            return None
        self._proof.found(attempt.job_id, attempt.attempt)
        return look.job.id

    def resend(self, attempt: Attempt, *, searched: int, now: datetime) -> Resend | None:
        """Say by what proof an attempt may be sent again."""
        return self._proof.resend(attempt, searched=searched, now=now)

    def absent(self, attempt: Attempt, *, searched: int, now: datetime) -> bool:
        """Say whether an attempt is proven not to have arrived."""
        return self._proof.absent(attempt, searched=searched, now=now)

    def take_over(self, job_id: str, attempt: int) -> None:
        """Count a search of this attempt from now on: until now another process may have been sending it."""
        self._proof.may_have_left(job_id, attempt)

    # ── following ────────────────────────────────────────────────────────────────────────────────
    async def follow(self, attempt: Attempt, vendor_job_id: str) -> None:
        """Take up following a job that was forwarded before, or that was found."""
        account = self._desk.account(attempt.account_id)
        self._follow(attempt.job_id, attempt.attempt, account, vendor_job_id, attempt.body)

    async def _tell(self, report: Progress) -> None:
        """Hand a report on, with the snapshot that was valid when the job ran."""
        ran = report.vendor
        if ran is not None and ran.started_at is not None:
            snapshot = self._calibrations.newest(ran.backend, before=ran.started_at)
            report = replace(report, calibration=snapshot.digest if snapshot else None)
        await self._progress(report)

    async def cancel(self, job_id: str) -> bool:
        """Want a job stopped: asked for until it ended or the vendor refuses; false when it had already ended."""
        return self._poller.stop(job_id)

    def queue_position(self, job_id: str) -> int | None:
        """Give the place in the vendor's queue, as it was last told."""
        job = self._poller.get(job_id)
        shown = None if job is None else job.shown
        return shown.queue_position if shown is not None and shown.status == JobStatus.QUEUED else None

    def envelope(self, job_id: str) -> bytes | None:
        """Give the vendor's newest description of a job; `completed` is held back until its results are here."""
        job = self._poller.get(job_id)
        return job.shown.envelope if job is not None and job.shown is not None else None

    def _follow(self, job_id: str, attempt: int, account: Account, vendor_job_id: str, body: bytes) -> None:
        self._proof.found(job_id, attempt)
        self._poller.take_up(
            job_id=job_id, attempt=attempt, account_id=account.id, vendor_job_id=vendor_job_id, body=body
        )


def _dispatch(job_id: str, attempt: int, backend: str, order: Order | Attempt) -> Dispatch:
    # What is only looked for is not sent, so nothing limits it.
    max_seconds = order.max_seconds if isinstance(order, Order) else None
    return Dispatch(
        job_id=job_id,
        attempt=attempt,
        mark=mark(job_id, attempt),
        backend=backend,
        body=order.body,
        max_seconds=max_seconds,
    )


def _misfit(facts: ProgramFacts, backend: Backend) -> str:
    """Say what is too large, in words; empty when it fits."""
    if len(facts.circuits) > backend.max_circuits:
        return f"{len(facts.circuits)} circuits, {backend.name} takes at most {backend.max_circuits}"
    for circuit in facts.circuits:
        if circuit.qubits_used > backend.qubits:
            return f"{circuit.qubits_used} qubits used, {backend.name} has {backend.qubits}"
        if (circuit.shots or 0) > backend.max_shots:
            return f"{circuit.shots} shots per circuit, {backend.name} takes at most {backend.max_shots}"
    return ""
