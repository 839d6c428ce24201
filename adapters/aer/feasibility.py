"""Whether and how a program could be simulated, said before it is decided on; pure arithmetic, no simulator.

A refusal says what was found, what is allowed here, and what would run.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, prod

from adapters.aer import costs
from adapters.aer.costs import Plan
from gateway.domain.backend import Backend, Feasibility
from gateway.domain.circuit import CircuitFacts, ProgramFacts

RESULT_BYTES = 192 * 2**20
"""The largest result a worker hands back in one piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one job may use, and whether noise is simulated."""

    cpu_seconds: float
    memory_bytes: int
    noisy: bool

    def allow(self, plan: Plan) -> bool:
        """Whether a plan stays within these limits."""
        return plan.cpu_seconds <= self.cpu_seconds and plan.memory_bytes <= self.memory_bytes


def judge(facts: ProgramFacts, backend: Backend, limits: Limits) -> Feasibility:
    """Say whether a program could run on an emulated device, by which methods, and at what cost."""
    if reason := next((text for text in _misfits(facts, backend) if text), ""):
        return _no(reason)
    chosen = []
    for number, circuit in enumerate(facts.circuits, start=1):
        plan = choose(circuit, limits)
        if plan is None:
            return _no(_too_costly(number, circuit, limits))
        chosen.append(plan)
    return _sum(chosen, limits)


def choose(circuit: CircuitFacts, limits: Limits) -> Plan | None:
    """Choose how to simulate one circuit; `None` when nothing stays within the limits."""
    return next((plan for plan in costs.plans(circuit, noisy=limits.noisy) if limits.allow(plan)), None)


def _misfits(facts: ProgramFacts, backend: Backend) -> Iterable[str]:
    """Find what does not fit the device or the wire, whatever simulating it would cost."""
    if len(facts.circuits) > backend.max_circuits:
        yield f"{len(facts.circuits)} circuits in one job, {backend.name} takes {backend.max_circuits}; split the job"
    for number, circuit in enumerate(facts.circuits, start=1):
        if circuit.qubits_used > backend.qubits:
            yield (
                f"circuit {number} uses {circuit.qubits_used} qubits, {backend.name} has {backend.qubits}; "
                "choose a larger backend"
            )
        if circuit.shots > backend.max_shots and not circuit.observables:
            yield (
                f"circuit {number} asks for {circuit.shots} shots, {backend.name} takes {backend.max_shots} "
                "per parameter set; repeat the circuit instead"
            )
    size = sum(_result_bytes(circuit) for circuit in facts.circuits)
    if size > RESULT_BYTES:
        yield f"the result would be {_bytes(size)}, at most {_bytes(RESULT_BYTES)} fit one job; split the job"


def _sum(chosen: Sequence[Plan], limits: Limits) -> Feasibility:
    seconds = sum(plan.cpu_seconds for plan in chosen)
    if seconds > limits.cpu_seconds:
        return _no(
            f"the circuits together need about {_seconds(seconds)} of CPU, one job may use "
            f"{_seconds(limits.cpu_seconds)}; split the job or ask for fewer shots or parameter sets"
        )
    return Feasibility(
        feasible=True,
        method="+".join(dict.fromkeys(plan.method for plan in chosen)) or None,
        cpu_seconds=seconds,
        memory_bytes=max((plan.memory_bytes for plan in chosen), default=0),
        reason="",
    )


def _too_costly(number: int, circuit: CircuitFacts, limits: Limits) -> str:
    tried = "; ".join(
        f"{plan.method} about {_seconds(plan.cpu_seconds)} of CPU and {_bytes(plan.memory_bytes)}"
        for plan in costs.plans(circuit, noisy=limits.noisy)
    )
    runs = prod((max(1, circuit.bindings), circuit.shots))
    return (
        f"circuit {number} ({circuit.qubits_used} qubits, {circuit.two_qubit_gates} two-qubit gates, "
        f"{circuit.rotations} gates that are not Clifford, {runs} shots in all) cannot be simulated here: it needs "
        f"{tried}; one job may use {_seconds(limits.cpu_seconds)} and {_bytes(limits.memory_bytes)}. "
        f"What runs: {_largest_general(limits)} qubits of any gates, many more if the gates are Clifford "
        "or entangle little; fewer shots help where shots dominate"
    )


def _largest_general(limits: Limits) -> int:
    """How many qubits of any gates still fit, for one shallow circuit of 1000 shots."""
    return max((qubits for qubits in range(1, 128) if choose(_example(qubits, layers=qubits), limits)), default=0)


def _result_bytes(circuit: CircuitFacts) -> int:
    return 0 if circuit.observables else circuit.shots * max(1, circuit.bindings) * ceil(circuit.measured_bits / 8)


def _no(reason: str) -> Feasibility:
    return Feasibility(feasible=False, method=None, cpu_seconds=0.0, memory_bytes=0, reason=reason)


def _seconds(value: float) -> str:
    return f"{value:.0f} s" if value < 1e6 else f"{value:.0e} s"  # noqa: PLR2004  # beyond two weeks, digits tell nothing


def _bytes(value: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024:  # noqa: PLR2004  # the step between units
            return f"{value:.0f} {unit}"
        value /= 1024
    return f"{value:.0e} PiB"


# ── the table of the manual ──────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One line of the table in the manual: the largest circuit of a kind that runs."""

    circuit: str
    noise: str
    qubits: int
    method: str
    cpu_seconds: float
    memory_bytes: int


