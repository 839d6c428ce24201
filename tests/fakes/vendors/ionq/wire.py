"""What IonQ takes: the bodies of its v0.4 API, written by hand after its OpenAPI description of May 2026.

Unknown keys, wrong types and nulls are refused, as the description has it. Where the unmodified Qiskit SDK sends more
than the description knows, the SDK wins, for it works with the real vendor: `ionq.qasm3.v1`, the three fields of
`pauliexp`, a null noise seed. Limits on metadata and names come from the vendor's prose.
"""

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator, model_validator

METADATA_KEYS: Final = 10
METADATA_NAME: Final = 40
METADATA_VALUE: Final = 40_000
DEBIASED_SHOTS: Final = 500
"""Fewer shots cannot be debiased; this many and more are, on hardware, unless asked not to be."""

Int32 = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9 _-]*$")]
NoiseModel = Literal["ideal", "harmony", "harmony-1", "harmony-2", "aria-1", "aria-2", "forte-1", "forte-enterprise-1"]
_QIS = Literal[
    "x", "y", "z", "rx", "ry", "rz", "h", "s", "si", "v", "vi", "t", "ti", "not", "cnot",
    "swap", "xx", "yy", "zz", "pauliexp",
]  # fmt: skip


class Wire(BaseModel):
    """A JSON object of the vendor's."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
    nullable: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _no_nulls(cls, given: Any) -> Any:
        if isinstance(given, dict):
            for key, value in given.items():
                if value is None and key not in cls.nullable:
                    raise ValueError(f'"{key}" must not be null')
        return given


class Gate(Wire):
    """What gates of both sets have in common; qubits may be given alone or as a list."""

    target: Int32 | None = None
    targets: list[Int32] | None = None
    control: Int32 | None = None
    controls: list[Int32] | None = None
    rotation: float | None = None

    @property
    def on(self) -> tuple[int, ...]:
        """The qubits it acts on, in order."""
        return tuple(self.targets or ()) + (() if self.target is None else (self.target,))

    @property
    def under(self) -> tuple[int, ...]:
        """The qubits that control it."""
        return tuple(self.controls or ()) + (() if self.control is None else (self.control,))


class QisGate(Gate):
    """A gate of the abstract set; rotations in radians."""

    gate: _QIS
    terms: list[Annotated[str, Field(pattern="^[IXYZ]+$")]] | None = None
    coefficients: list[float] | None = None
    time: float | None = None


class NativeGate(Gate):
    """A gate of the hardware; phases and angles in turns."""

    gate: Literal["zz", "ms", "gpi", "gpi2", "nop"]
    phase: float | None = None
    phases: list[float] | None = None
    angle: float | None = None


class QisInput(Wire):
    """A circuit of abstract gates."""

    gateset: Literal["qis"]
    circuit: list[QisGate]
    qubits: Annotated[Int32, Field(ge=1)] | None = None


class NativeInput(Wire):
    """A circuit of native gates."""

    gateset: Literal["native"]
    circuit: list[NativeGate]
    qubits: Annotated[Int32, Field(ge=1)] | None = None


class _Entry(Wire):
    name: str | None = None
    registers: dict[str, list[float | None]] | None = None


class QisEntry(QisInput, _Entry):
    """One of many circuits."""


class NativeEntry(NativeInput, _Entry):
    """One of many circuits."""


CircuitInput = QisInput | NativeInput
Entry = Annotated[QisEntry | NativeEntry, Field(discriminator="gateset")]


class MultiInput(Wire):
    """Many circuits; each inherits the set of gates and the number of qubits unless it has its own."""

    model_config = ConfigDict(extra="ignore")
    gateset: Literal["qis", "native"]
    circuits: Annotated[list[Entry], Field(min_length=1)]
    qubits: Annotated[Int32, Field(ge=1)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _inherit(cls, given: Any) -> Any:
        if not isinstance(given, dict) or not isinstance(given.get("circuits"), list):
            return given
        left = {key: given[key] for key in ("gateset", "qubits") if key in given}
        return given | {"circuits": [left | one if isinstance(one, dict) else one for one in given["circuits"]]}


class QasmInput(Wire):
    """A program in OpenQASM 3."""

    data: str
    qubits: Annotated[Int32, Field(ge=1)] | None = None


class Noise(Wire):
    """The noise a simulation is to have."""

    nullable = frozenset({"seed"})
    model: NoiseModel
    seed: Int32 | None = None


class _Open(Wire):
    """The vendor takes settings that its description does not name."""

    model_config = ConfigDict(extra="allow")


class ErrorMitigation(_Open):
    """How errors are to be mitigated."""

    debiasing: bool | None = None


class Compilation(_Open):
    """How a circuit is to be compiled."""

    opt: float | None = None
    precision: str | None = None


class Settings(_Open):
    """How a job is to be compiled and run."""

    error_mitigation: ErrorMitigation | None = None
    compilation: Compilation | None = None


class Submission(Wire):
    """What every job says about itself."""

    backend: str
    name: Name | None = None
    metadata: dict[str, str] | None = None
    shots: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    session_id: str | None = None
    settings: Settings | None = None
    dry_run: bool = False
    noise: Noise | None = None

    @field_validator("metadata")
    @classmethod
    def _small(cls, metadata: dict[str, str] | None) -> dict[str, str] | None:
        if metadata is not None:
            if len(metadata) > METADATA_KEYS:
                raise ValueError(f"must have at most {METADATA_KEYS} keys")
            if any(len(key) > METADATA_NAME or len(value) > METADATA_VALUE for key, value in metadata.items()):
                raise ValueError(f"keys have at most {METADATA_NAME} characters, values at most {METADATA_VALUE}")
        return metadata

    @model_validator(mode="after")
    def _enough_to_debias(self) -> "Submission":
        if self.debiasing and self.shots < DEBIASED_SHOTS:
            raise ValueError(f"to turn on debiasing, you must request at least {DEBIASED_SHOTS} shots")
        return self

    @property
    def debiasing(self) -> bool | None:
        """Whether debiasing was asked for, or asked not to be; None leaves it to the vendor."""
        mitigation = self.settings.error_mitigation if self.settings else None
        return mitigation.debiasing if mitigation else None


class CircuitSubmission(Submission):
    """One circuit."""

    type: Literal["ionq.circuit.v1"]
    input: Annotated[CircuitInput, Field(discriminator="gateset")]


class MultiSubmission(Submission):
    """Many circuits, which become child jobs."""

    type: Literal["ionq.multi-circuit.v1"]
    input: MultiInput

    def child(self, place: int) -> CircuitSubmission:
        """Give one circuit as a job of its own; metadata stay with the parent."""
        one = self.input.circuits[place]
        made = self.model_copy(update={"metadata": None, "name": one.name})
        return CircuitSubmission.model_construct(**dict(made) | {"type": "ionq.circuit.v1", "input": one})


class QasmSubmission(Submission):
    """One OpenQASM 3 program."""

    type: Literal["ionq.qasm3.v1"]
    input: QasmInput


class SolverSubmission(_Open):
    """A job for one of the solvers, which this vendor does not offer to everybody."""

    type: Literal["quantum-function", "quantum-function.v1", "qctrl.qaoa.v1"]


AnySubmission = CircuitSubmission | MultiSubmission | QasmSubmission
_SUBMISSION: Final[TypeAdapter[AnySubmission | SolverSubmission]] = TypeAdapter(
    Annotated[AnySubmission | SolverSubmission, Field(discriminator="type")]
)


def submission(body: bytes) -> AnySubmission | SolverSubmission:
    """Read the body of POST /jobs; raises pydantic's `ValidationError`."""
    return _SUBMISSION.validate_json(body)


class Ids(Wire):
    """The body of the bulk operations."""

    ids: list[str]


class CostLimit(Wire):
    """What a session may cost."""

    unit: str
    value: float


class SessionSettings(Wire):
    """The limits of a session."""

    job_count_limit: Int32 | None = None
    duration_limit_min: Int32 | None = None
    cost_limit: CostLimit | None = None


class SessionOrder(Wire):
    """The body of POST /sessions."""

    backend: str
    settings: SessionSettings = SessionSettings()
