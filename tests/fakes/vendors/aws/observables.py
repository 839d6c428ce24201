"""Results of observables: exactly from a state, or estimated from shots that were rotated into their eigenbases.

States are tensors with one axis per qubit, in the order of `qubits`; samples are arrays of bits, one row per shot.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np

from tests.fakes.vendors.aws.gates import Z
from tests.fakes.vendors.aws.program import Factor, ProgramError, Step, Wanted

Array = np.ndarray[Any, np.dtype[Any]]


def rotations(wanted: Iterable[Wanted], qubits: Sequence[int]) -> list[Step]:
    """Give what must run before measuring; two observables that no single measurement serves are refused."""
    chosen: dict[int, Factor] = {}
    steps = []
    for factor in chain.from_iterable(_measured(each, qubits) for each in wanted):
        assert factor.qubits is not None
        if factor.name == "i":
            continue
        known = [chosen[label] for label in factor.qubits if label in chosen]
        if any(not _same(each, factor) for each in known):
            raise ProgramError("result types ask for different observables on one qubit")
        if not known:
            chosen |= dict.fromkeys(factor.qubits, factor)
            _, vectors = eigen(factor)
            steps.append(Step("basis", vectors.conj().T, factor.qubits))
    return steps


def eigen(factor: Factor) -> tuple[Array, Array]:
    """Give eigenvalues, largest first, so that a Pauli's +1 is read as 0, and their vectors as columns."""
    values, vectors = np.linalg.eigh(factor.matrix)
    if np.allclose(factor.matrix, np.diag(np.diag(factor.matrix))):  # as measured already: leave the order alone
        return np.diag(factor.matrix).real, np.eye(len(values))
    return values[::-1], vectors[:, ::-1]


def sampled(wanted: Wanted, samples: Array, qubits: Sequence[int]) -> Any:
    """Give the value of a result type from shots over `qubits`."""
    if wanted.kind == "probability":
        columns = [qubits.index(label) for label in wanted.qubits or qubits]
        return (np.bincount(_numbers(samples, columns), minlength=2 ** len(columns)) / len(samples)).tolist()
    values = [_estimate(wanted.kind, _products(factors, samples, qubits)) for factors in _each(wanted, qubits)]
    return values[0] if wanted.targets is not None else values


def exact(wanted: Wanted, state: Array, qubits: Sequence[int]) -> Any:
    """Give the value of a result type from the state over `qubits`."""
    match wanted.kind:
        case "statevector":
            return [[z.real, z.imag] for z in state.ravel()]
        case "amplitude":
            return {each: _complex(state[tuple(map(int, each))]) for each in wanted.states}
        case "probability":
            return np.diag(_reduced(state, qubits, wanted.qubits or qubits)).real.tolist()
        case "densitymatrix":
            reduced = _reduced(state, qubits, wanted.qubits or qubits)
            return [[_complex(z) for z in row] for row in reduced]
    values = [_moment(wanted.kind, factors, state, qubits) for factors in _each(wanted, qubits)]
    return values[0] if wanted.targets is not None else values


def _measured(wanted: Wanted, qubits: Sequence[int]) -> Iterator[Factor]:
    if wanted.kind == "probability":
        yield from (Factor("z", Z, (label,)) for label in wanted.qubits or qubits)
    else:
        yield from chain.from_iterable(_each(wanted, qubits))


def _each(wanted: Wanted, qubits: Sequence[int]) -> list[tuple[Factor, ...]]:
    """Give the products of factors to be measured: one, or one per qubit when no target is named."""
    if all(factor.qubits is not None for factor in wanted.factors):
        return [wanted.factors]
    if len(wanted.factors) > 1:
        raise ProgramError("a product of observables must name its qubits")
    factor = wanted.factors[0]
    return [(Factor(factor.name, factor.matrix, (label,)),) for label in qubits]


def _same(one: Factor, other: Factor) -> bool:
    return one.qubits == other.qubits and np.allclose(one.matrix, other.matrix)


def _products(factors: Sequence[Factor], samples: Array, qubits: Sequence[int]) -> Array:
    product = np.ones(len(samples))
    for factor in factors:
        values, _ = eigen(factor)
        product = product * values[_numbers(samples, [qubits.index(label) for label in factor.qubits or ()])]
    return product


def _numbers(samples: Array, columns: Sequence[int]) -> Array:
    weights = 2 ** np.arange(len(columns))[::-1]
    numbers: Array = samples[:, columns] @ weights
    return numbers


def _estimate(kind: str, products: Array) -> Any:
    match kind:
        case "expectation":
            return float(products.mean())
        case "variance":
            return float(products.var())
    return products.tolist()


def _moment(kind: str, factors: Sequence[Factor], state: Array, qubits: Sequence[int]) -> float:
    once = state
    for factor in factors:
        once = _applied(factor, once, qubits)
    mean = float(np.vdot(state, once).real)
    return mean if kind == "expectation" else float(np.vdot(once, once).real) - mean**2


def _applied(factor: Factor, state: Array, qubits: Sequence[int]) -> Array:
    axes = [qubits.index(label) for label in factor.qubits or ()]
    size = len(axes)
    tensor = factor.matrix.reshape((2,) * (2 * size))
    moved = np.tensordot(tensor, state, axes=(list(range(size, 2 * size)), axes))
    return np.moveaxis(moved, list(range(size)), axes)


def _reduced(state: Array, qubits: Sequence[int], kept: Sequence[int]) -> Array:
    axes = [qubits.index(label) for label in kept]
    flat = np.moveaxis(state, axes, list(range(len(axes)))).reshape(2 ** len(axes), -1)
    reduced: Array = flat @ flat.conj().T
    return reduced


def _complex(value: Any) -> list[float]:
    return [float(value.real), float(value.imag)]
