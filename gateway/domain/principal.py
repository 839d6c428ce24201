"""Who asks: principals, the projects they work in, and the keys that prove it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.domain.classification import Classification
from gateway.domain.ids import KeyId, PrincipalId, ProjectId


class PrincipalKind(StrEnum):
    """A human being, or a program that acts in its own name."""

    PERSON = "person"
    SERVICE = "service"


class WorkloadClass(StrEnum):
    """How much a project's results matter; policy is stricter for production."""

    EXPERIMENTAL = "experimental"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A person or a service, known by a name that is unique in the deployment."""

    id: PrincipalId
    name: str
    kind: PrincipalKind
    created_at: datetime
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What work is charged to and judged under; also the tenant of its payloads."""

    id: ProjectId
    name: str
    team: str
    classification_floor: Classification
    workload_class: WorkloadClass
    simulator_consent: bool
    """Whether a job meant for hardware may be answered by a simulator instead."""
    backends: tuple[str, ...] | None
    """Allow-list of backend names (glob patterns); `None` leaves it to the roles."""
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A gateway API key without its secret."""

    id: KeyId
    principal_id: PrincipalId
    project_id: ProjectId
    label: str
    roles: tuple[str, ...]
    classification: Classification | None
    simulator_consent: bool | None
    created_at: datetime
    not_before: datetime
    expires_at: datetime
    revoked_at: datetime | None
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, after authentication: what every operation is done for."""

    principal: Principal
    project: Project
    key: Key
    dialect: str | None = None
    """In whose words: a vendor's client sees what it can understand; `None` sees all."""

    def understands(self, dialect: str | None) -> bool:
        """Say whether something in a vendor's words is for this caller; `None` is in nobody's."""
        return self.dialect is None or dialect is None or dialect == self.dialect
