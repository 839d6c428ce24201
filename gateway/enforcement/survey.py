"""Everything known about a submission before it is judged: measured circuits, price, calibration, simulator.

Whatever cannot be found out becomes an unknown fact, and unknown facts deny: nothing here says no.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.budgets.pricing import Pricing
from gateway.circuits.sandbox import Sandbox, UnreadablePayloadError
from gateway.domain.approval import ApprovalRequest
from gateway.domain.backend import Backend, Calibration, ExecutionKind
from gateway.domain.budget import Charge, Standing
from gateway.domain.circuit import ProgramFacts
from gateway.domain.classification import Classification, highest
from gateway.domain.clock import Clock
from gateway.domain.decision import Step
from gateway.domain.errors import RefusedError
from gateway.domain.leaks import Leak, LeakRules
from gateway.domain.leniency import Leniency
from gateway.domain.money import Quote
from gateway.domain.principal import Caller
from gateway.domain.remembered import Labels
from gateway.domain.submission import Submission
from gateway.domain.witnessing import Witnessing
from gateway.domain.writes import RowWrite
from gateway.enforcement.memory import LabelMemory
from gateway.enforcement.standings import Standings, payer
from gateway.policy.facts import BudgetFacts, Known, SimulatorFacts, canonical, collect, option_paths
from gateway.routing import place
from gateway.routing.fleet import Berth, Fleet
from gateway.store.view import JobView

CLASSIFICATION_TAG: Final = "qgw:classification="


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What step 5 decides on."""

    measured: ProgramFacts | None
    problem: tuple[str, str] | None
    labels: Labels
    asked: Berth | None
    """The backend that was judged: the one asked for, or with another `step` the one considered instead."""
    simulator: SimulatorFacts | None
    facts: bytes
    quote: Quote | None = None
    """What it costs there, for as long as its caller lets it run."""
    standings: tuple[Standing, ...] | None = ()
    """Every limit that counts the caller's jobs anywhere; `None` when they could not be read."""
    step: Step = Step.REQUESTED
    approval: ApprovalRequest | None = None
    """What a second person said to it, where one was asked."""
    untranslated: tuple[str, ...] = ()
    """Submitted options of a program that is written anew for other hardware: these do not go along."""
    learned: tuple[RowWrite, ...] = ()
    """What memory of labels gains by this submission; durable with the entry of its decision."""

    @property
    def classification(self) -> Classification:
        """By which label the job is judged."""
        return self.labels.effective

    @property
    def not_applied(self) -> tuple[str, ...]:
        """Submitted options that would change nothing where the job goes."""
        if self.step is not Step.REQUESTED:
            return self.untranslated
        return () if self.simulator is None else self.simulator.options_not_applied


