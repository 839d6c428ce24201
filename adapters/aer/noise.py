"""The noise of a calibration snapshot as Aer's noise model, for the qubits a circuit uses. Worker process only.

Every calibrated gate suffers thermal relaxation for its length, and depolarization on top of it, so that
its average error is exactly the calibrated one; every measurement is read wrongly as often as calibrated.
Idle qubits do not decay, gates do not disturb their neighbours, and a reset makes no error. A T2 above T1
counts as T1: relaxation is then a mixture of resets and phase flips, which every simulation method can
draw, and depolarization makes up for the difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp
from qiskit_aer.noise import NoiseModel, QuantumError, ReadoutError, depolarizing_error, thermal_relaxation_error

from adapters.aer.compact import Compact, walk
from gateway.domain.backend import Calibration, GateCalibration, QubitCalibration

_VIRTUAL = frozenset({"barrier", "delay", "global_phase", "measure", "reset", "store", "break_loop", "continue_loop"})


class UncalibratedError(Exception):
    """The circuit uses a qubit that the snapshot does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """A noise model for one circuit."""

    model: NoiseModel
    uncovered: tuple[str, ...]
    """Gates that ran without error, because the snapshot knows none for them there."""


class Snapshot:
    """A calibration, indexed; its gate errors are built when first needed and kept."""

    def __init__(self, calibration: Calibration) -> None:
        self.digest = calibration.digest
        self._qubits = calibration.qubits
        self._gates = {(gate.gate, gate.qubits): gate for gate in calibration.gates}
        self._errors: dict[tuple[str, tuple[int, ...]], QuantumError | None] = {}

    @property
    def qubits(self) -> int:
        """How many qubits it knows."""
        return len(self._qubits)

    def noise(self, compact: Compact, *, also: Sequence[str] = ()) -> Noise:
        """Build the noise model of a circuit in its own, small numbering.

        Args:
            compact: the circuit.
            also: one-qubit gates that will be added to any of its qubits.

        Raises:
            UncalibratedError: it uses a qubit beyond the device.
        """
        if compact.qubits and max(compact.qubits) >= self.qubits:
            raise UncalibratedError(
                f"the circuit uses qubit {max(compact.qubits)}, the calibration knows {self.qubits} qubits"
            )
        model, uncovered = NoiseModel(), set()
        added = {(name, (place,)) for name in also for place in range(len(compact.qubits))}
        for name, places in sorted(_gate_places(compact.circuit) | added):
            physical = tuple(compact.qubits[place] for place in places)
            if (name, physical) not in self._gates:
                uncovered.add(name)
            elif error := self._error(name, physical):
                model.add_quantum_error(error, name, places, warnings=False)
        for place, qubit in enumerate(compact.qubits):
            model.add_readout_error(self.readout(qubit), [place], warnings=False)
        return Noise(model=model, uncovered=tuple(sorted(uncovered)))

    def readout(self, qubit: int) -> ReadoutError:
        """Give the probabilities of reading a qubit wrongly."""
        false, missed = self.misread(qubit)
        return ReadoutError([[1 - false, false], [missed, 1 - missed]])

    def misread(self, qubit: int) -> tuple[float, float]:
        """Give the probabilities that 0 is read as 1, and 1 as 0."""
        calibration = self._qubits[qubit]
        return calibration.prob_meas1_prep0, calibration.prob_meas0_prep1

    def _error(self, name: str, qubits: tuple[int, ...]) -> QuantumError | None:
        if (name, qubits) not in self._errors:
            gate = self._gates[name, qubits]
            self._errors[name, qubits] = gate_error(gate, [self._qubits[qubit] for qubit in qubits])
        return self._errors[name, qubits]


def gate_error(gate: GateCalibration, qubits: Sequence[QubitCalibration]) -> QuantumError | None:
    """Build the error channel of a calibrated gate; `None` when it makes no error.

    With d the dimension, F the average and f the process fidelity, `F = (d f + 1) / (d + 1)`. Relaxation of
    one qubit for a time t has `f = (1 + 2 exp(-t/T2) + exp(-t/T1)) / 4`; of several, the product. Depolarizing
    with probability p after a channel of fidelity f gives `(1 - p) f + p / d**2`, which is solved for p. Where
    relaxation alone would exceed the calibrated error, it is shortened to make up all of it.

    Source: Horodecki et al., Physical Review A 60, 1888 (1999); Nielsen, Physics Letters A 303, 249 (2002).
    """
    if gate.error <= 0.0:
        return None
    dimension = 2 ** len(qubits)
    wanted = ((dimension + 1) * (1 - gate.error) - 1) / dimension
    seconds = gate.length_seconds
    relaxed = _relaxation_fidelity(seconds, qubits)
    if relaxed < wanted:
        seconds *= (1 - wanted) / (1 - relaxed)
        relaxed = _relaxation_fidelity(seconds, qubits)
    error = _relaxation(seconds, qubits)
    probability = (relaxed - wanted) / (relaxed - 1 / dimension**2)
    return error.compose(depolarizing_error(max(0.0, probability), len(qubits)))


def _relaxation_fidelity(seconds: float, qubits: Sequence[QubitCalibration]) -> float:
    product = 1.0
    for qubit in qubits:
        phase, population = exp(-seconds / _t2(qubit)), exp(-seconds / qubit.t1_seconds)
        product *= (1 + 2 * phase + population) / 4
    return product


def _relaxation(seconds: float, qubits: Sequence[QubitCalibration]) -> QuantumError:
    first, *others = (thermal_relaxation_error(qubit.t1_seconds, _t2(qubit), seconds) for qubit in qubits)
    for other in others:
        first = first.expand(other)
    return first


def _t2(qubit: QubitCalibration) -> float:
    return min(qubit.t1_seconds, qubit.t2_seconds)


def _gate_places(circuit: QuantumCircuit) -> set[tuple[str, tuple[int, ...]]]:
    return {
        (instruction.operation.name, places)
        for instruction, places in walk(circuit)
        if not isinstance(instruction.operation, ControlFlowOp) and instruction.operation.name not in _VIRTUAL
    }


_SNAPSHOTS_KEPT = 8


class Snapshots:
    """The snapshots this process has seen, by digest, so that their gate errors are built once."""

    def __init__(self) -> None:
        self._kept: dict[str, Snapshot] = {}

    def of(self, calibration: Calibration) -> Snapshot:
        """Give the snapshot of a calibration, the one already at hand if there is one."""
        if calibration.digest not in self._kept:
            while len(self._kept) >= _SNAPSHOTS_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[calibration.digest] = Snapshot(calibration)
        return self._kept[calibration.digest]
