"""A tiny job as IBM's clients submit it, for the gateway's self-test: a Bell pair, written in OpenQASM 3."""

import json
from typing import Final

from gateway.ports.trial import Trial, shown

_BELL: Final = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;'


def _body(backend: str, shots: int, circuit: str = _BELL) -> bytes:
    params = {"pubs": [[circuit, None, shots]], "options": {}, "version": 2, "support_qiskit": True}
    return json.dumps({"program_id": "sampler", "backend": backend, "params": params}).encode()


def _unreadable(backend: str) -> bytes:
    return _body(backend, 1, "OPENQASM 3.0; this is no circuit;")


TRIAL: Final = Trial(
    jobs="/ibm/api/v1/jobs",
    proof=shown("apikey"),
    body=_body,
    unreadable=_unreadable,
    results=lambda job, _: f"{job}/results",
    completed="completed",
    ended=frozenset({"completed", "failed", "cancelled"}),
)
