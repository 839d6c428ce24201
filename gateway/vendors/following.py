"""A forwarded job while its end is awaited: what is known of it, and when it is looked at again."""

from dataclasses import dataclass, field
from typing import Final

from gateway.domain.job import JobStatus
from gateway.ports.upstream import Progress
from gateway.ports.vendor import VendorJob
from gateway.vendors.settings import VendorPace

_GROWTH: Final = 1.5
_LONGEST_HINT: Final = 300.0
"""A vendor may ask for patience, but not for days: a job would seem to run for ever."""


@dataclass(slots=True, kw_only=True)
class Wish:
    """That a job be stopped: repeated until it ended, or until the vendor says no for good."""

    due: float
    asked: int = 0
    refused: bool = False


@dataclass(slots=True, kw_only=True)
class Followed:
    """One attempt at a vendor."""

    job_id: str
    attempt: int
    account_id: str
    vendor_job_id: str
    body: bytes = field(repr=False)
    """What was sent; results are read with it."""
    interval: float
    due: float
    visited: bool = False
    """Whether somebody looks at it just now."""
    told: str = ""
    """The last status that the house was told."""
    shown: VendorJob | None = None
    completed: VendorJob | None = None
    """Set once the vendor said so; from then on only its results are asked for."""
    late: bool = False
    """Whether the house was told that results are late."""
    outcome: Progress | None = None
    """What still has to be told, when everything else is done."""
    missing_since: float | None = None
    failures: int = 0
    """In a row."""
    wish: Wish | None = None

    def pause(self, shown: VendorJob, pace: VendorPace, *, changed: bool) -> float:
        """Choose when to look again: soon after a change, then slower; never sooner than the vendor asks for."""
        if changed:
            self.interval = pace.first_poll_seconds
        else:
            running = shown.status == JobStatus.RUNNING
            slowest = pace.running_poll_seconds if running else pace.longest_poll_seconds
            self.interval = min(self.interval * _GROWTH, slowest)
        return max(self.interval, min(shown.poll_after_seconds or 0.0, _LONGEST_HINT))

    def pause_after_failure(self, pace: VendorPace) -> float:
        """Choose when to try again: each failure doubles the pause."""
        self.failures += 1
        return min(pace.longest_poll_seconds, pace.first_poll_seconds * 2.0 ** min(self.failures, 16))
