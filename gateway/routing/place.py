"""Where a job goes: policy says the kind of place, this names the one backend. Pure, no I/O, no clock.

The simulator that stands in for another backend is chosen before the decision (`candidate`), because
policy must know whether it could run the program, and again after it (`place`), from the same arguments:
what was judged feasible is what runs.
"""

from collections.abc import Sequence

from gateway.domain.backend import Backend, ExecutionKind
from gateway.domain.circuit import ProgramFacts
from gateway.domain.decision import Decision, Placement, PlacementKind
from gateway.domain.errors import RefusedError
from gateway.domain.submission import Submission


class NoPlacementError(RefusedError):
    """There is no place for the job that policy would allow."""

    code = "no-placement"


def candidate(*, asked: Backend | None, simulators: Sequence[Backend], facts: ProgramFacts | None) -> Backend | None:
    """Choose the simulator that would run a job: the one asked for, else the smallest that holds its qubits.

    Only used qubits count: a circuit transpiled to a large device usually touches few of them. `None` when
    no simulator is large enough, or when nothing is known of the circuits.
    """
    if asked is not None and asked.kind is ExecutionKind.SIMULATOR:
        return asked
    if facts is None:
        return None
    needed = max((circuit.qubits_used for circuit in facts.circuits), default=0)
    large_enough = (simulator for simulator in simulators if simulator.qubits >= needed)
    return min(large_enough, key=lambda simulator: (simulator.qubits, simulator.name), default=None)


def place(
    *,
    submission: Submission,
    decision: Decision,
    asked: Backend | None,
    simulators: Sequence[Backend],
    facts: ProgramFacts | None,
) -> Placement:
    """Turn a decision into the one place where the first attempt may go.

    Raises:
        NoPlacementError: the decision allows no place, or there is no such backend.
    """
    if not decision.allow or decision.placement is None:
        raise NoPlacementError("policy named no place for this job, and undefined is not allowed; see its denials")
    if decision.placement.kind is PlacementKind.REQUESTED:
        return _requested(submission, asked)
    chosen = candidate(asked=asked, simulators=simulators, facts=facts)
    if chosen is None:
        raise NoPlacementError(
            f"policy places this job on a simulator, but none can hold it; "
            f"use fewer qubits, or ask for {submission.backend} when it is available"
        )
    return _placement(chosen, asked=asked, reason=decision.placement.reason)


def _requested(submission: Submission, asked: Backend | None) -> Placement:
    if asked is None:
        raise NoPlacementError(f"there is no backend {submission.backend!r} here; choose one that the gateway lists")
    return _placement(asked, asked=asked, reason="")


def _placement(chosen: Backend, *, asked: Backend | None, reason: str) -> Placement:
    fallback = chosen != asked
    return Placement(
        upstream=chosen.upstream,
        backend=chosen.name,
        kind=chosen.kind,
        fallback=fallback,
        reason=reason if fallback else "",
    )
