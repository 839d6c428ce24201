"""The kill switch: an operator's word that stops a project, a vendor, or everything, until it is lifted."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What a halt stops."""

    ALL = "all"
    PROJECT = "project"
    VENDOR = "vendor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """One halt. Jobs under way are cancelled when it begins, and nothing new is taken while it lasts."""

    id: str
    scope: Scope
    target: str
    """A project's id, or an upstream's name; empty for everything."""
    reason: str
    at: datetime
    lifted_at: datetime | None

    def stops(self, *, project_id: str, upstream: str | None) -> bool:
        """Say whether it stands in the way of a project's job, at an upstream where that is known."""
        if self.lifted_at is not None:
            return False
        match self.scope:
            case Scope.ALL:
                return True
            case Scope.PROJECT:
                return self.target == project_id
            case Scope.VENDOR:
                return self.target == upstream
