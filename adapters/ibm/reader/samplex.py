"""Samplexes: distributions over the parameters of a template circuit (twirling, noise learning), drawn by seed.

A samplex carries QPY inside its JSON and its loader accepts any version, so that header is checked first.
"""

from typing import Any

import numpy as np
from ibm_quantum_schemas.common import PauliLindbladMapModel, SamplexModel, TensorModel
from qiskit import QuantumCircuit
from samplomatic.samplex import Samplex
from samplomatic.tensor_interface import TensorInterface, TensorSpecification

from adapters.ibm.reader.circuits import check_qpy
from adapters.ibm.reader.strict import Budget, expect, loads
from gateway.ports.reader import Binder, Binding, UnreadableError

VALUES = "parameter_values"
"""What samplomatic calls the drawn values, and the values it is given."""


def check(packed: Any, where: str, budget: Budget, *, newest: int) -> None:
    """Check version and inner header before anything is loaded.

    Args:
        packed: the `samplex` member of an item.
        where: its place in the body.
        budget: what may still be unpacked.
        newest: the highest serialization version (`ssv`) that this schema version allows.

    Raises:
        UnreadableError: `malformed`, `too-large`, `qpy-version` or `samplex-version`.
    """
    member = expect(packed, dict, where)
    version = member.get("ssv")
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= newest:
        raise UnreadableError("samplex-version", f"{where}.ssv is not supported; versions 1 to {newest} can be read")
    text = expect(member.get("samplex_json"), str, f"{where}.samplex_json")
    budget.spend(len(text), where)
    attributes = expect(expect(loads(text), dict, where).get("attrs"), dict, f"{where}.samplex_json.attrs")
    # The loader follows the inner version, so both must be one and the same.
    if attributes.get("ssv") != str(version):
        raise UnreadableError("samplex-version", f"{where} names two different versions")
    table = loads(expect(attributes.get("param_table"), str, f"{where}.samplex_json.attrs.param_table"))
    inner = expect(expect(table, dict, where).get("circuit_base64"), str, where)
    check_qpy(budget.decode(inner, where), f"the parameter table of {where}", count=1)


def load(model: SamplexModel, circuit: QuantumCircuit, where: str) -> Samplex:
    """Load and finalize a samplex that was checked, and see that it fits its circuit.

    Raises:
        UnreadableError: `samplex`.
    """
    try:
        samplex = model.to_samplex().finalize()
        drawn = {spec.name: spec for spec in samplex.outputs().specs}.get(VALUES)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  # the loader of foreign JSON raises anything
        raise UnreadableError("samplex", f"{where} is not a valid samplex") from None
    width = drawn.shape[-1] if isinstance(drawn, TensorSpecification) else 0
    if width != circuit.num_parameters:
        raise UnreadableError(
            "samplex", f"{where} draws {width} parameters for a circuit that has {circuit.num_parameters}"
        )
    return samplex


def arguments(samplex: Samplex, given: dict[str, Any], where: str) -> TensorInterface:
    """Bind what was submitted to what the samplex takes.

    Raises:
        UnreadableError: `samplex`: unknown, missing or misshapen arguments.
    """
    taken = samplex.inputs().make_broadcastable()
    try:
        for name, value in given.items():
            taken[name] = _plain(value)
    except (ValueError, TypeError, KeyError):
        raise UnreadableError("samplex", f"{where} does not fit what the samplex takes") from None
    if not taken.fully_bound:
        raise UnreadableError("samplex", f"{where} lacks an argument that the samplex needs")
    return taken


def draw(samplex: Samplex, taken: TensorInterface, shape: tuple[int, ...]) -> Binder:
    """Make the binder of a samplex item.

    Where the arguments have an axis longer than 1 the values sweep along it; along all other axes of
    `shape` they are drawn anew.

    Args:
        samplex: finalized.
        taken: its arguments, fully bound.
        shape: of the whole item; the shape of `taken` broadcasts to it.
    """
    swept = tuple(length > 1 for length in (1,) * (len(shape) - taken.ndim) + taken.shape)
    sweep = tuple(length if along else 1 for length, along in zip(shape, swept, strict=True))
    repeats = tuple(length for length, along in zip(shape, swept, strict=True) if not along)

    def bind(seed: int) -> Binding:
        random = np.random.default_rng(seed)
        drawn: dict[str, np.ndarray[Any, Any]] = {}
        for index in np.ndindex(sweep):
            own = index[len(shape) - taken.ndim :]
            sample = samplex.sample(taken[own], num_randomizations=int(np.prod(repeats, dtype=int)), rng=random)
            target = tuple(i if along else slice(None) for i, along in zip(index, swept, strict=True))
            for name, value in sample.items():
                whole = drawn.setdefault(name, np.empty((*shape, *value.shape[1:]), value.dtype))
                whole[target] = value.reshape(*repeats, *value.shape[1:])
        values = drawn.pop(VALUES, np.empty((*shape, 0)))
        return Binding(values=values.astype(np.float64, copy=False), extras=drawn)

    return bind


def _plain(value: Any) -> Any:
    if isinstance(value, TensorModel):
        return value.to_numpy()
    return value.to_pauli_lindblad_map() if isinstance(value, PauliLindbladMapModel) else value
