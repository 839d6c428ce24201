"""What becomes of jobs: they queue, run and end, are charged, and are kept over a restart."""

import asyncio
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.fakes.vendors.ibm import jobs, program
from tests.fakes.vendors.ibm.backends import Backends, now
from tests.fakes.vendors.ibm.jobs import Job
from tests.fakes.vendors.journal import Journal
from tests.fakes.vendors.serving import Pace

CANCELLED = 1300


class Lives:
    """All jobs that were ever taken, and the tasks that bring them to their end."""

    def __init__(self, backends: Backends, pace: Pace, journal: Journal, compute: Callable[..., Any]) -> None:
        """Learn where jobs run, how long they take, where they are kept, and who computes."""
        self._backends, self._pace, self._journal, self._compute = backends, pace, journal, compute
        self._jobs: dict[str, Job] = {}
        self._unfinished: dict[str, Job] = {}
        self._charged: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._remember()

    def __iter__(self) -> Iterator[Job]:
        """Give all jobs, oldest first, deleted ones included."""
        return iter(self._jobs.values())

    def of(self, crn: str) -> list[Job]:
        """Give the jobs that an instance can see, oldest first."""
        return [job for job in self if job.crn == crn and not job.deleted]

    def find(self, name: str, crn: str) -> Job | None:
        """Give a job; another instance's is as if it were not there."""
        job = self._jobs.get(name)
        return job if job is not None and job.crn == crn and not job.deleted else None

    def unfinished(self, session_id: str) -> list[Job]:
        """Give the jobs of a session that have not ended."""
        return [job for job in self._unfinished.values() if job.session_id == session_id]

    def consumed(self, crn: str) -> float:
        """Give the seconds that an instance was charged."""
        return self._charged.get(crn, 0.0)

    def take(self, job: Job) -> None:
        """Accept a job: kept first, so that whoever is told its id can ask for it after a restart."""
        self._journal.keep("params", job.id, job.params)
        self.keep(job)
        self._jobs[job.id] = self._unfinished[job.id] = job
        self._start(job)

    def keep(self, job: Job) -> None:
        """Keep what changed about a job."""
        self._journal.keep("job", job.id, job.kept())

    def cancel(self, job: Job, reason: str) -> None:
        """End a job before its time; it is not charged."""
        self._end(job, "Cancelled", reason, CANCELLED)

    def delete(self, job: Job) -> None:
        """Forget what a job asked and answered; that it was there stays in the books."""
        job.deleted, job.result, job.params = True, None, {}
        self.keep(job)
        self._journal.forget("params", job.id)
        self._journal.forget("result", job.id)

    async def results(self, job: Job) -> str | None:
        """Give the results of a completed job; those of a private job once.

        Raises:
            ProgramFailedError: nothing was computed when the job completed, and now it cannot be.
        """
        text = None if job.read_once else (job.result or await self._computed(job))
        if job.private and text is not None:
            job.read_once, job.result, job.params = True, None, {}
            self.keep(job)
            self._journal.forget("params", job.id)
            self._journal.forget("result", job.id)
        return text

    def begin(self) -> None:
        """Take up what a restart interrupted."""
        for job in list(self._unfinished.values()):
            self._start(job)

    def stop(self) -> None:
        """Let go of all jobs as they are."""
        for task in self._tasks:
            task.cancel()

    def _start(self, job: Job) -> None:
        task = asyncio.get_running_loop().create_task(self._live(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _live(self, job: Job) -> None:
        """Queue, run, end. A backend that is away runs nothing; a job that was cancelled meanwhile stays so."""
        backend = self._backends[job.backend]
        backend.queue.add(job.id)
        await asyncio.sleep(self._pace.queue_seconds)
        await backend.online.wait()
        if job.ended:
            return
        backend.queue.discard(job.id)
        job.status, job.running = "Running", now()
        self.keep(job)
        await asyncio.sleep(self._pace.run_seconds)
        try:
            job.result = None if self._pace.instant else await self._computed(job)
        except program.ProgramFailedError as failed:
            self._end(job, "Failed", f"Error code {failed.code}; {failed.reason}", failed.code)
        except Exception as error:  # Aer refuses in many ways; to a client each is a failed job
            self._end(job, "Failed", f"Internal error: {type(error).__name__}", 9999)
        else:
            self._complete(job)

    async def _computed(self, job: Job) -> str:
        device = None if self._pace.instant else self._backends[job.backend].device
        text: str = await self._compute(program.run, job.program, job.params, device)
        return text

    def _complete(self, job: Job) -> None:
        if job.ended:
            return
        if job.estimated_seconds > job.cost:
            job.charged_seconds = float(job.cost)
            self._end(job, "Cancelled", "Job ran longer than maximum execution time.", jobs.RAN_TOO_LONG)
            return
        job.charged_seconds = float(math.ceil(job.estimated_seconds))
        if job.result is not None:
            self._journal.keep("result", job.id, job.result)
        self._end(job, "Completed")

    def _end(self, job: Job, status: str, reason: str | None = None, code: int | None = None) -> None:
        if job.ended:
            return
        job.end(status, now(), reason=reason, code=code)
        self._unfinished.pop(job.id, None)
        self._backends[job.backend].queue.discard(job.id)
        self._charge(job)
        self.keep(job)

    def _charge(self, job: Job) -> None:
        self._charged[job.crn] = self.consumed(job.crn) + job.charged_seconds

    def _remember(self) -> None:
        params: Mapping[str, Any] = self._journal.table("params")
        results: Mapping[str, Any] = self._journal.table("result")
        for name, kept in self._journal.table("job").items():
            job = self._jobs[name] = Job.of(kept, params.get(name, {}), results.get(name))
            self._charge(job)
            if not job.ended:
                self._unfinished[name] = job
