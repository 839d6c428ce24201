"""Choosing a place: policy is asked about the backend that was asked for, then about others in the order it gives.

The order is policy data (`data.org.placement.order`). Every place is judged whole, by all rules, on facts of its own;
the first one that policy allows is taken, and the entry names those that were tried before. A job is moved to
other hardware only when rules about the backend, or about what it costs there, stood in its way: what is wrong with
the job is wrong everywhere, and hardware it can afford no better is refused by the same rules.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from gateway.circuits.sandbox import UnreadablePayloadError
from gateway.domain.approval import ApprovalRequest
from gateway.domain.backend import ExecutionKind
from gateway.domain.circuit import ProgramFacts
from gateway.domain.decision import Decision, PlacementKind, Step, Tried
from gateway.domain.principal import Caller
from gateway.domain.submission import Submission
from gateway.domain.synthetic import is_synthetic
from gateway.enforcement.obliged import RULE, Keeper, Kept, UnkeptError, unkept
from gateway.enforcement.outgoing import Outbound
from gateway.enforcement.survey import Survey, Surveyor, leaks_in
from gateway.policy.obligations import Duties
from gateway.ports.decision_point import DecisionPoint
from gateway.routing import place
from gateway.routing.fleet import Berth, Fleet
from gateway.telemetry.metrics import Metrics

TRANSLATED: Final = frozenset({"sampler"})
"""Programs that encoders can write in another vendor's words."""
MOST_TRIED: Final = 4
"""Other backends that are judged for one job, at most: each costs a decision."""
UNWRITABLE: Final = "backend/not-translatable"
"""Stands for a rule in what was tried: policy allowed the place, and the program cannot be said in its words."""
OF_THE_PLACE: Final = frozenset({"budget/money", "budget/quota", "budget/currency"})
"""Rules that may say otherwise elsewhere, besides the backend's own: prices differ, a limit may be one vendor's."""
PINNED_TAG: Final = "qgw:placement=requested"
"""Job tag with which a caller refuses every other hardware."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was decided, on which facts, after which others."""

    survey: Survey
    decision: Decision
    tried: tuple[Tried, ...] = ()
    kept: Kept | None = None
    """The job as it will be run there, by the decision's obligations; `None` where it goes nowhere."""
    unkept: str = ""
    """Why an obligation could not be kept, in the gateway's own words, where that denied it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chooser:
    """Asks policy, place after place."""

    surveyor: Surveyor
    decision_point: DecisionPoint
    fleet: Fleet
    outbound: Outbound
    keeper: Keeper
    order: Callable[[], tuple[Step, ...]]
    ids: Callable[[], str]
    metrics: Metrics
    watchers: Sequence[Callable[[Decision], None]] = ()
    """Who hears of each decision; none of them waits or fails."""

    async def choose(
        self,
        caller: Caller,
        submission: Submission,
        passed: Callable[[str], None],
        approval: ApprovalRequest | None = None,
    ) -> Choice:
        """Judge a submission where it was sent, and elsewhere if only the backend stands in its way.

        `passed` hears each stage as it is done; `approval` is what a second person said to it.

        Raises:
            NotTranslatableError, UnreadablePayloadError: it may go where it asked to, which speaks another language.
        """
        survey = await self.surveyor.survey(caller, submission, approval)
        for rule in {leak.rule for leak in leaks_in(survey.measured)}:
            self.metrics.leaks.found("submission", rule)
        passed("measured")
        asked = Choice(survey=survey, decision=await self._decide(caller, survey))
        demanded = _demanded(asked.decision, submission.backend)
        if survey.measured is None or not (demanded or self._may_move(submission, asked)):
            return await self._as_asked(caller, submission, asked)
        tried = [Tried(backend=submission.backend, rules=(RULE,) if demanded else _rules(asked.decision))]
        for step, berth in self._places(submission, survey, survey.measured, demanded):
            other = self.surveyor.elsewhere(caller, submission, survey, berth, step=step)
            decision = await self._decide(caller, other)
            rules, kept = _rules(decision), None
            if _runs_there(decision, berth):
                try:
                    kept = await self.keeper.keep(caller, submission, survey.measured, decision, berth, moved=True)
                except UnreadablePayloadError:
                    rules = (UNWRITABLE,)
                except UnkeptError as error:
                    rules, decision = (RULE,), unkept(decision, error)
            self._count(caller, decision)
            if kept is not None:
                self._count(caller, asked.decision)
                return Choice(survey=other, decision=decision, tried=tuple(tried), kept=kept)
            tried.append(Tried(backend=berth.backend.name, rules=rules))
        if demanded:
            nowhere = UnkeptError(f"it must run on {' or '.join(demanded)}, which cannot take it now")
            denied = _denied(replace(asked, tried=tuple(tried)), nowhere)
            self._count(caller, denied.decision)
            return denied
        return await self._as_asked(caller, submission, replace(asked, tried=tuple(tried)))

    async def _as_asked(self, caller: Caller, submission: Submission, asked: Choice) -> Choice:
        """Let it go where it asked, or to a simulator in that one's place, as the decision obliges."""
        measured, berth = asked.survey.measured, self._berth(asked)
        choice = asked
        try:
            if asked.decision.allow and measured is not None and berth is not None:
                kept = await self.keeper.keep(caller, submission, measured, asked.decision, berth)
                choice = replace(asked, kept=kept)
        except UnkeptError as error:
            choice = _denied(asked, error)
        finally:
            self._count(caller, choice.decision)
        return choice

    def _berth(self, choice: Choice) -> Berth | None:
        """Find where a decision about the backend that was asked for puts a job."""
        if _goes_there(choice.decision):
            return choice.survey.asked
        asked = None if choice.survey.asked is None else choice.survey.asked.backend
        stand_in = place.candidate(asked=asked, simulators=self.fleet.simulators(), facts=choice.survey.measured)
        return None if stand_in is None else self.fleet.find(stand_in.name)

    def _may_move(self, submission: Submission, asked: Choice) -> bool:
        """Say whether only the backend, or its price, stands in the way of a program that another could run."""
        if PINNED_TAG in submission.tags or submission.program not in TRANSLATED or submission.options.get("dry_run"):
            return False
        backend = asked.survey.asked.backend if asked.survey.asked else None
        if backend is not None and backend.kind is ExecutionKind.SIMULATOR:
            return False
        decision = asked.decision
        if decision.allow:
            return decision.placement is not None and decision.placement.kind is PlacementKind.SIMULATOR
        rules = {finding.rule for finding in decision.deny} - OF_THE_PLACE
        return all(rule.startswith("backend/") for rule in rules)

    def _places(
        self, submission: Submission, survey: Survey, measured: ProgramFacts, demanded: Sequence[str]
    ) -> Iterator[tuple[Step, Berth]]:
        """List other places that could hold the program: those that policy demands, or in the order it gives."""
        # A backend that nobody lists is one of the caller's own vendor's, as far as anybody can say.
        home = survey.asked.backend.upstream if survey.asked else submission.dialect
        needed = max((circuit.qubits_used for circuit in measured.circuits), default=0)
        fitting = [berth for berth in self.fleet.berths() if berth.backend.qubits >= needed and self._takes(berth)]
        if demanded:
            if PINNED_TAG in submission.tags:
                return iter(())
            named = [berth for name in demanded for berth in fitting if berth.backend.name == name]
            return ((_step(berth, home), berth) for berth in named)
        others = (
            (step, berth)
            for step in self._steps_before_simulator()
            for berth in fitting
            if _step(berth, home) is step and berth.backend.name != submission.backend
        )
        return islice(others, MOST_TRIED)

    def _takes(self, berth: Berth) -> bool:
        """Say whether a place is there, and whether a program can be put into its words."""
        ours = berth.upstream.dialect is None
        return (ours or berth.backend.upstream in self.outbound.encoders) and berth.status.online

    def _steps_before_simulator(self) -> Sequence[Step]:
        order = self.order()
        before = order[: order.index(Step.SIMULATOR)] if Step.SIMULATOR in order else order
        return [step for step in before if step in {Step.ALTERNATIVE, Step.VENDOR}]

    async def _decide(self, caller: Caller, survey: Survey) -> Decision:
        decision = await self.decision_point.decide(survey.facts, decision_id=self.ids())
        if not is_synthetic(caller.project.id):
            for heed in self.watchers:
                heed(decision)
        return decision

    def _count(self, caller: Caller, decision: Decision) -> None:
        """Count what came of a decision, once it is known whether its obligations can be kept."""
        if is_synthetic(caller.project.id):
            # What the self-test is told belongs into nobody's rates.
            return
        self.metrics.decided(
            outcome="allow" if decision.allow else "deny",
            rules=tuple(finding.rule for finding in decision.deny),
            seconds=decision.milliseconds / 1000,
        )


