"""Permits that nobody may use: what their clients heard was that nothing was forwarded, and they will submit again.

A permit can become durable after its client was told no, because the database answered too late. And after a crash a
permit that was never used has a client whose connection broke. Such a permit is given up as soon as it is seen to
be durable; until then its client's own token stands for nothing, because nobody knows what it will stand for.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from gateway.audit.ledger import LEASE
from gateway.domain.clock import Clock
from gateway.domain.errors import UnavailableError
from gateway.domain.job import JobRecord
from gateway.domain.principal import Caller


class TokenUnsettledError(UnavailableError):
    """What became of the submission before, with the same token, is not known yet; nothing was forwarded."""

    code = "repeat-token-unsettled"

    def __init__(self) -> None:
        super().__init__(
            "an earlier submission with this idempotency token was not forwarded, and is just being closed; "
            "nothing was forwarded, send it again in a moment"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Void:
    """Jobs whose permits are void, by internal id."""

    clock: Clock
    jobs: dict[str, JobRecord] = field(default_factory=dict)

    def note(self, job: JobRecord) -> None:
        """Let nobody use a job's permit. Call it before its client can hear of it."""
        self.jobs[job.id] = job

    def closed(self, job_id: str) -> None:
        """Forget a job: its permit is given up."""
        self.jobs.pop(job_id, None)

    def __contains__(self, job_id: str) -> bool:
        """Say whether a job's permit is void."""
        return job_id in self.jobs

    def check(self, caller: Caller, token: str) -> None:
        """Look whether a client's own token is free.

        Raises:
            TokenUnsettledError: it belongs to a submission that is still to be closed.
        """
        owner = caller.project.id, caller.principal.id, token
        if any((job.project_id, job.principal_id, job.repeat_token) == owner for job in self.jobs.values()):
            raise TokenUnsettledError

    def forget_lapsed(self, left: Collection[str]) -> None:
        """Forget what never became durable, when its lease would have lapsed; what is left to be closed stays."""
        began = self.clock.now() - LEASE
        for job in [each for each in self.jobs.values() if each.created_at < began and each.id not in left]:
            del self.jobs[job.id]
