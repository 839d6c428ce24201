"""A cancel sticks: work that was just cancelled is not created again behind its owner's back.

Batch helpers of vendor SDKs submit again what did not succeed, and a cancelled job did not. Whoever means it waits
`STICKY`, or says so with a tag.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from gateway.domain.clock import rfc3339
from gateway.domain.errors import RefusedError
from gateway.domain.job import JobRecord
from gateway.domain.principal import Caller
from gateway.domain.submission import Submission

STICKY: Final = timedelta(minutes=2)
RERUN_TAG: Final = "qgw:rerun=yes"
_CAPACITY: Final = 10_000


class WorkCancelledError(RefusedError):
    """The same work was cancelled a moment ago."""

    code = "work-cancelled"

    def __init__(self, *, client_job_id: str, until: datetime) -> None:
        super().__init__(
            f"the same work was cancelled a moment ago as job {client_job_id}; to run it all the same, "
            f"submit it after {rfc3339(until)}, or with the tag {RERUN_TAG}"
        )


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What was cancelled lately, by principal and digest of the work."""

    recent: OrderedDict[tuple[str, str], tuple[str, datetime]] = field(default_factory=OrderedDict)

    def note(self, job: JobRecord, at: datetime) -> None:
        """Remember a cancel."""
        self.recent[job.principal_id, job.work_digest or job.payload_digest] = (job.client_job_id, at)
        if len(self.recent) > _CAPACITY:
            self.recent.popitem(last=False)

    def restore(self, cancelled: Iterable[tuple[JobRecord, datetime]]) -> None:
        """Remember what was cancelled before a restart, and when."""
        for job, at in cancelled:
            self.note(job, at)

    def check(self, caller: Caller, submission: Submission, now: datetime) -> None:
        """Refuse work that was cancelled a moment ago.

        Raises:
            WorkCancelledError: it was, and nothing says that it is meant to run again.
        """
        work = (caller.principal.id, submission.work_digest or submission.body_digest)
        client_job_id, at = self.recent.get(work, ("", now - STICKY))
        if now - at < STICKY and RERUN_TAG not in submission.tags:
            raise WorkCancelledError(client_job_id=client_job_id, until=at + STICKY)
