"""Golden facts: one small story per file, and what is decided about it.

Each is decided by the tables that ship, and by an organisation that has filled them (`tests.policy.houses`). Run
`python -m tests.policy.golden` to write them anew after a change of facts or policies, and read
the difference: a changed decision is a changed promise.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from gateway.domain.approval import ApprovalRequest
from gateway.domain.backend import Backend, BackendStatus, Calibration
from gateway.domain.budget import Charge, Level, Period, Standing, Unit, Window
from gateway.domain.circuit import CircuitFacts, ProgramFacts
from gateway.domain.classification import Classification
from gateway.domain.decision import Decision, Step
from gateway.domain.leaks import Leak, Place, Scan
from gateway.domain.leniency import BreakGlass, Leniency, Override
from gateway.domain.money import Quote
from gateway.domain.principal import Caller, WorkloadClass
from gateway.domain.provenance import json_schema as provenance_schema
from gateway.domain.remembered import Labels, Remembered
from gateway.domain.submission import Submission
from gateway.domain.witnessing import Witnessing
from gateway.policy.bulk import BulkEngine
from gateway.policy.bundle import Bundle, default_root, load
from gateway.policy.facts import BudgetFacts, Known, SimulatorFacts, canonical, collect, json_schema
from tests.policy import houses
from tests.policy.cast import (
    CIRCUIT,
    DIGEST,
    EMULATED,
    HARDWARE,
    KEY,
    NOW,
    PRINCIPAL,
    PROJECT,
    SUBMISSION,
    approval,
    infeasible,
    leak,
    simulator,
    standing,
    witnessed,
)

FOLDER = Path(__file__).parents[1] / "golden" / "facts"
DECISIONS = FOLDER.with_name("facts_decisions.json")
FILLED = FOLDER.with_name("facts_filled_decisions.json")

LEAK_RULES = tuple(rule.id for rule in load(default_root()).leak_rules.rules)
NOBODY = Leniency(cohort=42)
"""Nothing keeps a rule from denying."""
PUBLIC = Classification.PUBLIC
SEEN = NOW - timedelta(days=30)
SPENT = (standing(Unit.MONEY, allowed=100_000_000, held=1_600_000, taken=97_000_000),)
SHOTS_GONE = (standing(Unit.SHOTS, allowed=10_000, taken=9_500),)
AT_WORK = (standing(Unit.JOBS, allowed=2, taken=0, held=2, window=Window(period=Period.OPEN)),)


@dataclass(frozen=True, kw_only=True)
class Story:
    """Everything that is known about one submission, ready to be told with one thing changed."""

    caller: Caller = field(default_factory=lambda: Caller(principal=PRINCIPAL, project=PROJECT, key=KEY))
    submission: Submission = SUBMISSION
    classification: Classification = Classification.INTERNAL
    remembered: Remembered | None = field(default_factory=Remembered)
    circuits: tuple[CircuitFacts, ...] | None = (CIRCUIT,)
    leaks: tuple[Leak, ...] = ()
    problem: tuple[str, str] | None = None
    backend: Backend | None = EMULATED
    step: Step = Step.REQUESTED
    status: BackendStatus | None = field(default_factory=lambda: BackendStatus(online=True, queue_length=0, message=""))
    calibrated: timedelta | None = timedelta(hours=2)
    price_micros: int | None = 0
    standings: tuple[Standing, ...] | None = ()
    simulator: SimulatorFacts | None = field(default_factory=simulator)
    witnessed: Witnessing | None = field(default_factory=lambda: witnessed(1, 2))
    lenient: Leniency | None = NOBODY
    approval: ApprovalRequest | None = None

    def caller_with(self, **changes: Any) -> "Story":
        """Change the principal, the project or the key."""
        return replace(self, caller=replace(self.caller, **changes))

    def submitting(self, **changes: Any) -> "Story":
        """Change the submission."""
        return replace(self, submission=replace(self.submission, **changes))

    def running(self, **changes: Any) -> "Story":
        """Change the circuit."""
        return replace(self, circuits=(replace(CIRCUIT, **changes),))

    def facts(self) -> bytes:
        """Tell it."""
        return canonical(
            collect(
                Known(
                    caller=self.caller,
                    submission=self.submission,
                    labels=Labels(declared=self.classification, remembered=self.remembered),
                    measured=self._measured(),
                    problem=self.problem,
                    backend=self.backend,
                    step=self.step,
                    status=self.status,
                    calibration=self._calibration(),
                    quote=self._quote(),
                    budget=self._budget(),
                    simulator=self.simulator,
                    unfinished=(1, 4),
                    witnessed=self.witnessed,
                    now=NOW,
                    lenient=self.lenient,
                    approval=self.approval,
                )
            )
        )

    def _measured(self) -> ProgramFacts | None:
        if self.circuits is None:
            return None
        return ProgramFacts(
            circuits=self.circuits,
            total_shots=sum(each.shots * each.bindings for each in self.circuits),
            estimated_seconds=0.2512,
            digest=DIGEST,
            payload_versions=("qpy-17",),
            scan=Scan(rules=LEAK_RULES, leaks=self.leaks),
        )

    def _calibration(self) -> Calibration | None:
        if self.calibrated is None:
            return None
        return Calibration(
            backend="x", digest=DIGEST, taken_at=NOW - self.calibrated, qubits=(), gates=(), provenance={}
        )

    def _quote(self) -> Quote | None:
        if self.price_micros is None:
            return None
        return Quote(
            amount_micros=self.price_micros,
            currency="EUR",
            price_revision=DIGEST,
            basis="",
            estimate_micros=self.price_micros // 4,
        )

    def _budget(self) -> BudgetFacts | None:
        if self.standings is None:
            return None
        charge = Charge(
            micros=self.price_micros or 0, currency="EUR", jobs=1, circuits=1, shots=1000, qpu_milliseconds=252
        )
        return BudgetFacts(standings=self.standings, charge=charge, priced=self.price_micros is not None)


def remembering(story: Story, label: Classification = PUBLIC, *, resembled: Classification = PUBLIC) -> Story:
    """Let a circuit have been labelled a month ago, or one that it resembles."""
    since = None if label is PUBLIC else SEEN
    return replace(story, remembered=Remembered(label=label, since=since, resembled=resembled))


EMULATION = Story()
ON_HARDWARE = replace(
    EMULATION.submitting(backend="ibm_lund"),
    backend=HARDWARE,
    price_micros=1_600_000,
    status=BackendStatus(online=True, queue_length=3, message=""),
)
ABSENT = replace(
    EMULATION.submitting(backend="ibm_oslo"), backend=None, status=None, calibrated=None, price_micros=None
)
PRODUCTION = replace(PROJECT, workload_class=WorkloadClass.PRODUCTION)
TOLD = ("qgw:code=git:4be1c7f", "qgw:dataset=doi:10.5281/zenodo.7", "qgw:dataset.2=s3://lab/run-7", "qgw:label=vqe")
IN_PRODUCTION = EMULATION.caller_with(project=PRODUCTION).submitting(tags=TOLD)
TOO_DEEP = EMULATION.running(depth=20_001)
GLASS = BreakGlass(
    id="01930a3c-7f3a-7000-8000-000000000001",
    reason="the calibration run of the evening",
    seconds=3600,
    requested_by="p-7f3a",
    requested_at=NOW - timedelta(minutes=5),
    lapses_at=NOW + timedelta(minutes=55),
    confirmed_by="p-20c1",
    until=NOW + timedelta(minutes=59),
)
OVERRIDE = Override(
    id="01930a3c-7f3a-7000-8000-000000000002",
    rule="circuits/depth",
    project_id=PROJECT.id,
    principal_id=None,
    reason="a benchmark of the whole machine",
    by="p-20c1",
    at=NOW - timedelta(hours=1),
    until=NOW + timedelta(hours=1),
)

STORIES: Mapping[str, Story] = {
    "allow-emulated-device": EMULATION,
    "allow-hardware": ON_HARDWARE,
    "allow-approved": replace(ON_HARDWARE, approval=approval("p-44ab")),
    "allow-estimator-with-parameters": EMULATION.submitting(program="estimator").running(
        parameters=2, bindings=8, observables=3, clifford=False, rotations=4
    ),
    "allow-strange-gate-names": EMULATION.running(gates={"cx": 1, "été": 2, "back\\slash": 1, "😀": 1}),
    "allow-warn-options-not-applied": replace(
        EMULATION, simulator=simulator(options_not_applied=("dynamical_decoupling.enable",))
    ),
    "allow-warn-unknown-fields": EMULATION.submitting(unknown_fields=("/params/extra",)),
    "allow-too-deep-while-the-glass-is-broken": replace(TOO_DEEP, lenient=Leniency(cohort=42, glass=GLASS)),
    "allow-warn-the-glass-is-broken": replace(EMULATION, lenient=Leniency(cohort=42, glass=GLASS)),
    "allow-warn-an-address-in-tags": replace(EMULATION, leaks=(leak("email-address", Place.TAGS),)),
    "allow-warn-an-address-in-a-comment": replace(EMULATION, leaks=(leak("email-address", Place.COMMENTS, circuit=0),)),
    "allow-warn-marked-in-a-circuit": replace(
        EMULATION,
        classification=Classification.CONFIDENTIAL,
        leaks=(leak("marked-confidential", Place.CIRCUIT_METADATA, circuit=0),),
    ),
    "allow-within-budget": replace(
        ON_HARDWARE, standings=(standing(Unit.MONEY, allowed=100_000_000, held=1_600_000, taken=96_800_000),)
    ),
    "allow-warn-past-a-soft-limit": replace(
        ON_HARDWARE,
        standings=(standing(Unit.MONEY, allowed=100_000_000, taken=80_000_000, soft_amount=80_000_000),),
    ),
    "allow-free-simulator-of-a-spent-project": replace(EMULATION, standings=SPENT),
    "allow-production": IN_PRODUCTION,
    "allow-production-by-tags-alone": IN_PRODUCTION.submitting(
        tags=("qgw:code=none", "qgw:dataset=none", "qgw:sdk=curl 8.5", "qgw:compiler=by hand"), sdk="", compiler=""
    ),
    "allow-production-without-witnesses": replace(IN_PRODUCTION, witnessed=witnessed(required=0)),
    "fallback-over-budget": replace(ON_HARDWARE.submitting(tags=("qgw:simulator=allow",)), standings=SPENT),
    "fallback-absent-backend": ABSENT.submitting(tags=("qgw:simulator=allow",)),
    "fallback-offline-by-project": replace(
        ON_HARDWARE.caller_with(project=replace(PROJECT, simulator_consent=True)),
        status=BackendStatus(online=False, queue_length=0, message="maintenance"),
    ),
    "fallback-restricted-stays-here": replace(
        ABSENT.submitting(tags=("qgw:simulator=allow", "qgw:classification=restricted")),
        classification=Classification.RESTRICTED,
    ),
    "fallback-stale-and-unpriced": replace(
        ON_HARDWARE.caller_with(project=PRODUCTION, key=replace(KEY, simulator_consent=True)).submitting(tags=TOLD),
        calibrated=timedelta(days=3),
        price_micros=None,
    ),
    "deny-principal-disabled": EMULATION.caller_with(principal=replace(PRINCIPAL, disabled=True)),
    "deny-key-too-old": EMULATION.caller_with(key=replace(KEY, created_at=NOW - timedelta(days=401))),
    "deny-role-may-not-submit": EMULATION.caller_with(key=replace(KEY, roles=("auditor",))),
    "deny-backend-not-listed": ON_HARDWARE.caller_with(project=replace(PROJECT, backends=("sim_*",))),
    "deny-absent-backend": ABSENT,
    "deny-elsewhere-is-no-step": replace(ON_HARDWARE.submitting(backend="ibm_oslo"), step=Step.VENDOR),
    "deny-absent-backend-and-no-simulator": replace(ABSENT, simulator=None),
    "deny-offline-simulator": replace(EMULATION, status=BackendStatus(online=False, queue_length=0, message="")),
    "deny-stale-calibration": replace(
        ON_HARDWARE.caller_with(project=PRODUCTION).submitting(tags=TOLD), calibrated=timedelta(days=3)
    ),
    "deny-production-of-unknown-origin": EMULATION.caller_with(project=PRODUCTION),
    "deny-production-with-one-tag-of-two": IN_PRODUCTION.submitting(tags=TOLD[:1]),
    "deny-production-nobody-witnessed": replace(IN_PRODUCTION, witnessed=witnessed(1)),
    "deny-production-witnessed-too-long-ago": replace(IN_PRODUCTION, witnessed=witnessed(1, 61)),
    "deny-restricted-on-a-broken-ledger": replace(
        EMULATION, classification=Classification.RESTRICTED, witnessed=witnessed(1, 2, refused="it was rolled back")
    ),
    "deny-restricted-while-witnesses-are-unknown": replace(
        EMULATION, classification=Classification.RESTRICTED, witnessed=None
    ),
    "deny-tag-without-a-text": EMULATION.submitting(tags=("qgw:code=",)),
    "deny-unpriced-hardware": replace(ON_HARDWARE, price_micros=None),
    "deny-too-large-for-the-backend": EMULATION.running(qubits_declared=6, qubits_used=6),
    "deny-consent-contradicts-backend": EMULATION.submitting(tags=("qgw:simulator=deny",)),
    "deny-too-many-qubits": ON_HARDWARE.running(qubits_used=140, qubits_declared=156),
    "deny-too-deep": TOO_DEEP,
    "deny-too-deep-with-an-override-of-a-hard-rule": replace(
        TOO_DEEP, lenient=Leniency(cohort=42, overrides=(OVERRIDE,), stopped=("circuits/depth",))
    ),
    "deny-too-deep-where-leniency-is-unknown": replace(TOO_DEEP, lenient=None),
    "deny-disabled-while-the-glass-is-broken": replace(
        EMULATION.caller_with(principal=replace(PRINCIPAL, disabled=True)), lenient=Leniency(cohort=42, glass=GLASS)
    ),
    "deny-a-key-in-tags-and-a-comment": replace(
        EMULATION, leaks=(leak("cloud-key", Place.TAGS), leak("cloud-key", Place.COMMENTS, circuit=0))
    ),
    "deny-what-nobody-can-answer": replace(EMULATION, leaks=(leak("no-such-rule", Place.NAME),)),
    "deny-too-many-two-qubit-gates": EMULATION.running(two_qubit_gates=100_001),
    "deny-no-shots": EMULATION.running(shots=0),
    "deny-a-billion-shots": EMULATION.running(shots=10**9),
    "deny-shots-beyond-json": EMULATION.running(shots=2**60),
    "deny-no-circuits": replace(EMULATION, circuits=()),
    "deny-program-not-open": EMULATION.submitting(program="noise-learner"),
    "deny-restricted-on-hardware": replace(ON_HARDWARE, classification=Classification.RESTRICTED),
    "allow-warn-labelled-before": remembering(EMULATION, Classification.CONFIDENTIAL),
    "allow-warn-resembling": remembering(EMULATION, resembled=Classification.RESTRICTED),
    "deny-labelled-before-on-hardware": remembering(ON_HARDWARE, Classification.RESTRICTED),
    "deny-labels-unreadable": replace(EMULATION, remembered=None),
    "deny-misspelt-tag": EMULATION.submitting(tags=("qgw:classification=secret",)),
    "deny-infeasible": replace(
        EMULATION, simulator=simulator(feasibility=infeasible("60 active qubits need 16 EiB; at most 28 do"))
    ),
    "deny-option-refused": replace(EMULATION, simulator=simulator(options_refused=("execution.meas_type",))),
    "deny-unreadable": replace(
        EMULATION,
        circuits=None,
        price_micros=None,
        problem=("qpy-version", "QPY version 12 is not supported; 13 to 18 are"),
        simulator=simulator(feasibility=None),
    ),
    "deny-over-budget": replace(ON_HARDWARE, standings=SPENT),
    "deny-over-the-organisations-budget": replace(
        ON_HARDWARE, standings=(standing(Unit.MONEY, allowed=1_000_000, taken=0, level=Level.ORGANISATION, target=""),)
    ),
    "deny-simulator-over-budget": replace(EMULATION, price_micros=2_000_000, standings=SPENT),
    "deny-one-of-two-budgets": replace(
        ON_HARDWARE, standings=(standing(Unit.MONEY, allowed=2**40, taken=0, name="catalysis-year"), *SPENT)
    ),
    "deny-budget-in-another-currency": replace(
        ON_HARDWARE, standings=(standing(Unit.MONEY, allowed=2**40, taken=0, currency="USD"),)
    ),
    "deny-too-many-shots-today": replace(EMULATION, standings=SHOTS_GONE),
    "deny-too-many-jobs-at-once": replace(EMULATION, standings=AT_WORK),
    "deny-approved-by-its-submitter": replace(ON_HARDWARE, approval=approval(PRINCIPAL.id)),
    "deny-budgets-unreadable": replace(EMULATION, standings=None),
    "deny-billed-more-than-held": replace(
        ON_HARDWARE, standings=(standing(Unit.MONEY, allowed=10_000_000, taken=10_000_001),)
    ),
    "deny-unknown-fields-in-production": IN_PRODUCTION.submitting(unknown_fields=("/params/extra",)),
}


def all_facts() -> Mapping[str, bytes]:
    """Read the committed files, canonically."""
    return {file.stem: canonical_json(json.loads(file.read_text("utf-8"))) for file in sorted(FOLDER.glob("*.json"))}


def canonical_json(value: Any) -> bytes:
    """Write any JSON as facts are written."""
    return msgspec.json.encode(value, order="sorted")


def pretty(facts: bytes) -> str:
    """Write facts for people."""
    return json.dumps(json.loads(facts), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def outline(decision: Decision) -> dict[str, Any]:
    """Keep of a decision what is promised: rules, not words."""
    return {
        "allow": decision.allow,
        "deny": sorted({finding.rule for finding in decision.deny}),
        "warn": sorted({finding.rule for finding in decision.warn}),
        "placement": None if decision.placement is None else decision.placement.kind.value,
        "obligations": [f"{each.kind} {json.dumps(each.parameters, sort_keys=True)}" for each in decision.obligations],
    }


async def outlines(bundle: Bundle) -> dict[str, Any]:
    """Decide every story."""
    told = {name: story.facts() for name, story in sorted(STORIES.items())}
    async with BulkEngine(bundle) as engine:
        decided = await engine.decide(list(told.values()))
    return {name: outline(decision) for name, decision in zip(told, decided, strict=True)}


def main() -> None:
    """Write every file, and the schema that policy authors read."""
    schema = default_root() / "schemas" / "input.json"
    schema.write_text(json.dumps(json_schema(), indent=2, sort_keys=True) + "\n", "utf-8")
    provenance = schema.with_name("provenance.json")
    provenance.write_text(json.dumps(provenance_schema(), indent=2, sort_keys=True) + "\n", "utf-8")
    bundle = load(default_root())
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for name, story in STORIES.items():
        (FOLDER / f"{name}.json").write_text(pretty(story.facts()), "utf-8")
    for file, house in ((DECISIONS, bundle), (FILLED, houses.filled(bundle))):
        file.write_text(json.dumps(asyncio.run(outlines(house)), indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
