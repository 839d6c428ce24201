"""POST /jobs: from the received body to the canonical submission. The body itself stays as it came."""

import base64
import binascii
import re
from collections.abc import Mapping
from hashlib import sha256
from itertools import islice
from typing import Any

from adapters.ionq import names, options
from adapters.ionq.settings import IonqSettings
from adapters.ionq.wire import CircuitInput, MultiCircuitInput, Qasm3Input, SubmitBody, Wire
from gateway.domain.malformed import InvalidValueError, UnknownProgramError
from gateway.domain.submission import Submission
from gateway.ports import bodies
from gateway.ports.dialect import WireRequest
from gateway.ports.operations import Submit

PROGRAM = "sampler"
"""Every type below counts outcomes of measured qubits, and is known under this name to policy and upstreams."""
INPUTS: Mapping[str, type[CircuitInput | MultiCircuitInput | Qasm3Input]] = {
    "ionq.circuit.v1": CircuitInput,
    "ionq.multi-circuit.v1": MultiCircuitInput,
    "ionq.qasm3.v1": Qasm3Input,
}
DEFAULT_SHOTS = 100
LARGEST_METADATA = 40_000
"""Characters of keys and values, as IonQ documents."""

_CLIENT = re.compile(r"\b(qiskit-ionq|qiskit)/([0-9][0-9A-Za-z.]{0,20})")
_TAG = "qgw:"
_HEADER = "qiskit_header"
_GZIP_TIME = slice(4, 8)


def submit(request: WireRequest, settings: IonqSettings) -> Submit:
    """Read a submission.

    Raises:
        RefusedError: no strict JSON, an unknown type of job, or a field that cannot be.
    """
    body = bodies.parse(SubmitBody, request.body)
    if body.type not in INPUTS:
        raise UnknownProgramError(supported=INPUTS)
    given: CircuitInput | MultiCircuitInput | Qasm3Input = bodies.check(INPUTS[body.type], body.input, under="/input")
    metadata = _metadata(body.metadata or {})
    unknown = (*bodies.unknown(body), *bodies.unknown(given, "/input"))
    return Submit(
        submission=Submission(
            dialect="ionq",
            program=PROGRAM,
            backend=names.ours(body.backend, simulator=settings.simulator_backend),
            body=request.body,
            body_digest=sha256(request.body).hexdigest(),
            options=options.of(body.model_dump(include={"settings", "noise", "dry_run"})),
            tags=tuple(f"{key}={value}" for key, value in metadata.items() if key.startswith(_TAG)),
            session_id=body.session_id,
            private=False,
            max_execution_seconds=None,
            calibration_id=None,
            unknown_fields=tuple(islice(unknown, bodies.MOST_POINTERS)),
            sdk=_sdk(request.headers.get("user-agent", "")),
            compiler=_compiler(request.headers.get("user-agent", "")),
            echo=_echo(body, given),
            repeat_token=request.idempotency_key,
            mitigated=_mitigated(body.settings),
            work_digest=_work_digest(request.body, metadata),
        )
    )


def _mitigated(settings: Any) -> bool | None:
    asked = settings.get("error_mitigation") if isinstance(settings, dict) else None
    debiasing = asked.get("debiasing") if isinstance(asked, dict) else None
    # IonQ turns debiasing on by itself for larger jobs, so only a word of the client's says that it is off.
    return debiasing if isinstance(debiasing, bool) else None


def _metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    if any(isinstance(value, dict | list) for value in metadata.values()):
        raise InvalidValueError(place="/metadata", allowed="text, numbers, true, false or null under each key")
    if sum(len(key) + len(str(value)) for key, value in metadata.items()) > LARGEST_METADATA:
        raise InvalidValueError(place="/metadata", allowed=f"at most {LARGEST_METADATA} characters in all")
    return metadata


def _echo(body: SubmitBody, given: Wire) -> dict[str, Any]:
    """Keep what GET /jobs/{id} shows again; circuits, and the words of people, stay in the sealed body."""
    shown = body.model_dump(exclude={"input", "session_id", "shots", "metadata", "name"}, exclude_none=True)
    known = {name: shown[name] for name in type(body).model_fields if name in shown}
    shape = {name: value for name in ("qubits", "gateset") if (value := getattr(given, name, None)) is not None}
    return {**known, **shape, "shots": body.shots or DEFAULT_SHOTS}


def _sdk(client: str) -> str:
    return " ".join(f"{name} {version}" for name, version in _CLIENT.findall(client))


def _compiler(client: str) -> str:
    """Name Qiskit, whose transpiler compiles before this SDK sends; IonQ compiles once more to its own gates."""
    version = dict(_CLIENT.findall(client)).get("qiskit")
    return f"qiskit {version}" if version else ""


def _work_digest(body: bytes, metadata: Mapping[str, Any]) -> str:
    """Digest the body without the moment that the SDK's own header holds.

    The SDK compresses this header anew for each attempt, and gzip writes the time into it: a retry after a
    second would look like another job. Empty where there is no such header.
    """
    header = metadata.get(_HEADER)
    if not isinstance(header, str) or not header.isascii():
        return ""
    try:
        packed = bytearray(base64.b64decode(header, validate=True))
    except (binascii.Error, ValueError):
        return ""
    packed[_GZIP_TIME] = bytes(4)
    return sha256(body.replace(header.encode(), base64.b64encode(packed))).hexdigest()
