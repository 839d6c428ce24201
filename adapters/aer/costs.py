"""What simulating one circuit would cost, by method: a coarse model of Aer, made of a few measured constants.

Calibrated by running qiskit-aer 0.18 on one thread of a 2-core cloud machine; expect a factor of two to
three, and ten for matrix product states, whose cost lies in entanglement that no count can show. An
estimate only decides what is tried: the limits of the worker process hold in any case.

Runs are parameter sets; an estimator's run has several measurement bases. Times in CPU seconds, memory in
bytes.
"""

from dataclasses import dataclass
from math import ceil

from gateway.domain.circuit import CircuitFacts

STABILIZER = "stabilizer"
STATEVECTOR = "statevector"
DENSITY_MATRIX = "density_matrix"
MATRIX_PRODUCT_STATE = "matrix_product_state"
EXTENDED_STABILIZER = "extended_stabilizer"

_AMPLITUDE_BYTES = 16
_RUN_SECONDS = 1.5e-3
"""Handing one bound circuit to Aer and taking its result back."""
_SHOT_SECONDS = 2.5e-6
"""Drawing one shot and packing its bits."""
_SHOT_BYTES = 220
"""One shot as Aer hands it over: a hexadecimal text in a list."""
_GATE_SECONDS = 2e-6
_AMPLITUDE_SECONDS = 1.4e-9
_NOISE_SECONDS = 6e-6
"""Drawing the error of one gate in one shot."""

_EXTENDED_QUBITS = 63
_EXTENDED_ROTATIONS = 40
_TERMS_PER_BASIS = 4
"""Observable terms that measure together, on average: which do is not among the facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One way to simulate one circuit with all its parameter sets."""

    method: str
    cpu_seconds: float
    memory_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """The counts of a circuit that the formulas need."""

    qubits: int
    gates: int
    entangling: int
    rotations: int
    shots: int
    runs: int
    redone: int
    """How often the state is evolved per run: once per measurement basis, or once per shot."""

    def plan(self, method: str, *, evolve: float, shot: float, state_bytes: float) -> Plan:
        """Add up: each run is handed over once, evolved as often as needed, and sampled."""
        per_run = _RUN_SECONDS + self.redone * evolve + self.shots * (_SHOT_SECONDS + shot)
        return Plan(
            method=method,
            cpu_seconds=self.runs * per_run,
            memory_bytes=ceil(state_bytes) + _SHOT_BYTES * self.shots,
        )


def plans(circuit: CircuitFacts, *, noisy: bool) -> list[Plan]:
    """List the ways to simulate a circuit, cheapest first where they are equally trustworthy.

    A stabilizer state comes first where it is exact. A matrix product state is put before the statevector
    only when it looks ten times cheaper, for its estimate is the weakest. The extended stabilizer, the
    only approximate one, comes last; sampled correctly, it is worth its time for a handful of shots only.
    """
    listed = [_stabilizer(circuit, noisy=noisy)] if circuit.clifford else []
    general = [_dense(circuit, noisy=noisy), _matrix_product_state(circuit, noisy=noisy)]
    if general[1].cpu_seconds * 10 < general[0].cpu_seconds:
        general.reverse()
    listed += general
    extended = circuit.rotations <= _EXTENDED_ROTATIONS and circuit.qubits_used <= _EXTENDED_QUBITS
    if extended and not (noisy or circuit.control_flow or circuit.clifford):
        listed.append(_extended_stabilizer(circuit))
    return listed


def _dense(circuit: CircuitFacts, *, noisy: bool) -> Plan:
    """Hold all amplitudes; with noise, a density matrix as long as it is cheaper than repeating every shot."""
    state = _statevector(circuit, noisy=noisy)
    if not noisy:
        return state
    return min(state, _density_matrix(circuit), key=lambda plan: plan.cpu_seconds)


def _statevector(circuit: CircuitFacts, *, noisy: bool) -> Plan:
    work = _work(circuit, redone_for_noise=noisy)
    amplitudes = 2.0**work.qubits
    gate = _GATE_SECONDS + amplitudes * _AMPLITUDE_SECONDS
    gate = _NOISE_SECONDS + 1.5 * gate if noisy else gate
    return work.plan(
        STATEVECTOR,
        evolve=work.gates * gate,
        # Without repetition, sampling sums the probabilities once; that is one more pass.
        shot=0.0,
        state_bytes=amplitudes * _AMPLITUDE_BYTES * 1.5,
    )


def _density_matrix(circuit: CircuitFacts) -> Plan:
    work = _work(circuit, redone_for_noise=False)
    elements = 4.0**work.qubits
    return work.plan(
        DENSITY_MATRIX,
        evolve=work.gates * (3e-4 + elements * 3.5e-9),
        shot=0.0,
        state_bytes=elements * _AMPLITUDE_BYTES * 1.5,
    )


def _stabilizer(circuit: CircuitFacts, *, noisy: bool) -> Plan:
    work = _work(circuit, redone_for_noise=noisy)
    gate = _NOISE_SECONDS + 3e-8 * work.qubits if noisy else 2e-7
    plan = work.plan(STABILIZER, evolve=work.gates * gate, shot=1.2e-8 * work.qubits**2, state_bytes=work.qubits**2 * 4)
    # Reading the circuit costs more than running it once.
    return Plan(
        method=plan.method,
        cpu_seconds=plan.cpu_seconds + work.runs * work.gates * 1.5e-5,
        memory_bytes=plan.memory_bytes,
    )


def _matrix_product_state(circuit: CircuitFacts, *, noisy: bool) -> Plan:
    """Guess the bond dimension from how many entangling gates cross an average cut, capped by half the qubits."""
    work = _work(circuit, redone_for_noise=noisy)
    crossings = ceil(1.25 * work.entangling / max(1, work.qubits - 1))
    bond = 2.0 ** min(crossings, work.qubits // 2)
    evolve = work.entangling * (1e-4 + 4e-9 * bond**3) + work.gates * 5e-6
    if noisy:
        evolve += work.gates * 1.5e-5 * (1 + work.qubits * bond / 100)
    return work.plan(
        MATRIX_PRODUCT_STATE,
        evolve=evolve,
        shot=work.qubits * (2.5e-6 + 2.5e-8 * bond**2),
        state_bytes=work.qubits * bond**2 * 2 * _AMPLITUDE_BYTES + 16 * bond**2 * _AMPLITUDE_BYTES,
    )


def _extended_stabilizer(circuit: CircuitFacts) -> Plan:
    work = _work(circuit, redone_for_noise=False)
    terms = 2.0 ** (work.rotations / 2)
    return work.plan(
        EXTENDED_STABILIZER,
        evolve=0.0,
        # Each bit of each shot estimates norms of a sum of stabilizer states anew.
        shot=3.9e-5 * work.qubits**4 * terms,
        state_bytes=terms * work.qubits**2 * 64,
    )


def _work(circuit: CircuitFacts, *, redone_for_noise: bool) -> _Work:
    bases = ceil(circuit.observables / _TERMS_PER_BASIS) if circuit.observables else 1
    redone = redone_for_noise or circuit.mid_circuit_measurements or circuit.resets or circuit.control_flow
    return _Work(
        qubits=max(1, circuit.qubits_used),
        gates=sum(circuit.gates_by_arity.values()),
        entangling=circuit.two_qubit_gates + 2 * circuit.multi_qubit_gates,
        rotations=circuit.rotations,
        shots=circuit.shots,
        runs=max(1, circuit.bindings),
        # The shots of an estimator's circuit are those of all its bases together.
        redone=circuit.shots if redone else bases,
    )
