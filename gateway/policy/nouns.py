"""The nouns of `qgw.facts/1`: what a policy can know about a job, and nothing else.

Every key is always present and `null` means unknown, so that a policy can tell "no" from "we could not
find out". Whole numbers only, below 2**53: both Rego engines and every JSON reader agree on those. The
docstrings become the descriptions of `policies/schemas/input.json`, which policy authors read.
"""

from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from gateway.domain.budget import Level, Period, Unit
from gateway.domain.decision import Step
from gateway.domain.leaks import Place

SCHEMA: Literal["qgw.facts/1"] = "qgw.facts/1"
LARGEST = 2**53 - 1
"""The largest whole number that a fact may be."""

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
Label: TypeAlias = Literal["public", "internal", "confidential", "restricted"]
Workload: TypeAlias = Literal["experimental", "production"]
Kind: TypeAlias = Literal["hardware", "simulator"]


class PrincipalNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who asks: a person or a service."""

    id: str
    name: str
    kind: Literal["person", "service"]
    disabled: bool


class ProjectNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the work is charged to; `backends` is an allow-list of glob patterns, null leaves it to the roles."""

    id: str
    name: str
    team: str
    classification_floor: Label
    workload_class: Workload
    simulator_consent: bool
    backends: tuple[str, ...] | None


class KeyNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The gateway key that was used; null consent or classification says nothing."""

    id: str
    label: str
    roles: tuple[str, ...]
    classification: Label | None
    simulator_consent: bool | None
    age_seconds: Count


class JobNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The submission as a whole; null counts mean that its circuits could not be measured."""

    dialect: str
    program: str
    classification: Label
    """The effective label: the higher of the declared and the remembered one."""
    declared_classification: Label
    """The highest of the project's floor, the key's, the job tag's, and what was found in the submission implies."""
    remembered_classification: Label | None
    """The highest that one of its circuits was ever given, `public` where there was none; null when nobody knows."""
    remembered_since: str | None
    """When that circuit was given it."""
    resembled_classification: Label | None
    """The same of circuits whose skeleton is alike: compiled anew, or others; `public` where there was none."""
    workload_class: Workload
    circuit_count: Count | None
    total_shots: Count | None
    max_shots: Count | None
    """The most shots any one circuit asks for."""
    estimated_milliseconds: Count | None
    tags: tuple[str, ...]
    session_id: str | None
    private: bool
    max_execution_seconds: Count | None
    body_bytes: Count
    payload_versions: tuple[str, ...] | None
    option_paths: tuple[str, ...]
    """Every submitted option as a dotted path, sorted."""
    simulator_consent: bool | None
    """From the tag `qgw:simulator=allow|deny`; null without one."""


class CircuitNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One circuit, measured; the words are those of `gateway.domain.circuit.CircuitFacts`."""

    digest: str
    qubits_used: Count | None
    qubits_declared: Count | None
    clbits: Count | None
    depth: Count | None
    size: Count | None
    gates: dict[str, Count | None]
    gates_by_arity: dict[str, Count | None]
    two_qubit_gates: Count | None
    multi_qubit_gates: Count | None
    measurements: Count | None
    measured_bits: Count | None
    mid_circuit_measurements: Count | None
    resets: Count | None
    control_flow: Count | None
    parameters: Count | None
    bindings: Count | None
    shots: Count | None
    observables: Count | None
    clifford: bool
    rotations: Count | None
    two_qubit_depth: Count | None
    samplex: bool
    largest_component: Count | None
    fingerprint: str | None
    """The same for a circuit under other names and angles, `qgw.fp/1`; null where it is too large to be known again."""
    skeleton: str | None
    """What is left of that after compiling; null also where it is too small to tell circuits apart."""


class BackendNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The backend that was asked for; all but `asked` is null when no upstream offers it."""

    asked: str
    step: Step
    """Whether this is the backend that was asked for, or other hardware considered in its place."""
    name: str | None
    known: bool
    upstream: str | None
    vendor: str | None
    region: str | None
    kind: Kind | None
    qubits: Count | None
    online: bool | None
    queue_length: Count | None
    max_shots: Count | None
    max_circuits: Count | None
    dynamic_circuits: bool | None


class CalibrationNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The newest calibration snapshot of that backend."""

    digest: str | None
    taken_at: str | None
    age_seconds: Count | None


class QuoteNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the job costs at most; null when it cannot be priced. Micros are millionths of the currency."""

    amount_micros: Count | None
    """What is held for it: the most it can cost."""
    estimate_micros: Count | None
    """What it will probably cost; null where nobody can say."""
    currency: str | None
    price_revision: str | None


class LimitNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One budget or quota that counts this job, in its window of now. Money is in micros of `currency`."""

    name: str
    level: Level
    unit: Unit
    period: Period
    upstream: str
    """What runs there is counted; empty is everywhere."""
    currency: str
    """Empty where the unit is not money."""
    allowed: Count | None
    """The limit with the raises in force."""
    soft: Count | None
    """From here on people are warned; null where nobody is."""
    held: Count | None
    settled: Count | None
    needed: Count | None
    """What this job takes of it at most; null where it has no price."""
    resets_at: str | None
    """Null where nothing resets it by itself."""


class BudgetNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left to spend: the project's tightest limit of money, null where it has none, and every limit."""

    limit_micros: Count | None
    held_micros: Count | None
    settled_micros: Count | None
    currency: str | None
    limits: tuple[LimitNoun, ...] | None
    """Every limit that counts this job, on any level; null when they could not be read."""


class UsageNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is under way already."""

    principal_jobs_unfinished: Count
    project_jobs_unfinished: Count


class SimulatorNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The simulator that could run the job, and whether it could; null where there is none or no measurement."""

    enabled: bool
    backend: str | None
    feasible: bool | None
    method: str | None
    cpu_milliseconds: Count | None
    memory_bytes: Count | None
    reason: str | None
    options_not_applied: tuple[str, ...] | None
    options_refused: tuple[str, ...] | None


class WireNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the request arrived; `sdk` is a claim of the client, not a proof."""

    readable: bool
    problem_code: str | None
    problem: str | None
    unknown_fields: tuple[str, ...]
    sdk: str


class ProvenanceNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the work comes from, by the schema `qgw.provenance/1`; what SDK and tags say is a claim, not a proof."""

    complete: bool
    """Whether no expected field is missing."""
    score: Count
    """Expected fields that are known, in whole percent."""
    known: tuple[str, ...]
    """Names of the expected fields that are known, or that have no meaning for this job."""
    missing: tuple[str, ...]
    """Names of the expected fields that nobody told; for people, since a rule that trusts it trusts an omission."""
    sdk: str | None
    compiler: str | None
    code: tuple[str, ...]
    """From the tags `qgw:code=…`."""
    datasets: tuple[str, ...]
    """From the tags `qgw:dataset=…`."""
    labels: tuple[str, ...]
    """From the tags `qgw:label=…`."""
    parents: tuple[str, ...]
    """From the tags `qgw:parent=…`."""


class WitnessNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The newest checkpoint that one witness cosigned."""

    name: str
    size: Count
    """How many entries it covers."""
    behind: Count
    """Entries that were signed since."""
    age_seconds: Count
    """How long ago the witness says it saw it."""


class LedgerNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far witnesses have seen the ledger; all null where nobody watches checkpoints."""

    required: Count | None
    """How many witnesses the settings demand for a checkpoint."""
    configured: Count | None
    signed_size: Count | None
    """Entries that the newest signed checkpoint covers."""
    witnessed_size: Count | None
    """Entries that the newest checkpoint with enough cosignatures covers."""
    behind: Count | None
    """Entries that were signed since."""
    refused: bool | None
    """Whether nothing is signed any more, because history was changed or rolled back."""
    witnesses: tuple[WitnessNoun, ...] | None
    """Every witness that ever cosigned, as far as is remembered, by name."""


class LeakNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule of `data.org.dlp` that found something in one kind of place; the text is never a fact."""

    rule: str
    place: Place
    circuit: Count | None
    """Number of the circuit, from 0; null where the place is none of a circuit's."""
    count: Count
    """How many different texts it found there."""


class DlpNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the texts of the submission were looked through for, and what was found; null where they were not."""

    rules: tuple[str, ...] | None
    """Every rule that was looked for."""
    findings: tuple[LeakNoun, ...] | None
    complete: bool | None
    """Whether all texts were looked through; false when there are more than anybody reads."""


class OverrideNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One override in force for this caller; it lifts a rule whose level is soft."""

    id: str
    rule: str
    until: str


class BreakGlassNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An emergency that two people declared; the rules that `data.org.enforcement.break_glass` names do not deny."""

    id: str
    until: str


class ApprovalNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a second person approved, where one did; all but `granted` is null where nobody has."""

    granted: bool
    by: str | None
    """The principal who approved it."""
    roles: tuple[str, ...] | None
    """Those of the approver, then."""
    backend: str | None
    """The backend it was to run on, then."""
    amount_micros: Count | None
    """The most it was to cost there; null where it had no price."""
    currency: str | None
    age_seconds: Count | None


class EnforcementNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What keeps rules from denying now, as far as it does not stand in `data.org.enforcement`."""

    cohort: Count | None
    """The part of all projects, 0 to 99, that this one belongs to: a rollout of 20 percent denies for 0 to 19."""
    overrides: tuple[OverrideNoun, ...] | None
    """In force for this principal or project."""
    stopped: tuple[str, ...] | None
    """Rules whose rollout was stopped because they denied too much."""
    break_glass: BreakGlassNoun | None
    """Null while no glass is broken."""
    strict: bool
    """Whether every rule denies whatever its level: so that self-tests hold for every table. Never true of a job."""


class TimeNoun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the decision is made; policies never ask a clock."""

    now: str
    unix_seconds: Count


class Facts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything a decision may depend on."""

    schema: Literal["qgw.facts/1"] = SCHEMA
    principal: PrincipalNoun
    project: ProjectNoun
    key: KeyNoun
    job: JobNoun
    circuits: tuple[CircuitNoun, ...] | None
    backend: BackendNoun
    calibration: CalibrationNoun
    quote: QuoteNoun
    budget: BudgetNoun
    usage: UsageNoun
    simulator: SimulatorNoun
    provenance: ProvenanceNoun
    ledger: LedgerNoun
    enforcement: EnforcementNoun
    approval: ApprovalNoun
    dlp: DlpNoun
    wire: WireNoun
    time: TimeNoun


def json_schema() -> dict[str, Any]:
    """Describe the facts as JSON Schema: what `policies/schemas/input.json` holds."""
    (reference,), definitions = msgspec.json.schema_components([Facts], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        **reference,
        "$defs": definitions,
    }
