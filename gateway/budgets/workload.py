"""How much work a job is, as prices need it: before it runs, and after it ran. Times are whole milliseconds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from gateway.domain.backend import Backend, ExecutionKind
from gateway.domain.circuit import CircuitFacts, ProgramFacts

MILLISECONDS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What changes a job's price besides its circuits."""

    plan: str = ""
    """Of the vendor account that pays; empty where nobody said."""
    max_seconds: int | None = None
    """The longest it may run, where its caller or policy said so."""
    mitigated: bool | None = None
    """Whether the vendor's error mitigation is on; `None` leaves that to the vendor, so the dearer price is held."""


NO_TERMS: Final = Terms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a job runs, as far as prices tell places apart."""

    upstream: str
    backend: str
    kind: ExecutionKind

    @classmethod
    def of(cls, backend: Backend) -> Self:
        """Take a backend."""
        return cls(upstream=backend.upstream, backend=backend.name, kind=backend.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """One circuit with all its repetitions."""

    shots: int
    """Parameter sets times shots."""
    gates: Mapping[int, int]
    """How often gates on 1, 2, … qubits occur in it."""
    measurements: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A job that has not run yet."""

    portions: Sequence[Portion]
    shots: int
    """Of all circuits together."""
    milliseconds: int
    """What it is estimated to run for."""

    @classmethod
    def of(cls, facts: ProgramFacts) -> Self | None:
        """Take a measured program; `None` when its time is no time."""
        milliseconds = whole_milliseconds(facts.estimated_seconds)
        if milliseconds is None or facts.total_shots < 0:
            return None
        return cls(
            portions=[_portion(each) for each in facts.circuits], shots=facts.total_shots, milliseconds=milliseconds
        )

    @classmethod
    def sized(cls, *, circuits: int, portion: Portion, seconds: float) -> Self | None:
        """Take a job of so many equal circuits; `None` when a number cannot be."""
        milliseconds = whole_milliseconds(seconds)
        numbers = (circuits, portion.shots, portion.measurements, *portion.gates.values())
        if milliseconds is None or min(numbers) < 0:
            return None
        return cls(portions=[portion] * circuits, shots=circuits * portion.shots, milliseconds=milliseconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What really ran, as far as the vendor said; it priced nothing itself."""

    site: Site
    plan: str = ""
    completed: bool
    """Else it failed or was cancelled: what of it ran is charged, and nothing where nothing is known to have run."""
    shots: int | None = None
    milliseconds: int | None = None
    """Billed, or of execution."""


def whole_milliseconds(seconds: float) -> int | None:
    """Round up, by the decimals that were written: 1.1 s are 1100 ms. From here on everything is in integers."""
    if not math.isfinite(seconds) or seconds < 0:
        return None
    return math.ceil(Decimal(repr(float(seconds))) * MILLISECONDS)


def _portion(circuit: CircuitFacts) -> Portion:
    return Portion(
        shots=circuit.bindings * circuit.shots,
        gates={int(arity): count for arity, count in circuit.gates_by_arity.items()},
        measurements=circuit.measurements,
    )
