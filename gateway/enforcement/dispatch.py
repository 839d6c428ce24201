"""Steps 7 to 9 of a submission: permitted and forwarded in the job's turn, and its client told in time.

What is forwarded runs whatever becomes of the answer, so nothing raised afterwards reaches the client as a failure: its
SDK would submit the job a second time. For the same reason the client is answered as soon as its job is certain to be
known, at the latest when its patience ends; what is left goes on without it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog

from gateway.domain.errors import GatewayError, UnavailableError
from gateway.domain.job import JobRecord
from gateway.domain.permit import Permit
from gateway.enforcement.case import Case
from gateway.enforcement.errors import NotForwardedError
from gateway.enforcement.launch import Launcher
from gateway.enforcement.outgoing import Outbound
from gateway.enforcement.permits import Permits
from gateway.enforcement.turns import Turns
from gateway.ports.upstream import Order
from gateway.store.view import JobView
from gateway.telemetry import events

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatcher:
    """Sends cases on their way."""

    jobs: JobView
    turns: Turns
    permits: Permits
    outbound: Outbound
    launcher: Launcher
    under_way: set[asyncio.Task[None]] = field(default_factory=set)
    """What goes on after its client was answered."""

    async def dispatch(self, case: Case, job: JobRecord, until: float) -> JobRecord:
        """Let the job go on by itself, and wait until its client can be answered, or until a time of the event loop.

        Raises:
            LimitExceededError: policy said yes, and a budget or quota no; that is in the ledger.
            UnavailableError: nothing was forwarded; asking again is safe.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[JobRecord] = loop.create_future()
        # A client that went away asks for no error; it is looked at here, so that nobody warns of it.
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        permitted: asyncio.Future[JobRecord] = loop.create_future()
        task = asyncio.create_task(self._carry_out(case, job, answer, permitted))
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)
        await asyncio.wait({answer}, timeout=max(0.0, until - loop.time()))
        # Before its permit nobody can be told of a job; the ledger says yes or no in seconds.
        await asyncio.wait({answer, permitted}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done() and (known := self.jobs.get(job.client_job_id)):
            answer.cancel()
            return known
        return await answer

    async def _carry_out(
        self, case: Case, job: JobRecord, answer: asyncio.Future[JobRecord], permitted: asyncio.Future[JobRecord]
    ) -> None:
        """Permit and forward in the job's turn, so that no outcome overtakes the record that it was forwarded."""

        def taken(known: JobRecord) -> None:
            if not answer.done():
                answer.set_result(known)

        try:
            async with self.turns.of(job.id):
                order = self.outbound.order(
                    job, case.submission.body, case.measured, case.calibration, written=case.kept.written
                )
                permit = await self.permits.permit(case, job, order)  # 7
                permitted.set_result(job)
                taken(await self._forward(permit, job, order, taken))  # 8, 9
        except Exception as error:
            if not answer.done():
                answer.set_exception(error)
            elif not isinstance(error, GatewayError):
                log.exception(events.FORWARD_FAILED, job_id=job.id)
        finally:
            answer.cancel()

    async def _forward(
        self, permit: Permit, job: JobRecord, order: Order, taken: Callable[[JobRecord], None]
    ) -> JobRecord:
        try:
            return await self.launcher.launch(permit, job, order, taken=taken)
        except GatewayError as error:
            return await self._not_started(permit, job, error)
        except Exception:
            # A defect, and nobody knows whether it started. The client sees a waiting job, because its SDK would
            # answer an error by submitting again; the reconciler closes the job when its lease has lapsed.
            log.exception(events.FORWARD_FAILED, job_id=job.id)
            return job

    async def _not_started(self, permit: Permit, job: JobRecord, error: GatewayError) -> JobRecord:
        """Close a job that certainly was not started, so that asking again, under its token too, is a new one."""
        try:
            await self.launcher.abandon(permit.attempt, replace(job, reason=error.message, repeat_token=None))
        except UnavailableError:
            # What is not closed may still be taken up, and a client that was told to ask again would have two.
            log.exception(events.FORWARD_FAILED, job_id=job.id)
            return job
        if isinstance(error, UnavailableError):
            raise NotForwardedError(f"nothing was started: {error.message}") from error
        raise error
