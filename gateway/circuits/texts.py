"""Every text of a submission, by the place where it stands: of its body, and of the circuits in it.

Keys are texts too. What is written inside a text (JSON, OpenQASM, Base64 of either) is taken out and looked through as
well. Numbers, packed arrays and circuits in binary are no texts; the circuits are walked as they were read. Each text
counts once for each place, and there is a bound on all of them together.
"""

import base64
import binascii
import contextlib
import json
import re
import unicodedata
import zlib
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, ControlFlowOp

from gateway.circuits.definitions import Definitions, check_nesting, is_own
from gateway.domain.leaks import Place
from gateway.ports.reader import Program

Spot: TypeAlias = tuple[Place, int | None]
"""A place, and the number of the circuit where it is one's."""

MOST_CHARACTERS: Final = 2**19
"""Of all texts of a submission together; who has more has hidden something or should split the job."""
_DEEPEST: Final = 5
"""How often a text may be written inside another."""
_PACKED: Final = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_SHORT: Final = 256
"""Up to here what may be Base64 is taken as it stands: keys and tokens look like that."""
_BINARY: Final = (b"QISKIT", b"\x93NUMPY")
"""How circuits in QPY and numpy's arrays begin."""
_OURS: Final = re.compile(r"qgw:(classification|simulator|placement|rerun)=[a-z]{1,16}")
"""Tags that speak to the gateway itself, and name labels without holding anything."""
_QASM: Final = re.compile(r"\s*(?://[^\n]*\n\s*|/\*.*?\*/\s*)*(?:OPENQASM\b|#pragma\s+braket\b)", re.DOTALL)
_COMMENT: Final = re.compile(r"//([^\n]*)|/\*(.*?)(?:\*/|\Z)", re.DOTALL)
_DIRECTIVE: Final = re.compile(r"^\s*(?:#?pragma|@)[^\n]*|\"[^\"\n]*\"|'[^'\n]*'", re.MULTILINE)
_NAME: Final = re.compile(r"[^\W\d]\w{2,}")
_KNOWN_KEYS: Final[Mapping[str, Place]] = {
    "tags": Place.TAGS,
    "name": Place.NAME,
    "metadata": Place.METADATA,
    "options": Place.OPTIONS,
    "settings": Place.OPTIONS,
    "deviceParameters": Place.OPTIONS,
}


class Texts:
    """The texts of one submission."""

    def __init__(self, most: int = MOST_CHARACTERS) -> None:
        self.found: dict[Spot, dict[str, None]] = {}
        """In the order in which they came, each once."""
        self.complete = True
        self._left = most

    @classmethod
    def of(cls, body: bytes, program: Program) -> "Texts":
        """Take every text of a body, and of the program that was read from it.

        Raises:
            UnreadableError: `too-large`: its circuits' definitions nest too far.
        """
        texts = cls()
        texts.take_body(body)
        for number, item in enumerate(program.items):
            _Circuit(texts, number).take(item.circuit)
        return texts

    def add(self, place: Place, text: str, circuit: int | None = None) -> None:
        """Take one text, as people would read it."""
        read = text if text.isascii() else _plain(text)
        known = self.found.setdefault((place, circuit), {})
        if not read or read in known:
            return
        self._left -= len(read) + 1
        if self._left < 0:
            self.complete = False
        else:
            known[read] = None

    def take_body(self, body: bytes) -> None:
        """Take every text of a body: of its members where it is JSON, else it is one text, or none that can be read."""
        try:
            told = json.loads(body, object_pairs_hook=_members)
        except ValueError:
            told = _readable(body)
        self.complete = self.complete and told is not None
        self.take(told, Place.FIELDS)

    def take(self, value: Any, place: Place, circuit: int | None = None, depth: int = 0) -> None:
        """Take every text of a JSON value."""
        if isinstance(value, str):
            self._text(value, place, circuit, depth)
        elif isinstance(value, list | tuple):
            for inner in value:
                self.take(inner, place, circuit, depth)
        # Whether something is a mapping is dear to ask, and most of what is left are numbers.
        elif not isinstance(value, int | float | None) and isinstance(value, Mapping):
            for name, inner in value.items():
                self._member(str(name), inner, place, circuit, depth)

    def _member(self, name: str, value: Any, place: Place, circuit: int | None, depth: int) -> None:
        inner = _KNOWN_KEYS.get(name, place) if place is Place.FIELDS else place
        if isinstance(value, str):
            # Together they say more: a password looks like one beside its name.
            self._text(value, inner, circuit, depth, called=f"{name}: ")
        else:
            self.add(inner, name, circuit)
            self.take(value, inner, circuit, depth)

    def _text(self, text: str, place: Place, circuit: int | None, depth: int, *, called: str = "") -> None:
        if _OURS.fullmatch(text):
            return
        if _QASM.match(text):
            self._qasm(text, circuit)
            return
        inside, readable = _inside(text) if depth < _DEEPEST else (None, True)
        self.add(place, called + text if readable else called, circuit)
        self.take(inside, place, circuit, depth + 1)

    def _qasm(self, text: str, circuit: int | None) -> None:
        """Take a program apart: its comments, its directives and quoted texts, and each name once."""
        for comment in _COMMENT.finditer(text):
            self.add(Place.COMMENTS, (comment[1] or comment[2] or "").strip(), circuit)
        code = _COMMENT.sub(" ", text)
        for directive in _DIRECTIVE.findall(code):
            self.add(Place.PROGRAM, directive.strip(), circuit)
        for name in dict.fromkeys(_NAME.findall(code)):
            self.add(Place.PROGRAM, name, circuit)


