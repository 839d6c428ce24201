"""Writes the golden exchanges anew: what is asked stands here, what answers look like is learned from the fakes.

Run as `python -m tests.golden.generate_exchanges` when a vendor's API changed and its fake was made to follow; what
deviates at the live vendor (`python -m tests.contracts VENDOR live`) says what to change. Closed sets of words are the
vendors' own documents', because no answer shows all of them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from tests.contracts.callers import secrets
from tests.contracts.exchanges import FOLDER, Exchange, asked
from tests.contracts.fake import faked
from tests.contracts.shapes import Known, Shape, learn, merge
from tests.fakes.vendors.aws.calls import action

NOBODY = "00000000-0000-4000-8000-000000000000"
TIMES = 2
"""Each exchange is seen twice, so that what is not always there is known as possible only."""

IONQ_JOB = {
    "status": ["submitted", "ready", "started", "canceled", "failed", "completed"],
    "type": ["ionq.circuit.v1", "ionq.multi-circuit.v1", "ionq.qasm3.v1", "quantum-function", "qctrl.qaoa.v1"],
    "cost_model": ["quantum_compute_time", "execution_time"],
}
IONQ_BACKEND = {"status": ["available", "running", "unavailable", "offline", "reserved", "retired", "calibrating"]}
IBM_JOB = {
    "status": ["Queued", "Running", "Completed", "Failed", "Cancelled", "Cancelled - Ran too long"],
    "state/status": ["Queued", "Running", "Completed", "Failed", "Cancelled", "Cancelled - Ran too long"],
}
BRAKET_TASK = {"status": ["CREATED", "QUEUED", "RUNNING", "COMPLETED", "FAILED", "CANCELLING", "CANCELLED"]}
BRAKET_DEVICE = {"deviceStatus": ["ONLINE", "OFFLINE", "RETIRED"], "deviceType": ["QPU", "SIMULATOR"]}

IONQ_CIRCUIT = {
    "type": "ionq.circuit.v1",
    "backend": "simulator",
    "shots": 10,
    "name": "contract",
    "metadata": {"note": "contract"},
    "input": {"gateset": "qis", "qubits": 1, "circuit": [{"gate": "h", "target": 0}]},
}
SV1 = "arn:aws:braket:::device/quantum-simulator/amazon/sv1"
QASM = "OPENQASM 3.0;\nqubit[1] q;\nbit[1] c;\nh q[0];\nc = measure q;\n"
TASK = {
    "clientToken": NOBODY,
    "deviceArn": SV1,
    "shots": 10,
    "outputS3Bucket": "{bucket}",
    "outputS3KeyPrefix": "contract",
    "action": action(QASM),
}


def _at(place: str, words: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    return {f"{place}/{key}": each for key, each in words.items()}


def _get(name: str, about: str, path: str, **more: Any) -> Exchange:
    return Exchange(name=name, about=about, **{"service": "api", "method": "GET", "path": path, **more})


def _post(name: str, about: str, path: str, body: Any, **more: Any) -> Exchange:
    return _get(name, about, path, method="POST", body=body, **more)


def ionq() -> Sequence[tuple[Exchange, Known]]:
    """Give IonQ's exchanges."""
    ended = {"/status": ["completed", "failed", "canceled"]}
    job = Known(words=_at("", IONQ_JOB), maps=("/metadata",), anything=("/settings", "/output"))
    jobs = ("/jobs/*/metadata",), ("/jobs/*/settings", "/jobs/*/output", "/jobs/*/results")
    return (
        (_get("01-whoami", "whose key it is", "/whoami"), Known()),
        (_get("02-backends", "every backend", "/backends"), Known(words=_at("/*", IONQ_BACKEND))),
        (_get("03-backend", "one backend", "/backends/qpu.forte-1"), Known(words=_at("", IONQ_BACKEND))),
        (_get("04-characterizations", "the newest", "/backends/qpu.forte-1/characterizations?limit=1"), Known()),
        (_get("05-no-key", "a refusal to a stranger", "/jobs", signed=False, status=401), Known()),
        (_get("06-no-such-job", "a refusal", f"/jobs/{NOBODY}", status=404), Known()),
        (
            _post("10-submit", "a job", "/jobs", IONQ_CIRCUIT, costs=True, status=201, gives={"job": "/id"}),
            Known(words=_at("", {"status": IONQ_JOB["status"]})),
        ),
        (_get("11-ended", "a job that has ended", "/jobs/{job}", costs=True, until=ended), job),
        (
            _get("20-jobs", "the newest jobs", "/jobs?limit=5", gives={"job": "/jobs/0/id"}),
            Known(words=_at("/jobs/*", IONQ_JOB), maps=jobs[0], anything=jobs[1]),
        ),
        (_get("21-job", "a job", "/jobs/{job}"), job),
        (_get("22-cost", "what a job cost", "/jobs/{job}/cost"), Known()),
        (
            _get("23-probabilities", "results", "/jobs/{job}/results/probabilities", costs=True),
            Known(maps=("",)),
        ),
        (
            _get("24-cancel", "cancelling what ended", "/jobs/{job}/status/cancel", method="PUT", body={}, costs=True),
            Known(words={"/status": ["canceled"]}),
        ),
    )


