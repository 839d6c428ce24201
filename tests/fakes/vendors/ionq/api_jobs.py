"""IonQ's routes around jobs: submit, look, list, cancel, delete, price."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Final

from aiohttp import web
from pydantic import ValidationError

from tests.fakes.vendors.ionq.books import Books
from tests.fakes.vendors.ionq.door import Door, Owner, json_body, reading, whole_number
from tests.fakes.vendors.ionq.job import STATUSES, Job
from tests.fakes.vendors.ionq.views import listed, whole
from tests.fakes.vendors.ionq.wire import AnySubmission, Ids, SolverSubmission, submission
from tests.fakes.vendors.ionq.words import absent, invalid, misread, refused

PAGE: Final = 25
"""How many jobs a list gives at once, at most and unless fewer are asked for."""


class JobRoutes:
    """Everything under /jobs but results."""

    def __init__(self, books: Books, door: Door) -> None:
        self._books, self._door = books, door

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Give the routes; fixed paths stand before the ones with an id."""
        keyed = self._door.keyed
        return [
            web.post("/v0.4/jobs", keyed(self.submit)),
            web.get("/v0.4/jobs", keyed(self.list)),
            web.delete("/v0.4/jobs", keyed(self.delete_many)),
            web.put("/v0.4/jobs/status/cancel", keyed(self.cancel_many)),
            web.get("/v0.4/jobs/{id}", keyed(self.show)),
            web.delete("/v0.4/jobs/{id}", keyed(self.delete)),
            web.put("/v0.4/jobs/{id}/status/cancel", keyed(self.cancel)),
            web.get("/v0.4/jobs/{id}/cost", keyed(self.cost)),
            web.get("/v0.4/sessions/{session_id}/jobs", keyed(self.list_in_session)),
        ]

    async def submit(self, request: web.Request, owner: Owner) -> web.Response:
        body = await json_body(request)
        try:
            asked = submission(body)
        except ValidationError as error:
            raise misread(error, "body") from error
        job = self._books.submit(owner.project_id, self._allowed(asked, owner), body)
        shown = {"id": job.id, "status": job.status, "session_id": asked.session_id}  # type: ignore[union-attr]
        return web.json_response(shown, status=201)

    def _allowed(self, asked: AnySubmission | SolverSubmission, owner: Owner) -> AnySubmission:
        """Refuse what is well written but cannot be taken."""
        if isinstance(asked, SolverSubmission):
            raise refused(403, f"{asked.type} jobs are not enabled for this organization")
        if asked.backend not in self._books.devices:
            raise invalid("body", "backend", "must be a backend that exists")
        if asked.session_id is not None:
            self._join(asked, owner)
        return asked

    def _join(self, asked: AnySubmission, owner: Owner) -> None:
        assert asked.session_id is not None
        session = self._books.sessions.get(asked.session_id)
        if session is None or session.project_id != owner.project_id:
            raise absent()
        if not session.active:
            raise invalid("body", "session_id", "must be of an active session")
        if session.backend != asked.backend:
            raise invalid("body", "session_id", f"must be of a session on {asked.backend}")
        inside = [job for job in self._books.submitted() if job.submission.session_id == session.id]
        if problem := session.full(jobs=len(inside), cost=sum(job.cost() for job in inside)):
            raise invalid("body", "session_id", f"has no room: {problem}")

    async def list(self, request: web.Request, owner: Owner) -> web.Response:
        return self._listed(request, owner, request.query.get("session_id"))

    async def list_in_session(self, request: web.Request, owner: Owner) -> web.Response:
        session = self._books.sessions.get(request.match_info["session_id"])
        if session is None or session.project_id != owner.project_id:
            raise absent()
        return self._listed(request, owner, session.id)

    def _listed(self, request: web.Request, owner: Owner, session_id: str | None) -> web.Response:
        limit = min(whole_number(request, "limit", PAGE, least=1), PAGE)
        start = request.query.get("next")
        if start is not None and start not in self._books.jobs:
            raise invalid("query", "next", "must be given by the page before")
        mine = self._books.jobs_of(owner.project_id, start=start)
        found = list(islice(filter(_wanted(request, session_id), mine), limit + 1))
        page, rest = found[:limit], found[limit:]
        return web.json_response({"jobs": [listed(job) for job in page], "next": rest[0].id if rest else None})

    async def show(self, request: web.Request, owner: Owner) -> web.Response:
        return web.json_response(whole(self._books.job(owner.project_id, request.match_info["id"])))

    async def cancel(self, request: web.Request, owner: Owner) -> web.Response:
        """Answer the same whether or not there was anything left to cancel, as the vendor does."""
        job = self._books.job(owner.project_id, request.match_info["id"])
        self._books.cancel(job)
        return web.json_response({"id": job.id, "status": "canceled"})

    async def cancel_many(self, request: web.Request, owner: Owner) -> web.Response:
        jobs = await self._many(request, owner)
        for job in jobs:
            self._books.cancel(job)
        return web.json_response({"ids": [job.id for job in jobs], "status": "canceled"})

    async def delete(self, request: web.Request, owner: Owner) -> web.Response:
        job = self._books.job(owner.project_id, request.match_info["id"])
        self._books.delete(job)
        return web.json_response({"id": job.id, "status": "deleted"})

    async def delete_many(self, request: web.Request, owner: Owner) -> web.Response:
        jobs = await self._many(request, owner)
        for job in jobs:
            self._books.delete(job)
        return web.json_response({"ids": [job.id for job in jobs], "status": "deleted"})

    async def _many(self, request: web.Request, owner: Owner) -> Sequence[Job]:
        """Find all jobs of a bulk operation; one that is not there refuses the whole."""
        asked = await reading(request, Ids)
        return [self._books.job(owner.project_id, job_id) for job_id in asked.ids]

    async def cost(self, request: web.Request, owner: Owner) -> web.Response:
        job = self._books.job(owner.project_id, request.match_info["id"])
        shown: dict[str, Any] = {"dry_run": job.submission.dry_run, "estimated_cost": _usd(job.cost())}
        return web.json_response(shown | ({"cost": _usd(job.billed())} if job.final else {}))


def _usd(value: float) -> dict[str, Any]:
    return {"value": value, "unit": "usd"}


def _wanted(request: web.Request, session_id: str | None) -> Callable[[Job], bool]:
    """Make the test that a job must pass to be listed."""
    query = request.query
    ids = {one for given in query.getall("ids", []) for one in given.split(",")}
    targets = set(filter(None, query.get("target", "").split(",")))
    status, parent, submitter = query.get("status"), query.get("parent_job_id"), query.get("submitter_id")
    if status is not None and status not in STATUSES:
        raise invalid("query", "status", f"must be one of {', '.join(sorted(STATUSES))}")

    def wanted(job: Job) -> bool:
        return (
            (not ids or job.id in ids)
            and (not targets or job.device.name in targets)
            and status in {None, job.status}
            and (parent is None or (job.parent is not None and job.parent.id == parent))
            and session_id in {None, job.submission.session_id}
            and submitter in {None, job.submitter_id}
        )

    return wanted
