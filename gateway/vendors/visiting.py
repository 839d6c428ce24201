"""One look at one forwarded job: stop it if that is wanted, ask how it is, fetch what it left, tell the house.

Each step that succeeded is kept in the job, so that a later failure repeats only what is still to do: results are
fetched once, however often the ledger is not ready to take them.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import structlog

from gateway.domain.errors import GatewayError
from gateway.domain.job import JobStatus
from gateway.domain.result import ProgramResult
from gateway.ports.upstream import Progress, ProgressSink
from gateway.ports.vendor import Account, VendorCredentialError, VendorJob, VendorRefusedError
from gateway.telemetry import events
from gateway.vendors.asking import Question
from gateway.vendors.desk import Desk
from gateway.vendors.echoes import without_texts
from gateway.vendors.following import Followed

_NOT_FOUND: Final = 404
_FIRST_REPEAT_SECONDS: Final = 5.0
_SHOWN: Final = frozenset({JobStatus.QUEUED, JobStatus.RUNNING, *(status for status in JobStatus if status.final)})
log = structlog.get_logger(__name__)


class Visitor:
    """Looks at the jobs of one vendor."""

    def __init__(self, desk: Desk, progress: ProgressSink) -> None:
        self._desk, self._progress = desk, progress

    async def visit(self, job: Followed) -> float | None:
        """Look once; gives the pause until the next look, `None` when the job's end was told."""
        outcome, pause = "unchanged", None
        try:
            before = job.told
            pause = await self._look(job)
            outcome = "unchanged" if job.told == before else "changed"
        except VendorRefusedError as error:
            missing = error.status == _NOT_FOUND and job.completed is None
            outcome = "missing" if missing else "failed"
            pause = self._missing(job) if missing else self._failed(job, error)
        except Exception as error:  # noqa: BLE001  # one job's trouble must not end the following of the others
            outcome, pause = "failed", self._failed(job, error)
        self._desk.metrics.polled(vendor=self._desk.name, outcome=outcome)
        return None if pause is None else self._desk.timing.spread(pause)

    async def _look(self, job: Followed) -> float | None:
        if job.outcome is None and job.completed is None:
            account = self._desk.account(job.account_id)
            await self._insist(job, account)
            shown = await self._show(job, account)
            if not JobStatus(shown.status).final:
                return await self._tell_unfinished(job, shown)
            if shown.status == JobStatus.COMPLETED:
                job.completed = shown
            else:
                job.outcome = self._report(job, shown)
        if job.outcome is None and job.completed is not None:
            job.outcome = await self._collect(job, job.completed)
        if job.outcome is None:
            return job.pause_after_failure(self._desk.pace)
        await self._tell(job, job.outcome)
        return None

    async def _show(self, job: Followed, account: Account) -> VendorJob:
        shown = await self._desk.asker.ask(
            Question.SHOW, account, lambda call: self._desk.vendor.show(call, job.vendor_job_id)
        )
        if shown.status not in _SHOWN:
            raise ValueError("the adapter shows a status that a forwarded job cannot have")
        job.failures, job.missing_since = 0, None
        return replace(shown, reason=without_texts(shown.reason, job.body)) if shown.reason else shown

    async def _tell_unfinished(self, job: Followed, shown: VendorJob) -> float:
        changed = shown.status != job.told
        job.shown = shown
        if changed:
            await self._tell(job, self._report(job, shown))
        return job.pause(shown, self._desk.pace, changed=changed or _wanted(job))

    # ── stopping ─────────────────────────────────────────────────────────────────────────────────
    async def _insist(self, job: Followed, account: Account) -> None:
        """Ask again and again for the job to be stopped: a vendor may forget it, or not have heard it."""
        wish, now = job.wish, self._desk.timing.monotonic()
        if wish is None or wish.refused or now < wish.due:
            return
        try:
            await self._desk.asker.ask(
                Question.CANCEL, account, lambda call: self._desk.vendor.cancel(call, job.vendor_job_id)
            )
        except VendorRefusedError as error:
            # A job that is not to be seen yet cannot be stopped yet, and a credential can be mended; all else is final.
            wish.refused = error.status != _NOT_FOUND and not isinstance(error, VendorCredentialError)
            if wish.refused:
                log.warning(events.CANCEL_REFUSED, vendor=self._desk.name, job_id=job.job_id, status=error.status)
        except Exception as error:  # noqa: BLE001  # a job that cannot be stopped now may end all the same: go on and look
            self._note(events.VENDOR_FAILED, job, error)
        wish.due = now + min(self._desk.pace.longest_poll_seconds, _FIRST_REPEAT_SECONDS * 2.0 ** min(wish.asked, 8))
        wish.asked += 1

    # ── results ──────────────────────────────────────────────────────────────────────────────────
    async def _collect(self, job: Followed, completed: VendorJob) -> Progress | None:
        """Fetch what a job left; `None` when that is not there yet, which is said once and tried for ever."""
        account = self._desk.account(job.account_id)
        try:
            documents = await self._desk.asker.ask(
                Question.DOCUMENTS, account, lambda call: self._desk.vendor.documents(call, completed)
            )
        except Exception as error:  # noqa: BLE001  # it was paid for: nothing ends the asking for it
            self._note(events.RESULT_DELAYED, job, error)
            if not job.late:
                reason = f"completed at {self._desk.name}; its results are not there yet and are asked for again"
                running = replace(self._report(job, completed), status=JobStatus.RUNNING, reason=reason, envelope=b"")
                await self._tell(job, running)
                job.late = True
            return None
        result = await self._decoded(job, documents)
        return replace(self._report(job, completed), result=result, documents=documents)

    async def _decoded(self, job: Followed, documents: Mapping[str, bytes]) -> ProgramResult | None:
        try:
            return await asyncio.to_thread(self._desk.vendor.decode, job.body, documents)
        except Exception:
            # Also a defect of the adapter: the documents are the result, our reading of them is a convenience.
            log.exception(events.RESULT_UNREAD, vendor=self._desk.name, job_id=job.job_id)
            return None

    # ── trouble ──────────────────────────────────────────────────────────────────────────────────
    def _missing(self, job: Followed) -> float:
        """Believe only after a while that there is no such job: it may not be to be seen yet."""
        now, name = self._desk.timing.monotonic(), self._desk.name
        job.missing_since = now if job.missing_since is None else job.missing_since
        if now - job.missing_since < (self._desk.pace.settle_seconds or self._desk.vendor.settle_seconds):
            return job.pause_after_failure(self._desk.pace)
        job.outcome = Progress(
            job_id=job.job_id,
            attempt=job.attempt,
            status=JobStatus.FAILED,
            at=self._desk.timing.now(),
            reason=f"{name} took this job and shows it no longer; ask {name} what became of it before sending it again",
        )
        return 0.0

    def _failed(self, job: Followed, error: Exception) -> float:
        self._note(events.VENDOR_FAILED, job, error)
        return job.pause_after_failure(self._desk.pace)

    def _note(self, event: events.Event, job: Followed, error: Exception) -> None:
        """Log a failure the first time, the second, the fourth …: an outage of a night leaves few lines."""
        if job.failures & (job.failures + 1) == 0:
            known = isinstance(error, GatewayError)
            code = error.code if isinstance(error, GatewayError) else type(error).__name__
            log.warning(
                event,
                vendor=self._desk.name,
                job_id=job.job_id,
                code=code,
                count=job.failures + 1,
                exc_info=None if known else error,
            )

    # ── telling ──────────────────────────────────────────────────────────────────────────────────
    async def _tell(self, job: Followed, report: Progress) -> None:
        await self._progress(report)
        job.told = report.status

    def _report(self, job: Followed, shown: VendorJob) -> Progress:
        final = JobStatus(shown.status).final
        moments = {JobStatus.QUEUED: None, JobStatus.RUNNING: shown.started_at}
        return Progress(
            job_id=job.job_id,
            attempt=job.attempt,
            status=shown.status,
            at=moments.get(JobStatus(shown.status), shown.finished_at) or self._desk.timing.now(),
            reason=shown.reason if final else "",
            reason_code=shown.reason_code if final else None,
            envelope=shown.envelope,
            vendor=shown,
        )


def _wanted(job: Followed) -> bool:
    return job.wish is not None and not job.wish.refused