def ibm() -> Sequence[tuple[Exchange, Known]]:
    """Give IBM's exchanges."""
    pubs = [['OPENQASM 3.0;\ninclude "stdgates.inc";\nbit[1] c;\nx $0;\nc[0] = measure $0;\n', None, 10]]
    sampler = {"program_id": "sampler", "params": {"pubs": pubs, "version": 2}, "tags": ["contract"]}
    job = Known(words=_at("", IBM_JOB), anything=("/params", "/usage"))
    kind = "urn:ibm:params:oauth:grant-type:apikey"
    grant = {"grant_type": kind, "apikey": "{api_key}", "response_type": "cloud_iam"}
    backend = "/backends/{backend}"
    return (
        (
            _post(
                "01-token",
                "a token for a key",
                "/identity/token",
                grant,
                service="iam",
                form=True,
                signed=False,
                gives={"token": "/access_token"},
            ),
            Known(),
        ),
        (_get("02-backends", "every backend", "/backends", gives={"backend": "/devices/0/name"}), Known()),
        (
            _get("03-configuration", "what a backend is", f"{backend}/configuration"),
            Known(anything=("/gates/*/coupling_map",)),
        ),
        (_get("04-properties", "its calibration", f"{backend}/properties"), Known()),
        (_get("05-status", "how it is", f"{backend}/status"), Known()),
        (_get("06-usage", "what the instance has left", "/instances/usage"), Known()),
        (_get("07-stranger", "a refusal to a stranger", "/jobs", signed=False, status=401), Known()),
        (_get("08-no-such-job", "a refusal", "/jobs/d000000000000000000g", status=404), Known()),
        (
            _post("10-submit", "a job", "/jobs", {**sampler, "backend": "{backend}"}, costs=True, gives={"job": "/id"}),
            Known(),
        ),
        (
            _get(
                "11-ended",
                "a job that has ended",
                "/jobs/{job}?exclude_params=true",
                costs=True,
                until={"/state/status": ["Completed", "Failed", "Cancelled"]},
            ),
            job,
        ),
        (
            _get("20-jobs", "the newest jobs", "/jobs?limit=5&exclude_params=true", gives={"job": "/jobs/0/id"}),
            Known(words=_at("/jobs/*", IBM_JOB), anything=("/jobs/*/params", "/jobs/*/usage")),
        ),
        (_get("21-job", "a job", "/jobs/{job}?exclude_params=true"), job),
        (_get("22-metrics", "its times and usage", "/jobs/{job}/metrics"), Known(anything=("/bss", "/caller"))),
        (_get("23-results", "results", "/jobs/{job}/results", costs=True), Known(anything=("/results", "/__value__"))),
    )


def braket() -> Sequence[tuple[Exchange, Known]]:
    """Give Braket's exchanges; results in S3 are XML and buckets, and no contract of Braket's."""
    task, ended = Known(words=_at("", BRAKET_TASK), maps=("/tags",)), {"/status": ["COMPLETED", "FAILED", "CANCELLED"]}
    device = "/device/arn%3Aaws%3Abraket%3A%3A%3Adevice%2Fquantum-simulator%2Famazon%2Fsv1"
    gone = f"/quantum-task/arn%3Aaws%3Abraket%3Aus-east-1%3A000000000000%3Aquantum-task%2F{NOBODY}"
    taken, found = {"task": "/quantumTaskArn"}, {"task": "/quantumTasks/0/quantumTaskArn"}
    return (
        (
            _post("01-devices", "every device", "/devices", {"filters": [], "maxResults": 100}),
            Known(words=_at("/devices/*", BRAKET_DEVICE)),
        ),
        (_get("02-device", "one device", device), Known(words=_at("", BRAKET_DEVICE))),
        (_get("03-no-such-task", "a refusal", gone, status=404), Known()),
        (_get("04-stranger", "a refusal to a stranger", device, signed=False, status=403), Known()),
        (
            _post("10-submit", "a task", "/quantum-task", TASK, costs=True, status=201, gives=taken),
            Known(),
        ),
        (_get("11-ended", "a task that has ended", "/quantum-task/{task}", costs=True, until=ended), task),
        (
            _post("20-tasks", "the newest tasks", "/quantum-tasks", {"filters": [], "maxResults": 5}, gives=found),
            Known(words=_at("/quantumTasks/*", BRAKET_TASK), maps=("/quantumTasks/*/tags",)),
        ),
        (_get("21-task", "a task", "/quantum-task/{task}"), task),
        (_get("22-tags", "its tags", "/tags/{task}"), Known(maps=("/tags",))),
    )


def generate(vendor: str, defined: Sequence[tuple[Exchange, Known]]) -> dict[str, str]:
    """Ask a fake everything, and write down how it answers; gives each file's text by its name."""
    shapes: dict[str, Shape] = {}
    with faked(vendor) as (caller, _):
        for _ in range(TIMES):
            for exchange, known in defined:
                status, body = asked(exchange, caller)
                assert status == exchange.status, (exchange.name, status, body)
                shape = learn(body, known)
                shapes[exchange.name] = merge(shapes[exchange.name], shape) if exchange.name in shapes else shape
        texts = {exchange.name: _text(exchange, shapes[exchange.name]) for exchange, _ in defined}
        assert not any(secret in text for secret in secrets(caller) for text in texts.values())
    return texts


def _text(exchange: Exchange, shape: Shape) -> str:
    """Write a file without what is as usual."""
    usual = {each.name: each.default for each in fields(Exchange)}
    values = {name: value for name, value in asdict(exchange).items() if name not in {"name", "shape"}}
    told = {name: value for name, value in values.items() if value != usual[name] and value not in ({}, None)}
    return json.dumps({**told, "shape": shape}, indent=1) + "\n"


def main() -> None:
    """Write every file."""
    for vendor, defined in (("ionq", ionq()), ("ibm", ibm()), ("braket", braket())):
        folder = FOLDER / vendor
        folder.mkdir(parents=True, exist_ok=True)
        texts = generate(vendor, defined)
        for path in folder.glob("*.json"):
            path.unlink()
        for name, text in texts.items():
            (folder / f"{name}.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
