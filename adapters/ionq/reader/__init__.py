"""Decodes IonQ job bodies inside a worker process: one circuit, several, or an OpenQASM 3 program.

IonQ's circuits hold no measurement: every qubit is measured at the end, qubit i into bit i of one register.
Problem codes of `UnreadableError`, a closed list: `malformed`, `too-large`, `program`, `gate`, `openqasm`, `shots`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from adapters.ionq import options
from adapters.ionq.reader import circuits, qasm, samples
from adapters.ionq.reader.strict import expect, loads, whole_number
from gateway.ports.reader import Binding, Item, Program, ReadLimits, UnreadableError

__all__ = ["IonqReader"]

DEFAULT_SHOTS = 100
_NO_PARAMETERS = Binding(values=np.empty(0))


class IonqReader:
    """Reads what `POST /jobs` receives. Nothing is transpiled, decomposed or run."""

    name = "ionq"

    def samples(self) -> Sequence[bytes]:
        """Give bodies that touch every part of the reader."""
        return samples.samples()

    def read(self, body: bytes, limits: ReadLimits) -> Program:
        """Decode a received body.

        Raises:
            UnreadableError: malformed, of an unknown type, or over a limit.
        """
        document = expect(loads(body), dict, "the body")
        kind = expect(document.get("type"), str, "type")
        if kind not in _TYPES:
            raise UnreadableError("program", f"type is not known; supported are {', '.join(_TYPES)}")
        found = _TYPES[kind](expect(document.get("input"), dict, "input"), limits)
        shots = _shots(document)
        return Program(
            kind="sampler",
            items=tuple(_item(circuit, shots) for circuit in found),
            options=options.of(document),
            payload_versions=("openqasm-3",) if kind == "ionq.qasm3.v1" else (kind,),
        )


_TYPES: Mapping[str, Callable[[Mapping[str, Any], ReadLimits], list[QuantumCircuit]]] = {
    "ionq.circuit.v1": lambda given, _: [circuits.single(given)],
    "ionq.multi-circuit.v1": circuits.several,
    "ionq.qasm3.v1": lambda given, limits: [qasm.program(given, limits)],
}


def _shots(document: Mapping[str, Any]) -> int:
    given = document.get("shots")
    return DEFAULT_SHOTS if given is None else whole_number(given, "shots", code="shots", least=1)


def _item(circuit: QuantumCircuit, shots: int) -> Item:
    return Item(
        circuit=circuit, shape=(), bind=lambda _seed: _NO_PARAMETERS, shots=shots, precision=None, observables=None
    )
