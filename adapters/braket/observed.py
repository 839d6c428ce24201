"""Values of result types, computed from samples as Braket's service computes them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from adapters.braket.pragmas import ResultType

Rows = Sequence[Sequence[int]]
"""One row per shot, one column per measured qubit; 0 or 1."""


def described(wanted: ResultType) -> dict[str, Any]:
    """Write a result type as the SDK's intermediate representation has it: it finds values by that."""
    told: dict[str, Any] = {"type": wanted.kind}
    if wanted.targets is not None:
        told["targets"] = list(wanted.targets)
    if wanted.observables:
        told["observable"] = list(wanted.observables)
    return told


def value(wanted: ResultType, rows: Rows, qubits: Sequence[int]) -> Any:
    """Compute a value.

    Args:
        wanted: what was asked for.
        rows: in the basis that `wanted` needs.
        qubits: whose columns they are, in order.

    Returns:
        Probabilities of the targets' states, the first target most significant; one number, or one per shot for
        `sample`; a list of those, qubit by qubit, for an observable without targets.
    """
    columns = {qubit: place for place, qubit in enumerate(qubits)}
    if wanted.kind == "probability":
        targets = qubits if wanted.targets is None else wanted.targets
        return _probabilities(rows, [columns[qubit] for qubit in targets])
    if wanted.targets is None:
        return [_of_observable(wanted.kind, rows, wanted.observables, [columns[qubit]]) for qubit in qubits]
    return _of_observable(wanted.kind, rows, wanted.observables, [columns[qubit] for qubit in wanted.targets])


def _probabilities(rows: Rows, columns: Sequence[int]) -> list[float]:
    counts: Counter[int] = Counter(_number(row[column] for column in columns) for row in rows)
    return [counts[state] / len(rows) for state in range(2 ** len(columns))]


def _number(bits: Iterable[int]) -> int:
    number = 0
    for bit in bits:
        number = number * 2 + bit
    return number


def _of_observable(kind: str, rows: Rows, letters: Sequence[str], columns: Sequence[int]) -> Any:
    """Take eigenvalues: 1 for a bit 0, -1 for a bit 1, and 1 for the identity; a product has their product."""
    counted = [column for letter, column in zip(letters, columns, strict=True) if letter != "i"]
    values = [1.0 - 2.0 * (sum(row[column] for column in counted) % 2) for row in rows]
    if kind == "sample":
        return values
    mean = sum(values) / len(values)
    return mean if kind == "expectation" else sum((each - mean) ** 2 for each in values) / len(values)
