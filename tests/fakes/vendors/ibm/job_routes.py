"""The runtime API's routes of jobs."""

import hashlib
import secrets
import string
from collections.abc import Callable, Sequence
from typing import Any, Final

from aiohttp import web

from tests.fakes.vendors.faults import struck
from tests.fakes.vendors.ibm import bodies, encoding, jobs, program, refusals
from tests.fakes.vendors.ibm.backends import Backends, now
from tests.fakes.vendors.ibm.entry import CALLER_CRN, CALLER_USER
from tests.fakes.vendors.ibm.jobs import Job
from tests.fakes.vendors.ibm.lives import Lives

_ID_LETTERS: Final = string.digits + "abcdefghijklmnopqrstuv"
_SHORTEST_SEARCH: Final = 3


class JobRoutes:
    """Submit, list, show, read, stop, label and delete jobs of the caller's instance."""

    def __init__(self, lives: Lives, backends: Backends, admit: Callable[[web.Request, str, str], None]) -> None:
        """Learn where jobs live and run; `admit(request, session, backend)` refuses what a session does not take."""
        self._lives, self._backends, self._admit = lives, backends, admit

    def routes(self, base: str) -> Sequence[web.RouteDef]:
        """Give the routes of this resource."""
        one = f"{base}/jobs/{{id}}"
        return [
            web.post(f"{base}/jobs", self._submit),
            web.get(f"{base}/jobs", self._list),
            web.get(one, self._show),
            web.delete(one, self._delete),
            web.get(f"{one}/results", self._results),
            web.get(f"{one}/metrics", self._metrics),
            web.get(f"{one}/logs", self._logs),
            web.post(f"{one}/cancel", self._cancel),
            web.put(f"{one}/tags", self._tag),
            web.get(f"{base}/tags", self._search_tags),
        ]

    async def _submit(self, request: web.Request) -> web.Response:
        asked = await bodies.read(request, bodies.CreateJob)
        if asked.program_id not in bodies.PROGRAMS:
            raise refusals.absent(f"Program {asked.program_id}", 1232)
        bodies.check(asked.params, bodies.PROGRAMS[asked.program_id], "params")
        if asked.session_id is not None:
            self._admit(request, asked.session_id, asked.backend)
        job = Job(
            id="d" + "".join(secrets.choice(_ID_LETTERS) for _ in range(19)),
            crn=request[CALLER_CRN],
            user=request[CALLER_USER],
            program=asked.program_id,
            backend=asked.backend,
            params=asked.params,
            body_sha256=hashlib.sha256(await request.read()).hexdigest(),
            created=now(),
            calibration_id=self._calibration(asked),
            estimated_seconds=program.estimated_seconds(asked.program_id, asked.params),
            caller=request.headers.get("X-Qx-Client-Application"),
            tags=asked.tags,
            cost=min(asked.cost, bodies.MOST_SECONDS),
            session_id=asked.session_id,
            runtime=asked.runtime,
            private=asked.private,
        )
        self._lives.take(job)
        return web.json_response(_taken(job))

    async def _list(self, request: web.Request) -> web.Response:
        wanted = jobs.Wanted(request.query)
        found = [job for job in self._lives.of(request[CALLER_CRN]) if job in wanted]
        if wanted.newest_first:
            found.reverse()
        page = found[wanted.offset : wanted.offset + wanted.limit]
        shown = [jobs.show(job, params=wanted.params) for job in page]
        return web.json_response({"jobs": shown, "count": len(found), "limit": wanted.limit, "offset": wanted.offset})

    async def _show(self, request: web.Request) -> web.Response:
        hidden = jobs.flag(request.query.get("exclude_params"), default=False)
        return web.json_response(jobs.show(self._job(request), params=not hidden))

    async def _results(self, request: web.Request) -> web.Response:
        job = self._job(request)
        if job.status == "Failed":
            return web.Response(text=job.reason)
        try:
            text = await self._lives.results(job) if job.status == "Completed" else None
        except program.ProgramFailedError as failed:
            return web.Response(text=failed.reason)
        if text is None:
            return web.Response(status=204)
        told = encoding.falsified(text) if struck(request, "wrong_result") else text
        return web.Response(text=told, content_type="application/json")

    async def _metrics(self, request: web.Request) -> web.Response:
        job = self._job(request)
        return web.json_response(jobs.metrics(job, self._backends[job.backend].queue_length))

    async def _logs(self, request: web.Request) -> web.Response:
        job = self._job(request)
        return web.Response(text=f"{jobs.instant(job.created)} job {job.id}: {job.status}\n")

    async def _cancel(self, request: web.Request) -> web.Response:
        job = self._job(request)
        job.cancels += 1
        if job.ended:
            raise refusals.conflict("the job is in a status that cannot be cancelled")
        self._lives.cancel(job, "Cancelled by the user")
        return web.Response(status=204)

    async def _delete(self, request: web.Request) -> web.Response:
        job = self._job(request)
        if not job.ended:
            raise refusals.bad_request("a job must have ended before it can be deleted")
        self._lives.delete(job)
        return web.Response(status=204)

    async def _tag(self, request: web.Request) -> web.Response:
        job = self._job(request)
        job.tags = (await bodies.read(request, bodies.ReplaceTags)).tags
        self._lives.keep(job)
        return web.Response(status=204)

    async def _search_tags(self, request: web.Request) -> web.Response:
        wanted = request.query.get("search", "")
        if request.query.get("type") != "job" or len(wanted) < _SHORTEST_SEARCH:
            raise refusals.bad_request(f"type must be job, and search at least {_SHORTEST_SEARCH} characters")
        tags = {tag for job in self._lives.of(request[CALLER_CRN]) for tag in job.tags}
        return web.json_response({"tags": sorted(tag for tag in tags if wanted in tag)})

    def _job(self, request: web.Request) -> Job:
        job = self._lives.find(request.match_info["id"], request[CALLER_CRN])
        if job is None:
            raise refusals.absent("Job")
        return job

    def _calibration(self, asked: bodies.CreateJob) -> str:
        """Give the snapshot a job is bound to: the one it asks for, or the newest."""
        backend = self._backends.find(asked.backend)
        if asked.calibration_id is None:
            return backend.calibration_id()
        if backend.calendar.find(asked.calibration_id, now()) is None:
            raise refusals.absent(f"Calibration {asked.calibration_id}")
        return asked.calibration_id


def _taken(job: Job) -> dict[str, Any]:
    answer: dict[str, Any] = {"id": job.id, "backend": job.backend, "calibration_id": job.calibration_id}
    if job.session_id is not None:
        answer["session_id"] = job.session_id
    return {**answer, "private": True} if job.private else answer
