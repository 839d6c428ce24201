"""Gates that the caller defined: who they are, and what they are made of, each looked into once.

The definitions of qiskit's own library are left alone: building one may cost any time.
"""

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from qiskit import QuantumCircuit
from qiskit.circuit import ControlledGate, Gate, Instruction

from gateway.ports.reader import UnreadableError

MAX_NESTING = 64
"""How deep definitions and bodies of control flow may lie inside each other."""

_PLAIN = frozenset({Gate, Instruction, ControlledGate})
"""What QPY makes of a gate it does not know; everything such a gate is, it carries with it."""

T = TypeVar("T")


class Definitions(Generic[T]):
    """Remembers what was found out about each definition of one circuit."""

    def __init__(self) -> None:
        self._found: dict[Hashable, tuple[Any, T | None]] = {}

    def of(self, operation: Any, find_out: Callable[[QuantumCircuit], T]) -> T | None:
        """Find out once about what a gate is made of; `None` when it does not say."""
        key, held = _key(operation)
        if key not in self._found:
            definition = operation.definition
            # Held on to, because the key of an object is good only for as long as the object lives.
            self._found[key] = (held, None if definition is None else find_out(definition))
        return self._found[key][1]


def is_own(operation: Any) -> bool:
    """Whether the caller defined this gate."""
    if not isinstance(operation, Instruction):
        return False
    kind = operation.base_class
    return kind in _PLAIN or not kind.__module__.startswith("qiskit.") or kind.__module__ == "qiskit.qasm2.parse"


def check_nesting(nesting: int) -> None:
    """Bound how deep we look.

    Raises:
        UnreadableError: `too-large`.
    """
    if nesting > MAX_NESTING:
        raise UnreadableError("too-large", f"a circuit nests definitions deeper than {MAX_NESTING} levels")


def _key(operation: Any) -> tuple[Hashable, Any]:
    """Tell definitions apart. In QPY two gates of one name may differ, in OpenQASM a name has one definition."""
    kind = operation.base_class
    if kind in _PLAIN:
        definition = operation.definition
        return id(definition), definition
    return (kind, operation.name, operation.num_qubits, tuple(map(str, operation.params))), None
