"""A reader of the simplest payload there is: JSON with QPY inside. Worker processes of the tests load it."""

import base64
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from qiskit import QuantumCircuit, qpy

from gateway.ports.reader import Binding, Item, Program, ReadLimits, UnreadableError


def write(kind: str, items: Sequence[Mapping[str, Any]], options: Mapping[str, Any] | None = None) -> bytes:
    """Write a body; an item has `circuit` and what `_item` reads."""
    return json.dumps({"kind": kind, "items": [_plain(item) for item in items], "options": options or {}}).encode()


def circuit_item(circuit: QuantumCircuit, **more: Any) -> dict[str, Any]:
    """Describe an item that runs once."""
    return {"circuit": circuit, "shape": [], "values": [0.0] * 0, "shots": 1000, **more}


def item(plain: Mapping[str, Any]) -> Item:
    """Make an item without going through bytes."""
    shape, circuit = tuple(plain["shape"]), plain["circuit"]
    values = np.asarray(plain["values"], dtype=float).reshape(*shape, circuit.num_parameters)
    extras = {name: np.asarray(value) for name, value in plain.get("extras", {}).items()}
    observables = None
    if "observables" in plain:
        observables = np.empty(shape, dtype=object)
        for place, observable in zip(np.ndindex(shape), plain["observables"], strict=True):
            observables[place] = observable
    return Item(
        circuit=circuit,
        shape=shape,
        bind=lambda _seed: Binding(values=values, extras=extras),
        shots=plain["shots"],
        precision=plain.get("precision"),
        observables=observables,
    )


class PlainReader:
    name = "plain"

    def samples(self) -> Sequence[bytes]:
        return [write("sampler", [circuit_item(QuantumCircuit(1, 1))])]

    def read(self, body: bytes, _limits: ReadLimits) -> Program:
        if body == b"unreadable":
            raise UnreadableError("malformed", "the payload is malformed")
        plain = json.loads(body)
        return Program(
            kind=plain["kind"],
            items=tuple(item({**one, "circuit": _circuit(one["qpy"])}) for one in plain["items"]),
            options=plain["options"],
            payload_versions=("plain",),
        )


def _plain(one: Mapping[str, Any]) -> dict[str, Any]:
    stream = io.BytesIO()
    qpy.dump(one["circuit"], stream)
    rest = {name: value for name, value in one.items() if name != "circuit"}
    return {**rest, "qpy": base64.b64encode(stream.getvalue()).decode()}


def _circuit(text: str) -> QuantumCircuit:
    return qpy.load(io.BytesIO(base64.b64decode(text)))[0]
