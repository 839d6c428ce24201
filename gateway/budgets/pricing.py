"""Prices of jobs: by the price book, under the plan of the vendor account that pays, for the time a job may take."""

from dataclasses import dataclass, replace
from typing import Final, Protocol

from gateway.budgets.quote import PriceBook
from gateway.budgets.rates import SHOTS, TIME
from gateway.budgets.workload import Portion, Site, Terms, Usage, Workload, whole_milliseconds
from gateway.domain.backend import Backend, ExecutionKind
from gateway.domain.budget import Charge
from gateway.domain.circuit import ProgramFacts
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.money import Quote, Tariff
from gateway.domain.submission import Submission
from gateway.ports.operations import EstimateCost
from gateway.ports.upstream import Progress
from gateway.ports.vendor import Account

PLAN: Final = "plan"
"""The attribute of a vendor account that names its plan there, where the vendor has plans."""


class Accounts(Protocol):
    """Who knows which account pays."""

    def account(self, vendor: str, project_id: str | None) -> Account | None:
        """Give a project's own account, else the one for everybody."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """Asks the price book with what only the gateway knows: whose account pays, and what bounds the job."""

    book: PriceBook
    accounts: Accounts | None = None
    """`None` where no vendor is reached."""

    def quote(
        self,
        project_id: str,
        submission: Submission,
        backend: Backend,
        measured: ProgramFacts,
        *,
        max_seconds: int | None = None,
    ) -> Quote | None:
        """Price a submission on a backend; `None` when that is not known.

        `max_seconds` is the shortest limit known besides the caller's own, such as an obligation of policy.
        """
        limits = [each for each in (max_seconds, submission.max_execution_seconds) if each is not None]
        terms = Terms(
            plan=self.plan(backend.upstream, project_id),
            max_seconds=min(limits, default=None),
            mitigated=submission.mitigated,
        )
        return self.book.quote(backend, measured, terms)

    def estimate(self, project_id: str, backend: Backend, asked: EstimateCost) -> Quote | None:
        """Price a job that only its size is known of."""
        portion = Portion(shots=asked.shots, gates={1: asked.one_qubit_gates, 2: asked.two_qubit_gates})
        work = Workload.sized(circuits=asked.circuits, portion=portion, seconds=asked.seconds)
        terms = Terms(plan=self.plan(backend.upstream, project_id), mitigated=asked.mitigated)
        return None if work is None else self.book.price(Site.of(backend), work, terms)

    def tariff(self, project_id: str | None, backend: Backend, *, mitigated: bool | None = None) -> Tariff | None:
        """Say what a backend charges for."""
        plan = "" if project_id is None else self.plan(backend.upstream, project_id)
        return self.book.tariff(Site.of(backend), Terms(plan=plan, mitigated=mitigated))

    def charge(self, job: JobRecord, report: Progress, held: Charge) -> Charge:
        """Say what a job that ended really took: the vendor's own bill where it sent one, else by its usage."""
        usage = self._usage(job, report)
        taken = self.book.charge(usage, held)
        told = report.vendor
        if told is None or told.cost_micros is None or held.currency not in {"", told.cost_currency}:
            return taken
        # What is billed has run, whatever else was told of it.
        ran = held if told.cost_micros and not taken.jobs else taken
        return replace(ran, micros=told.cost_micros, currency=told.cost_currency)

    def native(self, report: Progress, held: tuple[int, str] | None) -> tuple[int, str] | None:
        """Say how much of the vendor's own unit a job really took; `None` where only what was held is known."""
        told = report.vendor
        if held is None or told is None:
            return None
        if held[1] == SHOTS and told.shots_done is not None:
            return told.shots_done, SHOTS
        if held[1] == TIME and told.billed_seconds is not None and (taken := whole_milliseconds(told.billed_seconds)):
            return taken, TIME
        return None

    def revision(self, report: Progress, held: str) -> str:
        """Name the prices that a job was charged by: those it was held under, where its vendor sent a bill."""
        billed = report.vendor is not None and report.vendor.cost_micros is not None
        return held if billed else self.book.revision

    def plan(self, upstream: str, project_id: str) -> str:
        """Name the plan of the account that pays for a project's jobs; empty where none is named."""
        account = None if self.accounts is None else self.accounts.account(upstream, project_id)
        return "" if account is None else account.attributes.get(PLAN, "")

    def _usage(self, job: JobRecord, report: Progress) -> Usage:
        return Usage(
            site=Site(upstream=job.upstream, backend=job.backend, kind=job.kind),
            plan=self.plan(job.upstream, job.project_id),
            completed=report.status == JobStatus.COMPLETED,
            shots=None if report.vendor is None else report.vendor.shots_done,
            milliseconds=_milliseconds(job, report),
        )


def _milliseconds(job: JobRecord, report: Progress) -> int | None:
    """Find the billed time: the vendor's own word, or of a simulator how long it computed."""
    seconds = None if report.vendor is None else report.vendor.billed_seconds
    if seconds is None and report.result is not None and job.kind is ExecutionKind.SIMULATOR:
        seconds = report.result.cpu_seconds if report.vendor is None else report.result.seconds
    return None if seconds is None else whole_milliseconds(seconds)
