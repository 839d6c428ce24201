"""The program `executor`, schema version 2.0, on Aer: circuits, and samplexes that draw their parameters.

Imports Qiskit and IBM's own data models; only ever imported where jobs run.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from ibm_quantum_schemas.common import CompressedTensorModel
from ibm_quantum_schemas.executor import version_2_0 as schema
from qiskit import QuantumCircuit
from qiskit.primitives import BitArray
from qiskit.primitives.containers.sampler_pub import SamplerPub

from tests.fakes.vendors.ibm.circuits import check
from tests.fakes.vendors.ibm.devices import Device
from tests.fakes.vendors.ibm.encoding import Array
from tests.fakes.vendors.ibm.primitives import sample
from tests.fakes.vendors.ibm.program import ProgramFailedError

_INVALID = 1524
_VALUES = "parameter_values"


def executor(params: dict[str, Any], device: Device | None, *, seed: int) -> dict[str, Any]:
    """Run all items and write their results, with the client's own data echoed."""
    program, circuits = _read(params)
    for run in circuits:
        if device is not None:
            check(run, device)
    began = datetime.now(UTC) - timedelta(seconds=1)
    results = [
        _run(item, run, program.shots, seed + place, instant=device is None)
        for place, (item, run) in enumerate(zip(program.items, circuits, strict=True))
    ]
    answer = schema.QuantumProgramResultModel(
        data=[_written(tensors) for tensors, _ in results],
        metadata=schema.MetadataModel(chunk_timing=[_span(began, [shape for _, shape in results])]),
        passthrough_data=program.passthrough_data,
        semantic_role=program.semantic_role,
    )
    written: dict[str, Any] = answer.model_dump(mode="json")
    return written


def _read(params: dict[str, Any]) -> tuple[Any, list[QuantumCircuit]]:
    try:
        program = schema.ParamsModel.model_validate(params).quantum_program
        return program, program.circuits.to_python()
    except Exception as error:
        raise ProgramFailedError(_INVALID, f"the quantum program is not valid: {type(error).__name__}") from error


def _span(began: datetime, shapes: Sequence[tuple[int, ...]]) -> Any:
    """Say that all items ran in one piece."""
    sizes = [int(np.prod(shape, dtype=int)) for shape in shapes]
    parts = [
        schema.ChunkPart(idx_item=place, size=size, permutation=list(range(len(shape))), element_range=(0, size, 1))
        for place, (shape, size) in enumerate(zip(shapes, sizes, strict=True))
    ]
    return schema.ChunkSpan(start=began, stop=datetime.now(UTC), parts=parts)


def _run(
    item: Any, run: QuantumCircuit, shots: int, seed: int, *, instant: bool
) -> tuple[Mapping[str, Array], tuple[int, ...]]:
    """Give an item's tensors by name, and its shape."""
    try:
        values, extras = _drawn(item, seed) if item.item_type == "samplex" else (_given(item), {})
        pub = SamplerPub.coerce((run, values if run.num_parameters else None, shots))
    except Exception as error:
        raise ProgramFailedError(_INVALID, f"an item is not valid: {type(error).__name__}") from error
    shape = values.shape[:-1]
    if instant:
        measured = {register.name: np.zeros((*shape, shots, register.size), dtype=bool) for register in run.cregs}
    else:
        measured = {
            name: np.broadcast_to(BitArray(array, width).to_bool_array(order="little"), (*shape, shots, width))
            for name, (array, width) in sample(pub, seed).items()
        }
    return {**measured, **extras}, shape


def _given(item: Any) -> Array:
    values: Array = item.circuit_arguments.to_numpy()
    shape = np.broadcast_shapes(values.shape[:-1], tuple(item.shape))
    return np.broadcast_to(values, (*shape, values.shape[-1]))


def _drawn(item: Any, seed: int) -> tuple[Array, dict[str, Array]]:
    """Draw once for every element of the item's shape; arguments of length 1 along an axis stay the same there."""
    samplex = item.samplex.to_samplex().finalize()
    taken = samplex.inputs().make_broadcastable()
    for name, value in item.samplex_arguments.items():
        taken[name] = _plain(value)
    shape = np.broadcast_shapes(tuple(item.shape), taken.shape)
    dice = np.random.default_rng(seed)
    drawn: dict[str, Array] = {}
    for index in np.ndindex(shape):
        inner = zip(taken.shape, index[len(shape) - taken.ndim :], strict=True)
        own = tuple(0 if length == 1 else place for length, place in inner)
        for name, value in samplex.sample(taken[own], num_randomizations=1, rng=dice).items():
            drawn.setdefault(name, np.empty((*shape, *value.shape[1:]), value.dtype))[index] = value[0]
    values = drawn.pop(_VALUES, np.empty((*shape, 0)))
    return values, drawn


def _plain(value: Any) -> Any:
    if hasattr(value, "to_pauli_lindblad_map"):
        return value.to_pauli_lindblad_map()
    return value.to_numpy() if hasattr(value, "to_numpy") else value


def _written(tensors: Mapping[str, Array]) -> Any:
    return schema.QuantumProgramResultItemModel(
        results={name: CompressedTensorModel.from_numpy(np.asarray(value)) for name, value in tensors.items()},
        metadata=schema.ItemMetadataModel(),
    )
