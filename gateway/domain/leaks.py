"""What the texts of a submission or a result must not hold: the rules, and where something was found.

A finding names its rule, a kind of place and how often; never the text, nor a part of it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from hashlib import sha256

from gateway.domain.classification import Classification


class Place(StrEnum):
    """Where in a submission a text stands; a closed list, because a path may itself be secret."""

    TAGS = "tags"
    NAME = "name"
    METADATA = "metadata"
    OPTIONS = "options"
    FIELDS = "fields"
    """Any other text of the body."""
    PROGRAM = "program"
    """Names and directives of an OpenQASM program."""
    COMMENTS = "comments"
    CIRCUIT_NAMES = "circuit-names"
    CIRCUIT_METADATA = "circuit-metadata"
    REGISTER_NAMES = "register-names"
    PARAMETER_NAMES = "parameter-names"
    VARIABLE_NAMES = "variable-names"
    GATE_NAMES = "gate-names"
    GATE_LABELS = "gate-labels"
    ANNOTATIONS = "annotations"


class Action(StrEnum):
    """What a finding in a submission leads to."""

    DENY = "deny"
    WARN = "warn"
    RAISE = "raise"
    """The job gets the rule's label, and its caller is told."""
    STRIP = "strip"
    """What can be taken out is taken out before the job goes."""


class ResultAction(StrEnum):
    """What a finding in a result leads to, from least to most."""

    PASS = "pass"  # noqa: S105  # an action
    """Nobody looks."""
    RECORD = "record"
    REDACT = "redact"
    WITHHOLD = "withhold"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakRule:
    """One thing that is looked for, in one or more ways."""

    id: str
    says: str
    """What it is, in words that fit before "was found in"."""
    action: Action
    severity: str
    results: ResultAction = ResultAction.RECORD
    label: Classification | None = None
    """The least label of a job that holds it."""
    words: tuple[str, ...] = ()
    """Looked for whole, whatever their case."""
    patterns: tuple[str, ...] = ()
    detectors: tuple[str, ...] = ()
    """Of the secret scanner, by name."""


@dataclass(frozen=True)
class LeakRules:
    """All rules of one revision."""

    rules: tuple[LeakRule, ...] = ()
    unread_results: ResultAction = ResultAction.RECORD
    """What becomes of results that nobody can look through: recorded, or withheld."""

    @cached_property
    def encoded(self) -> bytes:
        """Written once, for the processes that look."""
        return json.dumps([asdict(rule) for rule in self.rules], separators=(",", ":")).encode()

    @cached_property
    def digest(self) -> bytes:
        """Tell one set of rules from another."""
        return sha256(self.encoded).digest()

    @cached_property
    def of_results(self) -> "LeakRules":
        """Those that are looked for in results."""
        looked_for = tuple(rule for rule in self.rules if rule.results is not ResultAction.PASS)
        return LeakRules(looked_for, self.unread_results)

    def labels(self, leaks: Iterable["Leak"]) -> list[Classification]:
        """Give the labels that findings imply."""
        found = {leak.rule for leak in leaks}
        return [rule.label for rule in self.rules if rule.id in found and rule.label is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """One rule's findings in one kind of place."""

    rule: str
    place: Place
    circuit: int | None
    """Number of the circuit, where it is one's."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What was looked for in a submission, and found."""

    rules: tuple[str, ...] = ()
    leaks: tuple[Leak, ...] = ()
    complete: bool = True
    """Whether all its texts were looked at; there may be more than anybody reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLeak:
    """One rule's findings in one document of a result."""

    rule: str
    document: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """What was found in a result, and the documents of which something was taken out."""

    leaks: tuple[ResultLeak, ...] = ()
    redacted: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """By name; those that are as they were are not here."""
    unread: tuple[str, ...] = ()
    """Documents that hold more texts than anybody reads, or none that can be read."""
