"""Where a result comes from: the fields of `qgw.provenance/1`, and who told each of them.

Every field says who told it: the gateway measured or decided it, the vendor reported it, the client's SDK declared it,
or its user tagged it. Declared and tagged fields are claims; nobody checked them. A job is complete when every expected
field that can be known before it runs is known; what has no meaning for it counts as known. Digests are SHA-256.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

SCHEMA: Final = "qgw.provenance/1"
KIND: Final = "provenance"
"""Of the sealed object that holds a job's document, under the job's id."""
TAG: Final = re.compile(
    r"qgw:(circuit|code|compiler|dataset|label|parent|sdk|seed)(?:\.[a-z0-9]{1,16})?=([!-~](?:[ -~]*[!-~])?)"
)
"""A job tag that says where work comes from; a suffix tells several of a kind apart, where tags are a map."""

Value: TypeAlias = str | int | tuple[str, ...] | Mapping[str, str]


class Origin(StrEnum):
    """Who told a field, the most trustworthy first."""

    MEASURED = "measured"
    """The gateway, from the received bytes or its own records."""
    DECIDED = "decided"
    """The gateway's policy and routing."""
    REPORTED = "reported"
    """The vendor."""
    DECLARED = "declared"
    """The client's SDK, in the request."""
    TAGGED = "tagged"
    """The user, by a job tag."""
    INAPPLICABLE = "inapplicable"
    """Nobody: the field has no meaning for this job."""


class Phase(StrEnum):
    """When a field can be known at the earliest."""

    SUBMISSION = "submission"
    DECISION = "decision"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the schema."""

    name: str
    docs: str
    source: str
    """Where it is read."""
    origins: tuple[Origin, ...]
    """Who may tell it."""
    phase: Phase = Phase.SUBMISSION
    expected: bool = False
    """Whether a job that lacks it is incomplete."""
    placed: bool = False
    """Whether it depends on where the job goes, so that other rules than provenance's speak of its lack."""


@dataclass(frozen=True, slots=True)
class Told:
    """A value and who told it."""

    value: Value | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is known of where one job comes from, by field name."""

    told: Mapping[str, Told]

    @property
    def known(self) -> tuple[str, ...]:
        """List the expected fields that are known or have no meaning here, in the schema's order."""
        return tuple(name for name in EXPECTED if name in self.told)

    @property
    def missing(self) -> tuple[str, ...]:
        """List the expected fields that nobody told."""
        return tuple(name for name in EXPECTED if name not in self.told)

    @property
    def complete(self) -> bool:
        """Whether nothing expected is missing."""
        return not self.missing

    @property
    def score(self) -> int:
        """Give the share of expected fields that are known, in whole percent, rounded down."""
        return len(self.known) * 100 // len(EXPECTED)

    def text(self, name: str) -> str | None:
        """Give a field that is a text; `None` where nobody told it."""
        value = self.told[name].value if name in self.told else None
        return value if isinstance(value, str) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """Give a field that is a list; empty where nobody told it."""
        value = self.told[name].value if name in self.told else None
        return value if isinstance(value, tuple) else ()

    def document(self, **about: str) -> dict[str, Any]:
        """Write it in its own schema; every field of the schema is there, null where nobody told it."""
        return {
            "schema": SCHEMA,
            **about,
            "complete": self.complete,
            "score": self.score,
            "missing": list(self.missing),
            "fields": {each.name: _written(self.told.get(each.name)) for each in FIELDS},
        }


def _field(name: str, source: str, docs: str, *origins: Origin, **more: Any) -> Field:
    return Field(name=name, docs=docs, source=source, origins=origins, **more)


_M, _D, _R, _SDK, _USER = Origin.MEASURED, Origin.DECIDED, Origin.REPORTED, Origin.DECLARED, Origin.TAGGED
_NOT: Final = Origin.INAPPLICABLE
_E: Final = {"expected": True}
_PLACED: Final = {"expected": True, "placed": True}
_AT_DECISION: Final = {"phase": Phase.DECISION}
_AT_END: Final = {"phase": Phase.OUTCOME}

