"""The one object the HTTP rooms talk to: carries out every operation of every dialect."""

from dataclasses import dataclass

import structlog

from gateway.audit.ledger import Ledger
from gateway.domain.errors import UnavailableError
from gateway.domain.principal import Caller
from gateway.enforcement.access import Access
from gateway.enforcement.backends import Backends
from gateway.enforcement.changes import Changes
from gateway.enforcement.entries import Entries
from gateway.enforcement.jobs import Jobs
from gateway.enforcement.sessions import Sessions
from gateway.enforcement.submit import Submitter
from gateway.enforcement.tags import check_tags
from gateway.identity.authenticate import Authenticator
from gateway.ports import answers as answered
from gateway.ports import operations as ask
from gateway.ports.answers import Answer
from gateway.ports.dialect import ApiKey, Credential, Dialect
from gateway.ports.operations import Operation
from gateway.telemetry import events

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Knows which part carries out which operation, and nothing else."""

    authenticator: Authenticator
    backends: Backends
    submitter: Submitter
    jobs: Jobs
    changes: Changes
    sessions: Sessions
    access: Access
    ledger: Ledger
    entries: Entries

    def identify(self, credential: Credential | None) -> Caller:
        """Step 1: say who asks.

        Raises:
            RefusedError: nobody this gateway knows, or a key that is no longer good.
        """
        return self.authenticator.caller(credential)

    async def exchange(self, operation: ask.ExchangeKey) -> answered.TokenGranted:
        """Trade a key for a short-lived token. A stalled ledger does not stop it: reads must stay open."""
        caller = self.authenticator.caller(ApiKey(operation.key))
        granted = self.authenticator.exchange(operation)
        try:
            await self.ledger.record(self.entries.by("token.granted", caller))
        except UnavailableError:
            log.warning(events.ENTRY_MISSED, key_id=caller.key.id)
        return granted

    async def perform(self, caller: Caller, operation: Operation, dialect: Dialect) -> Answer:
        """Carry one operation out for a caller.

        Raises:
            GatewayError: refused, or unavailable; the dialect says so in its own shape.
        """
        match operation:
            case ask.Submit():
                check_tags(operation.submission.tags)
                return answered.Accepted(job=await self.submitter.submit(caller, operation.submission))
            case ask.OpenSession() | ask.ShowSession() | ask.CloseSession():
                return await self._session(caller, operation, dialect)
            case ask.CancelJob() | ask.DeleteJob() | ask.TagJob():
                return await self._change(caller, operation)
            case ask.ShowJob() | ask.ListJobs() | ask.ShowResults() | ask.ShowMetrics() | ask.ShowLogs():
                return await self._read(caller, operation)
            case ask.ExchangeKey():
                return await self.exchange(operation)
            case _:
                return await self._look(caller, operation)

    async def _read(
        self,
        caller: Caller,
        operation: ask.ShowJob | ask.ListJobs | ask.ShowResults | ask.ShowMetrics | ask.ShowLogs,
    ) -> Answer:
        match operation:
            case ask.ShowJob():
                return await self.jobs.show(caller, operation.client_job_id, parameters=operation.parameters)
            case ask.ListJobs():
                return await self.jobs.list(caller, operation)
            case ask.ShowResults():
                return await self.jobs.results(caller, operation.client_job_id)
            case ask.ShowMetrics():
                return await self.jobs.show(caller, operation.client_job_id, parameters=False)
            case ask.ShowLogs():
                return await self.jobs.logs(caller, operation.client_job_id)

    async def _change(self, caller: Caller, operation: ask.CancelJob | ask.DeleteJob | ask.TagJob) -> Answer:
        match operation:
            case ask.CancelJob():
                await self.changes.cancel(caller, operation.client_job_id)
            case ask.DeleteJob():
                await self.changes.delete(caller, operation.client_job_id)
            case ask.TagJob():
                await self.changes.tag(caller, operation.client_job_id, operation.tags)
        return answered.Done()

    async def _session(
        self, caller: Caller, operation: ask.OpenSession | ask.ShowSession | ask.CloseSession, dialect: Dialect
    ) -> Answer:
        match operation:
            case ask.OpenSession():
                return await self.sessions.open(caller, operation, dialect)
            case ask.ShowSession():
                return await self.sessions.show(caller, operation.session_id)
            case ask.CloseSession():
                closed = await self.sessions.close(caller, operation)
                if operation.cancel:
                    await self.changes.cancel_each(caller, await self.sessions.unfinished(operation.session_id))
                return closed

    async def _look(
        self,
        caller: Caller,
        operation: ask.ListInstances
        | ask.ShowPlan
        | ask.ListBackends
        | ask.ShowConfiguration
        | ask.ShowStatus
        | ask.ShowCalibration
        | ask.ShowUsage,
    ) -> Answer:
        if isinstance(operation, ask.ListInstances | ask.ShowPlan):
            return self.backends.instances_of(caller)
        self.access.require(caller, "usage.read" if isinstance(operation, ask.ShowUsage) else "backend.read")
        match operation:
            case ask.ListBackends():
                return self.backends.offer(caller)
            case ask.ShowConfiguration() | ask.ShowStatus():
                return self.backends.show(caller, operation.backend)
            case ask.ShowCalibration():
                return self.backends.calibration(
                    caller, operation.backend, before=operation.before, calibration_id=operation.calibration_id
                )
            case ask.ShowUsage():
                return await self.backends.usage(caller)
