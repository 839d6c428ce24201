"""What policy decided, and where the job may go because of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

from gateway.domain.backend import ExecutionKind


class Step(StrEnum):
    """One step of the order in which policy wants places to be tried."""

    REQUESTED = "requested"
    ALTERNATIVE = "alternative"
    """Other hardware of the same vendor."""
    VENDOR = "vendor"
    """Another vendor's hardware."""
    SIMULATOR = "simulator"


class PlacementKind(StrEnum):
    """What policy asks for: where the caller asked, or a simulator instead."""

    REQUESTED = "requested"
    SIMULATOR = "simulator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One denial or warning: a rule's stable id and the rule's own words."""

    rule: str
    """`<area>/<rule>`, never reused."""
    message: str
    remedy: str
    """What the caller can do about it; may be empty."""

    def __str__(self) -> str:
        """Say it on a line."""
        return f"{self.rule}: {self.message}{f' ({self.remedy})' if self.remedy else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """Something the gateway must do if it lets the job go; an unknown kind denies."""

    kind: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPlacement:
    """Where policy wants the job; `routing` turns it into a concrete `Placement`."""

    kind: PlacementKind
    reason: str
    """Why it is not where the caller asked; empty when it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer of the policy decision point. `allow` is true only with an empty `deny`."""

    id: str
    """UUIDv7."""
    allow: bool
    deny: tuple[Finding, ...]
    warn: tuple[Finding, ...]
    placement: PolicyPlacement | None
    obligations: tuple[Obligation, ...]
    engine: str
    """Engine and version, such as `regorus 0.13.0` or `opa 1.21.3`."""
    policy_revision: str
    data_revision: str
    """SHA-256 of the policy files and of the policy data, as the engine itself reported them."""
    facts_digest: str
    """SHA-256 of the canonical facts."""
    facts: bytes
    """The canonical facts themselves, to be sealed beside the entry."""
    milliseconds: float

    @property
    def outcome_digest(self) -> str:
        """SHA-256 of what was decided, every word of it: who decides it again gets the same."""
        said = [[[each.rule, each.message, each.remedy] for each in found] for found in (self.deny, self.warn)]
        place = None if self.placement is None else [self.placement.kind.value, self.placement.reason]
        obliged = [[each.kind, each.parameters] for each in self.obligations]
        outcome = json.dumps([self.allow, said, place, obliged], sort_keys=True, separators=(",", ":"))
        return sha256(outcome.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where exactly one attempt of one job is allowed to go."""

    upstream: str
    backend: str
    kind: ExecutionKind
    fallback: bool
    """True when this is not what the caller asked for."""
    reason: str
    """Why it fell back, in words the caller's SDK shows; empty otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A place that policy did not allow, and by which rules."""

    backend: str
    rules: tuple[str, ...]
