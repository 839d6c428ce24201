"""The JSON that IBM's SDK sends, as strict models. Unknown fields are kept aside, not refused here.

API version 2026-04-15 as sent by qiskit-ibm-runtime 0.49 to 0.51. What is inside circuits, pubs and
arguments belongs to the reader; options belong to whoever runs the job.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from gateway.ports.bodies import WireModel

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"
_TAG = r"^[^\x00-\x1f\x7f]{1,128}$"
_TEXT = r"^[^\x00-\x1f\x7f]{0,256}$"
_VERSION = r"^v\d{1,3}\.\d{1,3}$"

_IN_WORDS = {
    _NAME: "1 to 128 letters, digits, dots, colons, dashes or underscores",
    _TAG: "1 to 128 characters, none of them a control character",
    _TEXT: "at most 256 characters, none of them a control character",
    _VERSION: "a version such as v2.0",
}
"""What to tell people instead of a pattern."""

Name = Annotated[str, StringConstraints(pattern=_NAME)]
"""A backend, session, program or calibration id."""
Tag = Annotated[str, StringConstraints(pattern=_TAG)]
Text = Annotated[str, StringConstraints(pattern=_TEXT)]


class Wire(WireModel):
    """A JSON object."""

    in_words = _IN_WORDS


class SubmitBody(Wire):
    """POST /jobs."""

    program_id: Name
    backend: Name
    params: dict[str, Any]
    runtime: Text | None = None
    log_level: Text | None = None
    tags: Annotated[list[Tag], Field(max_length=64, default_factory=list)]
    cost: Annotated[int, Field(ge=1, le=10**9)] | None = None
    """Most seconds the job may run: `max_execution_time` of the SDK."""
    session_id: Name | None = None
    private: bool = False
    calibration_id: Name | None = None
    start_session: Literal[False] | None = None
    """Sessions are opened with POST /sessions; the older way is refused, not ignored."""
    session_time: int | None = None


class SamplerParams(Wire):
    """`params` of the program `sampler`, version 2 of the primitives."""

    pubs: Annotated[list[Any], Field(min_length=1)]
    version: Literal[2]
    options: dict[str, Any] | None = None
    support_qiskit: bool = True


class EstimatorParams(SamplerParams):
    """`params` of the program `estimator`."""

    resilience_level: int | None = None


class CircuitsModel(Wire):
    """All circuits of a quantum program, as QPY or as OpenQASM 3."""

    b64_data: Any = None
    qpy_version: Any = None
    num_programs: Any = None
    data: Any = None


class ProgramItem(Wire):
    """One item of a quantum program: a circuit, or a circuit with a samplex that draws its parameters."""

    item_type: Literal["circuit", "samplex"]
    circuit_arguments: Any = None
    samplex: Any = None
    samplex_arguments: Any = None
    shape: Annotated[list[Any], Field(default_factory=list)]
    chunk_size: Any = "auto"


class QuantumProgram(Wire):
    """What the program `executor` runs."""

    shots: Annotated[int, Field(ge=1)]
    circuits: CircuitsModel
    items: Annotated[list[ProgramItem], Field(min_length=1)]
    semantic_role: Text | None = None
    meas_level: Text = "classified"
    passthrough_data: Any = None
    """The client's own; it comes back with the results."""


class ExecutorParams(Wire):
    """`params` of the program `executor`."""

    schema_version: Annotated[str, StringConstraints(pattern=_VERSION)]
    quantum_program: QuantumProgram
    options: dict[str, Any] | None = None


class OpenSessionBody(Wire):
    """POST /sessions."""

    backend: Name
    mode: Literal["dedicated", "batch"] = "dedicated"
    instance: Text | None = None
    """The caller's CRN; the key alone says which project it is."""
    max_ttl: Annotated[int, Field(ge=1, le=10**9)] | None = None


class CloseSessionBody(Wire):
    """PATCH /sessions/{id}."""

    accepting_jobs: Literal[False]
    """A closed session stays closed."""


class TagsBody(Wire):
    """PUT /jobs/{id}/tags."""

    tags: Annotated[list[Tag], Field(max_length=64)]


class SearchBody(Wire):
    """POST /v3/resources/search; there is one answer, whatever is asked."""

    query: str | None = None
    fields_: Any = Field(default=None, alias="fields")
    search_cursor: str | None = None
