"""The kill switch at work: halts refuse what is new, and stop what is under way."""

from dataclasses import dataclass, field

from gateway.domain.errors import RefusedError
from gateway.domain.halt import Halt
from gateway.domain.job import JobRecord
from gateway.store import halts as rows
from gateway.store.engine import Database
from gateway.store.view import JobView


class HaltedError(RefusedError):
    """An operator stopped this kind of work; asking again changes nothing until the halt is lifted."""

    code = "halted"

    def __init__(self, halt: Halt) -> None:
        what = {"all": "all work", "project": "this project", "vendor": f"work for {halt.target}"}[halt.scope]
        super().__init__(f"an operator has stopped {what}: {halt.reason}; ask the gateway's operators when it goes on")
        self.halt = halt


@dataclass(slots=True, kw_only=True)
class Halts:
    """Halts in force, from memory."""

    database: Database
    jobs: JobView
    live: tuple[Halt, ...] = ()
    told: set[str] = field(default_factory=set)
    """Jobs that were told to stop already."""

    async def refresh(self) -> None:
        """Read them again: at the start, and when another process wrote."""
        async with self.database.reading() as connection:
            every = await rows.every(connection)
        self.live = tuple(each for each in every if each.lifted_at is None)

    def check(self, *, project_id: str, upstream: str | None = None) -> None:
        """Refuse what a halt stops.

        Raises:
            HaltedError: the first halt that stands in the way.
        """
        for halt in self.live:
            if halt.stops(project_id=project_id, upstream=upstream):
                raise HaltedError(halt)

    def to_stop(self) -> list[tuple[JobRecord, Halt]]:
        """List jobs under way that a halt stops and that were not told so, each with the first such halt."""
        if not self.live:
            self.told.clear()
            return []
        mine = (job for job in self.jobs.under_way() if job.id not in self.told and self.jobs.owns(job.id))
        asking = [(job, self._stopping(job)) for job in mine]
        return [(job, halt) for job, halt in asking if halt is not None]

    def _stopping(self, job: JobRecord) -> Halt | None:
        stopping = (each for each in self.live if each.stops(project_id=job.project_id, upstream=job.upstream))
        return next(stopping, None)
