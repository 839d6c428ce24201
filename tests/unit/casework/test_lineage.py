"""Run events as OpenLineage's specification 2-0-2 wants them, and where a job comes from as its auditor reads it."""

import json
import re
import uuid
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit

import msgspec
import pytest

from gateway.casework.inspection import JobUnknownError
from gateway.casework.lineage import Lineage
from gateway.casework.projects import Terms
from gateway.casework.provenance import Provenances
from gateway.domain.job import JobStatus
from gateway.domain.provenance import KIND, Origin, Provenance, Told
from gateway.domain.writes import AttemptUpdate
from tests.unit.casework.test_inspection import JOB, PLACEMENT, draft

TAGGED = {
    "data.datasets": ("doi:10.5281/zenodo.7", "s3://lab/run-7/a.csv", "plain", "none"),
    "jobs.parents": ("client-1", "elsewhere"),
    "code.revision": ("git:4be1c7f",),
}
PLACED = {"upstream": "aer", "backend": "sim_line_5", "kind": "simulator", "fallback": False, "reason": ""}
DECIDED = {"id": "0190-decision", "policy_revision": "ab", "data_revision": "cd"}


@pytest.fixture
def provenances(office):
    return Provenances(inspection=office.inspection, vault=office.vault)


@pytest.fixture
def lineage(office, provenances):
    return Lineage(inspection=office.inspection, provenances=provenances, origin="example.org/ledger")


@pytest.fixture
async def project(office):
    return await office.administration.projects.create(name="chemistry", terms=Terms())


async def begun(office, project, number, **tagged):
    """Write one permitted job, with its sealed provenance, as enforcement does."""
    id_ = str(uuid.UUID(int=number))
    job = replace(JOB, id=id_, client_job_id=f"client-{number}", project_id=project.id)
    known = Provenance({name: Told(value, Origin.TAGGED) for name, value in tagged.items()})
    document = msgspec.json.encode(known.document(job=id_, submitted_at="x"), order="sorted")
    sealed = await office.vault.seal(project_id=project.id, object_id=id_, kind=KIND, plaintext=document)
    asked = dict.fromkeys(("principal", "key", "dialect", "program", "backend_asked", "classification", "payload"), "x")
    entry = draft(
        office,
        "job.permitted",
        project.id,
        job_id=id_,
        attempt=1,
        placement=PLACED,
        decision=DECIDED,
        circuits={"count": 1, "digest": job.program_digest, "shots": 100},
        calibration="ef" * 32,
        provenance={"digest": sha256(document).hexdigest()},
        **asked,
    )
    await office.ledger.permit(entry, job=job, placement=PLACEMENT, sealed=(sealed,))
    return job


async def ended(office, job, type_, **body):
    """Write a job's outcome."""
    status = JobStatus(type_.partition(".")[2])
    outcome = {
        "job_id": job.id,
        "attempt": 1,
        "backend": "sim_line_5",
        "upstream": "aer",
        "execution_kind": "simulator",
        "circuits_digest": job.program_digest,
        **body,
    }
    update = AttemptUpdate(job_id=job.id, attempt=1, state="done", vendor_job_id=None)
    entry = draft(office, type_, job.project_id, **outcome)
    await office.ledger.record(entry, job=replace(job, status=status), attempt=update)


COMPLETED = {
    "result": {"object": "x", "digest": "12" * 32, "key_version": 1},
    "summaries": [],
    "execution": {"simulator": "qiskit-aer 0.18.0", "seed": 7},
    "execution_calibration": "ef" * 32,
    "cost": {"settled_micros": 9},
}


@pytest.fixture
async def story(office, project, lineage):
    """Three jobs: one that rests on another, one that failed, one that is still under way."""
    first = await begun(office, project, 1)
    await ended(office, first, "job.completed", **COMPLETED)
    second = await begun(office, project, 2, **TAGGED)
    await ended(office, second, "job.failed", reason="the machine broke", reason_code=None)
    third = await begun(office, project, 3)
    await ended(office, third, "job.cancelled", reason="cancelled on request")
    await begun(office, project, 4)
    return [event async for event in lineage.events()]


# ── the rules of the specification, as published at openlineage.io/spec/2-0-2/OpenLineage.json ─────
def uri(text):
    parts = urlsplit(text)
    assert parts.scheme, text
    assert parts.netloc or parts.path, text
    assert not re.search(r"\s", text), text


def facets(found):
    for name, facet in found.items():
        assert isinstance(facet, dict), name
        uri(facet["_producer"])
        uri(facet["_schemaURL"])
        assert "#/" in facet["_schemaURL"]
        assert [key for key in facet if key.startswith("_") and key not in {"_producer", "_schemaURL"}] == []


def datasets(found, kind):
    for each in found:
        assert each["namespace"]
        assert each["name"]
        assert set(each) <= {"namespace", "name", "facets", kind}
        facets(each.get("facets", {}))
        facets(each.get(kind, {}))


