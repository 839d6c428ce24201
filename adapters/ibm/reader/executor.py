"""The executor program of IBM's client-side primitives, in every schema version that IBM's own package describes.

IBM's models check the structure; before they see a body, everything they would unpack or load is bounded here.
SDK 0.49 to 0.51 send `v2.0`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from ibm_quantum_schemas.executor import version_0_1, version_0_2, version_1_0, version_1_1, version_2_0
from pydantic import BaseModel, ValidationError

from adapters.ibm.reader import samplex
from adapters.ibm.reader.circuits import Decoded, load_qpy, openqasm
from adapters.ibm.reader.pubs import check_circuits, check_size, check_total, fixed
from adapters.ibm.reader.strict import Budget, expect, whole_number
from gateway.ports.reader import Item, Program, ReadLimits, UnreadableError


@dataclass(frozen=True, slots=True, kw_only=True)
class _Schema:
    """How one schema version differs from the others."""

    model: type[BaseModel]
    newest_samplex: int
    compressed: bool = False
    shared_circuits: bool = True
    """One QPY blob for all items, instead of one inside each."""


_SCHEMAS: Mapping[str, _Schema] = {
    "v0.1": _Schema(model=version_0_1.ParamsModel, newest_samplex=1, shared_circuits=False),
    "v0.2": _Schema(model=version_0_2.ParamsModel, newest_samplex=2, shared_circuits=False),
    "v1.0": _Schema(model=version_1_0.ParamsModel, newest_samplex=3),
    "v1.1": _Schema(model=version_1_1.ParamsModel, newest_samplex=4),
    "v2.0": _Schema(model=version_2_0.ParamsModel, newest_samplex=4, compressed=True),
}
_PROGRAM = "params.quantum_program"


def executor(params: Mapping[str, Any], limits: ReadLimits) -> Program:
    """Decode the parameters of an executor job.

    Raises:
        UnreadableError: malformed, of an unsupported version, or over a limit.
    """
    version = expect(params.get("schema_version"), str, "params.schema_version")
    schema = _SCHEMAS.get(version)
    if schema is None:
        raise UnreadableError(
            "schema-version", f"params.schema_version is not supported; versions {', '.join(_SCHEMAS)} can be read"
        )
    program = expect(params.get("quantum_program"), dict, _PROGRAM)
    whole_number(program.get("shots"), f"{_PROGRAM}.shots", code="shots", least=1)
    budget = Budget(limits.decompressed_bytes)
    circuits = _prechecked(program, schema, limits, budget)
    model = _validated(schema, params)
    items = [
        _item(entry, decoded, f"{_PROGRAM}.items[{index}]", model.quantum_program.shots, limits)
        for index, (entry, decoded) in enumerate(zip(model.quantum_program.items, circuits, strict=True))
    ]
    check_total(items, limits)
    return Program(
        kind="executor",
        items=tuple(items),
        options={**params.get("options", {}), "meas_level": program.get("meas_level", "classified")},
        payload_versions=(f"executor-{version}", *sorted(_versions(circuits, program))),
    )


def _prechecked(program: dict[str, Any], schema: _Schema, limits: ReadLimits, budget: Budget) -> list[Decoded]:
    """Bound everything that a model would unpack, and load the circuits."""
    items = [
        expect(item, dict, f"{_PROGRAM}.items") for item in expect(program.get("items"), list, f"{_PROGRAM}.items")
    ]
    check_circuits(len(items), f"{_PROGRAM}.items", limits)
    unpack = budget.inflate if schema.compressed else budget.decode
    for index, item in enumerate(items):
        if "samplex" in item:
            where = f"{_PROGRAM}.items[{index}].samplex"
            samplex.check(item["samplex"], where, budget, newest=schema.newest_samplex)
    for text in _tensors(program):
        unpack(text, "a tensor")
    if schema.shared_circuits:
        return _shared(expect(program.get("circuits"), dict, f"{_PROGRAM}.circuits"), len(items), schema, budget)
    return [_own(item, f"{_PROGRAM}.items[{index}].circuit", budget) for index, item in enumerate(items)]


def _shared(packed: dict[str, Any], count: int, schema: _Schema, budget: Budget) -> list[Decoded]:
    where = f"{_PROGRAM}.circuits"
    if "b64_data" in packed:
        unpack = budget.inflate if schema.compressed else budget.decode
        return load_qpy(unpack(expect(packed["b64_data"], str, where), where), where, count=count)
    texts = [expect(text, str, where) for text in expect(packed.get("data"), list, where)]
    if len(texts) != count:
        raise UnreadableError("malformed", f"{where} holds {len(texts)} circuits for {count} items")
    budget.spend(sum(map(len, texts)), where)
    return [openqasm(text, f"{where}[{index}]") for index, text in enumerate(texts)]


def _own(item: dict[str, Any], where: str, budget: Budget) -> Decoded:
    packed = expect(item.get("circuit"), dict, where)
    raw = budget.decode(expect(packed.get("circuit_b64"), str, where), where)
    return load_qpy(raw, where, count=1)[0]


def _tensors(value: Any) -> Iterator[str]:
    """Give the data of everything shaped like a tensor, wherever a model may look for one."""
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            if isinstance(data := current.get("data"), str):
                yield data
            waiting.extend(current.values())
        elif isinstance(current, list):
            waiting.extend(current)


def _validated(schema: _Schema, params: Mapping[str, Any]) -> Any:
    try:
        return schema.model.model_validate(params)
    except ValidationError as error:
        places = {str(part) for part in error.errors(include_input=False, include_url=False)[0]["loc"][:2]}
        known = sorted(places & {"quantum_program", "options", "items", "circuits", "shots", "passthrough_data"})
        raise UnreadableError(
            "malformed", f"params does not follow its schema version, in {'.'.join(reversed(known)) or 'its members'}"
        ) from None


def _item(entry: Any, decoded: Decoded, where: str, shots: int, limits: ReadLimits) -> Item:
    circuit, drawn = decoded.circuit, entry.item_type == "samplex"
    asked = _shape(getattr(entry, "shape", []), where)
    if drawn:
        loaded = samplex.load(entry.samplex, circuit, f"{where}.samplex")
        taken = samplex.arguments(loaded, entry.samplex_arguments, f"{where}.samplex_arguments")
        shape = _extended(taken.shape, asked, where)
        bind = samplex.draw(loaded, taken, shape)
    else:
        values = _arguments(entry, circuit.num_parameters, where)
        shape = _extended(values.shape[:-1], asked, where)
        bind = fixed(np.broadcast_to(values, (*shape, values.shape[-1])))
    check_size(shape, where, limits)
    return Item(
        circuit=circuit,
        shape=shape,
        bind=bind,
        shots=shots,
        precision=None,
        observables=None,
        samplex=drawn,
        source=decoded.source,
    )


def _arguments(entry: Any, parameters: int, where: str) -> np.ndarray[Any, Any]:
    values: np.ndarray[Any, Any] = entry.circuit_arguments.to_numpy()
    if values.ndim < 1 or values.shape[-1] != parameters or not np.isfinite(values).all():
        raise UnreadableError(
            "parameters", f"{where}.circuit_arguments must hold {parameters} finite numbers for each parameter set"
        )
    return values


def _shape(lengths: list[int], where: str) -> tuple[int, ...]:
    return tuple(whole_number(length, f"{where}.shape", code="parameters", least=1) for length in lengths)


def _extended(own: tuple[int, ...], asked: tuple[int, ...], where: str) -> tuple[int, ...]:
    """Give the shape of an item, which may repeat its arguments but not shrink them."""
    try:
        return np.broadcast_shapes(own, asked)
    except ValueError:
        raise UnreadableError("parameters", f"{where}.shape does not fit its arguments") from None


def _versions(circuits: list[Decoded], program: Mapping[str, Any]) -> set[str]:
    samplexes = {f"ssv-{item['samplex']['ssv']}" for item in program["items"] if "samplex" in item}
    return {decoded.version for decoded in circuits} | samplexes
