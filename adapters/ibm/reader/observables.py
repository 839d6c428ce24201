"""Observables of an estimator pub: one, or nested lists of them, each a real sum of Pauli strings.

Strings read qubit n-1 … 0, as qiskit writes them. Besides I X Y Z the projectors 0 1 + - r l are allowed.
"""

import re
from typing import Any

import numpy as np

from adapters.ibm.reader.strict import expect, finite
from gateway.ports.reader import UnreadableError

_PAULI_TEXT = re.compile(r"[IXYZ01+\-rl]*")


def observables(value: Any, qubits: int, where: str, *, most: int) -> np.ndarray[Any, Any]:
    """Decode to an object array of maps from Pauli text to its coefficient.

    Args:
        value: as submitted.
        qubits: how many the circuit has; every string has as many letters.
        where: its place in the body.
        most: how many observables there may be.

    Raises:
        UnreadableError: `observables`, or `too-large`.
    """
    value = _unwrapped(value)
    shape = _shape(value, where)
    if (size := int(np.prod(shape, dtype=object))) > most:
        raise UnreadableError("too-large", f"{where} holds {size} observables, at most {most} can be read")
    array = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        array[index] = _observable(_at(value, index, shape, where), qubits, where)
    return array


def _unwrapped(value: Any) -> Any:
    if isinstance(value, dict) and value.get("__type__") in {"ndarray", "ObservablesArray"}:
        return value.get("__value__")
    return value


def _shape(value: Any, where: str) -> tuple[int, ...]:
    """Give the shape by the first element of each level; `_at` finds the levels that differ."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            raise UnreadableError("observables", f"{where} must hold at least one observable")
        value = value[0]
    return tuple(shape)


def _at(value: Any, index: tuple[int, ...], shape: tuple[int, ...], where: str) -> Any:
    for position, length in zip(index, shape, strict=True):
        if not isinstance(value, list) or len(value) != length:
            raise UnreadableError("observables", f"{where} must be a regular array of observables")
        value = value[position]
    return value


def _observable(value: Any, qubits: int, where: str) -> dict[str, float]:
    terms = {value: 1.0} if isinstance(value, str) else expect(value, dict, f"{where}, one observable")
    checked = {
        _pauli(text, qubits, where): finite(number, f"{where}, a coefficient", code="observables")
        for text, number in terms.items()
    }
    if not any(checked.values()):
        raise UnreadableError("observables", f"{where} holds an observable that is zero")
    return checked


def _pauli(text: str, qubits: int, where: str) -> str:
    if len(text) != qubits or not _PAULI_TEXT.fullmatch(text):
        raise UnreadableError(
            "observables",
            f"{where} must name its Paulis with {qubits} letters of I X Y Z 0 1 + - r l, one for each qubit",
        )
    return text