class UnknownLabelError(RefusedError):
    """A job tag names a classification that does not exist."""

    code = "unknown-classification"

    def __init__(self, *, label: str) -> None:
        known = ", ".join(label.value for label in Classification)
        super().__init__(f"the tag {CLASSIFICATION_TAG}{label[:40]} names no classification; use one of {known}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyor:
    """Gathers facts; steps 3 and 4."""

    sandbox: Sandbox
    fleet: Fleet
    prices: Pricing
    books: Standings
    jobs: JobView
    clock: Clock
    memory: LabelMemory
    witnessed: Callable[[], Witnessing | None] = lambda: None
    """How far witnesses have seen the ledger, from memory."""
    lenient: Callable[[Caller], Leniency | None] = lambda _: None
    """What keeps rules from denying for a caller, from memory."""
    leak_rules: Callable[[], LeakRules] = LeakRules
    """What texts are looked through for, by the tables in force."""

    async def measure(
        self, caller: Caller, submission: Submission, rules: LeakRules
    ) -> tuple[ProgramFacts | None, tuple[str, str] | None]:
        """Measure the circuits, and look through all texts, in a worker process.

        An unreadable payload is a fact, not a failure.

        Raises:
            UnavailableError: no worker is free; nothing was decided, asking again is safe.
        """
        try:
            measured = await self.sandbox.measure(
                reader=submission.dialect,
                body=submission.body,
                project_id=caller.project.id,
                principal_id=caller.principal.id,
                rules=rules,
            )
        except UnreadablePayloadError as error:
            return None, (error.problem, error.message)
        return measured, None

    async def survey(self, caller: Caller, submission: Submission, approval: ApprovalRequest | None = None) -> Survey:
        """Find out everything that policy may ask about."""
        rules = self.leak_rules()
        measured, problem = await self.measure(caller, submission, rules)
        declared = highest([classify(caller, submission.tags), *rules.labels(leaks_in(measured))])
        asked = self.fleet.find(submission.backend)
        backend = None if asked is None else asked.backend
        candidate = place.candidate(asked=backend, simulators=self.fleet.simulators(), facts=measured)
        simulator = None if candidate is None else self._simulator(submission, measured, candidate)
        known = Survey(
            measured=measured,
            problem=problem,
            labels=await self._labels(caller, declared, measured),
            asked=asked,
            simulator=simulator,
            approval=approval,
            facts=b"",
            standings=await self.books.known(caller),
            learned=() if measured is None else self.memory.learn(caller.project, measured, declared),
        )
        return self._stated(caller, submission, known)

    def elsewhere(self, caller: Caller, submission: Submission, survey: Survey, berth: Berth, *, step: Step) -> Survey:
        """Look at the same job on other hardware than it asked for."""
        moved = replace(survey, asked=berth, step=step, untranslated=option_paths(submission.options))
        if berth.upstream.dialect is None:
            # Our simulator takes the program as it is, and says itself which options change nothing there.
            simulator = self._simulator(submission, survey.measured, berth.backend)
            moved = replace(moved, simulator=simulator, untranslated=simulator.options_not_applied)
        # Every rule about the backend that is asked for must hold for this one.
        instead = replace(submission, backend=berth.backend.name, calibration_id=None)
        return self._stated(caller, instead, moved)

    async def _labels(self, caller: Caller, declared: Classification, measured: ProgramFacts | None) -> Labels:
        """Ask what the circuits were labelled before; what cannot be read has no circuits that could be known."""
        if measured is None:
            return Labels(declared=declared)
        return Labels(declared=declared, remembered=await self.memory.recall(caller.project, measured))

    def _stated(self, caller: Caller, submission: Submission, survey: Survey) -> Survey:
        """Price it where it was looked at, and write all of it down as facts."""
        quote = self.quote(caller, submission, None if survey.asked is None else survey.asked.backend, survey.measured)
        return replace(survey, quote=quote, facts=self._facts(caller, submission, survey, quote))

    def _facts(self, caller: Caller, submission: Submission, survey: Survey, quote: Quote | None) -> bytes:
        asked = survey.asked
        backend = None if asked is None else asked.backend
        return canonical(
            collect(
                Known(
                    caller=caller,
                    submission=submission,
                    labels=survey.labels,
                    measured=survey.measured,
                    problem=survey.problem,
                    backend=backend,
                    step=survey.step,
                    status=None if asked is None else asked.status,
                    calibration=None if asked is None else self._calibration(asked, submission),
                    quote=quote,
                    budget=_budget(caller, backend, quote, survey),
                    simulator=survey.simulator,
                    unfinished=self.jobs.unfinished(caller.principal.id, caller.project.id),
                    witnessed=self.witnessed(),
                    now=self.clock.now(),
                    lenient=self.lenient(caller),
                    approval=survey.approval,
                )
            )
        )

    def quote(
        self,
        caller: Caller,
        submission: Submission,
        backend: Backend | None,
        measured: ProgramFacts | None,
        *,
        max_seconds: int | None = None,
    ) -> Quote | None:
        """Price a program on a backend, capped at the caller's own limit or a shorter one; `None` without a price."""
        if backend is None or measured is None:
            return None
        return self.prices.quote(caller.project.id, submission, backend, measured, max_seconds=max_seconds)

    def _calibration(self, asked: Berth, submission: Submission) -> Calibration | None:
        """A submission that pins another calibration than the current one has no known calibration."""
        current = asked.calibration()
        pinned = submission.calibration_id
        return current if pinned is None or (current is not None and current.digest.startswith(pinned)) else None

    def _simulator(self, submission: Submission, measured: ProgramFacts | None, candidate: Backend) -> SimulatorFacts:
        upstream = self.fleet.upstreams[candidate.upstream]
        not_applied: tuple[str, ...] = ()
        refused: tuple[str, ...] = ()
        try:
            not_applied = upstream.options_not_applied(submission.program, submission.options)
        except RefusedError as error:
            refused = (error.message,)
        feasibility = None if measured is None else upstream.feasible(measured, candidate, submission.options)
        return SimulatorFacts(
            backend=candidate.name,
            feasibility=feasibility,
            options_not_applied=not_applied,
            options_refused=refused,
        )


def leaks_in(measured: ProgramFacts | None) -> tuple[Leak, ...]:
    """Give what was found in the texts of a submission; in what nobody looked through, nothing was."""
    return () if measured is None or measured.scan is None else measured.scan.leaks


def _budget(caller: Caller, backend: Backend | None, quote: Quote | None, survey: Survey) -> BudgetFacts | None:
    """Say what a job takes of the limits that would count it on one backend."""
    if survey.standings is None:
        return None
    account = payer(caller, "" if backend is None else backend.upstream)
    counting = tuple(each for each in survey.standings if each.limit.counts(account))
    # What has no price runs on a simulator alone, where it costs nothing; hardware is denied for the lack of one.
    free = backend is not None and backend.kind is ExecutionKind.SIMULATOR
    charge = _unpriced(survey.measured) if quote is None else quote.charge
    return BudgetFacts(standings=counting, charge=charge, priced=quote is not None or free)


def _unpriced(measured: ProgramFacts | None) -> Charge:
    if measured is None:
        return Charge(jobs=1)
    return Charge(jobs=1, circuits=len(measured.circuits), shots=measured.total_shots)


def classify(caller: Caller, tags: Sequence[str]) -> Classification:
    """Find the job's label: the highest of project floor, key and job tags.

    Raises:
        UnknownLabelError: a tag names a label that does not exist.
    """
    named = [tag.removeprefix(CLASSIFICATION_TAG) for tag in tags if tag.startswith(CLASSIFICATION_TAG)]
    for label in named:
        if label not in set(Classification):
            raise UnknownLabelError(label=label)
    return highest([caller.project.classification_floor, caller.key.classification, *map(Classification, named)])
