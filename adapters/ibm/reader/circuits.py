"""Circuits: QPY 13 to 18, OpenQASM 2 and 3.

QPY before 13 could run code in old readers (CVE-2025-2000) and is refused by its header alone. Headers are read
first, because the loader allocates what a header claims. What a parser says is never repeated: it quotes.
"""

import io
import re
import struct
import warnings
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, NamedTuple

from ibm_quantum_schemas.common.qasm import ANNOTATION_FACTORIES as QASM3_ANNOTATIONS
from ibm_quantum_schemas.common.qpy import ANNOTATION_FACTORIES as QPY_ANNOTATIONS
from qiskit import QuantumCircuit, qasm2, qasm3, qpy

from adapters.ibm.reader.strict import Budget, expect
from gateway.ports.reader import UnreadableError

QPY_VERSIONS = range(13, 19)
MAX_QUBITS = 4096
MAX_CLBITS = 65_536
MAX_INSTRUCTIONS = 1_000_000
MAX_REGISTERS = 4096

_FILE = struct.Struct("!6sBBBBQcc")
_OFFSET = struct.Struct("!Q")
_CIRCUIT = struct.Struct("!HcHIIQIQI")
_OFFSETS_SINCE = 16
_PLACE = re.compile(r'"?(?:<input>:|L)?([0-9]{1,9})(?:,|:C)([0-9]{1,9})')
_DIALECT = re.compile(r"\s*(?:(?://[^\n]*\n|/\*.*?\*/)\s*)*OPENQASM\s+([0-9]+)", re.DOTALL)


class Decoded(NamedTuple):
    """A circuit and the encoding it came in, such as `qpy-17` or `openqasm-3`."""

    circuit: QuantumCircuit
    version: str
    source: bytes
    """As `Item.source`."""


def decode(value: Any, where: str, budget: Budget) -> Decoded:
    """Decode the circuit of one pub: a packed QPY object or OpenQASM text.

    Raises:
        UnreadableError: `malformed`, `too-large`, `qpy-version` or `openqasm`.
    """
    if isinstance(value, str):
        budget.spend(len(value), where)
        return openqasm(value, where)
    packed = expect(value, dict, where)
    if packed.get("__type__") != "QuantumCircuit":
        raise UnreadableError("malformed", f"{where} must be a packed QuantumCircuit or OpenQASM text")
    raw = budget.inflate(expect(packed.get("__value__"), str, where), where)
    return load_qpy(raw, where, count=1)[0]


def openqasm(text: str, where: str) -> Decoded:
    """Parse OpenQASM; a program may include the standard gates and nothing else.

    Raises:
        UnreadableError: `openqasm`, `too-large`.
    """
    found = _DIALECT.match(text)
    version = found[1] if found else "3"
    parse = {"2": _parse2, "3": _parse3}.get(version)
    if parse is None:
        raise UnreadableError("openqasm", f"{where} is OpenQASM of an unknown version; 2 and 3 can be read")
    circuit = _guarded(
        lambda: parse(text), "openqasm", f"{where} is not valid OpenQASM {version} as it can be read here"
    )
    return Decoded(_bounded(circuit, where), f"openqasm-{version}", _source("openqasm", text.encode()))


def load_qpy(raw: bytes, where: str, *, count: int) -> list[Decoded]:
    """Load QPY that must hold `count` circuits.

    Raises:
        UnreadableError: `malformed`, `too-large` or `qpy-version`.
    """
    version = check_qpy(raw, where, count=count)
    circuits = _guarded(
        lambda: qpy.load(io.BytesIO(raw), annotation_factories=QPY_ANNOTATIONS),
        "malformed",
        f"{where} is not valid QPY",
    )
    if len(circuits) != count:
        raise UnreadableError("malformed", f"{where} does not hold the circuits that its header counts")
    return [
        Decoded(_bounded(circuit, where), f"qpy-{version}", _source(f"qpy {index} of {count}", raw))
        for index, circuit in enumerate(circuits)
    ]


def check_qpy(raw: bytes, where: str, *, count: int) -> int:
    """Read only the headers; gives the version.

    Raises:
        UnreadableError: `malformed`, `too-large` or `qpy-version`.
    """
    try:
        magic, version, *_, programs, _, _ = _FILE.unpack_from(raw)
        if magic != b"QISKIT":
            raise UnreadableError("malformed", f"{where} is not QPY")
        if version not in QPY_VERSIONS:
            raise UnreadableError(
                "qpy-version",
                f"{where} is QPY version {version}; versions {QPY_VERSIONS[0]} to {QPY_VERSIONS[-1]} can be read, "
                "so save it with a qiskit that writes one of them",
            )
        if programs != count:
            raise UnreadableError("malformed", f"{where} holds {programs} circuits, expected {count}")
        for offset in _offsets(raw, version, count):
            _check_header(_CIRCUIT.unpack_from(raw, offset), where)
    except struct.error:
        raise UnreadableError("malformed", f"{where} is QPY that is cut short") from None
    return int(version)


def _offsets(raw: bytes, version: int, count: int) -> Iterator[int]:
    """Give where circuits begin: all that a table names, or the first, behind which sizes are unknown."""
    if version < _OFFSETS_SINCE:
        yield _FILE.size
        return
    for index in range(count):
        yield min(_OFFSET.unpack_from(raw, _FILE.size + index * _OFFSET.size)[0], len(raw))


def _check_header(header: tuple[Any, ...], where: str) -> None:
    _, _, _, qubits, clbits, _, registers, instructions, variables = header
    bounds = {
        "qubits": (qubits, MAX_QUBITS),
        "classical bits": (clbits, MAX_CLBITS),
        "registers": (registers, MAX_REGISTERS),
        "instructions": (instructions, MAX_INSTRUCTIONS),
        "variables": (variables, MAX_REGISTERS),
    }
    for noun, (claimed, most) in bounds.items():
        if claimed > most:
            raise UnreadableError("too-large", f"{where} has {claimed} {noun}, at most {most} can be read")


def _source(how: str, encoded: bytes) -> bytes:
    return sha256(b"\0".join((how.encode(), encoded))).digest()


def _bounded(circuit: Any, where: str) -> QuantumCircuit:
    if not isinstance(circuit, QuantumCircuit):
        raise UnreadableError("malformed", f"{where} is not a circuit")
    _check_header((0, 0, 0, circuit.num_qubits, circuit.num_clbits, 0, 0, len(circuit.data), 0), where)
    return circuit


def _guarded(parse: Callable[[], Any], code: str, message: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return parse()
    except MemoryError:
        raise
    # A loader fed with foreign bytes raises anything; a panic is no Exception, passes, and costs the worker.
    except Exception as error:  # noqa: BLE001
        raise UnreadableError(code, message + _place(error)) from None


def _place(error: Exception) -> str:
    """Take line and column out of a parser's complaint, and nothing else of it."""
    found = _PLACE.match(str(error))
    return f", line {int(found[1])} column {int(found[2])}" if found else ""


def _parse2(text: str) -> QuantumCircuit:
    # An empty include path keeps the server's files out; qelib1.inc is built in.
    return qasm2.loads(
        text,
        include_path=(),
        custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS,
        custom_classical=qasm2.LEGACY_CUSTOM_CLASSICAL,
    )


def _parse3(text: str) -> QuantumCircuit:
    return qasm3.loads(text, annotation_handlers=QASM3_ANNOTATIONS)
