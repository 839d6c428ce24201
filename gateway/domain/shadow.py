"""A revision of the policies that decides beside the live one, and whose decisions nobody obeys."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """One of them."""

    id: str
    policy_revision: str
    data_revision: str
    reason: str
    at: datetime
    stopped_at: datetime | None = None

    @property
    def revision(self) -> str:
        """Both digests, as a bundle names itself."""
        return f"{self.policy_revision}.{self.data_revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One decision that it made otherwise."""

    decision_id: str
    kind: str
    rules: tuple[str, ...]
    """That only one of the two denies by."""
