"""Facts: everything known about a submission, written down once, canonically, before anyone judges it.

`collect` only copies and bounds; it decides nothing. What is unknown, too big for JSON, or not a number
becomes null, and policy denies on null. Canonical bytes are RFC 8785 (a property test compares them with
a second implementation), so the same facts always have the same digest. Every fact is described in
policies/schemas/input.json.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final

import msgspec

from gateway.domain.approval import ApprovalRequest
from gateway.domain.backend import Backend, BackendStatus, Calibration, Feasibility
from gateway.domain.budget import Charge, Level, Standing, Unit
from gateway.domain.circuit import CircuitFacts, ProgramFacts
from gateway.domain.clock import rfc3339
from gateway.domain.decision import Step
from gateway.domain.leniency import Leniency
from gateway.domain.money import Quote
from gateway.domain.principal import Caller
from gateway.domain.remembered import Labels
from gateway.domain.submission import Submission
from gateway.domain.witnessing import Witnessing
from gateway.policy import approving, leaks, leniency, provenance, witnessing
from gateway.policy.nouns import (
    LARGEST,
    BackendNoun,
    BudgetNoun,
    CalibrationNoun,
    CircuitNoun,
    Facts,
    JobNoun,
    KeyNoun,
    LimitNoun,
    PrincipalNoun,
    ProjectNoun,
    QuoteNoun,
    SimulatorNoun,
    TimeNoun,
    UsageNoun,
    WireNoun,
    json_schema,
)

__all__ = ["CONSENT_TAG", "BudgetFacts", "Facts", "SimulatorFacts", "canonical", "collect", "json_schema"]

CONSENT_TAG = "qgw:simulator="
"""Job tag with which a caller allows or denies a simulator in place of hardware."""

_MEASURED: Final = tuple(each.name for each in fields(CircuitFacts))


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorFacts:
    """The simulator that would run the job: the one asked for by name, or the one to fall back to."""

    backend: str
    feasibility: Feasibility | None
    """`None` when there was nothing to measure."""
    options_not_applied: tuple[str, ...] = ()
    options_refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetFacts:
    """Every limit that counts the job, as it stands, and what the job takes."""

    standings: Sequence[Standing] = ()
    charge: Charge = field(default_factory=Charge)
    priced: bool = True
    """Whether the money in `charge` means something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that is known of a submission and of one backend for it, at the moment of a decision."""

    caller: Caller
    submission: Submission
    labels: Labels
    """How sensitive the job is, and why."""
    measured: ProgramFacts | None
    """What the sandbox found; `None` together with a `problem`."""
    problem: tuple[str, str] | None
    """Stable code and words why the payload could not be read."""
    backend: Backend | None
    """The backend asked for; `None` when no upstream offers it."""
    step: Step
    """Whether that backend was asked for, or is considered instead."""
    status: BackendStatus | None
    """Whether that backend takes work."""
    calibration: Calibration | None
    """Its newest snapshot."""
    quote: Quote | None
    """What the job costs at most; `None` when it cannot be priced."""
    budget: BudgetFacts | None
    """What it takes of each limit that counts it; `None` when the limits could not be read."""
    simulator: SimulatorFacts | None
    """The simulator that would run it; `None` when none is enabled."""
    unfinished: tuple[int, int]
    """Jobs under way, of the principal and of the project."""
    witnessed: Witnessing | None
    """How far witnesses have seen the ledger; `None` where nobody watches that."""
    now: datetime
    lenient: Leniency | None = None
    """What keeps rules from denying now; `None` lifts nothing."""
    approval: ApprovalRequest | None = None
    """What a second person said to it; `None` where nobody was asked."""


def collect(known: Known) -> Facts:
    """Write it down as facts."""
    submission, measured, backend, now = known.submission, known.measured, known.backend, known.now
    principal_jobs, project_jobs = known.unfinished
    return Facts(
        principal=_principal(known.caller),
        project=_project(known.caller),
        key=_key(known.caller, now),
        job=_job(submission, known.caller, known.labels, measured),
        circuits=None if measured is None else tuple(_circuit(each) for each in measured.circuits),
        backend=_backend(submission, backend, known.step, known.status),
        calibration=_calibration(known.calibration, now),
        quote=_quote(known.quote),
        budget=_budget(known.budget),
        usage=UsageNoun(principal_jobs_unfinished=principal_jobs, project_jobs_unfinished=project_jobs),
        simulator=_simulator(known.simulator),
        provenance=provenance.fact(
            submission, measured, known.labels.effective, backend, known.calibration, known.quote
        ),
        ledger=witnessing.noun(known.witnessed, now),
        enforcement=leniency.noun(known.lenient),
        approval=approving.noun(known.approval, now),
        dlp=leaks.noun(measured),
        wire=_wire(submission, known.problem),
        time=TimeNoun(now=rfc3339(now), unix_seconds=int(now.timestamp())),
    )


def canonical(facts: Facts) -> bytes:
    """Write facts as canonical JSON: keys sorted, no spaces, no floats, ASCII keys."""
    return msgspec.json.encode(facts, order="sorted")


# ── one function per noun ────────────────────────────────────────────────────────────────────────
def _principal(caller: Caller) -> PrincipalNoun:
    principal = caller.principal
    return PrincipalNoun(
        id=principal.id, name=_text(principal.name), kind=principal.kind.value, disabled=principal.disabled
    )


def _project(caller: Caller) -> ProjectNoun:
    project = caller.project
    return ProjectNoun(
        id=project.id,
        name=_text(project.name),
        team=_text(project.team),
        classification_floor=project.classification_floor.value,
        workload_class=project.workload_class.value,
        simulator_consent=project.simulator_consent,
        backends=None if project.backends is None else _texts(project.backends),
    )


def _key(caller: Caller, now: datetime) -> KeyNoun:
    key = caller.key
    return KeyNoun(
        id=key.id,
        label=_text(key.label),
        roles=_texts(key.roles),
        classification=None if key.classification is None else key.classification.value,
        simulator_consent=key.simulator_consent,
        age_seconds=_age(key.created_at, now),
    )


def _job(submission: Submission, caller: Caller, labels: Labels, measured: ProgramFacts | None) -> JobNoun:
    remembered = labels.remembered
    return JobNoun(
        dialect=submission.dialect,
        program=_text(submission.program),
        classification=labels.effective.value,
        declared_classification=labels.declared.value,
        remembered_classification=None if remembered is None else remembered.label.value,
        remembered_since=rfc3339(remembered.since) if remembered and remembered.since else None,
        resembled_classification=None if remembered is None else remembered.resembled.value,
        workload_class=caller.project.workload_class.value,
        circuit_count=None if measured is None else len(measured.circuits),
        total_shots=None if measured is None else _count(measured.total_shots),
        max_shots=None if measured is None else _count(max((each.shots for each in measured.circuits), default=0)),
        estimated_milliseconds=None if measured is None else _milliseconds(measured.estimated_seconds),
        tags=_texts(submission.tags),
        session_id=None if submission.session_id is None else _text(submission.session_id),
        private=submission.private,
        max_execution_seconds=_count(submission.max_execution_seconds),
        body_bytes=len(submission.body),
        payload_versions=None if measured is None else _texts(measured.payload_versions),
        option_paths=_texts(option_paths(submission.options)),
        simulator_consent=_consent(submission.tags),
    )


def _circuit(circuit: CircuitFacts) -> CircuitNoun:
    values: dict[str, Any] = {name: _bounded(getattr(circuit, name)) for name in _MEASURED}
    return CircuitNoun(**values)


def _backend(submission: Submission, backend: Backend | None, step: Step, status: BackendStatus | None) -> BackendNoun:
    return BackendNoun(
        asked=_text(submission.backend),
        step=step,
        name=None if backend is None else backend.name,
        known=backend is not None,
        upstream=None if backend is None else backend.upstream,
        vendor=None if backend is None else backend.vendor,
        region=None if backend is None else backend.region,
        kind=None if backend is None else backend.kind.value,
        qubits=None if backend is None else _count(backend.qubits),
        online=None if status is None else status.online,
        queue_length=None if status is None else _count(status.queue_length),
        max_shots=None if backend is None else _count(backend.max_shots),
        max_circuits=None if backend is None else _count(backend.max_circuits),
        dynamic_circuits=None if backend is None else backend.dynamic_circuits,
    )


def _calibration(calibration: Calibration | None, now: datetime) -> CalibrationNoun:
    if calibration is None:
        return CalibrationNoun(digest=None, taken_at=None, age_seconds=None)
    return CalibrationNoun(
        digest=calibration.digest,
        taken_at=rfc3339(calibration.taken_at),
        age_seconds=_age(calibration.taken_at, now),
    )


def _quote(quote: Quote | None) -> QuoteNoun:
    if quote is None:
        return QuoteNoun(amount_micros=None, estimate_micros=None, currency=None, price_revision=None)
    return QuoteNoun(
        amount_micros=_count(quote.amount_micros),
        estimate_micros=_count(quote.estimate_micros),
        currency=quote.currency,
        price_revision=quote.price_revision,
    )


def _budget(budget: BudgetFacts | None) -> BudgetNoun:
    standings = () if budget is None else budget.standings
    money = [each for each in standings if each.limit.unit is Unit.MONEY and each.limit.level is Level.PROJECT]
    tightest = min(money, key=lambda each: (each.left, each.limit.name), default=None)
    return BudgetNoun(
        limit_micros=None if tightest is None else _count(tightest.allowed),
        held_micros=None if tightest is None else _count(tightest.held),
        settled_micros=None if tightest is None else _count(tightest.settled),
        currency=None if tightest is None else tightest.limit.currency,
        limits=None if budget is None else _limits(budget),
    )


def _limits(budget: BudgetFacts) -> tuple[LimitNoun, ...]:
    return tuple(_limit(each, budget) for each in sorted(budget.standings, key=lambda each: each.limit.name))


def _limit(standing: Standing, budget: BudgetFacts) -> LimitNoun:
    limit, resets_at = standing.limit, standing.resets_at
    priceless = limit.unit is Unit.MONEY and not budget.priced
    return LimitNoun(
        name=_text(limit.name),
        level=limit.level,
        unit=limit.unit,
        period=limit.window.period,
        upstream=limit.upstream,
        currency=limit.currency,
        allowed=_count(standing.allowed),
        soft=_count(limit.soft_amount),
        held=_count(standing.held),
        settled=_count(standing.settled),
        needed=None if priceless else _count(budget.charge.of(limit.unit)),
        resets_at=None if resets_at is None else rfc3339(resets_at),
    )


def _simulator(simulator: SimulatorFacts | None) -> SimulatorNoun:
    feasibility = None if simulator is None else simulator.feasibility
    return SimulatorNoun(
        enabled=simulator is not None,
        backend=None if simulator is None else simulator.backend,
        feasible=None if feasibility is None else feasibility.feasible,
        method=None if feasibility is None else feasibility.method,
        cpu_milliseconds=None if feasibility is None else _milliseconds(feasibility.cpu_seconds),
        memory_bytes=None if feasibility is None else _count(feasibility.memory_bytes),
        reason=None if feasibility is None else _text(feasibility.reason),
        options_not_applied=None if simulator is None else _texts(simulator.options_not_applied),
        options_refused=None if simulator is None else _texts(simulator.options_refused),
    )


def _wire(submission: Submission, problem: tuple[str, str] | None) -> WireNoun:
    return WireNoun(
        readable=problem is None,
        problem_code=None if problem is None else problem[0],
        problem=None if problem is None else _text(problem[1]),
        unknown_fields=_texts(submission.unknown_fields),
        sdk=_text(submission.sdk),
    )


# ── what a fact may be ───────────────────────────────────────────────────────────────────────────
def _count(value: int | None) -> int | None:
    """Keep a whole number that JSON keeps; anything else is unknown."""
    return value if value is not None and 0 <= value <= LARGEST else None


def _milliseconds(seconds: float) -> int | None:
    """Round up, so that a limit is never missed by rounding; NaN and infinity are unknown."""
    return _count(math.ceil(seconds * 1000)) if math.isfinite(seconds) else None


def _age(since: datetime, now: datetime) -> int:
    """Count whole seconds; a moment in the future (clocks differ) is no age."""
    return max(0, int((now - since).total_seconds()))


def _bounded(value: bool | int | str | Mapping[str, int] | None) -> Any:  # noqa: FBT001  # one field of a circuit, not a switch
    match value:
        case bool() | str() | None:
            return value
        case int():
            return _count(value)
        case _:
            return {_ascii(name): _count(count) for name, count in value.items()}


def _ascii(name: str) -> str:
    """Escape a gate name injectively: engines sort other alphabets differently."""
    return name if name.isascii() and "\\" not in name else name.encode("unicode_escape").decode("ascii")


def _text(value: str) -> str:
    """Replace lone surrogates, which JSON escapes can smuggle in and no encoder can write."""
    return value.encode("utf-8", "replace").decode("utf-8")


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(_text(value) for value in values)


def option_paths(options: Mapping[str, Any]) -> tuple[str, ...]:
    """List the dotted paths of submitted options, in order."""
    return tuple(sorted(_paths(options)))


def _paths(options: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in options.items():
        if isinstance(value, Mapping) and value:
            yield from _paths(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _consent(tags: tuple[str, ...]) -> bool | None:
    """Read the consent tag; when tags contradict each other, or say something else, it is a no."""
    said = {tag.removeprefix(CONSENT_TAG) for tag in tags if tag.startswith(CONSENT_TAG)}
    return None if not said else said == {"allow"}
