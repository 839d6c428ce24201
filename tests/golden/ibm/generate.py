"""Write the golden files of the IBM dialect; look at the difference before you keep it.

`python -m tests.golden.ibm.generate answers` writes what the dialect says, from the values of `tests/fakes`.
`python -m tests.golden.ibm.generate requests` writes what stock SDKs submit; it needs their environments
(`python tests/tools.py install`). QPY holds random names, so these differ a little every time.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from adapters.ibm import IbmDialect, IbmSettings
from gateway.domain.backend import ExecutionKind
from gateway.domain.errors import NotFoundError
from gateway.domain.job import JobRecord, JobStatus
from gateway.ports import answers as answered
from gateway.ports import operations as ask
from gateway.ports.dialect import WireRequest
from tests import tools
from tests.fakes import values
from tests.fakes.dialect_server import serving

HERE = Path(__file__).parent
DRIVER = HERE.parent.parent / "sdk" / "drivers" / "submissions.py"
SDKS = {"sdk-ibm-oldest": "sdk-0.49", "sdk-ibm-newest": "sdk-0.51"}

FAILED = replace(
    values.JOB,
    status=JobStatus.FAILED,
    reason="the simulator ran out of memory",
    reason_code=8001,
    started_at=values.NOW,
    finished_at=values.NOW,
    usage_seconds=2.5,
    tags=("mine",),
    echo={"cost": 300},
    asked_backend="ibm_example",
    fallback_reason="the backend asked for is not there",
)


def answers() -> Mapping[str, bytes]:
    """Write every shape of answer that clients parse."""
    dialect = IbmDialect(IbmSettings())
    hardware = answered.BackendView(
        backend=values.HARDWARE, status=replace(values.STATUS, queue_length=7, message="ok")
    )
    shown = {
        "backends": (ask.ListBackends(), answered.BackendList(backends=(values.VIEW, hardware))),
        "backends-names": (ask.ListBackends(detailed=False), answered.BackendList(backends=(values.VIEW,))),
        "configuration": (ask.ShowConfiguration(backend="sim_line_5"), values.VIEW),
        "properties": (
            _calibration(),
            answered.CalibrationView(backend=values.BACKEND, calibration=values.CALIBRATION),
        ),
        "properties-none": (_calibration(), answered.CalibrationView(backend=values.BACKEND, calibration=None)),
        "status": (ask.ShowStatus(backend="sim_line_5"), values.VIEW),
        "search": (ask.ListInstances(), answered.InstanceList(instances=(values.INSTANCE,))),
        "plan": (ask.ShowPlan(plan_id="p"), answered.InstanceList(instances=(values.INSTANCE,))),
        "submitted": (ask.ShowJob(client_job_id="d", parameters=False), _view(values.JOB)),
        "failed": (ask.ShowJob(client_job_id="d", parameters=False), _view(FAILED)),
        "metrics": (ask.ShowMetrics(client_job_id="d"), _view(FAILED)),
        "metrics-hardware": (ask.ShowMetrics(client_job_id="d"), _view(replace(FAILED, kind=ExecutionKind.HARDWARE))),
        "session": (ask.ShowSession(session_id="s"), answered.SessionView(session=values.SESSION, jobs={"running": 1})),
    }
    written = {name: dialect.answer(operation, answer).body for name, (operation, answer) in shown.items()}
    request = WireRequest(method="GET", path="/api/v1/jobs/d1", query=(), headers={}, body=b"")
    error = NotFoundError(noun="job", name="d1")
    return written | {"refusal": dialect.refuse(request, error, status=404, request_id="trace-1").body}


def pretty(body: bytes) -> str:
    """Lay JSON out so that a difference can be read."""
    return json.dumps(json.loads(body), indent=1) + "\n"


def requests(sdk: str) -> Mapping[str, bytes]:
    """Let a stock SDK submit one job of every kind, and keep the bodies."""
    program = tools.find(tools.load()[sdk])
    with serving(int(time.time())) as server:
        environment = {**server.environment(), "PATH": os.environ["PATH"]}
        done = subprocess.run([str(program), str(DRIVER)], env=environment, capture_output=True, text=True, check=True)
        bodies = [one.submission.body for one in server.gate.received if isinstance(one, ask.Submit)]
    return dict(zip(json.loads(done.stdout)["submitted"], bodies, strict=True))


def main(kind: str) -> None:
    """Write one kind of golden files."""
    if kind == "answers":
        for name, body in answers().items():
            (HERE / "answers" / f"{name}.json").write_text(pretty(body))
        return
    for sdk, label in SDKS.items():
        for name, body in requests(sdk).items():
            (HERE / "requests" / f"{name}.{label}.json").write_text(pretty(body))


def _calibration() -> ask.ShowCalibration:
    return ask.ShowCalibration(backend="sim_line_5", before=None, calibration_id=None)


def _view(job: JobRecord) -> answered.JobView:
    return answered.JobView(job=job, body=None, queue_position=None)


if __name__ == "__main__":
    main(sys.argv[1])