def _denied(choice: Choice, error: UnkeptError) -> Choice:
    """Turn a choice into a denial, and keep why."""
    return replace(choice, decision=unkept(choice.decision, error), unkept=str(error))


def _step(berth: Berth, home: str) -> Step:
    """Say which step of the order a place belongs to, for a job that comes from `home`."""
    if berth.backend.kind is ExecutionKind.SIMULATOR:
        return Step.SIMULATOR
    return Step.ALTERNATIVE if berth.backend.upstream == home else Step.VENDOR


def _demanded(decision: Decision, asked: str) -> tuple[str, ...]:
    """Name the places where alone a job may run, if the one that it asked for is none of them."""
    backends = Duties.of(decision).backends if decision.allow else ()
    return () if asked in backends else backends


def _runs_there(decision: Decision, berth: Berth) -> bool:
    """Say whether a job that is moved to a place may run just there."""
    if not decision.allow or _demanded(decision, berth.backend.name):
        return False
    return _goes_there(decision) or berth.backend.kind is ExecutionKind.SIMULATOR


def _goes_there(decision: Decision) -> bool:
    return decision.allow and decision.placement is not None and decision.placement.kind is PlacementKind.REQUESTED


def _rules(decision: Decision) -> tuple[str, ...]:
    """Name what stood in the way; a diversion to a simulator has no denial, and its reason says why."""
    return tuple(dict.fromkeys(finding.rule for finding in decision.deny)) or ("backend/diverted",)


def why_elsewhere(choice: Choice) -> str:
    """Say to people why a job runs on other hardware."""
    first, placement = choice.tried[0], choice.survey.asked
    where = placement.backend.name if placement else "other hardware"
    return f"{first.backend} could not take it ({', '.join(first.rules)}); policy placed it on {where}"
