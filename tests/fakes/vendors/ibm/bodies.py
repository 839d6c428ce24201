"""The bodies that IBM's API description allows, and nothing beside them: an unknown field is refused.

Field names, limits and words are those of the published description of the runtime API. Circuits, parameters and
observables are not looked into here; IBM reads them when the job runs, and so does the fake.
"""

import json
from typing import Annotated, Any, Literal, TypeVar

import pydantic
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from tests.fakes.vendors.ibm.refusals import bad_request

MOST_SECONDS = 10_800
"""What a job may cost at most; a higher `cost` is capped, not refused."""

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Positive = Annotated[int, Field(ge=1, le=2**31 - 1)]
Word = Annotated[str, Field(min_length=1, max_length=10_000)]
Tags = Annotated[list[Annotated[str, Field(max_length=86)]], Field(max_length=8)]
Strategy = Literal["active", "active-circuit", "active-accum", "all"]
Body = TypeVar("Body", bound="Strict")


class Strict(BaseModel):
    """An object of the API; types are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class DynamicalDecoupling(Strict):
    """Options of dynamical decoupling."""

    enable: bool | None = None
    sequence_type: Literal["XX", "XpXm", "XY4"] | None = None
    extra_slack_distribution: Literal["middle", "edges"] | None = None
    scheduling_method: Literal["alap", "asap"] | None = None
    skip_reset_qubits: bool | None = None


class Twirling(Strict):
    """Options of Pauli twirling."""

    enable_gates: bool | None = None
    enable_measure: bool | None = None
    num_randomizations: Positive | Literal["auto"] | None = None
    shots_per_randomization: Positive | Literal["auto"] | None = None
    strategy: Strategy | None = None


class Execution(Strict):
    """Options of execution."""

    init_qubits: bool | None = None
    rep_delay: float | None = None
    meas_type: Literal["classified", "kerneled", "avg_kerneled"] | None = None


class Simulator(Strict):
    """Options that only a simulator reads."""

    noise_model: dict[str, Any] | None = None
    seed_simulator: Count | None = None
    coupling_map: list[Any] | None = None
    basis_gates: list[str] | None = None


class SamplerOptions(Strict):
    """`params.options` of the program `sampler`."""

    default_shots: Count | None = None
    dynamical_decoupling: DynamicalDecoupling | None = None
    execution: Execution | None = None
    twirling: Twirling | None = None
    simulator: Simulator | None = None
    experimental: dict[str, Any] | None = None


class EstimatorOptions(Strict):
    """`params.options` of the program `estimator`; what mitigates errors has nothing to mitigate here."""

    seed_estimator: Count | None = None
    default_precision: Annotated[float, Field(gt=0)] | None = None
    default_shots: Count | None = None
    dynamical_decoupling: DynamicalDecoupling | None = None
    execution: Execution | None = None
    twirling: Twirling | None = None
    resilience: dict[str, Any] | None = None
    simulator: Simulator | None = None
    experimental: dict[str, Any] | None = None


class SamplerParams(Strict):
    """`params` of the program `sampler`."""

    pubs: Annotated[list[Any], Field(min_length=1)]
    options: SamplerOptions = SamplerOptions()
    shots: Count | None = None
    support_qiskit: bool = True
    version: Literal[2] = 2


class EstimatorParams(Strict):
    """`params` of the program `estimator`."""

    pubs: Annotated[list[Annotated[list[Any], Field(min_length=2)]], Field(min_length=1)]
    options: EstimatorOptions = EstimatorOptions()
    resilience_level: Annotated[int, Field(ge=0, le=2)] | None = None
    precision: Annotated[float, Field(gt=0)] | None = None
    support_qiskit: bool = True
    version: Literal[2] = 2


class ExecutorParams(Strict):
    """`params` of the program `executor`; the program itself is read when it runs."""

    schema_version: Literal["v2.0"]
    quantum_program: dict[str, Any]
    options: dict[str, Any]


PROGRAMS: dict[str, type[Strict]] = {
    "sampler": SamplerParams,
    "estimator": EstimatorParams,
    "executor": ExecutorParams,
}
"""What runs here; IBM's noise learner and calibration programs do not."""


class CreateJob(Strict):
    """POST /jobs."""

    program_id: Word
    backend: Word
    params: dict[str, Any]
    runtime: Word | None = None
    tags: Tags = []
    log_level: str | None = None
    cost: Annotated[int, Field(ge=0)] = MOST_SECONDS
    session_id: Annotated[str, Field(min_length=1, max_length=36)] | None = None
    calibration_id: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    private: bool = False

    @pydantic.field_validator("log_level")
    @classmethod
    def _known_level(cls, level: str | None) -> str | None:
        """The description has lower case; the SDK sends capitals, which the service takes."""
        if level is not None and level.lower() not in {"critical", "error", "warning", "info", "debug"}:
            raise ValueError("not a log level")
        return level


class ReplaceTags(Strict):
    """PUT /jobs/{id}/tags."""

    tags: Tags


class CreateSession(Strict):
    """POST /sessions."""

    mode: Literal["dedicated", "batch"]
    backend: Word
    instance: Word | None = None
    max_ttl: Positive | None = None


class UpdateSession(Strict):
    """PATCH /sessions/{id}."""

    accepting_jobs: bool


class SearchResources(Strict):
    """POST /v3/resources/search."""

    query: str
    fields: list[str] | None = None
    search_cursor: str | None = None


async def read(request: web.Request, model: type[Body]) -> Body:
    """Read a JSON body.

    Raises:
        RefusedError: not JSON, or not what the description allows.
    """
    if request.content_type != "application/json":
        raise bad_request("the content type must be application/json")
    try:
        given = json.loads(await request.read())
    except (ValueError, RecursionError) as error:
        raise bad_request("the body is not JSON") from error
    return check(given, model)


def check(given: Any, model: type[Body], place: str = "body") -> Body:
    """Check a value against a model; says which field is wrong, not what was in it."""
    try:
        return model.model_validate(given)
    except pydantic.ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join([place, *map(str, first["loc"])])
        raise bad_request(f"{where}: {first['msg']}") from error
