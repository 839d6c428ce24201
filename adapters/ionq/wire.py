"""The JSON that IonQ's clients send, as strict models. Unknown fields are kept aside, not refused here.

API v0.4 as published in May 2026, and as sent by qiskit-ionq 1.1.1. What stands inside circuits belongs to the
reader; settings belong to whoever runs the job.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from gateway.ports.bodies import WireModel

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"
_TEXT = r"^[^\x00-\x1f\x7f]{0,256}$"

_IN_WORDS = {
    _NAME: "1 to 128 letters, digits, dots, colons, dashes or underscores",
    _TEXT: "at most 256 characters, none of them a control character",
}
"""What to tell people instead of a pattern."""

Name = Annotated[str, StringConstraints(pattern=_NAME)]
"""A backend, session, job or program id."""
Text = Annotated[str, StringConstraints(pattern=_TEXT)]
Qubits = Annotated[int, Field(ge=1, le=10**6)]


class Wire(WireModel):
    """A JSON object."""

    in_words = _IN_WORDS


class CircuitInput(Wire):
    """`input` of one circuit."""

    circuit: list[Any]
    gateset: Literal["qis", "native"]
    qubits: Qubits | None = None


class MultiCircuitInput(Wire):
    """`input` of several circuits."""

    circuits: Annotated[list[Any], Field(min_length=1)]
    gateset: Literal["qis", "native"]
    qubits: Qubits | None = None


class Qasm3Input(Wire):
    """`input` of an OpenQASM 3 program."""

    data: str
    qubits: Qubits | None = None


class Noise(Wire):
    """What a simulator should pretend to be."""

    model: Text = "ideal"
    seed: int | None = None


class SubmitBody(Wire):
    """POST /jobs."""

    type: Name
    backend: Name
    input: dict[str, Any]
    shots: Annotated[int, Field(ge=1, le=10**9)] | None = None
    name: Text | None = None
    session_id: Name | None = None
    metadata: dict[str, Any] | None = None
    """The client's own; shown again as it came."""
    settings: dict[str, Any] | None = None
    noise: Noise | None = None
    dry_run: bool | None = None


class JobsBody(Wire):
    """PUT /jobs/status/cancel and DELETE /jobs."""

    ids: Annotated[list[Name], Field(min_length=1, max_length=1000)]


class SessionLimits(Wire):
    """`settings` of a session; other limits are not kept here and so not known."""

    duration_limit_min: Annotated[int, Field(ge=1, le=10**6)] | None = None


class SessionBody(Wire):
    """POST /sessions."""

    backend: Name
    settings: SessionLimits | None = None
