"""IonQ's books: jobs and sessions of all projects, how jobs get done, and what a restart finds again.

A job is written down before it is acknowledged and again when it is over. What a kill interrupts is run again from
the beginning, as if it had waited in the queue.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from hashlib import sha256
from itertools import dropwhile
from uuid import uuid4

from tests.fakes.vendors.ionq import measured
from tests.fakes.vendors.ionq.devices import Device
from tests.fakes.vendors.ionq.job import Job
from tests.fakes.vendors.ionq.measured import Measured
from tests.fakes.vendors.ionq.preflight import Failure, check
from tests.fakes.vendors.ionq.session import Session
from tests.fakes.vendors.ionq.wire import (
    AnySubmission,
    MultiSubmission,
    QasmSubmission,
    SolverSubmission,
    submission,
)
from tests.fakes.vendors.ionq.words import absent, named
from tests.fakes.vendors.journal import Journal
from tests.fakes.vendors.serving import Pace

_log = logging.getLogger(__name__)
Compute = Callable[[Callable[[], Measured | Failure]], Awaitable[Measured | Failure]]


class Books:
    """All jobs and sessions."""

    def __init__(
        self, devices: dict[str, Device], pace: Pace, journal: Journal, compute: Compute, *, noisy: bool
    ) -> None:
        self.devices = devices
        self.jobs: dict[str, Job] = {}
        """By id, oldest first; children follow their parent."""
        self.sessions: dict[str, Session] = {}
        self._pace, self._journal, self._compute, self._noisy = pace, journal, compute, noisy
        self._lives: set[asyncio.Task[None]] = set()
        self._recall()

    def begin(self) -> None:
        """Take up the jobs that are not over."""
        for job in self.submitted():
            if not job.final:
                self._bring_up(job)

    def end(self) -> None:
        """Leave all jobs where they are."""
        for life in self._lives:
            life.cancel()

    def submitted(self) -> Iterator[Job]:
        """Give the jobs that somebody submitted, children left out, deleted ones included."""
        return (job for job in self.jobs.values() if job.parent is None)

    def job(self, project_id: str, job_id: str) -> Job:
        """Find a job of a project; refuses with 404."""
        job = self.jobs.get(job_id)
        if job is None or job.deleted or job.project_id != project_id:
            raise absent()
        return job

    def jobs_of(self, project_id: str, *, start: str | None = None) -> Iterator[Job]:
        """Give the jobs of a project, newest first, from a certain one on."""
        jobs: Iterator[Job] = reversed(self.jobs.values())
        if start is not None:
            jobs = dropwhile(lambda job: job.id != start, jobs)
        return (job for job in jobs if job.project_id == project_id and not job.deleted)

    def submit(self, project_id: str, asked: AnySubmission, body: bytes) -> Job:
        """Accept a job."""
        job = self._enter(str(uuid4()), project_id, asked, body, time.time())
        self._journal.keep("accepted", job.id, [project_id, body.decode(), job.submitted_at])
        self._bring_up(job)
        return job

    def cancel(self, job: Job) -> None:
        """Cancel a job; one that is over stays as it is."""
        job.end("canceled")
        self._note(job)

    def delete(self, job: Job) -> None:
        """Forget a job; it stops if it has not yet."""
        job.end("canceled")
        for each in (job, *job.children):
            each.deleted = True
        self._note(job)

    def keep(self, session: Session) -> None:
        """Write a session down."""
        self.sessions[session.id] = session
        self._journal.keep("sessions", session.id, session.saved())

    def _enter(self, job_id: str, project_id: str, asked: AnySubmission, body: bytes, at: float) -> Job:
        def entered(name: str, one: AnySubmission, parent: Job | None = None) -> Job:
            job = Job(
                id=name,
                project_id=project_id,
                device=self.devices[one.backend],
                submission=one,
                submitted_at=at,
                digest=sha256(body).hexdigest(),
                parent=parent,
            )
            self.jobs[name] = job
            return job

        job = entered(job_id, asked)
        if isinstance(asked, MultiSubmission):
            places = range(len(asked.input.circuits))
            job.children = [entered(named("child", job_id, place), asked.child(place), job) for place in places]
        return job

    def _recall(self) -> None:
        outcomes = self._journal.table("outcomes")
        for job_id, (project_id, body, at) in self._journal.table("accepted").items():
            asked = submission(body.encode())
            assert not isinstance(asked, SolverSubmission)
            job = self._enter(job_id, project_id, asked, body.encode(), at)
            for each, outcome in zip((job, *job.children), outcomes.get(job_id, ()), strict=False):
                each.resume(outcome)
        for saved in self._journal.table("sessions").values():
            session = Session.restored(saved)
            self.sessions[session.id] = session

    def _note(self, job: Job) -> None:
        whole = job.parent or job
        self._journal.keep("outcomes", whole.id, [each.outcome() for each in (whole, *whole.children)])

    def _bring_up(self, job: Job) -> None:
        life = asyncio.create_task(self._live(job))
        self._lives.add(life)
        life.add_done_callback(self._lives.discard)

    async def _live(self, job: Job) -> None:
        await asyncio.sleep(self._pace.queue_seconds / 2)
        job.wait()
        await asyncio.sleep(self._pace.queue_seconds / 2)
        await job.device.opened.wait()
        if job.final:
            return
        job.start()
        self._begin_session(job)
        begun = time.monotonic()
        failure = await self._run(job)
        await asyncio.sleep(self._pace.run_seconds - (time.monotonic() - begun))
        job.end("failed" if failure else "completed", failure)
        self._note(job)

    def _begin_session(self, job: Job) -> None:
        session = self.sessions.get(job.submission.session_id or "")
        if session is not None and session.started_at is None:
            session.started_at = job.started_at
            self.keep(session)

    async def _run(self, job: Job) -> Failure | None:
        """Run every circuit that nobody canceled; the first that fails is the failure of the whole."""
        for each in job.children or (job,):
            if each.final:
                continue
            if failure := _preflight(each):
                return failure
            if not job.submission.dry_run:
                outcome = await self._measure(each)
                if isinstance(outcome, Failure):
                    return outcome
                each.measured = outcome
        return None

    async def _measure(self, job: Job) -> Measured | Failure:
        if self._pace.instant:
            return _made_up(job)
        try:
            return await self._compute(lambda: simulate(job, noisy=self._noisy))
        except Exception:
            _log.exception("a simulation failed")
            return Failure("SimulationError", "the simulation failed")


def _preflight(job: Job) -> Failure | None:
    asked = job.submission
    if isinstance(asked, MultiSubmission):
        return None
    if isinstance(asked, QasmSubmission):
        room = job.device.qubits
        fits = (asked.input.qubits or 1) <= room
        return None if fits else Failure("NotEnoughQubits", f"the program has more than the backend's {room} qubits")
    return check(asked.input, room=job.device.qubits, two_qubit_gates=job.device.native_pairs)


def _made_up(job: Job) -> Measured:
    asked = job.submission
    if isinstance(asked, QasmSubmission):
        return measured.cheap_program(asked.input.data, asked.shots, exact=job.exact)
    return measured.cheap(job.sizes()[0].qubits, asked.shots, exact=job.exact)


def simulate(job: Job, *, noisy: bool) -> Measured | Failure:
    """Run a job on Aer, in the worker thread; Qiskit is imported with the first one."""
    from tests.fakes.vendors.ionq.simulate import Run, interpreted, simulated

    asked = job.submission
    noise = job.device.family if noisy and job.device.hardware else job.noise
    run = Run(shots=asked.shots, seed=job.seed, exact=job.exact, noise=noise)
    if isinstance(asked, QasmSubmission):
        return interpreted(asked.input.data, run, room=job.device.qubits)
    assert not isinstance(asked, MultiSubmission)
    return simulated(asked.input, run)
