"""The IonQ dialect against the suite that every dialect must pass."""

import json
from dataclasses import replace
from pathlib import Path

from adapters.ionq import IonqDialect, IonqSettings, asked, ids
from gateway.domain.ids import ClientJobId
from gateway.domain.job import JobStatus
from gateway.domain.money import Quote
from gateway.ports import answers as answered
from gateway.ports import operations as ask
from gateway.ports.dialect import WireRequest
from gateway.ports.testing import DialectConformance, Example
from tests.fakes import values

REQUESTS = Path(__file__).parent.parent / "golden" / "ionq" / "requests"
PARENT = ids.parent(bytes(range(16)))
JOB = replace(
    values.JOB,
    client_job_id=ClientJobId(PARENT),
    dialect="ionq",
    status=JobStatus.COMPLETED,
    circuits=2,
    echo={"type": "ionq.multi-circuit.v1", "backend": "simulator", "metadata": {"a": "b"}, "shots": 8},
)
VIEW = answered.JobView(job=JOB, body=None, queue_position=None)
CHILD = ids.child(PARENT, 1)
BACKEND = "/backends/simulator.sim_line_5"
SESSION = f"/sessions/{values.SESSION.id}"
SESSION_VIEW = answered.SessionView(session=values.SESSION, jobs={"queued": 1})
CALIBRATIONS = answered.CalibrationList(backend=values.BACKEND, calibrations=(values.CALIBRATION,), count=3)
USAGE = answered.UsageView(
    instance=values.INSTANCE,
    used_seconds=1.0,
    period_start=values.NOW.replace(day=1),
    period_end=values.NOW.replace(month=4, day=1),
)
IDENTITY = answered.IdentityView(
    instance=values.INSTANCE, principal_id="p", principal_name="ada", project_id="project-1", key_id="k"
)
QUOTE = Quote(amount_micros=12_400_000, currency="USD", price_revision="ab" * 32, basis="per shot")
ESTIMATE = answered.CostEstimate(backend=values.BACKEND, quote=QUOTE, seconds=2.0, queue_length=1, at=values.NOW)
COST = answered.CostView(job=JOB, currency="USD", held_micros=5, settled_micros=3)
PERIOD = {"start_date": "2026-03-01", "end_date": "2026-04-01", "group_by": "project", "modality": "monthly"}


def example(method, path, operation, answer, body=b"", **query):
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    headers = {"authorization": "apiKey k", "user-agent": "qiskit-ionq/1.1.1 (qiskit/2.6.2)"}
    request = WireRequest(method=method, path=path, query=tuple(query.items()), headers=headers, body=content)
    return Example(request=request, operation=operation, answer=answer)


class TestIonqDialect(DialectConformance):
    unspoken = frozenset(
        {
            ask.ExchangeKey,
            ask.ListInstances,
            ask.ShowPlan,
            ask.ShowStatus,
            ask.ShowMetrics,
            ask.ShowLogs,
            ask.TagJob,
            ask.ListPrices,
            ask.ShowLimits,
        }
    )

    def dialect(self):
        return IonqDialect(IonqSettings())

    def instance(self):
        return values.INSTANCE

    def examples(self):
        done, page = answered.Done(), answered.JobList(jobs=(VIEW,), count=2, limit=1, offset=0)
        result = answered.ResultBody(job=JOB, body=b'{"0": 1.0}')
        parts = answered.ResultBody(job=JOB, body=b'{"1": {"0": 1.0}}')
        uuid = "c0ffee00-0000-0000-0000-000000000000"
        named = {"ids": [PARENT]}
        return [
            example("GET", "/whoami", ask.ShowIdentity, IDENTITY),
            example("GET", "/backends", ask.ListBackends, answered.BackendList(backends=(values.VIEW,))),
            example("GET", BACKEND, ask.ShowConfiguration, values.VIEW),
            example("GET", f"{BACKEND}/characterizations", ask.ListCalibrations, CALIBRATIONS, limit="1"),
            example("GET", f"{BACKEND}/characterizations/{uuid}", ask.ShowCalibration, _calibration()),
            *(
                example("POST", "/jobs", ask.Submit, answered.Accepted(job=JOB), path.read_bytes())
                for path in sorted(REQUESTS.glob("*.json"))
            ),
            example("GET", f"/jobs/{PARENT}", ask.ShowJob, VIEW),
            example("GET", f"/jobs/{CHILD}", asked.ShowChild, VIEW),
            example("GET", "/jobs", ask.ListJobs, page, status="queued"),
            example("GET", "/jobs", asked.ListChildren, VIEW, parent_job_id=PARENT),
            example("GET", "/jobs/estimate", asked.Estimate, ESTIMATE, backend="simulator"),
            example("GET", f"/jobs/{PARENT}/results/probabilities", ask.ShowResults, result, sharpen="True"),
            example("GET", f"/jobs/{PARENT}/results/probabilities/aggregated", ask.ShowResults, result),
            example("GET", f"/jobs/{PARENT}/results/shots", ask.ShowResults, result),
            example("GET", f"/jobs/{CHILD}/results/histogram", asked.ShowPart, parts),
            example("GET", f"/jobs/{PARENT}/artifacts/qgw.execution.v1", ask.ShowResults, result),
            example("GET", f"/jobs/{PARENT}/circuits/native", ask.ShowResults, result),
            example("GET", f"/jobs/{PARENT}/variants/{CHILD}/results/shots", asked.ShowPart, parts),
            example("GET", f"/jobs/{PARENT}/cost", ask.ShowCost, COST),
            example("PUT", f"/jobs/{PARENT}/status/cancel", ask.CancelJob, done),
            example("PUT", "/jobs/status/cancel", ask.CancelJobs, done, named),
            example("DELETE", f"/jobs/{PARENT}", ask.DeleteJob, done),
            example("DELETE", "/jobs", ask.DeleteJobs, done, named),
            example("POST", "/sessions", ask.OpenSession, SESSION_VIEW, {"backend": "ionq_simulator", "settings": {}}),
            example("GET", "/sessions", ask.ListSessions, answered.SessionList(sessions=(SESSION_VIEW,), count=1)),
            example("GET", SESSION, ask.ShowSession, SESSION_VIEW),
            example("POST", f"{SESSION}/end", ask.CloseSession, SESSION_VIEW),
            example("GET", f"{SESSION}/jobs", ask.ListJobs, page),
            example("GET", "/organizations/org/usage", asked.ShowPeriod, USAGE, **PERIOD),
        ]

    def results(self):
        return [(JOB, path.read_bytes(), _result(path.read_bytes())) for path in sorted(REQUESTS.glob("*.json"))]


def _result(body):
    given = json.loads(body)["input"]
    register = {"meas": values.register(2, [0, 3] * 4)}
    return values.result(*(values.item(registers=register) for _ in given.get("circuits", [None])))


def _calibration():
    return answered.CalibrationView(backend=values.BACKEND, calibration=values.CALIBRATION)
