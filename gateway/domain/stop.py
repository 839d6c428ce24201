"""The wish that a job be stopped: said once, and kept until the job has ended, wherever it is."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

CANCELLED: Final = "cancelled by the user"


class Source(StrEnum):
    """Who wants it."""

    CALLER = "caller"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One wish. The first one counts."""

    job_id: str
    source: Source
    reason: str
    """What the job will say it was stopped for, if nobody ever ran it."""
    at: datetime
