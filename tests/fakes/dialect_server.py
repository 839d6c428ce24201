"""One dialect behind a real socket, without a gateway: answers are canned, made of domain values.

It runs no circuits and judges nothing. It shows whether a stock SDK understands what a dialect writes.
Run it alone with `python -m tests.fakes.dialect_server`; it prints the variables to export as JSON.
"""

import json
import sys
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

from adapters.ibm import IbmDialect, IbmSettings
from gateway.domain.errors import GatewayError, NotFoundError, RefusedError
from gateway.domain.ids import ClientJobId
from gateway.domain.job import JobStatus
from gateway.domain.secret import Secret
from gateway.ports import answers as answered
from gateway.ports import dialect as spoken
from gateway.ports import operations as ask
from gateway.ports.dialect import WireRequest
from tests.fakes import canned, values

KEY = "fake-gateway-key"
TOKEN_SECONDS = 3600
DENIED_TAG = "deny-me"
FAIL_TAG = "fail-me"
HOLD_TAG = "hold-me"
STATUSES = {"not-found": 404, "unknown-operation": 404, "unknown-program": 404, "job-ended": 409, "denied": 403}


class DeniedError(RefusedError):
    """What a policy would say."""

    code = "denied"

    def __init__(self) -> None:
        super().__init__("denied by policy: circuits/width: this circuit has too many qubits for your role")


class JobEndedError(RefusedError):
    """Cancelled too late."""

    code = "job-ended"


class FakeGate:
    """Carries operations out on dictionaries."""

    def __init__(self, dialect: spoken.Dialect, now: int) -> None:
        self.dialect, self.now = dialect, now
        self.jobs, self.bodies, self.results, self.sessions = {}, {}, {}, {}
        self.received = []
        self._ids = (sha256(number.to_bytes(4, "big")).digest()[:16] for number in count(1))

    def perform(self, operation: ask.Operation) -> answered.Answer:
        self.received.append(operation)
        return getattr(self, type(operation).__name__)(operation)

    def ExchangeKey(self, operation):  # noqa: N802  # one method per operation, by its name
        if operation.key.reveal() != KEY.encode():
            raise NotFoundError(noun="key", name="shown")
        token = canned.token(self.now, TOKEN_SECONDS)
        return answered.TokenGranted(token=Secret.of(token), issued_at=self.now, expires_at=self.now + TOKEN_SECONDS)

    def ListInstances(self, _):  # noqa: N802
        return answered.InstanceList(instances=(values.INSTANCE,))

    ShowPlan = ListInstances

    def ListBackends(self, _):  # noqa: N802
        return answered.BackendList(backends=(values.VIEW,))

    def ShowConfiguration(self, operation):  # noqa: N802
        if operation.backend != values.BACKEND.name:
            raise NotFoundError(noun="backend", name=operation.backend)
        return values.VIEW

    ShowStatus = ShowConfiguration

    def ShowCalibration(self, operation):  # noqa: N802
        early = operation.before is not None and operation.before < values.CALIBRATION.taken_at
        return answered.CalibrationView(backend=values.BACKEND, calibration=None if early else values.CALIBRATION)

    def ShowUsage(self, _):  # noqa: N802
        return answered.UsageView(
            instance=values.INSTANCE,
            used_seconds=12.5,
            period_start=values.NOW,
            period_end=values.NOW,
        )

    def Submit(self, operation):  # noqa: N802
        submission = operation.submission
        if DENIED_TAG in submission.tags:
            raise DeniedError
        job = replace(
            values.JOB,
            client_job_id=ClientJobId(self.dialect.client_job_id(next(self._ids))),
            program=submission.program,
            tags=submission.tags,
            session_id=submission.session_id,
            private=submission.private,
            echo=submission.echo,
        )
        self.jobs[job.client_job_id], self.bodies[job.client_job_id] = job, submission.body
        return answered.Accepted(job=job)

    def ShowJob(self, operation):  # noqa: N802
        job = self._advance(self._job(operation.client_job_id))
        body = self.bodies[job.client_job_id] if operation.parameters else None
        return answered.JobView(job=job, body=body, queue_position=None)

    def ShowMetrics(self, operation):  # noqa: N802
        return answered.JobView(job=self._job(operation.client_job_id), body=None, queue_position=3)

    def ShowResults(self, operation):  # noqa: N802
        job = self._job(operation.client_job_id)
        body = None
        if job.status is JobStatus.COMPLETED:
            submitted = self.bodies[job.client_job_id]
            body = self.dialect.encode_results(job, submitted, canned.result(submitted))["result"]
        return answered.ResultBody(job=job, body=body)

    def ShowLogs(self, operation):  # noqa: N802
        return answered.LogLines(lines=(f"job {self._job(operation.client_job_id).client_job_id}", "permitted"))

    def ListJobs(self, operation):  # noqa: N802
        found = [job for job in self.jobs.values() if _matches(job, operation)]
        ordered = found if operation.ascending else found[::-1]
        page = ordered[operation.offset : operation.offset + operation.limit]
        views = tuple(answered.JobView(job=job, body=None, queue_position=None) for job in page)
        return answered.JobList(jobs=views, count=len(found), limit=operation.limit, offset=operation.offset)

    def CancelJob(self, operation):  # noqa: N802
        job = self._job(operation.client_job_id)
        if job.status.final:
            raise JobEndedError("the job has already ended")
        self.jobs[job.client_job_id] = replace(job, status=JobStatus.CANCELLED, reason="cancelled by its owner")
        return answered.Done()

    def DeleteJob(self, operation):  # noqa: N802
        del self.jobs[self._job(operation.client_job_id).client_job_id]
        return answered.Done()

    def TagJob(self, operation):  # noqa: N802
        job = self._job(operation.client_job_id)
        self.jobs[job.client_job_id] = replace(job, tags=operation.tags)
        return answered.Done()

    def OpenSession(self, operation):  # noqa: N802
        session = replace(values.SESSION, id=self.dialect.session_id(next(self._ids)), mode=operation.mode)
        self.sessions[session.id] = session
        return answered.SessionView(session=session, jobs={})

    def ShowSession(self, operation):  # noqa: N802
        if operation.session_id not in self.sessions:
            raise NotFoundError(noun="session", name=operation.session_id)
        return answered.SessionView(session=self.sessions[operation.session_id], jobs={})

    def CloseSession(self, operation):  # noqa: N802
        closed = replace(self.ShowSession(operation).session, accepting_jobs=False, closed_at=values.NOW)
        self.sessions[closed.id] = closed
        return answered.SessionView(session=closed, jobs={})

    def _job(self, client_job_id):
        if client_job_id not in self.jobs:
            raise NotFoundError(noun="job", name=client_job_id)
        return self.jobs[client_job_id]

    def _advance(self, job):
        """Move a job one step on whenever somebody looks."""
        steps = {JobStatus.QUEUED: JobStatus.RUNNING, JobStatus.RUNNING: JobStatus.COMPLETED}
        if HOLD_TAG in job.tags or job.status not in steps:
            return job
        job = replace(job, status=steps[job.status], started_at=values.NOW, usage_seconds=2.0)
        if FAIL_TAG in job.tags and job.status is JobStatus.COMPLETED:
            job = replace(job, status=JobStatus.FAILED, reason="the simulator ran out of memory", reason_code=8001)
        self.jobs[job.client_job_id] = job
        return job


