"""A tiny job as IonQ's clients submit it, for the gateway's self-test: a Bell pair."""

import json
from http import HTTPStatus
from typing import Any, Final

from gateway.ports.trial import Trial, shown

_BELL: Final = ({"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1})


def _body(backend: str, shots: int, circuit: Any = _BELL) -> bytes:
    program = {"gateset": "qis", "qubits": 2, "circuit": circuit}
    return json.dumps({"type": "ionq.circuit.v1", "backend": backend, "shots": shots, "input": program}).encode()


def _unreadable(backend: str) -> bytes:
    return _body(backend, 1, [{"gate": "this is no gate", "target": 0}])


TRIAL: Final = Trial(
    jobs="/ionq/v0.4/jobs",
    proof=shown("apiKey"),
    body=_body,
    unreadable=_unreadable,
    results=lambda job, _: f"{job}/results/probabilities",
    completed="completed",
    ended=frozenset({"completed", "failed", "canceled"}),
    taken=HTTPStatus.CREATED,
    far=10**9,
)
