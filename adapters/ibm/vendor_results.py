"""What a completed job left at IBM, read into our words: a primitive's typed JSON, or a quantum program's own schema.

When it ran and what is charged stand in the job's metrics, which are kept beside the result.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from adapters.ibm import vendor_arrays, vendor_summaries
from adapters.ibm.documents import METRICS, RESULT, parsed
from adapters.ibm.vendor_arrays import Unpacker
from adapters.ibm.vendor_jobs import charged
from gateway.domain.result import ItemResult, ProgramResult, Register, Tensor

_FLIPS: Final = "measurement_flips."
_BITS_AXES: Final = 2
"""Shots and bits; whatever stands before them are the parameter sets."""
_UNKNOWN: Final = "1970-01-01T00:00:00Z"


def decode(submitted: bytes, kept: Mapping[str, bytes]) -> ProgramResult:
    """Read a result.

    Raises:
        ValueError: the documents are not of IBM's format.
    """
    try:
        told = json.loads(kept[RESULT])
        items = _items(told)
        program = str(json.loads(submitted)["program_id"])
    except (KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
        raise ValueError(f"the result lacks something, or has it in another shape: {type(error).__name__}") from None
    metrics = parsed(kept.get(METRICS))
    times = metrics.get("timestamps") or {}
    finished = str(times.get("finished") or _UNKNOWN)
    return ProgramResult(
        items=items,
        metadata={"execution_kind": "hardware", "vendor": "ibm", "program": program},
        started_at=str(times.get("running") or finished),
        finished_at=finished,
        cpu_seconds=0.0,
        seconds=charged(metrics) or 0.0,
    )


def _items(told: Mapping[str, Any]) -> tuple[ItemResult, ...]:
    unpacker = Unpacker()
    if told.get("__type__") == "PrimitiveResult":
        return tuple(_pub(each["__value__"], unpacker) for each in told["__value__"]["pub_results"])
    if "results" in told:
        return tuple(_plain(each, unpacker) for each in told["results"])
    return tuple(_item(each["results"], str(told["schema_version"]), unpacker) for each in told["data"])


def _pub(told: Mapping[str, Any], unpacker: Unpacker) -> ItemResult:
    """Read a pub of a sampler or an estimator."""
    data = told["data"]["__value__"]
    registers: dict[str, Register] = {}
    tensors: dict[str, Tensor] = {}
    for name in data["field_names"]:
        field = data["fields"][name]
        if isinstance(field, dict) and field["__type__"] == "BitArray":
            registers[name] = unpacker.bit_array(field["__value__"])
        else:
            tensors[name] = unpacker.ndarray(field)
    shape = tuple(int(length) for length in data["shape"])
    return _made(registers, tensors, shape, told.get("metadata") or {})


def _plain(told: Mapping[str, Any], unpacker: Unpacker) -> ItemResult:
    """Read a pub that was answered in plain JSON, for people without Qiskit; its parameter sets stand in a row."""
    registers: dict[str, Register] = {}
    tensors: dict[str, Tensor] = {}
    for name, field in told["data"].items():
        if isinstance(field, dict) and "samples" in field:
            registers[name] = _hexadecimal(field["samples"], int(field["num_bits"]))
        else:
            tensors[name] = unpacker.ndarray(field)
    return _made(registers, tensors, tensors["evs"].shape if "evs" in tensors else (), told.get("metadata") or {})


def _hexadecimal(samples: list[str], bits: int) -> Register:
    size = -(-bits // 8)
    data = b"".join(int(sample, 16).to_bytes(size, "big") for sample in samples)
    return Register(bits=bits, samples=Tensor(dtype="uint8", shape=(len(samples), size), data=data))


def _item(told: Mapping[str, Any], version: str, unpacker: Unpacker) -> ItemResult:
    """Read an item of a quantum program: its registers are what has shots and bits, and is no list of flips."""
    dense = {name: unpacker.dense(each, version) for name, each in told.items()}
    bits = {
        name: each
        for name, each in dense.items()
        if each.dtype == "bool" and len(each.shape) >= _BITS_AXES and not name.startswith(_FLIPS)
    }
    registers = {name: vendor_arrays.register(each) for name, each in bits.items()}
    shape = next((each.shape[:-_BITS_AXES] for each in bits.values()), ())
    return _made(registers, {name: each for name, each in dense.items() if name not in bits}, shape, {})


def _made(
    registers: Mapping[str, Register], tensors: Mapping[str, Tensor], shape: tuple[int, ...], metadata: Any
) -> ItemResult:
    counted = next((each.samples.shape[-2] for each in registers.values()), None)
    shots = int(metadata.get("shots") or 0) if counted is None else counted
    return ItemResult(
        registers=registers,
        tensors=tensors,
        shape=shape,
        shots=shots,
        summary=vendor_summaries.of(registers, tensors, shots),
        metadata={name: value for name, value in metadata.items() if isinstance(value, str | int | float)},
    )