class _Circuit:
    """Walks one circuit: names, metadata and labels, of everything that is defined or nested in it too."""

    def __init__(self, texts: Texts, number: int) -> None:
        self._texts, self._number = texts, number
        self._definitions: Definitions[None] = Definitions()
        self._nesting = 0

    def take(self, circuit: QuantumCircuit) -> None:
        self._nesting += 1
        check_nesting(self._nesting)
        self._add(Place.CIRCUIT_NAMES, circuit.name)
        self._texts.take(circuit.metadata or {}, Place.CIRCUIT_METADATA, self._number)
        for register in (*circuit.qregs, *circuit.cregs):
            self._add(Place.REGISTER_NAMES, register.name)
        for parameter in circuit.parameters:
            self._add(Place.PARAMETER_NAMES, parameter.name)
        for variable in (*circuit.iter_vars(), *circuit.iter_stretches()):
            self._add(Place.VARIABLE_NAMES, variable.name)
        for instruction in circuit.data:
            self._instruction(instruction)
        self._nesting -= 1

    def _instruction(self, instruction: CircuitInstruction) -> None:
        if label := getattr(instruction, "label", None):
            self._add(Place.GATE_LABELS, label)
        if instruction.is_standard_gate():
            return
        operation = instruction.operation
        for value in getattr(operation, "params", ()):
            if isinstance(value, str):
                self._texts.take(value, Place.GATE_LABELS, self._number)
        if isinstance(operation, ControlFlowOp):
            for annotation in getattr(operation, "annotations", ()):
                self._texts.take(_told(annotation), Place.ANNOTATIONS, self._number)
            for body in operation.blocks:
                self.take(body)
        elif is_own(operation):
            self._add(Place.GATE_NAMES, operation.name)
            self._definitions.of(operation, self.take)

    def _add(self, place: Place, text: str | None) -> None:
        if text:
            self._texts.add(place, text, self._number)


def _inside(text: str) -> tuple[Any, bool]:
    """Give what is written inside a text, if anything is, and whether it is to be read as it stands too."""
    if text[:1] in {"{", "["}:
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(text, object_pairs_hook=_members), False
    return _unpacked(text) if _PACKED.fullmatch(text) else (None, True)


def _members(pairs: list[tuple[str, Any]]) -> list[dict[str, Any]]:
    """Keep every member of an object, those whose name comes twice too: a reader that drops one hides it."""
    return [{name: value} for name, value in pairs]


def _told(annotation: Any) -> list[Any]:
    """Give what an annotation holds, whichever way its class keeps it."""
    slots = [name for kind in type(annotation).__mro__ for name in getattr(kind, "__slots__", ())]
    return [vars(annotation) if hasattr(annotation, "__dict__") else {}, *(getattr(annotation, n, "") for n in slots)]


def _unpacked(text: str) -> tuple[str | None, bool]:
    """Read Base64 of a text; packed arrays and circuits are no texts, and keys and tokens only look like Base64."""
    short = len(text) <= _SHORT
    try:
        raw = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None, short
    if raw.startswith(_BINARY):
        return None, False
    return _readable(raw) or _readable(_inflated(raw)), short


def _inflated(raw: bytes) -> bytes:
    """Unpack compressed data, as far as anybody would read it; arrays and circuits not at all."""
    unpacker = zlib.decompressobj()
    try:
        first = unpacker.decompress(raw, max_length=len(_BINARY[0]))
        return (
            b"" if first.startswith(_BINARY) else first + unpacker.decompress(unpacker.unconsumed_tail, MOST_CHARACTERS)
        )
    except zlib.error:
        return b""


def _readable(raw: bytes) -> str | None:
    """Read bytes as a text; `None` where they are none."""
    try:
        text = raw.decode()
    except ValueError:
        return None
    return text if all(letter.isprintable() or letter.isspace() for letter in text) else None


def _plain(text: str) -> str:
    """Write a text in its plainest letters: wide ones become narrow, and those that nobody sees go."""
    normal = unicodedata.normalize("NFKC", text)
    return "".join(letter for letter in normal if unicodedata.category(letter) != "Cf")
