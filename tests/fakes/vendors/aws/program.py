"""What a Braket OpenQASM program asks for, once read: matrices on labelled qubits, measurements, and wanted results.

Labels are the qubit numbers of the source: `$7` is 7, the second qubit declared is 1. Matrices are big-endian.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.fakes.vendors.aws.gates import Matrix

MODIFIED: Final = "modified "
"""Stands before the name of a gate with `ctrl`, `negctrl`, `inv` or `pow`."""


class ProgramError(ValueError):
    """The source is not what Braket, or this device, takes; the sentence is for the user."""


@dataclass(frozen=True, slots=True)
class Step:
    """One gate on labelled qubits."""

    name: str
    matrix: Matrix
    qubits: tuple[int, ...]
    verbatim: bool = False


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of an observable: its name or matrix, and the qubits it acts on; no qubits means each of all."""

    name: str
    matrix: Matrix
    qubits: tuple[int, ...] | None

    @property
    def wire(self) -> Any:
        """Give the factor as results.json writes it."""
        return [[[z.real, z.imag] for z in row] for row in self.matrix] if self.name == "hermitian" else self.name


@dataclass(frozen=True, slots=True)
class Wanted:
    """One `#pragma braket result`."""

    kind: str
    """The type's name in results.json: `expectation`, `statevector`, …"""
    factors: tuple[Factor, ...] = ()
    qubits: tuple[int, ...] | None = None
    """Targets of `probability` and `densitymatrix`; none means all."""
    states: tuple[str, ...] = ()

    @property
    def targets(self) -> list[int] | None:
        """Give the qubits the result is about; none means each of all, or all together."""
        if not self.factors:
            return list(self.qubits) if self.qubits is not None else None
        named = [qubit for factor in self.factors for qubit in factor.qubits or ()]
        return named or None

    @property
    def wire(self) -> dict[str, Any]:
        """Give the type as results.json writes it."""
        written: dict[str, Any] = {"type": self.kind}
        if self.factors:
            written["observable"] = [factor.wire for factor in self.factors]
        if self.targets is not None:
            written["targets"] = self.targets
        if self.states:
            written["states"] = list(self.states)
        return written


@dataclass(slots=True)
class Program:
    """A whole program; `qubits` are all labels in order of appearance in the register, used or not."""

    qubits: Sequence[int] = ()
    physical: bool = False
    steps: list[Step] = field(default_factory=list)
    measured: list[int] = field(default_factory=list)
    """Labels, in the order of the bits they are written to."""
    wanted: list[Wanted] = field(default_factory=list)
