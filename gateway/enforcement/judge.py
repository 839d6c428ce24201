"""Steps 3 to 6 of a submission: measured, decided and placed, or denied with an entry that says so."""

from dataclasses import dataclass, replace

import structlog

from gateway.audit.ledger import Ledger
from gateway.domain.approval import ApprovalRequest
from gateway.domain.backend import Backend
from gateway.domain.decision import Placement, Step
from gateway.domain.money import Quote
from gateway.domain.principal import Caller
from gateway.domain.submission import Submission
from gateway.enforcement.case import Case, Stages
from gateway.enforcement.choose import Choice, Chooser, why_elsewhere
from gateway.enforcement.entries import Entries
from gateway.enforcement.errors import refusal
from gateway.enforcement.halts import Halts
from gateway.enforcement.obliged import Kept
from gateway.enforcement.survey import Surveyor, leaks_in
from gateway.policy.obligations import execution_limit_seconds
from gateway.routing import place
from gateway.routing.fleet import Fleet
from gateway.telemetry import events
from gateway.vault.vault import Vault

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Turns a submission into a case that may go."""

    surveyor: Surveyor
    chooser: Chooser
    fleet: Fleet
    halts: Halts
    vault: Vault
    ledger: Ledger
    entries: Entries

    async def decide(
        self, caller: Caller, submission: Submission, stages: Stages, approval: ApprovalRequest | None = None
    ) -> Case:
        """Judge a submission, and place it; once more where a second person approved it.

        Raises:
            DeniedError: policy said no; the denial is in the ledger.
            HaltedError: an operator stopped what it would have gone to.
            UnavailableError: nothing was decided; asking again is safe.
        """
        choice = await self.chooser.choose(caller, submission, stages.mark, approval)  # 3, 4, 5
        survey, decision = choice.survey, choice.decision
        stages.mark("decided")
        if not decision.allow or survey.measured is None:
            await self._deny(caller, submission, choice)
            raise refusal(decision)
        case = self._place(caller, submission, choice)  # 6
        stages.mark("permitted")
        self.halts.check(project_id=caller.project.id, upstream=case.placement.upstream)
        return case

    async def _deny(self, caller: Caller, submission: Submission, choice: Choice) -> None:
        """Record a denial. When even that fails the client hears 503, never a silent refusal."""
        decision = choice.decision
        facts = await self.vault.seal(
            project_id=caller.project.id, object_id=decision.id, kind="facts", plaintext=decision.facts
        )
        draft = self.entries.denied(
            caller=caller,
            submission=submission,
            decision=decision,
            classification=choice.survey.classification,
            facts=facts,
            tried=choice.tried,
            unkept=choice.unkept,
            leaks=leaks_in(choice.survey.measured),
            approval=choice.survey.approval,
        )
        await self.ledger.record(draft, sealed=(facts,), rows=choice.survey.learned)
        log.info(events.JOB_DENIED, decision_id=decision.id, rule=[finding.rule for finding in decision.deny])

    def _place(self, caller: Caller, submission: Submission, choice: Choice) -> Case:
        placement = self._placement(submission, choice)
        berth = self.fleet.get(placement.backend)
        kept = _kept(choice)
        return Case(
            caller=caller,
            submission=submission,
            survey=choice.survey,
            tried=choice.tried,
            decision=choice.decision,
            placement=placement,
            backend=berth.backend,
            calibration=berth.calibration(),
            quote=self._quote(caller, submission, choice, berth.backend, kept),
            kept=kept,
        )

    def _quote(
        self, caller: Caller, submission: Submission, choice: Choice, backend: Backend, kept: Kept
    ) -> Quote | None:
        """Give the price that was judged, unless the job runs elsewhere, otherwise or for a shorter time."""
        survey, seconds = choice.survey, execution_limit_seconds(choice.decision, submission.max_execution_seconds)
        as_judged = survey.asked is not None and survey.asked.backend is backend and survey.measured is kept.measured
        if as_judged and seconds == submission.max_execution_seconds:
            return survey.quote
        return self.surveyor.quote(caller, submission, backend, kept.measured, max_seconds=seconds)

    def _placement(self, submission: Submission, choice: Choice) -> Placement:
        asked = None if choice.survey.asked is None else choice.survey.asked.backend
        placed = place.place(
            submission=submission,
            decision=choice.decision,
            asked=asked,
            simulators=self.fleet.simulators(),
            facts=choice.survey.measured,
        )
        if choice.survey.step is Step.REQUESTED:
            return placed
        return replace(placed, fallback=True, reason=why_elsewhere(choice))


def _kept(choice: Choice) -> Kept:
    """Give the job as its place will run it; without that nothing is known to have been kept."""
    if choice.kept is None:
        raise place.NoPlacementError("the job has a place to run and nobody made it ready for that; submit it again")
    return choice.kept
