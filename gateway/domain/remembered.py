"""What is remembered of circuits seen before: the highest label each was ever given, whoever gave it.

A circuit is kept under a keyed digest of its form and of whom its label binds, so that what is stored tells neither
circuits nor whose they are. What was raised by memory alone is never remembered again: a label spreads to nothing that
only ran beside a circuit.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final, Protocol

from gateway.domain.classification import Classification, highest
from gateway.domain.principal import Project

_KEPT_MARKS: Final = 4096
"""A submission's circuits are named twice, and one circuit comes again and again."""


class Scope(StrEnum):
    """Whom a label binds that was given to a circuit."""

    PROJECT = "project"
    TEAM = "team"
    """Projects with the same team."""
    DEPLOYMENT = "deployment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What memory says of the circuits of one submission."""

    label: Classification = Classification.PUBLIC
    """The highest of any of them; public where nothing is remembered."""
    since: datetime | None = None
    """When the circuit of that label got it."""
    resembled: Classification = Classification.PUBLIC
    """The highest of circuits whose skeleton is the same; they may be others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """How sensitive a job is, and why."""

    declared: Classification
    """The highest label of project, key, tags and what was found in the submission."""
    remembered: Remembered | None = Remembered()
    """`None` where memory could not be asked, on which policy denies."""

    @property
    def effective(self) -> Classification:
        """By which the job is judged."""
        return highest([self.declared, self.remembered.label if self.remembered else None])


class Form(Protocol):
    """What a circuit is known again by."""

    @property
    def digest(self) -> str:
        """Of the circuit exactly as it was."""
        ...

    @property
    def fingerprint(self) -> str | None:
        """Of what it is under any names."""
        ...

    @property
    def skeleton(self) -> str | None:
        """Of what is left of it after compiling."""
        ...

    @property
    def two_qubit_gates(self) -> int:
        """How many it has."""
        ...

    @property
    def multi_qubit_gates(self) -> int:
        """How many on three qubits or more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The keyed digests of one circuit."""

    same: tuple[str, ...]
    """Of circuits that are this one, for everybody whose label counts."""
    alike: tuple[str, ...]
    """Of circuits that resemble it."""

    @property
    def all(self) -> tuple[str, ...]:
        """Under which its label is kept."""
        return (*self.same, *self.alike)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """How circuits are known again: by which key, for whom, and from which size on."""

    key: bytes = field(repr=False)
    scope: Scope
    recognisable_gates: int
    """Gates on several qubits from which on a circuit is known beyond its project: smaller ones are everybody's."""

    def marks(self, project: Project, circuit: Form) -> Marks:
        """Name a circuit for a project."""
        # What is too large to be recognised is at least known when it comes back as it was.
        form = circuit.fingerprint or f"digest {circuit.digest}"
        owners = self._owners(project, circuit)
        alike = [] if circuit.skeleton is None else [self._mark(owner, circuit.skeleton) for owner in owners]
        return Marks(same=tuple(self._mark(owner, form) for owner in owners), alike=tuple(alike))

    def _owners(self, project: Project, circuit: Form) -> Sequence[str]:
        own = f"project {project.id}"
        if self.scope is Scope.PROJECT or circuit.two_qubit_gates + circuit.multi_qubit_gates < self.recognisable_gates:
            return (own,)
        return own, f"team {project.team}" if self.scope is Scope.TEAM else "deployment"

    def _mark(self, owner: str, form: str) -> str:
        return _mark(self.key, owner, form)


@lru_cache(_KEPT_MARKS)
def _mark(key: bytes, owner: str, form: str) -> str:
    return hmac.digest(key, f"{form}\0{owner}".encode(), "sha256").hex()
