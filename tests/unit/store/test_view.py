"""What polls are answered from: bounded, never forgetful of what has not ended."""

import asyncio
from dataclasses import replace

from gateway.domain.job import JobStatus
from gateway.domain.writes import JobEdit, Unit
from gateway.store import view as views
from gateway.store.view import JobView
from tests.records import job


async def test_a_job_not_in_memory_is_read_once(writer):
    record = job()
    await writer.commit(Unit(job=record))
    view = JobView(writer.database)

    assert view.get(record.client_job_id) is None
    assert await view.find(record.client_job_id) == record
    assert view.get(record.client_job_id) == record
    assert await view.find("unknown") is None
    assert await view.find_by_id("unknown") is None


async def test_a_job_is_found_by_our_own_id_too(writer):
    record = job()
    await writer.commit(Unit(job=record))
    view = JobView(writer.database)

    assert await view.find_by_id(record.id) == record
    view.put(replace(record, status=JobStatus.RUNNING))
    assert (await view.find_by_id(record.id)).status is JobStatus.RUNNING


async def test_ended_jobs_make_room_and_others_never_do(database):
    view = JobView(database, capacity=2)
    waiting = [job() for _ in range(5)]
    ended = [job(status=JobStatus.COMPLETED) for _ in range(3)]
    for record in (*waiting, *ended[:2]):
        view.put(record)
    view.get(ended[0].client_job_id)
    view.put(ended[2])

    assert [view.get(record.client_job_id) for record in waiting] == waiting
    assert [view.get(record.client_job_id) for record in ended] == [ended[0], None, ended[2]]
    assert len(view) == 7


async def test_a_job_that_ends_becomes_one_that_can_make_room(database):
    view = JobView(database, capacity=0)
    record = job()
    view.put(record)
    view.put(replace(record, status=JobStatus.FAILED))

    assert len(view) == 0


async def test_unfinished_jobs_are_counted_by_person_and_by_project(database):
    view = JobView(database)
    for principal, project in (("p", "q"), ("p", "q"), ("p", "other"), ("colleague", "q")):
        view.put(job(principal_id=principal, project_id=project))
    view.put(job(principal_id="p", project_id="q", status=JobStatus.CANCELLED))
    one = job(principal_id="p", project_id="q")
    view.put(one)
    view.put(replace(one, status=JobStatus.RUNNING))

    assert view.unfinished("p", "q") == (4, 4)
    assert view.unfinished("stranger", "elsewhere") == (0, 0)
    view.put(replace(one, status=JobStatus.FAILED))
    assert view.unfinished("p", "q") == (3, 3)


async def test_a_start_begins_with_what_has_not_ended(writer):
    mine, theirs = job(), job()
    view = JobView(writer.database)
    view.put(mine)
    view.put(job(client_job_id="ended", status=JobStatus.COMPLETED))
    await writer.commit(Unit(job=replace(mine, status=JobStatus.CANCELLED)))
    await writer.commit(Unit(job=theirs))

    await view.refresh()

    assert len(view) == 1
    assert view.get(theirs.client_job_id) == theirs
    assert (await view.find(mine.client_job_id)).status is JobStatus.CANCELLED


async def test_a_slow_read_never_hides_a_newer_commit(writer, monkeypatch):
    record = job()
    await writer.commit(Unit(job=record))
    view = JobView(writer.database)
    ended = replace(record, status=JobStatus.COMPLETED)
    load = views.jobs.load

    async def slow(connection, client_job_id):
        read = await load(connection, client_job_id)
        view.put(ended)
        await asyncio.sleep(0)
        return read

    monkeypatch.setattr(views.jobs, "load", slow)

    assert await view.find(record.client_job_id) == ended
    assert view.get(record.client_job_id) == ended


async def test_what_another_replica_changed_is_seen_when_it_is_told(writer, database):
    view, elsewhere = JobView(database, shared=True), job()
    await writer.commit(Unit(job=elsewhere))
    await view.look_again([elsewhere.id])
    assert view.unfinished(elsewhere.principal_id, elsewhere.project_id) == (1, 1)

    await writer.commit(Unit(job=replace(elsewhere, status=JobStatus.COMPLETED)))
    await view.look_again([elsewhere.id])

    assert view.get(elsewhere.client_job_id).status is JobStatus.COMPLETED
    assert view.unfinished(elsewhere.principal_id, elsewhere.project_id) == (0, 0)


async def test_of_a_job_that_is_followed_here_only_what_its_caller_changed_elsewhere_is_taken_in(writer, database):
    """The row of a job that runs is older than what its own replica knows of it."""
    view, mine = JobView(database, shared=True), job()
    await writer.commit(Unit(job=mine))
    view.own(mine.id)
    view.put(replace(mine, status=JobStatus.RUNNING))
    await writer.commit(Unit(edit=JobEdit(job_id=mine.id, tags=("told", "elsewhere"))))

    await view.look_again([mine.id])

    shown = view.get(mine.client_job_id)
    assert (shown.status, shown.tags) == (JobStatus.RUNNING, ("told", "elsewhere"))


async def test_an_old_row_never_brings_an_ended_job_back(writer, database):
    """It was read before the outcome became durable, and arrives after the outcome was shown."""
    view, mine = JobView(database, shared=True), job()
    await writer.commit(Unit(job=mine))
    view.own(mine.id)
    view.put(replace(mine, status=JobStatus.FAILED))

    await view.look_again([mine.id])

    assert view.get(mine.client_job_id).status is JobStatus.FAILED
    assert not view.owns(mine.id)


async def test_whoever_was_deaf_reads_everything_again(writer, database):
    view, new, ended = JobView(database, shared=True), job(), job()
    await writer.commit(Unit(job=ended))
    await view.refresh()
    await writer.commit(Unit(job=replace(ended, status=JobStatus.CANCELLED)))
    await writer.commit(Unit(job=new))

    await view.catch_up()

    assert view.get(ended.client_job_id).status is JobStatus.CANCELLED
    assert view.get(new.client_job_id) == new
    assert len(view.under_way()) == 1
