"""Sessions and batches: several jobs held together on one backend, open until closed or expired.

The time that one may be open is held when it opens, and settled by how long it was: at its closing, or by the clock
when its time to live has passed. A crash in between leaves the hold, and the clock finds it. An opening that carries
its client's own token has an id made from that, so that the same opening is the same session at every replica.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from secrets import token_bytes
from typing import Final

from gateway.audit.ledger import Ledger
from gateway.budgets.hold import reserve_time, settle
from gateway.domain.budget import Unit
from gateway.domain.clock import Clock
from gateway.domain.errors import NotFoundError
from gateway.domain.job import Session
from gateway.domain.principal import Caller
from gateway.domain.submission import Submission
from gateway.domain.writes import EntryDraft, HoldWrite
from gateway.enforcement.access import Access
from gateway.enforcement.entries import Entries
from gateway.enforcement.errors import SessionBackendError, SessionClosedError
from gateway.enforcement.repeats import TokenReusedError
from gateway.enforcement.standings import Standings, payer
from gateway.ports.answers import SessionList, SessionView
from gateway.ports.dialect import Dialect
from gateway.ports.operations import CloseSession, ListSessions, OpenSession
from gateway.routing.fleet import Berth, Fleet
from gateway.store import holds
from gateway.store import jobs as job_rows
from gateway.store import sessions as session_rows
from gateway.store.commit import WriteRefusedError
from gateway.store.engine import Database

LONGEST_TTL_SECONDS: Final = 8 * 3600
"""How long a session may be open; one that nobody gave a length is as long, or as what is left of its caller's time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Opens, shows, closes, and guards what is submitted into one."""

    database: Database
    ledger: Ledger
    entries: Entries
    access: Access
    fleet: Fleet
    books: Standings
    clock: Clock

    async def open(self, caller: Caller, operation: OpenSession, dialect: Dialect) -> SessionView:
        """Open one on a backend that exists; the same opening under one token is one session.

        Raises:
            LimitExceededError: not as much session time is left.
            TokenReusedError: its token stands for another opening.
        """
        self.access.require(caller, "session.open")
        id_ = dialect.session_id(_entropy(caller, operation.repeat_token))
        if known := await self._opened(operation, id_):
            return known
        berth = self.fleet.get(operation.backend)
        session = await self._new(id_, caller, operation, dialect, berth)
        hold = reserve_time(session, payer(caller, berth.backend.upstream, session.backend), session.created_at)
        draft = self.entries.session("session.opened", caller, session, hold=hold)
        try:
            await self.ledger.record(draft, session=session, hold=hold)
        except WriteRefusedError:
            # Another request with the same token was faster: its session is this one.
            if known := await self._opened(operation, id_):
                return known
            raise
        return SessionView(session=session, jobs={})

    async def _new(self, id_: str, caller: Caller, operation: OpenSession, dialect: Dialect, berth: Berth) -> Session:
        return Session(
            id=id_,
            project_id=caller.project.id,
            principal_id=caller.principal.id,
            dialect=dialect.name,
            backend=berth.backend.name,
            mode=operation.mode,
            accepting_jobs=True,
            max_ttl_seconds=await self._time(caller, operation, berth),
            created_at=self.clock.now(),
            closed_at=None,
            echo=operation.echo,
        )

    async def _opened(self, operation: OpenSession, session_id: str) -> SessionView | None:
        """Find the session that an opening with a token made before."""
        if operation.repeat_token is None:
            return None
        async with self.database.reading() as connection:
            session = await session_rows.load(connection, session_id)
        if session is None:
            return None
        asked = operation.max_ttl_seconds
        same = (session.backend, session.mode) == (self.fleet.get(operation.backend).backend.name, operation.mode)
        if not same or (asked is not None and min(asked, LONGEST_TTL_SECONDS) != session.max_ttl_seconds):
            raise TokenReusedError(client_job_id=session_id, noun="session")
        return await self._view(session)

    async def _time(self, caller: Caller, operation: OpenSession, berth: Berth) -> int:
        """Bound the time a session may be open: the books refuse more than is left, so nobody's wish is cut to that."""
        if operation.max_ttl_seconds is not None:
            return min(operation.max_ttl_seconds, LONGEST_TTL_SECONDS)
        account = payer(caller, berth.backend.upstream, berth.backend.name)
        limits = [each for each in await self.books.standings(caller) if each.limit.unit is Unit.SESSION_SECONDS]
        left = [each.left for each in limits if each.limit.counts(account) and each.left]
        return min([*left, LONGEST_TTL_SECONDS])

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
            await self._end(session, self.clock.now(), partial(self.entries.session, "session.closed", caller))
        return await self.show(caller, session.id)

    async def expire(self) -> None:
        """Close what is past its time to live and settle it; sessions are shown as closed before that, too."""
        async with self.database.reading() as connection:
            found = await session_rows.expired(connection, self.clock.now())
        for session in found:
            await self._end(session, _ends(session), self.entries.expired)

    async def _end(self, session: Session, ended: datetime, draft: Callable[..., EntryDraft]) -> None:
        """Close a session and settle its time, unless its owner, the clock or another replica was faster."""
        async with self.database.reading() as connection:
            held = await holds.held(connection, session.id)
            # Read after the hold: one that is gone because somebody closed the session is seen to be closed here.
            current = await session_rows.load(connection, session.id)
        if current is None or not current.accepting_jobs:
            return
        hold = None if held is None else self._settled(held, session, ended)
        closed = replace(session, accepting_jobs=False, closed_at=ended)
        with suppress(WriteRefusedError):  # the same, between reading and writing
            await self.ledger.record(draft(closed, hold=hold), session=closed, hold=hold)

    def _settled(self, held: HoldWrite, session: Session, ended: datetime) -> HoldWrite:
        """Charge how long a session was open, in whole seconds."""
        seconds = math.ceil((min(ended, _ends(session)) - session.created_at).total_seconds())
        return settle(held, replace(held.charge, session_seconds=max(0, seconds)), self.clock.now())

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
            expired = session.closed_at is None or session.closed_at >= _ends(session)
            why = "its time to live has passed" if expired else "it was closed"
            raise SessionClosedError(session=session.id, why=why)
        if session.backend != submission.backend:
            raise SessionBackendError(session=session.id, asked=submission.backend, backend=session.backend)

    async def bound(self, caller: Caller, submission: Submission, seconds: int | None) -> None:
        """Close a submission's session after so many seconds in all, if it would be open for longer.

        Raises:
            SessionClosedError: it has been open for as long already.
        """
        if submission.session_id is None or seconds is None:
            return
        session = await self.find(caller, submission.session_id)
        if session.max_ttl_seconds > seconds:
            shorter = replace(session, max_ttl_seconds=seconds)
            await self.ledger.record(
                self.entries.session("session.shortened", caller, shorter, hold=None), session=shorter
            )
        await self.admit(caller, submission)

    def _aged(self, session: Session) -> Session:
        """See an expired session as closed; its row says so only when somebody closes it."""
        return replace(session, accepting_jobs=False) if _ends(session) <= self.clock.now() else session


def _ends(session: Session) -> datetime:
    return session.created_at + timedelta(seconds=session.max_ttl_seconds)


def _entropy(caller: Caller, token: str | None) -> bytes:
    """Give what an id is made of: chance, or the token, which is one principal's in one project."""
    if token is None:
        return token_bytes(16)
    return sha256(f"{caller.project.id}\0{caller.principal.id}\0{token}".encode()).digest()[:16]
