"""A job as IonQ's clients see it: from our record, or from IonQ's own words with ids made ours."""

import json
from dataclasses import replace

import pytest

from adapters.ionq import IonqDialect, IonqSettings, asked, ids
from gateway.domain.backend import ExecutionKind
from gateway.domain.errors import RefusedError
from gateway.domain.ids import ClientJobId
from gateway.domain.job import JobStatus
from gateway.ports import answers as answered
from gateway.ports import operations as ask
from tests.fakes import values

DIALECT = IonqDialect(IonqSettings())
PARENT = ids.parent(bytes(16))
METADATA = {"shots": "100", "qiskit_header": "H4sI", "own": "words"}
ECHO = {"type": "ionq.circuit.v1", "backend": "simulator", "qubits": 2, "gateset": "qis"}
JOB = replace(values.JOB, client_job_id=ClientJobId(PARENT), dialect="ionq", echo={**ECHO, "shots": 100})
MULTI = replace(JOB, circuits=2, echo={**JOB.echo, "type": "ionq.multi-circuit.v1"})
SENT = json.dumps({"metadata": METADATA, "name": "bell"}).encode()
SHOW = ask.ShowJob(client_job_id=PARENT, parameters=True)
VENDORS, FIRST, SECOND = (f"{digit * 8}-1111-7111-8111-111111111111" for digit in "abc")


def answer(operation, given):
    return json.loads(DIALECT.answer(operation, given).body)


def shown(job, *, envelope=None, operation=SHOW):
    told = envelope if envelope is None or isinstance(envelope, bytes) else json.dumps(envelope).encode()
    return answer(operation, answered.JobView(job=job, body=SENT, queue_position=None, envelope=told))


def completed(job=JOB, **fields):
    done = replace(job, status=JobStatus.COMPLETED, started_at=values.NOW, finished_at=values.NOW, usage_seconds=1.5)
    return replace(done, **fields)


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("permitted", "submitted"),
        ("queued", "ready"),
        ("running", "started"),
        ("unknown", "started"),
        ("completed", "completed"),
        ("failed", "failed"),
        ("cancelled", "canceled"),
    ],
)
def test_every_status_is_a_word_the_sdk_knows(status, word):
    assert shown(replace(JOB, status=JobStatus(status)))["status"] == word


def test_a_completed_job_shows_where_its_results_are():
    told = shown(completed())

    place = f"/v0.4/jobs/{PARENT}/results"
    assert told["results"] == {
        **{kind: {"url": f"{place}/{kind}"} for kind in ("probabilities", "histogram", "shots")},
        "qgw.execution.v1": {"id": "qgw.execution.v1", "media_type": "application/json"},
    }
    assert told["metadata"] == METADATA
    assert told["stats"] == {"qubits": 2, "circuits": 1}
    assert (told["execution_duration_ms"], told["shots"], told["backend"]) == (1500, 100, "simulator")
    assert told["qgw"]["execution_kind"] == "simulator"


def test_before_that_there_are_none():
    told = shown(JOB)

    assert told["results"] is None
    assert told["execution_duration_ms"] is None


def test_several_circuits_are_jobs_of_their_own():
    job = completed(MULTI)

    told = shown(job)
    children = answer(
        asked.ListChildren(client_job_id=PARENT, parameters=True),
        answered.JobView(job=job, body=SENT, queue_position=None),
    )["jobs"]
    second = shown(job, operation=asked.ShowChild(client_job_id=PARENT, parameters=True, index=1))

    assert told["child_job_ids"] == [child["id"] for child in children] == ids.children(PARENT, 2)
    assert told["results"]["probabilities"]["url"].endswith(f"{PARENT}/results/probabilities/aggregated")
    assert second == children[1]
    assert second["parent_job_id"] == PARENT
    assert second["results"]["shots"]["url"] == f"/v0.4/jobs/{second['id']}/results/shots"


@pytest.mark.parametrize("job", [pytest.param(MULTI, id="beyond the last"), pytest.param(JOB, id="of a single one")])
def test_a_circuit_that_is_not_there_is_not_found(job):
    with pytest.raises(RefusedError) as refused:
        shown(job, operation=asked.ShowChild(client_job_id=PARENT, parameters=True, index=2))

    assert refused.value.code == "not-found"


def test_an_openqasm_job_points_at_its_registers():
    told = shown(completed(replace(JOB, echo={**JOB.echo, "type": "ionq.qasm3.v1"})))

    assert told["results"]["ionq.result.shots.json.v2"]["id"] == "ionq.result.shots.json.v2"


def test_a_dry_run_points_at_its_circuit_alone():
    told = shown(completed(replace(JOB, echo={**JOB.echo, "dry_run": True})))

    assert (told["dry_run"], told["results"]) == (True, None)
    assert told["output"]["compilation"]["compiled_circuits"].keys() == {"ionq.qis.v1"}


def test_a_failure_is_told_where_the_sdk_looks_and_where_the_specification_says():
    told = shown(replace(JOB, status=JobStatus.FAILED, reason="out of memory"))["failure"]

    assert told == {"code": "SimulationError", "message": "out of memory", "error": "out of memory"}


def test_a_fallback_is_a_warning_and_shows_the_other_backend():
    job = replace(JOB, asked_backend="qpu.forte-1", fallback_reason="it is offline")

    told = shown(replace(job, echo={**JOB.echo, "backend": "qpu.forte-1"}))

    assert told["backend"] == "simulator.sim_line_5"
    assert told["warning"]["messages"] == [
        "this job asked for qpu.forte-1 and ran on sim_line_5, a simulator: it is offline"
    ]