def feasibility_table(*, cpu_seconds: float, memory_bytes: int) -> tuple[TableRow, ...]:
    """Compute what runs within given limits, up to 127 qubits, for kinds of circuits people know.

    Entangling gates lie between neighbours on a line, as after transpiling to a sparse device.
    """
    rows = []
    for name, build in _KINDS.items():
        for noisy in (False, True):
            limits = Limits(cpu_seconds=cpu_seconds, memory_bytes=memory_bytes, noisy=noisy)
            fits = ((qubits, choose(build(qubits), limits)) for qubits in range(127, 1, -1))
            if found := next(((qubits, plan) for qubits, plan in fits if plan), None):
                rows.append(_row(name, found[0], found[1], noisy=noisy))
    return tuple(rows)


def _row(name: str, qubits: int, plan: Plan, *, noisy: bool) -> TableRow:
    return TableRow(
        circuit=name,
        noise="calibrated" if noisy else "ideal",
        qubits=qubits,
        method=plan.method,
        cpu_seconds=plan.cpu_seconds,
        memory_bytes=plan.memory_bytes,
    )


def _example(
    qubits: int,
    *,
    layers: int,
    clifford: bool = False,
    rotations: int | None = None,
    dynamic: bool = False,
    shots: int = 1000,
) -> CircuitFacts:
    """Make up the facts of a brickwork circuit: in each layer every qubit turns and half the neighbours entangle."""
    pairs = layers * (qubits - 1) // 2
    turns = 2 * layers * qubits
    return CircuitFacts(
        digest="", qubits_used=qubits, qubits_declared=qubits, clbits=qubits, depth=3 * layers, size=pairs + turns,
        gates={}, gates_by_arity={"1": turns, "2": pairs}, two_qubit_gates=pairs, multi_qubit_gates=0,
        measurements=qubits, measured_bits=qubits, mid_circuit_measurements=int(dynamic), resets=0,
        control_flow=int(dynamic), parameters=0, bindings=1, shots=shots, observables=0, clifford=clifford,
        rotations=(0 if clifford else turns) if rotations is None else rotations, two_qubit_depth=layers,
    )  # fmt: skip


_KINDS: dict[str, Callable[[int], CircuitFacts]] = {
    "any gates, as deep as wide, 1000 shots": lambda qubits: _example(qubits, layers=qubits),
    "any gates, as deep as wide, one measurement in the middle, 1000 shots": (
        lambda qubits: _example(qubits, layers=qubits, dynamic=True)
    ),
    "any gates, 8 layers, 1000 shots": lambda qubits: _example(qubits, layers=8),
    "any gates, 2 layers, 1000 shots": lambda qubits: _example(qubits, layers=2),
    "Clifford gates, 100 layers, 1000 shots": lambda qubits: _example(qubits, layers=100, clifford=True),
    "Clifford gates and 4 others, as deep as wide, 1 shot": (
        lambda qubits: _example(qubits, layers=qubits, rotations=4, shots=1)
    ),
}
