"""Choosing a place: policy is asked about the backend that was asked for, then about others in the order it gives.

The order is policy data (`data.org.placement.order`). Every place is judged whole, by all rules, on facts of its own;
the first one that policy allows is taken, and the entry names those that were tried before. A job is moved to
other hardware only when rules about the backend, or about what it costs there, stood in its way: what is wrong with
the job is wrong everywhere, and hardware it can afford no better is refused by the same rules.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from gateway.circuits.sandbox import UnreadablePayloadError
from gateway.domain.backend import ExecutionKind
from gateway.domain.circuit import ProgramFacts
from gateway.domain.decision import Decision, PlacementKind, Step, Tried
from gateway.domain.principal import Caller
from gateway.domain.submission import Submission
from gateway.enforcement.outgoing import Outbound
from gateway.enforcement.survey import Survey, Surveyor
from gateway.ports.decision_point import DecisionPoint
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
    written: bytes | None = field(default=None, repr=False)
    """The program in the words of the place it was moved to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chooser:
    """Asks policy, place after place."""

    surveyor: Surveyor
    decision_point: DecisionPoint
    fleet: Fleet
    outbound: Outbound
    order: Callable[[], tuple[Step, ...]]
    ids: Callable[[], str]
    metrics: Metrics

    async def choose(self, caller: Caller, submission: Submission, passed: Callable[[str], None]) -> Choice:
        """Judge a submission where it was sent, and elsewhere if only the backend stands in its way.

        `passed` hears each stage as it is done.

        Raises:
            NotTranslatableError, UnreadablePayloadError: it may go where it asked to, which speaks another language.
        """
        survey = await self.surveyor.survey(caller, submission)
        passed("measured")
        asked = Choice(survey=survey, decision=await self._decide(survey))
        if survey.measured is None or not self._may_move(submission, asked):
            return await self._in_its_words(caller, submission, asked)
        tried = [Tried(backend=submission.backend, rules=_rules(asked.decision))]
        for step, berth in self._others(submission, survey, survey.measured):
            other = self.surveyor.elsewhere(caller, submission, survey, berth, step=step)
            decision = await self._decide(other)
            rules = _rules(decision)
            if _goes_there(decision):
                try:
                    written = await self.outbound.written(caller, submission, berth.backend)
                    return Choice(survey=other, decision=decision, tried=tuple(tried), written=written)
                except UnreadablePayloadError:
                    rules = (UNWRITABLE,)
            tried.append(Tried(backend=berth.backend.name, rules=rules))
        return Choice(survey=survey, decision=asked.decision, tried=tuple(tried))

    async def _in_its_words(self, caller: Caller, submission: Submission, asked: Choice) -> Choice:
        """Write a program anew that asked for a place which speaks another language."""
        berth = asked.survey.asked
        foreign = berth is not None and berth.upstream.dialect not in {None, submission.dialect}
        if berth is None or not foreign or not _goes_there(asked.decision):
            return asked
        return replace(asked, written=await self.outbound.written(caller, submission, berth.backend))

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

    def _others(self, submission: Submission, survey: Survey, measured: ProgramFacts) -> Iterator[tuple[Step, Berth]]:
        """List other hardware that could hold the program, in the order of policy and then of the fleet."""
        needed = max((circuit.qubits_used for circuit in measured.circuits), default=0)
        # A backend that nobody lists is one of the caller's own vendor's, as far as anybody can say.
        home = survey.asked.backend.upstream if survey.asked else submission.dialect
        found = (
            (step, berth)
            for step in self._steps_before_simulator()
            for berth in self.fleet.berths()
            if (berth.backend.upstream == home) is (step is Step.ALTERNATIVE)
            and berth.backend.name != submission.backend
            and berth.backend.qubits >= needed
            and self._takes(berth)
        )
        return islice(found, MOST_TRIED)

    def _takes(self, berth: Berth) -> bool:
        backend = berth.backend
        return (
            backend.kind is ExecutionKind.HARDWARE
            and backend.upstream in self.outbound.encoders
            and berth.status.online
        )

    def _steps_before_simulator(self) -> Sequence[Step]:
        order = self.order()
        before = order[: order.index(Step.SIMULATOR)] if Step.SIMULATOR in order else order
        return [step for step in before if step in {Step.ALTERNATIVE, Step.VENDOR}]

    async def _decide(self, survey: Survey) -> Decision:
        decision = await self.decision_point.decide(survey.facts, decision_id=self.ids())
        self.metrics.decided(
            outcome="allow" if decision.allow else "deny",
            rules=tuple(finding.rule for finding in decision.deny),
            seconds=decision.milliseconds / 1000,
        )
        return decision


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
