"""What was measured of the circuits of one submission, in a bounded worker process.

Counts are of the circuit as submitted; control-flow bodies count once, and a gate that the caller defined counts
as what it is made of. Digests are SHA-256.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from gateway.domain.leaks import Scan


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitFacts:
    """One circuit, measured."""

    digest: str
    """Of the canonical circuit: instructions, qubits, clbits, parameters; not names or metadata."""
    qubits_used: int
    """Qubits touched by an operation other than a barrier or delay."""
    qubits_declared: int
    clbits: int
    depth: int
    size: int
    gates: Mapping[str, int]
    """How often each operation occurs, by name."""
    gates_by_arity: Mapping[str, int]
    """How often gates on 1, 2, … qubits occur; the keys are decimal numbers."""
    two_qubit_gates: int
    multi_qubit_gates: int
    """Gates on three qubits or more."""
    measurements: int
    measured_bits: int
    mid_circuit_measurements: int
    resets: int
    control_flow: int
    parameters: int
    bindings: int
    """How many parameter sets the submission runs this circuit with (the pub's broadcast size)."""
    shots: int
    """Repetitions of each binding. For an estimator: what its precision needs."""
    observables: int
    """Distinct observable terms of an estimator pub, 0 otherwise."""
    clifford: bool
    """Every gate is a Clifford gate with fixed angles, so a stabilizer method can run it."""
    rotations: int
    """Gates that are not Clifford, parametrised ones included."""
    two_qubit_depth: int
    samplex: bool = False
    """Parameters are drawn by a samplex (twirling) at run time."""
    largest_component: int = 0
    """Most qubits joined by multi-qubit gates: the widest state a simulator must hold."""
    fingerprint: str | None = None
    """What it is under any names and angles, `qgw.fp/1`; `None` where it is too large to be looked at."""
    skeleton: str | None = None
    """What is left of that after compiling; `None` also where it is too small to tell circuits apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramFacts:
    """All circuits of one submission, and what they add up to."""

    circuits: tuple[CircuitFacts, ...]
    total_shots: int
    """Sum over circuits of bindings times shots."""
    estimated_seconds: float
    """QPU time by a coarse model: shots times (depth times gate time plus repetition delay)."""
    digest: str
    """SHA-256 over the circuit digests in order."""
    payload_versions: tuple[str, ...]
    """Encodings seen, such as `qpy-17` or `openqasm-3`."""
    scan: Scan | None = None
    """What its texts were looked through for; `None` where nobody did."""


def program_digest(circuits: Iterable[CircuitFacts]) -> str:
    """Give the digest of a program of these circuits."""
    return sha256(b"".join(bytes.fromhex(each.digest) for each in circuits)).hexdigest()
