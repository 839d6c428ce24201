"""The Braket dialect against the suite that every dialect must pass."""

import json
from dataclasses import replace
from typing import get_args

from adapters.braket import BraketDialect, BraketSettings, arns, prices, searches, spending, storage, tasks
from adapters.braket.identity import WhoAmI
from gateway.domain.money import Tariff
from gateway.ports import answers as answered
from gateway.ports import operations as ask
from gateway.ports.dialect import WireRequest
from gateway.ports.testing import DialectConformance, Example
from tests.fakes import values
from tests.unit.braket import made

ACCOUNT = arns.account(made.JOB.project_id)
TASK = f"/quantum-task/{made.encoded(made.task_arn(ACCOUNT))}"
TAGS = f"/tags/{made.encoded(made.task_arn(ACCOUNT))}"
SPOKEN = {
    ask.ShowIdentity,
    ask.ListBackends,
    ask.ListPrices,
    ask.ShowLimits,
    ask.ShowConfiguration,
    ask.Submit,
    ask.ShowJob,
    ask.ListJobs,
    ask.ShowResults,
    ask.CancelJob,
    ask.TagJob,
}
IDENTITY = answered.IdentityView(
    instance=values.INSTANCE,
    principal_id="principal-1",
    principal_name="ada <b>",
    project_id=made.JOB.project_id,
    key_id="key-1",
)
VIEW = answered.JobView(job=made.JOB, body=None, queue_position=2)
ENVELOPE = answered.JobView(
    job=made.DONE,
    body=None,
    queue_position=None,
    envelope=json.dumps({"quantumTaskArn": "the vendor's", "status": "QUEUED", "experimental": 1}).encode(),
)
PAGE = answered.JobList(jobs=(VIEW,), count=3, limit=1, offset=0)
RESULTS = answered.ResultBody(job=made.DONE, body=b'{"finished": true}')
LIMITS = answered.LimitsView(project_id="project-1", standings=(values.STANDING,), backends=(values.HARDWARE,))
TARIFF = Tariff(currency="USD", source="a list", per_task_micros=300_000, per_shot_micros=1450)
FORM = b"Action=GetCallerIdentity&Version=2011-06-15"
LISTING = (("list-type", "2"), ("prefix", "tasks"), ("encoding-type", "url"))


def example(operation, answer, *asked, **more):
    return Example(request=made.request(*asked, **more), operation=operation, answer=answer)


class TestBraketDialect(DialectConformance):
    unspoken = frozenset(get_args(ask.Operation)) - SPOKEN

    def dialect(self):
        return BraketDialect(BraketSettings())

    def instance(self):
        return values.INSTANCE

    def examples(self):
        shown = replace(values.VIEW, calibration=values.CALIBRATION)
        token, done = {"clientToken": "c"}, answered.Done(job=made.JOB)
        below = (*LISTING[:1], ("prefix", f"tasks/{made.TASK_ID}"))
        return [
            example(WhoAmI, IDENTITY, "POST", "/sts", FORM, service="sts"),
            example(searches.SearchDevices, answered.BackendList(backends=(shown,)), "POST", "/devices", {}),
            example(spending.SearchLimits, LIMITS, "POST", "/spending-limits", {"filters": []}),
            Example(
                request=WireRequest(method="GET", path=prices.PATH, query=(), headers={}, body=b""),
                operation=ask.ListPrices,
                answer=answered.BackendList(backends=(replace(shown, tariff=TARIFF),)),
            ),
            example(ask.ShowConfiguration, shown, "GET", f"/device/{made.encoded(made.DEVICE)}"),
            example(ask.Submit, answered.Accepted(job=made.JOB), "POST", "/quantum-task", made.task()),
            example(ask.Submit, answered.Accepted(job=made.JOB), "POST", "/braket/quantum-task", made.task()),
            example(tasks.ShowTask, VIEW, "GET", TASK, query=[("additionalAttributeNames", "QueueInfo")]),
            example(tasks.ShowTask, ENVELOPE, "GET", TASK),
            example(tasks.CancelTask, done, "PUT", f"{TASK}/cancel", token),
            example(ask.ListJobs, PAGE, "POST", "/quantum-tasks", {"filters": []}),
            example(tasks.ShowTags, VIEW, "GET", TAGS),
            example(ask.TagJob, done, "POST", TAGS, {"tags": {"owner": "ada"}}),
            example(ask.TagJob, done, "DELETE", TAGS, query=[("tagKeys", "owner")]),
            example(storage.Bucket, IDENTITY, "PUT", f"/{made.BUCKET}", service="s3"),
            example(storage.Bucket, IDENTITY, "HEAD", f"/s3/{made.BUCKET}", service="s3"),
            example(storage.Bucket, IDENTITY, "GET", f"/{made.BUCKET}", service="s3", query=[("location", "")]),
            example(storage.GetObject, RESULTS, "GET", made.KEY, service="s3"),
            example(storage.GetObject, RESULTS, "HEAD", made.KEY, service="s3", headers={"range": "bytes=0-3"}),
            example(storage.ListTask, RESULTS, "GET", f"/{made.BUCKET}", service="s3", query=below),
            example(storage.ListBucket, PAGE, "GET", f"/{made.BUCKET}", service="s3", query=LISTING),
        ]

    def results(self):
        rows = [[0, 0], [1, 1]] * 4
        asking = "OPENQASM 3.0;\nqubit[2] q;\nh q[0];\n#pragma braket result expectation z(q[0]) @ z(q[1])\n"
        bodies = [made.task(), made.task(action=made.action(asking))]
        return [(made.DONE, json.dumps(body).encode(), made.measured(rows, [0, 1])) for body in bodies]
