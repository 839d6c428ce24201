"""Circuits as they come over the wire, and whether the device can run them as they are.

Imports Qiskit; only ever imported where jobs run.
"""

import base64
import io
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from qiskit import QuantumCircuit, qasm3, qpy
from qiskit.circuit import ControlFlowOp

from tests.fakes.vendors.ibm.devices import CONTROL_FLOW, Device
from tests.fakes.vendors.ibm.program import ProgramFailedError

_ALWAYS = {"measure", "reset", "delay", "barrier", *CONTROL_FLOW}
_UNSUPPORTED = 1517
_INVALID = 1524


def circuit(sent: Any, device: Device | None) -> QuantumCircuit:
    """Read a circuit, QPY or OpenQASM 3, and refuse what does not fit the hardware, if there is any."""
    read = _read(sent)
    if device is not None:
        check(read, device)
    return read


def check(read: QuantumCircuit, device: Device) -> None:
    """Refuse too many qubits, instructions that are not in the device's set, or on qubits that are not coupled."""
    if read.num_qubits > device.qubits:
        raise ProgramFailedError(_UNSUPPORTED, f"{read.num_qubits} qubits are more than {device.name} has")
    _check(read, device, {bit: place for place, bit in enumerate(read.qubits)})


def array(sent: Any) -> Any:
    """Read an array, typed or as plain lists; anything else is as it was."""
    if isinstance(sent, Mapping) and sent.get("__type__") == "ndarray":
        value = sent["__value__"]
        if isinstance(value, str):
            return np.load(io.BytesIO(zlib.decompress(base64.b64decode(value))), allow_pickle=False)
        return np.asarray(value)
    return np.asarray(sent, dtype=float) if isinstance(sent, list) else sent


def _read(sent: Any) -> QuantumCircuit:
    try:
        if isinstance(sent, str):
            return qasm3.loads(sent)
        if sent["__type__"] == "QuantumCircuit":
            return qpy.load(io.BytesIO(zlib.decompress(base64.b64decode(sent["__value__"]))))[0]
    except Exception as error:
        raise ProgramFailedError(_INVALID, "a circuit cannot be read") from error
    raise ProgramFailedError(_INVALID, "a circuit is neither QPY nor OpenQASM 3")


def _check(block: QuantumCircuit, device: Device, places: Mapping[Any, int]) -> None:
    for step in block.data:
        on = tuple(places[bit] for bit in step.qubits)
        name = step.operation.name
        if isinstance(step.operation, ControlFlowOp):
            if name not in CONTROL_FLOW:
                raise _unsupported(name, on)
            for inner in step.operation.blocks:
                _check(inner, device, dict(zip(inner.qubits, on, strict=True)))
        elif name == device.entangler:
            if on not in device.couplings:
                raise _unsupported(name, on)
        elif name not in _ALWAYS and name not in device.basis:
            raise _unsupported(name, on)


def _unsupported(name: str, on: tuple[int, ...]) -> ProgramFailedError:
    return ProgramFailedError(
        _UNSUPPORTED,
        f"The instruction {name} on qubits {on} is not supported by the target system. Circuits that do not match the "
        "target hardware definition are no longer supported after March 4, 2024.",
    )
