"""Sessions and batches: several jobs held together on one backend, open until closed or expired."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from secrets import token_bytes
from typing import Final

from gateway.audit.ledger import Ledger
from gateway.domain.clock import Clock
from gateway.domain.errors import NotFoundError
from gateway.domain.job import Session
from gateway.domain.principal import Caller
from gateway.domain.submission import Submission
from gateway.enforcement.access import Access
from gateway.enforcement.entries import Entries
from gateway.enforcement.errors import SessionBackendError, SessionClosedError
from gateway.ports.answers import SessionList, SessionView
from gateway.ports.dialect import Dialect
from gateway.ports.operations import CloseSession, ListSessions, OpenSession
from gateway.routing.fleet import Fleet
from gateway.store import jobs as job_rows
from gateway.store import sessions as session_rows
from gateway.store.engine import Database

DEFAULT_TTL_SECONDS: Final = 8 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Opens, shows, closes, and guards what is submitted into one."""

    database: Database
    ledger: Ledger
    entries: Entries
    access: Access
    fleet: Fleet
    clock: Clock

    async def open(self, caller: Caller, operation: OpenSession, dialect: Dialect) -> SessionView:
        """Open one on a backend that exists."""
        self.access.require(caller, "session.open")
        berth = self.fleet.get(operation.backend)
        session = Session(
            id=dialect.session_id(token_bytes(16)),
            project_id=caller.project.id,
            principal_id=caller.principal.id,
            dialect=dialect.name,
            backend=berth.backend.name,
            mode=operation.mode,
            accepting_jobs=True,
            max_ttl_seconds=operation.max_ttl_seconds or DEFAULT_TTL_SECONDS,
            created_at=self.clock.now(),
            closed_at=None,
            echo=operation.echo,
        )
        await self.ledger.record(self.entries.session("session.opened", caller, session), session=session)
        return SessionView(session=session, jobs={})

    async def list(self, caller: Caller, operation: ListSessions) -> SessionList:
        """List those of the caller's project, newest first."""
        async with self.database.reading() as connection:
            found, count = await session_rows.search(
                connection, operation, project_id=caller.project.id, dialect=caller.dialect, now=self.clock.now()
            )
        return SessionList(sessions=tuple([await self._view(each) for each in found]), count=count)

    async def show(self, caller: Caller, session_id: str) -> SessionView:
        """Show one of the caller's project, with its jobs counted by status."""
        return await self._view(await self.find(caller, session_id))

    async def _view(self, session: Session) -> SessionView:
        async with self.database.reading() as connection:
            jobs = await job_rows.in_session(connection, session.id)
        return SessionView(
            session=self._aged(session),
            jobs=Counter(job.status.value for job in jobs),
            used_seconds=sum(job.usage_seconds for job in jobs),
        )

    async def close(self, caller: Caller, operation: CloseSession) -> SessionView:
        """Take no more jobs; closing twice is no error, as the SDK closes in `__exit__` too."""
        session = await self.find(caller, operation.session_id)
        if session.accepting_jobs:
            session = replace(session, accepting_jobs=False, closed_at=self.clock.now())
            await self.ledger.record(self.entries.session("session.closed", caller, session), session=session)
        return await self.show(caller, session.id)

    async def unfinished(self, session_id: str) -> Sequence[str]:
        """List client ids of a session's jobs that have not ended."""
        async with self.database.reading() as connection:
            jobs = await job_rows.in_session(connection, session_id)
        return [job.client_job_id for job in jobs if not job.status.final]

    async def find(self, caller: Caller, session_id: str) -> Session:
        """Find a session of the caller's project.

        Raises:
            NotFoundError: none, or another tenant's.
        """
        async with self.database.reading() as connection:
            session = await session_rows.load(connection, session_id)
        if session is None or session.project_id != caller.project.id or not caller.understands(session.dialect):
            raise NotFoundError(noun="session", name=session_id)
        return session

    async def admit(self, caller: Caller, submission: Submission) -> None:
        """Check that a submission's session takes it.

        Raises:
            RefusedError: closed, expired, another's, or on another backend.
        """
        if submission.session_id is None:
            return
        session = self._aged(await self.find(caller, submission.session_id))
        if not session.accepting_jobs:
            why = "its time to live has passed" if session.closed_at is None else "it was closed"
            raise SessionClosedError(session=session.id, why=why)
        if session.backend != submission.backend:
            raise SessionBackendError(session=session.id, asked=submission.backend, backend=session.backend)

    def _aged(self, session: Session) -> Session:
        """See an expired session as closed; its row says so only when somebody closes it."""
        expired = session.created_at + timedelta(seconds=session.max_ttl_seconds) <= self.clock.now()
        return replace(session, accepting_jobs=False) if expired else session