@pytest.mark.parametrize(
    ("asked_for", "warned"),
    [
        pytest.param("simulator", False, id="a simulator by that name"),
        pytest.param("ionq_simulator.sim_line_5", False, id="an emulated device as a simulator"),
        pytest.param("qpu.sim_line_5", True, id="an emulated device as a machine"),
    ],
)
def test_a_simulator_is_no_surprise_to_whoever_asked_for_one(asked_for, warned):
    told = shown(replace(JOB, echo={**JOB.echo, "backend": asked_for}))

    assert ("warning" in told) is warned


def test_a_noise_model_that_was_not_applied_is_a_warning():
    (said,) = shown(replace(JOB, echo={**JOB.echo, "noise": {"model": "aria-1"}}))["warning"]["messages"]

    assert "noise model aria-1 was not applied" in said


def test_a_page_says_where_the_next_one_begins():
    views = tuple(answered.JobView(job=JOB, body=None, queue_position=None) for _ in range(2))
    operation = ask.ListJobs(limit=2, offset=4, parameters=True)

    page = answer(operation, answered.JobList(jobs=views, count=7, limit=2, offset=4))
    last = answer(operation, answered.JobList(jobs=views, count=6, limit=2, offset=4))

    assert (len(page["jobs"]), page["next"], last["next"]) == (2, "6", None)


# ── IonQ's own words ─────────────────────────────────────────────────────────────────────────────
def envelope(**fields):
    return {
        "id": VENDORS,
        "status": "completed",
        "type": "ionq.multi-circuit.v1",
        "backend": "qpu.forte-1",
        "submitter_id": "somebody",
        "project_id": "at-ionq",
        "session_id": "at-ionq-too",
        "metadata": {"qgw_mark": "qgw-0"},
        "child_job_ids": [FIRST, SECOND],
        "stats": {"qubits": 36, "kwh": 0.5},
        "predicted_wait_time_ms": 7,
        "results": {
            "probabilities": {"url": f"/v0.4/jobs/{VENDORS}/results/probabilities/aggregated"},
            "ionq.result.shots.json.v2": {"id": "artifact-7", "media_type": "application/json"},
        },
        "output": {
            "compilation": {"compiled_circuits": {"ionq.native.v1": {"id": "artifact-8"}}},
            "error_mitigation": {"debiasing": {"variants": []}},
        },
        **fields,
    }


HARDWARE = replace(completed(MULTI), kind=ExecutionKind.HARDWARE, backend="qpu.forte-1", asked_backend="qpu.forte-1")


def test_ionqs_own_words_are_kept_and_its_ids_are_not():
    told = shown(HARDWARE, envelope=envelope())

    assert (told["stats"], told["predicted_wait_time_ms"]) == ({"qubits": 36, "kwh": 0.5}, 7)
    assert told["results"]["probabilities"]["url"] == f"/v0.4/jobs/{PARENT}/results/probabilities/aggregated"
    assert told["results"]["ionq.result.shots.json.v2"]["id"] == "ionq.result.shots.json.v2"
    assert told["output"]["compilation"]["compiled_circuits"] == {"ionq.native.v1": {"id": "ionq.native.v1"}}
    assert told["child_job_ids"] == ids.children(PARENT, 2)
    assert told["metadata"] == METADATA
    assert (told["submitter_id"], told["project_id"]) == (JOB.principal_id, JOB.project_id)
    assert told["session_id"] is None
    whole = json.dumps(told)
    assert not any(theirs in whole for theirs in (VENDORS, FIRST, SECOND, "at-ionq", "artifact-", "qgw_mark"))
    assert told["qgw"]["execution_kind"] == "hardware"
    assert "warning" not in told


def test_the_variants_of_a_debiased_circuit_have_names_of_ours():
    url = f"/v0.4/jobs/{VENDORS}/variants/{FIRST}/results/shots"
    variant = {"variant_id": FIRST, "results": {"shots": {"url": url}}}
    output = {"error_mitigation": {"debiasing": {"variants": [variant]}}}
    single = {"type": "ionq.circuit.v1", "child_job_ids": None, "output": output}

    told = shown(replace(completed(), kind=ExecutionKind.HARDWARE), envelope=envelope(**single))

    named = ids.child(PARENT, 0)
    assert told["output"]["error_mitigation"]["debiasing"]["variants"] == [
        {"variant_id": named, "results": {"shots": {"url": f"/v0.4/jobs/{PARENT}/variants/{named}/results/shots"}}}
    ]


def test_the_record_says_how_far_a_job_is():
    """What IonQ says may be newer than what the gateway could make durable."""
    told = shown(replace(HARDWARE, status=JobStatus.RUNNING), envelope=envelope())

    assert (told["status"], told["results"], told["failure"]) == ("started", None, None)


def test_ionqs_reason_of_a_failure_is_put_where_the_sdk_looks():
    job = replace(HARDWARE, status=JobStatus.FAILED, reason="ionq: TooManyShots")

    told = shown(job, envelope=envelope(failure={"code": "TooManyShots", "message": "too many"}))["failure"]

    assert told == {"code": "TooManyShots", "message": "too many", "error": "too many"}


@pytest.mark.parametrize("garbage", [b"", b"[]", b"{", b'"text"', b'{"results": 7, "output": [], "failure": 1}'])
def test_words_that_make_no_sense_leave_our_own(garbage):
    told = shown(HARDWARE, envelope=garbage)

    assert (told["id"], told["status"]) == (PARENT, "completed")
