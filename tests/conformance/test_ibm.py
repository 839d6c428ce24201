"""The IBM dialect against the suite that every dialect must pass."""

import json
from pathlib import Path

from adapters.ibm import IbmDialect, IbmSettings
from gateway.domain.secret import Secret
from gateway.ports import answers as answered
from gateway.ports import operations as ask
from gateway.ports.dialect import WireRequest
from gateway.ports.testing import DialectConformance, Example
from tests.fakes import canned, values

REQUESTS = Path(__file__).parent.parent / "golden" / "ibm" / "requests"
API = "/api/v1"
JOB = f"{API}/jobs/d0123456789abcdefghi"
BACKEND = f"{API}/backends/sim_line_5"
SESSION = f"{API}/sessions/{values.SESSION.id}"
PLAN = values.INSTANCE.id
FORM = b"grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey=k&response_type=cloud_iam"

VIEW = answered.JobView(job=values.JOB, body=None, queue_position=2)
SESSION_VIEW = answered.SessionView(session=values.SESSION, jobs={"queued": 1})
INSTANCES = answered.InstanceList(instances=(values.INSTANCE,))
TOKEN = answered.TokenGranted(token=Secret.of("h.p.s"), issued_at=0, expires_at=3600)
USAGE = answered.UsageView(
    instance=values.INSTANCE,
    used_seconds=1.0,
    period_start=values.NOW,
    period_end=values.NOW,
    allowance=answered.Allowance(
        limit="lab-week", allowed_milliseconds=600_000, taken_milliseconds=0, begins_at=None, resets_at=None
    ),
)


def example(method, path, operation, answer, body=b""):
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    headers = {"authorization": "Bearer a.b.c", "ibm-api-version": "2026-04-15"}
    request = WireRequest(method=method, path=path, query=(), headers=headers, body=content)
    return Example(request=request, operation=operation, answer=answer)


class TestIbmDialect(DialectConformance):
    def dialect(self):
        return IbmDialect(IbmSettings())

    def instance(self):
        return values.INSTANCE

    def examples(self):
        done, page = answered.Done(), answered.JobList(jobs=(VIEW,), count=1, limit=10, offset=0)
        body = b'{"finished": true}'
        return [
            example("POST", "/iam/identity/token", ask.ExchangeKey, TOKEN, FORM),
            example("POST", "/search/v3/resources/search", ask.ListInstances, INSTANCES, {"query": "q"}),
            example("GET", f"/catalog/{PLAN}", ask.ShowPlan, INSTANCES),
            example("GET", f"/catalog/api/v1/{PLAN}", ask.ShowPlan, INSTANCES),
            example("GET", f"{API}/backends", ask.ListBackends, answered.BackendList(backends=(values.VIEW,))),
            example("GET", f"{BACKEND}/configuration", ask.ShowConfiguration, values.VIEW),
            example("GET", f"{BACKEND}/properties", ask.ShowCalibration, _calibration()),
            example("GET", f"{BACKEND}/status", ask.ShowStatus, values.VIEW),
            example("GET", f"{API}/instances/usage", ask.ShowUsage, USAGE),
            *(
                example("POST", f"{API}/jobs", ask.Submit, answered.Accepted(job=values.JOB), path.read_bytes())
                for path in sorted(REQUESTS.glob("*.json"))
            ),
            example("GET", JOB, ask.ShowJob, VIEW),
            example("GET", f"{API}/jobs", ask.ListJobs, page),
            example("GET", f"{JOB}/results", ask.ShowResults, answered.ResultBody(job=values.JOB, body=body)),
            example("GET", f"{JOB}/metrics", ask.ShowMetrics, VIEW),
            example("GET", f"{JOB}/logs", ask.ShowLogs, answered.LogLines(lines=("permitted",))),
            example("POST", f"{JOB}/cancel", ask.CancelJob, done),
            example("DELETE", JOB, ask.DeleteJob, done),
            example("PUT", f"{JOB}/tags", ask.TagJob, done, {"tags": ["a"]}),
            example("POST", f"{API}/sessions", ask.OpenSession, SESSION_VIEW, {"backend": "sim_line_5"}),
            example("GET", SESSION, ask.ShowSession, SESSION_VIEW),
            example("PATCH", SESSION, ask.CloseSession, SESSION_VIEW, {"accepting_jobs": False}),
            example("DELETE", f"{SESSION}/close", ask.CloseSession, SESSION_VIEW),
        ]

    unspoken = values.UNSPOKEN_BY_IBM

    def results(self):
        bodies = [path.read_bytes() for path in sorted(REQUESTS.glob("*.json"))]
        return [(values.JOB, body, canned.result(body)) for body in bodies]


def _calibration():
    return answered.CalibrationView(backend=values.BACKEND, calibration=values.CALIBRATION)
