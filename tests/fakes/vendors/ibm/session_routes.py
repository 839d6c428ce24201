"""The runtime API's routes of sessions."""

from collections.abc import Sequence

from aiohttp import web

from tests.fakes.vendors.ibm import bodies, refusals, sessions
from tests.fakes.vendors.ibm.backends import Backends, now
from tests.fakes.vendors.ibm.entry import CALLER_CRN, CALLER_USER
from tests.fakes.vendors.ibm.lives import Lives
from tests.fakes.vendors.ibm.sessions import Session
from tests.fakes.vendors.journal import Journal


class SessionRoutes:
    """Open, show and close sessions of the caller's instance."""

    def __init__(self, lives: Lives, backends: Backends, journal: Journal) -> None:
        self._lives, self._backends, self._journal = lives, backends, journal
        self._sessions = {name: Session.of(kept) for name, kept in journal.table("session").items()}

    def routes(self, base: str) -> Sequence[web.RouteDef]:
        """Give the routes of this resource."""
        one = f"{base}/sessions/{{id}}"
        return [
            web.post(f"{base}/sessions", self._open),
            web.get(one, self._show),
            web.patch(one, self._update),
            web.delete(f"{one}/close", self._close),
        ]

    def admit(self, request: web.Request, name: str, backend: str) -> None:
        """Refuse a job that a session does not take.

        Raises:
            RefusedError: no such session, a closed one, or one of another backend.
        """
        session = self._find(request, name)
        if not session.accepting_jobs or session.backend != backend:
            raise refusals.bad_request("the session is closed, or is for another backend")

    async def _open(self, request: web.Request) -> web.Response:
        asked = await bodies.read(request, bodies.CreateSession)
        self._backends.find(asked.backend)
        if asked.instance not in {None, request[CALLER_CRN]}:
            raise refusals.forbidden("instance and Service-CRN differ")
        session = Session.open(
            crn=request[CALLER_CRN],
            user=request[CALLER_USER],
            backend=asked.backend,
            mode=asked.mode,
            at=now(),
            max_ttl=asked.max_ttl,
        )
        self._sessions[session.id] = session
        self._journal.keep("session", session.id, session.kept())
        return self._shown(session)

    async def _show(self, request: web.Request) -> web.Response:
        return self._shown(self._find(request, request.match_info["id"]))

    async def _update(self, request: web.Request) -> web.Response:
        session = self._find(request, request.match_info["id"])
        if (await bodies.read(request, bodies.UpdateSession)).accepting_jobs:
            raise refusals.bad_request("a closed session cannot be opened again")
        return self._closed(session)

    async def _close(self, request: web.Request) -> web.Response:
        """Close, and cancel what still waits; what runs goes on."""
        session = self._find(request, request.match_info["id"])
        for job in self._lives.unfinished(session.id):
            if job.status == "Queued":
                self._lives.cancel(job, "The session was cancelled")
        return self._closed(session)

    def _closed(self, session: Session) -> web.Response:
        session.close(now())
        self._journal.keep("session", session.id, session.kept())
        return web.Response(status=204)

    def _find(self, request: web.Request, name: str) -> Session:
        session = self._sessions.get(name)
        if session is None or session.crn != request[CALLER_CRN]:
            raise refusals.absent("Session")
        return session

    def _shown(self, session: Session) -> web.Response:
        busy = bool(self._lives.unfinished(session.id))
        return web.json_response(sessions.show(session, busy=busy, now=now()))
