"""A calibration snapshot as Braket's `standardized` properties; fidelities are one less the error, times in seconds."""

from collections import defaultdict
from statistics import median
from typing import Any

from gateway.domain.backend import Calibration, GateCalibration, QubitCalibration

_NAME = "braket.device_schema.standardized_gate_model_qpu_device_properties"
_RANDOMIZED = {"name": "RANDOMIZED_BENCHMARKING", "description": None}
_INTERLEAVED = {"name": "INTERLEAVED_RANDOMIZED_BENCHMARKING", "description": None}
_READOUT = {"name": "READOUT", "description": None}
_PAIR = 2


def standardized(snapshot: Calibration, *, whole_device: bool) -> dict[str, Any]:
    """Show a snapshot: qubit by qubit and pair by pair, or in version 3, where much is one value for the device."""
    return _version3(snapshot) if whole_device else _version1(snapshot)


def _version1(snapshot: Calibration) -> dict[str, Any]:
    singles = _best_of_each_qubit(snapshot)
    return {
        "braketSchemaHeader": {"name": _NAME, "version": "1"},
        "oneQubitProperties": {
            str(number): _qubit(qubit, singles.get(number))
            for number, qubit in enumerate(snapshot.qubits)
            # A snapshot has a place for every number up to its last; nothing is read where there is no qubit.
            if qubit.readout_error < 1
        },
        "twoQubitProperties": _pairs(snapshot),
    }


def _qubit(qubit: QubitCalibration, gate: GateCalibration | None) -> dict[str, Any]:
    measured = [(_RANDOMIZED, 1 - gate.error)] if gate is not None else []
    fidelities = [*measured, (_READOUT, 1 - qubit.readout_error)]
    return {
        "T1": {"value": qubit.t1_seconds, "standardError": None, "unit": "S"},
        "T2": {"value": qubit.t2_seconds, "standardError": None, "unit": "S"},
        "oneQubitFidelity": [
            {"fidelityType": kind, "fidelity": _share(value), "standardError": None} for kind, value in fidelities
        ],
    }


def _best_of_each_qubit(snapshot: Calibration) -> dict[int, GateCalibration]:
    """Choose the gate that stands for a qubit: the worst; a phase change, without time or error, says nothing."""
    chosen: dict[int, GateCalibration] = {}
    for gate in snapshot.gates:
        if len(gate.qubits) == 1 and gate.gate not in {"reset", "measure", "id"} and gate.length_seconds + gate.error:
            standing = chosen.get(gate.qubits[0])
            chosen[gate.qubits[0]] = gate if standing is None or gate.error > standing.error else standing
    return chosen


def _pairs(snapshot: Calibration) -> dict[str, Any]:
    pairs: defaultdict[str, dict[str, GateCalibration]] = defaultdict(dict)
    for gate in snapshot.gates:
        if len(gate.qubits) == _PAIR:
            pairs["-".join(map(str, sorted(gate.qubits)))].setdefault(gate.gate, gate)
    return {
        pair: {"twoQubitGateFidelity": [_pair_fidelity(gate) for gate in gates.values()]}
        for pair, gates in pairs.items()
    }


def _pair_fidelity(gate: GateCalibration) -> dict[str, Any]:
    return {
        "direction": None,
        "gateName": gate.gate.upper(),
        "fidelity": _share(1 - gate.error),
        "standardError": None,
        "fidelityType": _INTERLEAVED,
    }


def _version3(snapshot: Calibration) -> dict[str, Any]:
    singles = _best_of_each_qubit(snapshot)
    doubles = [gate for gate in snapshot.gates if len(gate.qubits) == _PAIR]
    told: dict[str, Any] = {
        "braketSchemaHeader": {"name": _NAME, "version": "3"},
        "oneQubitProperties": {
            str(number): {"oneQubitFidelity": [_fidelity(1 - gate.error)]} for number, gate in singles.items()
        },
    }
    if snapshot.qubits:
        told["T1"] = _duration(median(qubit.t1_seconds for qubit in snapshot.qubits))
        told["T2"] = _duration(median(qubit.t2_seconds for qubit in snapshot.qubits))
        told["readoutFidelity"] = [_fidelity(1 - median(qubit.readout_error for qubit in snapshot.qubits), kind=False)]
    if doubles:
        told["twoQubitGateFidelity"] = [_fidelity(1 - median(gate.error for gate in doubles))]
        told["twoQubitGateDuration"] = _duration(median(gate.length_seconds for gate in doubles))
    return told


def _fidelity(value: float, *, kind: bool = True) -> dict[str, Any]:
    return {"fidelityType": _RANDOMIZED if kind else None, "fidelity": _share(value), "unit": "fraction"}


def _duration(seconds: float) -> dict[str, Any]:
    return {"value": seconds, "standardError": None, "unit": "s"}


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)
