import asyncio
import os
from dataclasses import replace

import pytest

from gateway.domain import restoring
from gateway.domain.changes import Undo
from gateway.domain.job import JobStatus
from gateway.domain.writes import EntryDraft, Unit
from gateway.settings import load
from gateway.wiring import open_house
from tests import records
from tests.fakes.values import JOB


@pytest.fixture
def submitted(staffed):
    """Two jobs of the project lab: one waits, one is done."""

    async def store():
        async with open_house(load(None, dict(os.environ))) as house:
            ada = await house.administration.principals.named("ada")
            lab = await house.administration.projects.named("lab")
            mine = replace(JOB, principal_id=ada.id, project_id=lab.id, echo={"token": "hunter2"})
            waiting = replace(mine, id="0190-1", client_job_id="first", status=JobStatus.QUEUED)
            done = replace(mine, id="0190-2", client_job_id="second", status=JobStatus.COMPLETED)
            for job in (waiting, done):
                await house.writer.commit(Unit(job=job))

    asyncio.run(store())
    return staffed


def test_jobs_are_listed_with_names_of_people(submitted):
    rows = submitted("jobs", "list", "--json").json

    assert {row["id"] for row in rows} == {"first", "second"}
    assert {(row["principal"], row["project"]) for row in rows} == {("ada", "lab")}


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        pytest.param(["--pending"], {"first"}, id="what waits"),
        pytest.param(["--ended"], {"second"}, id="what ended"),
        pytest.param(["--project", "default"], set(), id="of another project"),
        pytest.param(["--limit", "1"], {"second"}, id="the newest"),
    ],
)
def test_jobs_are_chosen(submitted, arguments, found):
    assert {row["id"] for row in submitted("jobs", "list", "--json", *arguments).json} == found


@pytest.mark.parametrize("name", ["first", "0190-1"], ids=["the client's id", "ours"])
def test_a_job_is_shown_by_either_id(submitted, name):
    told = submitted("jobs", "show", name)

    assert told.status == 0
    assert "queued" in told.out


def test_what_a_dialect_echoes_is_not_shown(submitted):
    assert "hunter2" not in submitted("jobs", "show", "first", "--json").out


def test_an_unknown_job_is_status_1(deployed):
    assert deployed("jobs", "show", "nope").status == 1


@pytest.fixture
def stranded(staffed):
    """A job at a vendor whose adapter is not installed any more."""

    async def store():
        async with open_house(load(None, dict(os.environ))) as house:
            ada = await house.administration.principals.named("ada")
            lab = await house.administration.projects.named("lab")
            owner = {"principal_id": ada.id, "project_id": lab.id}
            job = records.job(client_job_id="left", upstream="gone", backend="gone_one", **owner)
            box = replace(records.outbox(job.id), upstream="gone", backend="gone_one")
            await house.writer.commit(Unit(leaf=records.leaf(at=house.clock.now()), job=job, outbox=box))

    asyncio.run(store())
    return staffed


def test_a_job_that_nobody_follows_is_named_by_doctor_and_closed_here(stranded):
    told = stranded("doctor", "--json")
    (check,) = [each for each in told.json if each["name"] == "jobs"]
    assert (check["state"], "left" in check["found"], "gone" in check["found"]) == ("warn", True, True)

    closed = stranded("jobs", "close", "left", "--reason", "its console shows nothing", "--json")

    assert (closed.status, closed.json["status"]) == (0, "failed")
    assert not [each for each in stranded("doctor", "--json").json if each["name"] == "jobs"]


def test_a_job_that_somebody_follows_is_not_closed(submitted):
    refused = submitted("jobs", "close", "first", "--reason", "why not")

    assert refused.status == 1
    assert "only a job whose vendor no installed adapter asks" in refused.err


@pytest.fixture
def split(staffed):
    """A job of one circuit that was sent in three parts, as its permit tells."""

    async def store():
        async with open_house(load(None, dict(os.environ))) as house:
            ada = await house.administration.principals.named("ada")
            lab = await house.administration.projects.named("lab")
            job = records.job(client_job_id="split", principal_id=ada.id, project_id=lab.id, circuits=3)
            undo = restoring.written(Undo(parts=((500, 500, 24),)))
            sealed = await house.vault.seal(project_id=lab.id, object_id=job.id, kind=restoring.CHANGES, plaintext=undo)
            body = {"job_id": job.id, "code": "told", "reason": "r", "classification": "confidential"}
            told = EntryDraft(
                event_id=records.new_id(), type="policy.refused", at=house.clock.now(), project_id=lab.id, body=body
            )
            await house.ledger.record(told, sealed=(sealed,), job=job)

    asyncio.run(store())
    return staffed


def test_a_job_that_went_in_parts_is_shown_as_its_user_sent_it(split):
    told = {
        name: value
        for name, _, value in (line.partition("  ") for line in split("jobs", "show", "split").out.splitlines())
    }

    assert told["circuits"].strip() == "1 circuit sent in 3 parts"
    assert split("jobs", "show", "split", "--json").json["parts"] == [[500, 500, 24]]


def test_a_job_is_shown_with_its_label(split):
    assert split("jobs", "show", "split", "--json").json["classification"] == "confidential"
    assert "confidential" in split("jobs", "show", "split").out