FIELDS: Final[tuple[Field, ...]] = (
    _field("circuit.digest", "payload", "Over the canonical circuits in order.", _M, **_E),
    _field("circuit.count", "payload", "How many circuits.", _M, **_E),
    _field("circuit.encodings", "payload", "Encodings seen, such as qpy-17 or openqasm-3.", _M, **_E),
    _field("circuit.version", "job tag qgw:circuit", "The user's own name or version of it.", _USER),
    _field(
        "parameters.count", "payload", "Free parameters of all circuits; their values stand in the payload.", _M, **_E
    ),
    _field("parameters.bindings", "payload", "Parameter sets that are run, all circuits together.", _M, **_E),
    _field("payload.digest", "payload", "Of the received body, which is sealed.", _M, **_E),
    _field("options.digest", "payload", "Of the submitted options as canonical JSON.", _M, **_E),
    _field("shots", "payload", "Repetitions of all circuits with all their parameter sets.", _M, **_E),
    _field("seeds", "options, job tag qgw:seed", "Every seed that was asked for, by its place.", _SDK, _USER),
    _field("backend.asked", "payload", "The backend that the client named.", _SDK, **_E),
    _field("backend.name", "routing", "The backend that was judged, and that the job may go to.", _D, **_PLACED),
    _field("backend.kind", "routing", "hardware or simulator.", _D, **_PLACED),
    _field("backend.upstream", "routing", "Who runs it.", _D, **_PLACED),
    _field("calibration.submitted", "calibration snapshots", "The snapshot it was judged by.", _R, _M, _NOT, **_PLACED),
    _field("software.sdk", "request header, job tag qgw:sdk", "The client and its version.", _SDK, _USER, **_E),
    _field("software.compiler", "request header, job tag qgw:compiler", "What compiled it.", _SDK, _USER, **_E),
    _field("data.classification", "project, key and job tags", "The effective label.", _D, **_E),
    _field(
        "data.datasets",
        "job tag qgw:dataset",
        "References to the data it is made from; none is an answer.",
        _USER,
        **_E,
    ),
    _field("data.labels", "job tag qgw:label", "The user's own labels.", _USER),
    _field("code.revision", "job tag qgw:code", "Revision of the code that made it.", _USER, **_E),
    _field("jobs.parents", "job tag qgw:parent", "Jobs whose results it rests on.", _USER),
    _field("cost.quoted_micros", "price book", "The most it can cost, in millionths.", _M, **_PLACED),
    _field("cost.currency", "price book", "Of every cost here.", _M),
    _field("cost.price_revision", "price book", "Digest of the prices.", _M),
    _field("software.gateway", "package", "The gateway's own version.", _M, **_AT_DECISION),
    _field("policy.decision", "decision", "Id of the decision that let it go.", _D, **_AT_DECISION),
    _field("policy.revision", "decision", "Digest of the rules.", _D, **_AT_DECISION),
    _field("policy.data_revision", "decision", "Digest of the rules' tables.", _D, **_AT_DECISION),
    _field("policy.facts_digest", "decision", "Of the facts it was decided on, which are sealed.", _D, **_AT_DECISION),
    _field("calibration.executed", "outcome", "The snapshot that was valid when it ran.", _R, _M, **_AT_END),
    _field("software.executor", "outcome", "What computed the result, where that is known.", _M, _R, **_AT_END),
    _field("seeds.used", "outcome", "The seed of a simulation.", _M, **_AT_END),
    _field("result.digest", "outcome", "Of the sealed result.", _M, **_AT_END),
    _field("cost.settled_micros", "books", "What was charged, in millionths.", _M, **_AT_END),
)
"""The schema, in the order in which it is written."""

EXPECTED: Final = tuple(each.name for each in FIELDS if each.expected)
OF_THE_WORK: Final = tuple(each.name for each in FIELDS if each.expected and not each.placed)
"""Expected wherever the job goes: what policy may demand."""


def _written(told: Told | None) -> dict[str, Any]:
    if told is None:
        return {"value": None, "origin": None}
    value = list(told.value) if isinstance(told.value, tuple) else told.value
    return {"value": value, "origin": told.origin.value}


def json_schema() -> dict[str, Any]:
    """Describe the document as JSON Schema: what `policies/schemas/provenance.json` holds."""
    names = [each.name for each in FIELDS]
    head = {"schema": {"const": SCHEMA}, "job": {"type": "string"}, "submitted_at": {"type": "string"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        "type": "object",
        "additionalProperties": False,
        "required": ["schema", "complete", "score", "missing", "fields"],
        "properties": {
            **head,
            "complete": {"type": "boolean", "description": "Whether no expected field is missing."},
            "score": {
                "type": "integer",
                "minimum": 0,
                "maximum": 100,
                "description": "Expected fields known, in percent.",
            },
            "missing": {"type": "array", "items": {"enum": list(EXPECTED)}},
            "fields": {
                "type": "object",
                "additionalProperties": False,
                "required": names,
                "properties": {each.name: _described(each) for each in FIELDS},
            },
        },
    }


def _described(field: Field) -> dict[str, Any]:
    expected = "expected" if field.expected else "optional"
    return {
        "description": f"{field.docs} From: {field.source}. Known at: {field.phase.value}; {expected}.",
        "type": "object",
        "additionalProperties": False,
        "required": ["value", "origin"],
        "properties": {
            "value": {"type": ["string", "integer", "array", "object", "null"]},
            "origin": {"enum": [*(origin.value for origin in field.origins), None]},
        },
    }
