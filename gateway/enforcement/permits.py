"""Step 7 of a submission: what was received and judged is sealed, held and recorded, and becomes a permit."""

from dataclasses import dataclass, field

import structlog

from gateway.audit.ledger import Ledger
from gateway.budgets.hold import reserve
from gateway.domain.approval import ApprovalState
from gateway.domain.clock import Clock
from gateway.domain.exceeded import BudgetCurrencyError, LimitExceededError
from gateway.domain.job import JobRecord
from gateway.domain.permit import Permit
from gateway.domain.restoring import CHANGES
from gateway.domain.writes import RowWrite, SealedWrite
from gateway.enforcement import provenance
from gateway.enforcement.archive import CalibrationArchive
from gateway.enforcement.case import Case
from gateway.enforcement.entries import Entries
from gateway.enforcement.outgoing import SENT, outgoing
from gateway.enforcement.survey import leaks_in
from gateway.enforcement.void import Void
from gateway.ports.upstream import Order
from gateway.store import approvals
from gateway.store.commit import LedgerUnavailableError
from gateway.store.view import JobView
from gateway.telemetry import events
from gateway.vault.vault import Vault

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permits:
    """Records that a case may go, before anything goes anywhere."""

    clock: Clock
    vault: Vault
    ledger: Ledger
    entries: Entries
    jobs: JobView
    void: Void
    calibrations: CalibrationArchive = field(default_factory=CalibrationArchive)

    async def permit(self, case: Case, job: JobRecord, order: Order) -> Permit:
        """Permit, and see to it that "nothing was forwarded" stays true of a permit that becomes durable too late.

        Raises:
            LimitExceededError, BudgetCurrencyError: the books refused what policy had allowed; that is recorded.
            UnavailableError: nothing was permitted, or nobody knows yet, and the permit is void.
        """
        try:
            return await self._permit(case, job, order)
        except (LimitExceededError, BudgetCurrencyError) as error:
            await self._unaffordable(case, error)
            raise
        except LedgerUnavailableError as error:
            # Whoever waits for an approval knows of the job: it goes if its permit is durable after all.
            if error.in_doubt and case.survey.approval is None:
                self.void.note(job)
            raise

    async def _permit(self, case: Case, job: JobRecord, order: Order) -> Permit:
        origin = provenance.record(case, job)
        sealed = await self._sealed(case, job, origin)
        draft = self.entries.permitted(
            caller=case.caller,
            submission=case.submission,
            job=job,
            decision=case.decision,
            placement=case.placement,
            kept=case.kept,
            classification=case.survey.classification,
            quote=case.quote,
            sealed=sealed,
            provenance=origin.entry,
            not_applied=case.survey.not_applied,
            prepared=order.prepared,
            tried=case.tried,
            leaks=leaks_in(case.survey.measured),
            approval=case.survey.approval,
        )
        permit = await self.ledger.permit(
            draft,
            job=job,
            placement=case.placement,
            outgoing=outgoing(job, order),
            sealed=tuple(sealed.values()),
            hold=reserve(job, case.quote, team=case.caller.project.team, at=self.clock.now()),
            rows=(*self.calibrations.rows(case.calibration), *case.survey.learned, *_approved(case)),
        )
        self.calibrations.stored(case.calibration)
        self.jobs.own(job.id)
        self.jobs.put(job)
        return permit

    async def _sealed(self, case: Case, job: JobRecord, origin: provenance.Record) -> dict[str, SealedWrite]:
        """Seal what was received, where it comes from, what was judged, and what is run if that is something else."""
        kept = [("facts", case.decision.id, case.decision.facts), (provenance.KIND, job.id, origin.document)]
        if case.survey.approval is None:
            # What waited for a second person was sealed when it was received.
            kept.append(("payload", job.id, case.submission.body))
        if case.kept.written is not None:
            kept.append((SENT, job.id, case.kept.written))
        if case.kept.made:
            kept.append((CHANGES, job.id, case.kept.document))
        return {kind: await self._seal(case, name, kind, content) for kind, name, content in kept}

    async def _seal(self, case: Case, object_id: str, kind: str, plaintext: bytes) -> SealedWrite:
        project_id = case.caller.project.id
        return await self.vault.seal(project_id=project_id, object_id=object_id, kind=kind, plaintext=plaintext)

    async def _unaffordable(self, case: Case, error: LimitExceededError | BudgetCurrencyError) -> None:
        """Record that others were faster, or that the job was placed where it costs; else its client hears 503."""
        facts = await self._seal(case, case.decision.id, "facts", case.decision.facts)
        draft = self.entries.unaffordable(
            caller=case.caller,
            submission=case.submission,
            decision=case.decision,
            classification=case.survey.classification,
            placement=case.placement,
            quote=case.quote,
            error=error,
            facts=facts,
            approval=case.survey.approval,
        )
        await self.ledger.record(draft, sealed=(facts,), rows=case.survey.learned)
        log.info(events.RESERVATION_REFUSED, decision_id=case.decision.id, code=error.code)


def _approved(case: Case) -> tuple[RowWrite, ...]:
    """End the request in the permit's transaction: whoever else ended it meanwhile takes the permit away."""
    approval = case.survey.approval
    if approval is None:
        return ()
    return (approvals.write(approval.ended(ApprovalState.SUBMITTED), before=ApprovalState.APPROVED),)