def _matches(job, operation):
    return (
        set(operation.tags) <= set(job.tags)
        and operation.pending in {None, not job.status.final}
        and operation.program in {None, job.program}
        and operation.backend in {None, job.backend}
        and operation.session_id in {None, job.session_id}
        and (operation.created_after is None or job.created_at >= operation.created_after)
        and (operation.created_before is None or job.created_at <= operation.created_before)
    )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _serve(self):
        dialect, gate = self.server.dialect, self.server.gate
        url = urlsplit(self.path)
        mount = max((m for m in dialect.mounts if url.path.startswith(f"{m}/")), key=len)
        request = WireRequest(
            method=self.command,
            path=url.path.removeprefix(mount),
            query=tuple(parse_qsl(url.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
        )
        self.server.requests.append(request)
        self._send(_answer(dialect, gate, request))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815  # names that http.server looks for

    def _send(self, answer):
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_):
        """Say nothing."""


def _answer(dialect, gate, request):
    try:
        operation = dialect.operation(request)
        return dialect.answer(operation, gate.perform(operation))
    except GatewayError as error:
        return dialect.refuse(request, error, status=STATUSES.get(error.code, 400), request_id="trace-1")


class DialectServer(ThreadingHTTPServer):
    """A dialect on a free port of the loopback interface."""

    daemon_threads = True

    def __init__(self, now: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.dialect = IbmDialect(IbmSettings())
        self.gate = FakeGate(self.dialect, now)
        self.requests: list[WireRequest] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def environment(self) -> dict[str, str]:
        """Give what points the SDK here."""
        return dict(self.dialect.environment(url=self.url, instance=values.INSTANCE, key=KEY, pair=values.PAIR))


@contextmanager
def serving(now: int):
    """Serve until the block ends."""
    server = DialectServer(now)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


if __name__ == "__main__":
    import time

    with serving(int(time.time())) as running:
        sys.stdout.write(json.dumps(running.environment()) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
