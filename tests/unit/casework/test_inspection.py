"""What an operator sees of jobs and entries."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.budgets.hold import release, reserve
from gateway.casework.inspection import PAGE, EntryUnknownError, JobUnknownError
from gateway.casework.projects import Terms
from gateway.domain.backend import ExecutionKind
from gateway.domain.decision import Placement
from gateway.domain.ids import uuid7
from gateway.domain.job import JobStatus
from gateway.domain.money import Quote
from gateway.domain.writes import AttemptUpdate, EntryDraft
from gateway.ports.operations import ListJobs
from gateway.store import holds
from gateway.store.tables import subject_name
from tests import records
from tests.unit.casework.conftest import NOW

WANTED = ListJobs(limit=10)
PLACEMENT = Placement(upstream="aer", backend="sim_line_5", kind=ExecutionKind.SIMULATOR, fallback=False, reason="")
JOB = records.job(
    principal_id="0190-alice",
    key_id="abcdefabcdef",
    asked_backend="sim_line_5",
    backend="sim_line_5",
    fallback_reason="",
    created_at=NOW,
    circuits=1,
    decision_id="0190-decision",
)


@pytest.fixture
async def projects(office):
    make = office.administration.projects.create
    return [await make(name=name, terms=Terms()) for name in ("chemistry", "physics")]


def draft(office, type_, project_id, **body):
    now = office.clock.now()
    return EntryDraft(event_id=uuid7(now, bytes(10)), type=type_, at=now, project_id=project_id, body=body)


async def permitted(office, project, number):
    """Write one permitted job as enforcement does."""
    job = replace(
        JOB,
        id=f"0190-job-{number}",
        client_job_id=f"client-{number}",
        project_id=project.id,
        created_at=NOW + timedelta(minutes=number),
    )
    asked = dict.fromkeys(("dialect", "program", "backend_asked", "classification", "payload", "decision"), "x")
    entry = draft(
        office,
        "job.permitted",
        project.id,
        principal=office.vault.subject(job.principal_id),
        key=office.vault.subject(job.key_id),
        job_id=job.id,
        attempt=1,
        placement={"backend": "sim_line_5"},
        **asked,
    )
    await office.ledger.permit(entry, job=job, placement=PLACEMENT)
    return job


async def forwarded(office, job):
    update = AttemptUpdate(job_id=job.id, attempt=1, state="forwarded", vendor_job_id="v-1")
    entry = draft(office, "job.forwarded", job.project_id, job_id=job.id, attempt=1, upstream="aer")
    await office.ledger.record(entry, job=replace(job, status=JobStatus.QUEUED), attempt=update)


async def test_a_job_is_shown_with_all_the_ledger_says_of_it(office, projects):
    job = await permitted(office, projects[0], 1)
    await permitted(office, projects[0], 2)
    await forwarded(office, job)
    await office.vault.remember({office.vault.subject(job.principal_id): "alice"})

    report = await office.inspection.job("client-1")

    assert report.job.status is JobStatus.QUEUED
    assert [(row.attempt, row.state, row.vendor_job_id) for row in report.attempts] == [(1, "forwarded", "v-1")]
    assert [entry.type for entry in report.entries] == ["job.permitted", "job.forwarded"]
    assert {entry.body["job_id"] for entry in report.entries} == {job.id}
    assert report.entries[0].names == {office.vault.subject(job.principal_id): "alice"}


async def test_a_job_is_found_by_our_id_too(office, projects):
    job = await permitted(office, projects[0], 1)

    assert (await office.inspection.job(job.id)).job.client_job_id == "client-1"


async def test_what_of_a_job_can_still_be_opened_is_listed(office, projects):
    job = await permitted(office, projects[0], 1)
    sealed = [
        await office.vault.seal(project_id=job.project_id, object_id=job.id, kind=kind, plaintext=b"x")
        for kind in ("payload", "result")
    ]
    entry = draft(office, "job.tagged", job.project_id, job_id=job.id, principal="p", key="k")
    await office.ledger.record(entry, sealed=tuple(sealed))
    assert (await office.inspection.job(job.id)).sealed == ("payload", "result")

    await office.vault.shred(job.id, "payload")

    assert (await office.inspection.job(job.id)).sealed == ("result",)


async def test_an_unknown_job_is_refused(office):
    with pytest.raises(JobUnknownError, match="the id that the SDK shows"):
        await office.inspection.job("client-9")


async def test_jobs_of_all_projects_are_listed_together_newest_first(office, projects):
    for number in range(6):
        await permitted(office, projects[number % 2], number)

    newest = await office.inspection.jobs(WANTED)
    second_page = await office.inspection.jobs(replace(WANTED, limit=2, offset=2))
    oldest = await office.inspection.jobs(replace(WANTED, limit=2, ascending=True))
    of_one = await office.inspection.jobs(WANTED, project_id=projects[1].id)

    assert [job.client_job_id for job in newest] == [f"client-{number}" for number in (5, 4, 3, 2, 1, 0)]
    assert [job.client_job_id for job in second_page] == ["client-3", "client-2"]
    assert [job.client_job_id for job in oldest] == ["client-0", "client-1"]
    assert [job.client_job_id for job in of_one] == ["client-5", "client-3", "client-1"]


async def test_jobs_of_the_self_test_are_listed_where_they_are_meant(office, projects):
    await permitted(office, projects[0], 0)
    own = await office.administration.projects.open_synthetic(Terms())
    await permitted(office, own, 1)

    async def listed(**more):
        return [job.client_job_id for job in await office.inspection.jobs(WANTED, **more)]

    assert await listed() == ["client-0"]
    assert await listed(synthetic=True) == ["client-1", "client-0"]
    assert await listed(project_id=own.id) == ["client-1"]


async def test_an_entry_is_shown_by_its_number(office, projects):
    entry = await office.inspection.entry(0)

    assert (entry.seq, entry.type, entry.body) == (0, "ledger.created", {"origin": "test"})
    assert entry.prev == "0" * 64
    assert (await office.inspection.entry(1)).prev == entry.leaf_hash


async def test_an_entry_that_is_not_there_is_refused(office):
    with pytest.raises(EntryUnknownError, match="no entry 7 yet"):
        await office.inspection.entry(7)


async def test_entries_are_listed_from_a_number_on_or_as_the_newest(office, projects):
    assert [entry.seq for entry in await office.inspection.entries(since=1, limit=1)] == [1]
    assert [entry.seq for entry in await office.inspection.entries(limit=2)] == [1, 2]
    assert [entry.seq for entry in await office.inspection.entries(limit=100)] == [0, 1, 2]


async def test_entries_are_found_by_type_and_by_project(office, projects):
    by_type = await office.inspection.entries(type_="project.created", limit=1)
    by_project = await office.inspection.entries(project_id=projects[0].id)

    assert [entry.seq for entry in by_type] == [2]
    assert [entry.seq for entry in by_project] == [1]


async def test_an_erased_person_stays_a_digest(office):
    alice = await office.administration.principals.create(name="alice")
    digest = office.vault.subject(alice.id)
    async with office.database.writing() as connection:
        await connection.execute(subject_name.delete().where(subject_name.c.digest == digest))

    (entry,) = await office.inspection.entries(type_="principal.created")
    assert entry.body["principal"] == digest
    assert digest not in entry.names


async def test_more_entries_than_a_page_are_all_looked_through(office, projects, monkeypatch):
    monkeypatch.setattr("gateway.casework.inspection.PAGE", 2)
    assert PAGE == 1000
    jobs = [await permitted(office, projects[0], number) for number in range(5)]
    await forwarded(office, jobs[0])

    assert [entry.type for entry in (await office.inspection.job("client-0")).entries] == [
        "job.permitted",
        "job.forwarded",
    ]


async def test_a_hold_is_read_back_until_it_is_closed(office, projects):
    """Settlement and release are made from what was held, by the prices it was held under."""
    quote = Quote(amount_micros=7, currency="EUR", price_revision="ef" * 32, basis="")
    job = await permitted(office, projects[0], 1)
    held = reserve(job, quote, team="quantum", at=NOW)
    await office.ledger.record(draft(office, "attempt.abandoned", job.project_id, job_id=job.id, attempt=1), hold=held)

    async with office.database.reading() as connection:
        assert await holds.held(connection, job.id) == held

    entry = draft(office, "attempt.abandoned", job.project_id, job_id=job.id, attempt=1)
    await office.ledger.record(entry, hold=release(held, office.clock.now()))

    async with office.database.reading() as connection:
        assert await holds.held(connection, job.id) is None
