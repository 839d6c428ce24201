"""Results in the right shape without running anything: every shot of every register reads zero.

Reads circuits with qiskit, so this belongs in test processes only.
"""

import io
import json
import zlib
from base64 import b64decode, urlsafe_b64encode
from math import prod
from typing import Any

import numpy as np
from qiskit import qpy

from gateway.domain.result import ItemResult, ProgramResult, Register, Tensor
from tests.fakes import values

DEFAULT_SHOTS = 4096


def token(now: int, seconds: int) -> str:
    """Give what looks like a JWT to somebody who does not check its signature."""
    parts = ({"alg": "HS256", "typ": "at+jwt"}, {"iat": now, "exp": now + seconds}, {})
    return ".".join(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)


def result(body: bytes) -> ProgramResult:
    """Give the result of a submission as if all qubits stayed at zero."""
    submitted = json.loads(body)
    params = submitted["params"]
    match submitted["program_id"]:
        case "sampler":
            return values.result(*(_sampled(pub, params["options"]) for pub in params["pubs"]))
        case "estimator":
            return values.result(*(_estimated(pub) for pub in params["pubs"]))
        case _:
            return values.result(*_executed(params["quantum_program"]))


def _sampled(pub: list[Any], options: dict[str, Any]) -> ItemResult:
    circuit, bindings = _circuits(pub[0]["__value__"])[0], _array(pub[1])
    shape = bindings.shape[:-1] if circuit.num_parameters else ()
    shots = (pub[2] if len(pub) > 2 else None) or options.get("default_shots") or DEFAULT_SHOTS
    registers = {creg.name: _zeros(creg.size, (*shape, shots)) for creg in circuit.cregs}
    return values.item(registers=registers, shape=shape, shots=shots)


def _estimated(pub: list[Any]) -> ItemResult:
    circuit, bindings = _circuits(pub[0]["__value__"])[0], _array(pub[2])
    shape = np.broadcast_shapes(bindings.shape[:-1] if circuit.num_parameters else (), _observables_shape(pub[1]))
    ones = Tensor(dtype="float64", shape=shape, data=np.ones(shape).astype("<f8").tobytes())
    names = ("evs", "stds", "ensemble_standard_error")
    return values.item(tensors=dict.fromkeys(names, ones), shape=shape, metadata={"target_precision": pub[3]})


def _executed(program: dict[str, Any]) -> list[ItemResult]:
    items = []
    for item, circuit in zip(program["items"], _circuits(program["circuits"]["b64_data"]), strict=True):
        implied = tuple(item.get("circuit_arguments", {"shape": [0]})["shape"][:-1])
        shape, shots = np.broadcast_shapes(tuple(item["shape"]), implied), program["shots"]
        registers = {creg.name: _zeros(creg.size, (*shape, shots)) for creg in circuit.cregs}
        flips = _flips(circuit, shape) if item["item_type"] == "samplex" else {}
        items.append(values.item(registers=registers, tensors=flips, shape=shape, shots=shots))
    return items


def _flips(circuit: Any, shape: tuple[int, ...]) -> dict[str, Tensor]:
    return {
        f"measurement_flips.{creg.name}": Tensor(
            dtype="bool", shape=(*shape, 1, creg.size), data=bytes(prod(shape) * creg.size)
        )
        for creg in circuit.cregs
    }


def _zeros(bits: int, shape: tuple[int, ...]) -> Register:
    width = (bits + 7) // 8
    return Register(bits=bits, samples=Tensor(dtype="uint8", shape=(*shape, width), data=bytes(prod(shape) * width)))


def _circuits(text: str) -> list[Any]:
    return qpy.load(io.BytesIO(zlib.decompress(b64decode(text))))


def _array(value: Any) -> Any:
    return np.load(io.BytesIO(zlib.decompress(b64decode(value["__value__"]))))


def _observables_shape(observables: Any) -> tuple[int, ...]:
    shape = []
    while isinstance(observables, list):
        shape.append(len(observables))
        observables = observables[0]
    return tuple(shape)
