"""Bytes to a canonical program. Loaded by entry point inside worker processes only, never while serving.

The types here carry qiskit circuits and numpy arrays as `Any`, because this package may import neither:
whoever handles a `Program` runs in a worker process and knows what they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.domain.backend import Backend


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """Concrete parameter values of one item, drawn or given."""

    values: Any
    """float64 array `[*shape, parameters]`, in the order of `circuit.parameters`."""
    extras: Mapping[str, Any] = field(default_factory=dict)
    """Arrays that belong beside the result, such as `measurement_flips.c`."""


class Binder(Protocol):
    """Draws the parameter values of an item; deterministic for one seed."""

    def __call__(self, seed: int) -> Binding:
        """Give the values for this seed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One circuit with its parameter sets, and how often it runs."""

    circuit: Any
    """A `qiskit.QuantumCircuit`."""
    shape: tuple[int, ...]
    """Broadcast shape of the parameter sets (and observables); `()` runs once."""
    bind: Binder
    shots: int | None
    """Repetitions per parameter set; `None` for an estimator item that gives a precision."""
    precision: float | None
    observables: Any | None
    """Estimator only: object array of `shape`, each a map from Pauli text (qubit n-1 … 0) to its coefficient."""
    samplex: bool = False
    source: bytes | None = None
    """Digest of the bytes that the circuit was read from, and of how: items of one source have the same circuit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A whole submission, decoded."""

    kind: str
    """`sampler`, `estimator` or `executor`."""
    items: tuple[Item, ...]
    options: Mapping[str, Any]
    """As submitted, plain JSON values."""
    payload_versions: tuple[str, ...]
    """Encodings seen, such as `qpy-17` or `openqasm-3`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """Bounds a reader keeps before and while it decodes; sizes in bytes."""

    decompressed_bytes: int
    circuits: int
    bindings: int
    """Parameter sets of one submission in all."""


class UnreadableError(Exception):
    """The payload cannot be read; the message is for the caller and quotes nothing of the payload."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Reader(Protocol):
    """Decodes one dialect's payloads."""

    name: str

    def samples(self) -> Sequence[bytes]:
        """Give bodies that touch every part of the reader.

        A worker reads them once before it gives up its rights, so that nothing is left to import or open.
        """
        ...

    def read(self, body: bytes, limits: ReadLimits) -> Program:
        """Decode a received body.

        Raises:
            UnreadableError: malformed, of an unsupported version, or over a limit.
        """
        ...


class Encoder(Protocol):
    """Writes a canonical program in one vendor's format; loaded in worker processes only, like a reader."""

    name: str

    def encode(self, program: Program, *, backend: Backend, shots: int | None) -> bytes:
        """Transpile for the backend, remove idle qubits, and write a submission body.

        Raises:
            UnreadableError: the program has something that this vendor cannot run.
        """
        ...
