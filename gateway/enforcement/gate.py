"""The one object the HTTP rooms talk to: carries out every operation of every dialect."""

from dataclasses import dataclass
from typing import Final

import structlog

from gateway.audit.ledger import Ledger
from gateway.domain.clock import Clock
from gateway.domain.errors import UnavailableError
from gateway.domain.principal import Caller
from gateway.enforcement.access import Access
from gateway.enforcement.backends import Backends
from gateway.enforcement.changes import Changes
from gateway.enforcement.entries import Entries
from gateway.enforcement.jobs import Jobs
from gateway.enforcement.rates import Rates
from gateway.enforcement.repeats import Delivery, Repeats
from gateway.enforcement.sessions import Sessions
from gateway.enforcement.submit import Submitter
from gateway.enforcement.tags import check_tags
from gateway.identity.authenticate import Authenticator, InvalidCredentialError, MissingCredentialError
from gateway.ports import answers as answered
from gateway.ports import operations as ask
from gateway.ports.answers import Answer
from gateway.ports.dialect import ApiKey, Credential, Dialect, Signature
from gateway.ports.operations import Operation
from gateway.store.elsewhere import Elsewhere
from gateway.telemetry import events

_OF_ONES_OWN: Final = (ask.ShowUsage, ask.ShowLimits)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Knows which part carries out which operation, and nothing else."""

    authenticator: Authenticator
    elsewhere: Elsewhere
    backends: Backends
    submitter: Submitter
    jobs: Jobs
    changes: Changes
    sessions: Sessions
    access: Access
    ledger: Ledger
    entries: Entries
    repeats: Repeats
    rates: Rates
    clock: Clock

    def delivery(self) -> Delivery:
        """Begin to watch what becomes of one answer."""
        return Delivery(repeats=self.repeats)

    async def identify(self, credential: Credential | None) -> Caller:
        """Step 1: say who asks; a key that memory does not know may have been made a moment ago.

        Raises:
            RefusedError: nobody this gateway knows, or a key that is no longer good.
        """
        try:
            return self.authenticator.caller(credential)
        except InvalidCredentialError:
            await self._look_again()
            return self.authenticator.caller(credential)

    async def exchange(self, operation: ask.ExchangeKey) -> answered.TokenGranted:
        """Trade a key for a short-lived token. A stalled ledger does not stop it: reads must stay open."""
        caller = await self.identify(ApiKey(operation.key))
        granted = self.authenticator.exchange(operation)
        try:
            await self.ledger.record(self.entries.by("token.granted", caller))
        except UnavailableError:
            log.warning(events.ENTRY_MISSED, key_id=caller.key.id)
        return granted

    async def expect(self, signature: Signature) -> bool:
        """Say whether a signed request names a key that is good, before its body is read; it proves nothing yet."""
        if self.authenticator.expect(signature):
            return True
        await self._look_again()
        return self.authenticator.expect(signature)

    async def _look_again(self) -> None:
        if not await self.elsewhere.look():
            log.warning(events.KEYS_STALE)

    async def open_to_all(self, operation: Operation, dialect: str) -> Answer:
        """Carry out what a dialect serves without a credential: trading a key, what a backend is, and what it charges.

        Raises:
            MissingCredentialError: anything else.
        """
        match operation:
            case ask.ExchangeKey():
                return await self.exchange(operation)
            case ask.ShowConfiguration():
                return self.backends.describe(operation.backend)
            case ask.ListPrices():
                return self.backends.priced(understood_by=dialect)
            case _:
                raise MissingCredentialError

    async def perform(self, caller: Caller, operation: Operation, dialect: Dialect, delivery: Delivery) -> Answer:
        """Carry one operation out for a caller; `delivery` is told about the connection it came on.

        Raises:
            GatewayError: refused, or unavailable; the dialect says so in its own shape.
        """
        await self.rates.take(caller, operation)
        match operation:
            case ask.Submit():
                check_tags(operation.submission.tags)
                answer: Answer = answered.Accepted(
                    job=await self.submitter.submit(caller, operation.submission, delivery)
                )
            case ask.OpenSession() | ask.ListSessions() | ask.ShowSession() | ask.CloseSession():
                answer = await self._session(caller, operation, dialect)
            case ask.CancelJob() | ask.CancelJobs() | ask.DeleteJob() | ask.DeleteJobs() | ask.TagJob():
                answer = await self._change(caller, operation)
            case ask.ShowJob() | ask.ListJobs() | ask.ShowResults() | ask.ShowMetrics() | ask.ShowLogs():
                answer = await self._read(caller, operation)
            case ask.ShowCost():
                answer = await self.jobs.cost(caller, operation.client_job_id)
            case ask.ExchangeKey():
                answer = await self.exchange(operation)
            case _:
                answer = await self._look(caller, operation)
        return answer

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
                return await self.jobs.results(caller, operation.client_job_id, document=operation.document)
            case ask.ShowMetrics():
                return await self.jobs.metrics(caller, operation.client_job_id)
            case ask.ShowLogs():
                return await self.jobs.logs(caller, operation.client_job_id)

    async def _change(
        self,
        caller: Caller,
        operation: ask.CancelJob | ask.CancelJobs | ask.DeleteJob | ask.DeleteJobs | ask.TagJob,
    ) -> Answer:
        match operation:
            case ask.CancelJob():
                await self.changes.cancel(caller, operation.client_job_id)
                return answered.Done(job=await self.jobs.find(caller, operation.client_job_id))
            case ask.CancelJobs():
                await self.changes.cancel_each(caller, operation.client_job_ids)
            case ask.DeleteJob():
                await self.changes.delete(caller, operation.client_job_id)
            case ask.DeleteJobs():
                await self.changes.delete_each(caller, operation.client_job_ids)
            case ask.TagJob():
                await self.changes.tag(caller, operation)
        return answered.Done()

    async def _session(
        self,
        caller: Caller,
        operation: ask.OpenSession | ask.ListSessions | ask.ShowSession | ask.CloseSession,
        dialect: Dialect,
    ) -> Answer:
        match operation:
            case ask.ListSessions():
                return await self.sessions.list(caller, operation)
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
        | ask.ShowIdentity
        | ask.ShowPlan
        | ask.ListBackends
        | ask.ShowConfiguration
        | ask.ShowStatus
        | ask.ShowCalibration
        | ask.ListCalibrations
        | ask.EstimateCost
        | ask.ListPrices
        | ask.ShowLimits
        | ask.ShowUsage,
    ) -> Answer:
        if isinstance(operation, ask.ListInstances | ask.ShowPlan | ask.ShowIdentity):
            return self._who(caller, operation)
        self.access.require(caller, "usage.read" if isinstance(operation, _OF_ONES_OWN) else "backend.read")
        match operation:
            case ask.ListBackends() | ask.ListPrices():
                return self.backends.offer(caller)
            case ask.ShowConfiguration() | ask.ShowStatus():
                return self.backends.show(caller, operation.backend)
            case ask.ShowCalibration():
                return await self.backends.calibration(
                    caller, operation.backend, before=operation.before, calibration_id=operation.calibration_id
                )
            case ask.EstimateCost():
                return self.backends.estimate(caller, operation)
            case _:
                return await self._look_up(caller, operation)

    def _who(self, caller: Caller, operation: ask.ListInstances | ask.ShowPlan | ask.ShowIdentity) -> Answer:
        if isinstance(operation, ask.ShowIdentity):
            return self.backends.identity(caller)
        return self.backends.instances_of(caller)

    async def _look_up(
        self, caller: Caller, operation: ask.ListCalibrations | ask.ShowUsage | ask.ShowLimits
    ) -> Answer:
        match operation:
            case ask.ShowUsage():
                return await self.backends.usage(caller)
            case ask.ShowLimits():
                return await self.backends.limits(caller, operation)
            case ask.ListCalibrations():
                return await self.backends.calibrations(caller, operation)