def check_run_event(event):
    """Keep the schema's rules: required members, their formats, and what every facet must have."""
    assert {"eventTime", "producer", "schemaURL", "run", "job"} <= set(event)
    assert event["eventType"] in {"START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"}
    assert datetime.fromisoformat(event["eventTime"]).tzinfo is not None
    uri(event["producer"])
    uri(event["schemaURL"])
    assert uuid.UUID(event["run"]["runId"])
    assert isinstance(event["job"]["namespace"], str)
    assert isinstance(event["job"]["name"], str)
    facets(event["run"]["facets"])
    facets(event["job"]["facets"])
    datasets(event["inputs"], "inputFacets")
    datasets(event["outputs"], "outputFacets")


REQUIRED = {
    "jobType": {"processingType", "integration"},
    "errorMessage": {"message", "programmingLanguage"},
    "processing_engine": {"version"},
    "version": {"datasetVersion"},
}
"""What OpenLineage's own facets must have besides."""
PUBLISHED = {
    "jobType": "2-0-4/JobTypeJobFacet",
    "errorMessage": "1-0-1/ErrorMessageRunFacet",
    "processing_engine": "1-1-1/ProcessingEngineRunFacet",
    "version": "1-0-1/DatasetVersionDatasetFacet",
}
"""Their versions, as openlineage-python 1.54 writes them; its classes took every event of this story."""


async def test_every_event_keeps_the_rules_of_the_specification(story):
    for event in story:
        check_run_event(json.loads(json.dumps(event)))
        outputs = [facet for each in event["outputs"] for facet in each["facets"].items()]
        for name, facet in (*event["run"]["facets"].items(), *event["job"]["facets"].items(), *outputs):
            assert REQUIRED.get(name, set()) <= set(facet), name
            assert name in REQUIRED or name.startswith("qgw_"), name
            assert f"/facets/{PUBLISHED[name]}.json#" in facet["_schemaURL"] if name in PUBLISHED else True


async def test_every_run_starts_once_and_ends_at_most_once_under_the_same_name(story):
    runs = {}
    for event in story:
        runs.setdefault(event["run"]["runId"], []).append((event["eventType"], event["job"]["name"]))

    assert [[kind for kind, _ in each] for each in runs.values()] == [
        ["START", "COMPLETE"],
        ["START", "FAIL"],
        ["START", "ABORT"],
        ["START"],
    ]
    assert all(len({name for _, name in each}) == 1 for each in runs.values())


async def test_datasets_are_named_by_scheme_and_authority_and_parents_by_their_results(story):
    inputs = [(each["namespace"], each["name"]) for each in story[2]["inputs"]]

    assert inputs == [
        ("example.org/ledger", f"circuits/{JOB.program_digest}"),
        ("example.org/ledger", f"calibrations/{'ef' * 32}"),
        ("doi", "10.5281/zenodo.7"),
        ("s3://lab", "run-7/a.csv"),
        ("example.org/ledger", "datasets/plain"),
        ("example.org/ledger", f"jobs/{story[0]['run']['runId']}/result"),
        ("example.org/ledger/unknown", "jobs/elsewhere/result"),
    ]


async def test_a_result_that_came_out_of_one_job_goes_into_the_next(story):
    (came_out,) = story[1]["outputs"]

    assert came_out["facets"]["version"]["datasetVersion"] == "12" * 32
    assert {"namespace": came_out["namespace"], "name": came_out["name"]} in story[2]["inputs"]


async def test_a_failure_says_why_and_a_simulator_which_it_was(story):
    assert story[3]["run"]["facets"]["errorMessage"]["message"] == "the machine broke"
    engine = story[1]["run"]["facets"]["processing_engine"]
    assert (engine["name"], engine["version"]) == ("qiskit-aer", "0.18.0")


async def test_an_export_goes_on_where_it_stopped(story, lineage):
    since = story[3]["run"]["facets"]["qgw_ledger"]["seq"] + 1

    assert [event async for event in lineage.events(since=since)] == story[4:]


async def test_one_job_alone(story, lineage):
    assert await lineage.of_job("client-2") == story[2:4]
    with pytest.raises(JobUnknownError):
        await lineage.of_job("nobody")


async def test_what_was_erased_is_told_by_the_ledger_alone(story, office, lineage, provenances):
    await office.vault.shred(story[2]["run"]["runId"], KIND)
    (start, _), traced = await lineage.of_job("client-2"), await provenances.of("client-2")

    check_run_event(start)
    assert "qgw_provenance" not in start["run"]["facets"]
    assert len(start["inputs"]) == 2
    assert (traced.document, traced.holds) == (None, False)
    assert traced.digest is not None


async def test_provenance_is_what_was_sealed_with_what_the_outcome_added(story, provenances):
    traced = await provenances.of("client-1")
    fields = traced.document["fields"]

    assert traced.holds
    assert fields["seeds.used"] == {"value": "7", "origin": "measured"}
    assert fields["software.executor"] == {"value": "qiskit-aer 0.18.0", "origin": "measured"}
    assert fields["calibration.executed"]["value"] == "ef" * 32
    assert fields["cost.settled_micros"] == {"value": 9, "origin": "measured"}
    assert fields["code.revision"] == {"value": None, "origin": None}


async def test_a_sealed_document_of_another_job_does_not_hold(story, office, provenances, project):
    sealed = await provenances.sealed(story[2]["run"]["runId"])

    assert not replace(await provenances.of("client-1"), sealed=sealed).holds
