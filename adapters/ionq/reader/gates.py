"""One gate of a list: which qubits it acts on, and what else it says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.ionq.reader.strict import expect, finite, whole_number
from gateway.ports.reader import UnreadableError

MAX_QUBITS = 4096
MAX_CONTROLS = 16
_PLACES = frozenset({"gate", "target", "targets", "control", "controls"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A gate as it stands in a list, its qubits checked to be whole numbers."""

    name: str
    targets: tuple[int, ...]
    controls: tuple[int, ...]
    said: Mapping[str, Any]
    """Everything but its name and qubits."""

    @property
    def qubits(self) -> tuple[int, ...]:
        """Controls first."""
        return self.controls + self.targets

    def check(self, width: int, where: str) -> None:
        """Refuse qubits that are not there, or named twice."""
        if any(qubit >= width for qubit in self.qubits):
            raise UnreadableError("gate", f"{where} names a qubit beyond the {width} of its circuit")
        if len(set(self.qubits)) < len(self.qubits):
            raise UnreadableError("gate", f"{where} names a qubit twice")

    def shape(self, where: str, *, targets: int, controls: int = 0, says: frozenset[str] = frozenset()) -> None:
        """Insist on how many targets there are, how many controls there may be, and what may be said besides."""
        if len(self.targets) != targets:
            raise UnreadableError("gate", f"{where} has {len(self.targets)} targets, this gate takes {targets}")
        if len(self.controls) > controls:
            raise UnreadableError("gate", f"{where} has {len(self.controls)} controls, this gate takes {controls}")
        if self.said.keys() - says:
            allowed = ", ".join(sorted(says)) or "nothing"
            raise UnreadableError("gate", f"{where} has a field that this gate does not take; besides qubits {allowed}")

    def number(self, name: str, where: str, *, default: float | None = None) -> float:
        """Give a number that the gate says."""
        given = self.said.get(name)
        if given is None and default is not None:
            return default
        return finite(given, f"{where}.{name}")

    def numbers(self, name: str, where: str, *, count: int | None = None) -> list[float]:
        """Give a list of numbers that the gate says."""
        given = expect(self.said.get(name), list, f"{where}.{name}")
        if count is not None and len(given) != count:
            raise UnreadableError("gate", f"{where}.{name} has {len(given)} numbers, this gate takes {count}")
        return [finite(value, f"{where}.{name}") for value in given]


def gate(value: Any, where: str) -> Gate:
    """Read one gate of a list.

    Raises:
        UnreadableError: `malformed` or `gate`.
    """
    given = expect(value, dict, where)
    return Gate(
        name=expect(given.get("gate"), str, f"{where}.gate"),
        targets=_qubits(given, "target", where),
        controls=_qubits(given, "control", where),
        said={name: said for name, said in given.items() if name not in _PLACES},
    )


def unknown(where: str, known: Mapping[str, Any]) -> UnreadableError:
    """Say that a gate is none of its set."""
    return UnreadableError("gate", f"{where} is no gate of its gateset; known are {', '.join(sorted(known))}")


def _qubits(given: Mapping[str, Any], noun: str, where: str) -> tuple[int, ...]:
    """Read qubits in either spelling, one or a list, but not in both."""
    one, several = given.get(noun), given.get(f"{noun}s")
    if one is not None and several is not None:
        raise UnreadableError("gate", f"{where} has both {noun} and {noun}s")
    listed = [one] if one is not None else expect([] if several is None else several, list, f"{where}.{noun}s")
    return tuple(whole_number(qubit, f"each {noun} of {where}", code="gate", most=MAX_QUBITS - 1) for qubit in listed)
