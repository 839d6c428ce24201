"""The right to forward one attempt of one job once. Only `audit.ledger` makes one, from a committed entry."""

from dataclasses import dataclass

from gateway.domain.decision import Placement
from gateway.domain.ids import JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """No permit, no upstream."""

    job_id: JobId
    attempt: int
    placement: Placement
    seq: int
    """The ledger entry it rests on."""
    event_id: str
