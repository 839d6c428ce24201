"""OpenQASM 3, which the SDK sends for circuits that a list of gates cannot say: dynamic ones.

A program may include the standard gates and nothing else. What a parser says is never repeated: it quotes.
"""

import re
import warnings
from collections.abc import Mapping
from typing import Any

from qiskit import ClassicalRegister, QuantumCircuit, qasm3

from adapters.ionq.reader.gates import MAX_QUBITS
from adapters.ionq.reader.strict import expect, only, whole_number
from gateway.ports.reader import ReadLimits, UnreadableError

MAX_CLBITS = 65_536
MAX_INSTRUCTIONS = 1_000_000
EVERYTHING = "output_all"
"""The register of a program that measures nothing itself."""
_LOOSE = "bits"
_KNOWN = frozenset({"data", "qubits"})
_VERSION = re.compile(r"\s*(?:(?://[^\n]*\n|/\*.*?\*/)\s*)*OPENQASM\s+([0-9]+)", re.DOTALL)
_PLACE = re.compile(r'"?(?:<input>:|L)?([0-9]{1,9})(?:,|:C)([0-9]{1,9})')


def program(given: Mapping[str, Any], limits: ReadLimits) -> QuantumCircuit:
    """Decode `input` of an OpenQASM 3 program.

    Raises:
        UnreadableError: `malformed`, `too-large` or `openqasm`.
    """
    text = expect(only(given, _KNOWN, "input").get("data"), str, "input.data")
    if len(text) > limits.decompressed_bytes:
        raise UnreadableError("too-large", f"input.data is longer than {limits.decompressed_bytes} characters")
    circuit = _with_registers(_bounded(_parsed(text)))
    declared = given.get("qubits")
    if declared is not None and whole_number(declared, "input.qubits", code="malformed") < circuit.num_qubits:
        raise UnreadableError("malformed", f"input.qubits is less than the {circuit.num_qubits} qubits of the program")
    return circuit


def _parsed(text: str) -> QuantumCircuit:
    found = _VERSION.match(text)
    if found and found[1] != "3":
        raise UnreadableError("openqasm", "input.data is OpenQASM of another version; 3 can be read")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return qasm3.loads(text)
    except MemoryError:
        raise
    # A loader fed with foreign bytes raises anything; a panic is no Exception, passes, and costs the worker.
    except Exception as error:  # noqa: BLE001
        message = f"input.data is not valid OpenQASM 3 as it can be read here{_place(error)}"
        raise UnreadableError("openqasm", message) from None


def _bounded(circuit: QuantumCircuit) -> QuantumCircuit:
    bounds = {
        "qubits": (circuit.num_qubits, MAX_QUBITS),
        "classical bits": (circuit.num_clbits, MAX_CLBITS),
        "instructions": (len(circuit.data), MAX_INSTRUCTIONS),
    }
    for noun, (found, most) in bounds.items():
        if found > most:
            raise UnreadableError("too-large", f"input.data has {found} {noun}, at most {most} can be read")
    return circuit


def _with_registers(circuit: QuantumCircuit) -> QuantumCircuit:
    """Give bits without a register one, and a program without bits a measurement of every qubit."""
    if not circuit.num_clbits:
        circuit.add_register(ClassicalRegister(circuit.num_qubits, EVERYTHING))
        circuit.measure(range(circuit.num_qubits), range(circuit.num_qubits))
    held = {bit for register in circuit.cregs for bit in register}
    if loose := [bit for bit in circuit.clbits if bit not in held]:
        circuit.add_register(ClassicalRegister(bits=loose, name=_LOOSE))
    return circuit


def _place(error: Exception) -> str:
    """Take line and column out of a parser's complaint, and nothing else of it."""
    found = _PLACE.match(str(error))
    return f", line {int(found[1])} column {int(found[2])}" if found else ""
