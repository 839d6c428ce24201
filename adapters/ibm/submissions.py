"""POST /jobs: from the received body to the canonical submission. The body itself stays as it came."""

import re
from collections.abc import Mapping
from hashlib import sha256
from itertools import islice
from typing import Any

from adapters.ibm import labels
from adapters.ibm.wire import EstimatorParams, ExecutorParams, SamplerParams, SubmitBody
from gateway.domain.malformed import UnknownProgramError
from gateway.domain.submission import Submission
from gateway.ports import bodies
from gateway.ports.dialect import WireRequest
from gateway.ports.operations import Submit

PROGRAMS: Mapping[str, type[SamplerParams | ExecutorParams]] = {
    "sampler": SamplerParams,
    "estimator": EstimatorParams,
    "executor": ExecutorParams,
}

_ABOUT = "x-qx-client-application"
_CLIENT = re.compile(r"\b(qiskit_ibm_runtime|qiskit)-([0-9][0-9A-Za-z.]{0,20})")
_ECHO = ("cost", "runtime", "log_level", "calibration_id")


def submit(request: WireRequest) -> Submit:
    """Read a submission.

    Raises:
        RefusedError: no strict JSON, an unknown program, or a field that cannot be.
    """
    body = bodies.parse(SubmitBody, request.body)
    if body.program_id not in PROGRAMS:
        raise UnknownProgramError(supported=PROGRAMS)
    params = bodies.check(PROGRAMS[body.program_id], body.params, under="/params")
    unknown = (*bodies.unknown(body), *bodies.unknown(params, "/params"))
    return Submit(
        submission=Submission(
            dialect="ibm",
            program=body.program_id,
            backend=body.backend,
            body=request.body,
            body_digest=sha256(request.body).hexdigest(),
            options=_options(params),
            tags=labels.own(body.tags),
            session_id=body.session_id,
            private=body.private,
            max_execution_seconds=body.cost,
            calibration_id=body.calibration_id,
            unknown_fields=tuple(islice(unknown, bodies.MOST_POINTERS)),
            sdk=_sdk(request.headers.get(_ABOUT, "")),
            compiler=_compiler(request.headers.get(_ABOUT, "")),
            echo={name: value for name in _ECHO if (value := getattr(body, name)) is not None},
            repeat_token=request.idempotency_key,
        )
    )


def _options(params: SamplerParams | ExecutorParams) -> dict[str, Any]:
    """Gather options from where they stand; two of them stand beside `options`."""
    options = dict(params.options or {})
    if isinstance(params, EstimatorParams) and params.resilience_level is not None:
        options["resilience_level"] = params.resilience_level
    if isinstance(params, ExecutorParams):
        options["meas_level"] = params.quantum_program.meas_level
    return options


def _sdk(client: str) -> str:
    named = dict(_CLIENT.findall(client))
    return " ".join(f"{name.replace('_', '-')} {named[name]}" for name in sorted(named, reverse=True))


def _compiler(client: str) -> str:
    """Name Qiskit, whose transpiler compiles before this SDK sends."""
    version = dict(_CLIENT.findall(client)).get("qiskit")
    return f"qiskit {version}" if version else ""
