"""Listing jobs: every filter, one project at a time."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.job import JobStatus, Session
from gateway.domain.writes import Unit
from gateway.ports.operations import ListJobs
from gateway.store import jobs, sessions
from gateway.store.values import text_json
from tests.records import NOW, job, leaf

EVERYTHING = ListJobs(limit=50, ascending=True)


@pytest.fixture
async def stored(writer):
    """Five jobs a minute apart, a colleague's, a deleted one, and another tenant's."""
    names = ("first", "second", "third", "fourth", "fifth")
    mine = [job(client_job_id=name, created_at=NOW + timedelta(minutes=number)) for number, name in enumerate(names)]
    mine[1] = replace(mine[1], status=JobStatus.COMPLETED, usage_seconds=2.5, tags=("a", 'quo"ted', "back\\slash"))
    mine[2] = replace(mine[2], program="estimator", session_id="s-1", tags=("a", "b"))
    mine[3] = replace(mine[3], backend="sim_line_5", asked_backend="sim_line_5", session_id="s-1")
    mine[3] = replace(mine[3], status=JobStatus.FAILED)
    mine[4] = replace(mine[4], principal_id="principal-2", status=JobStatus.RUNNING, usage_seconds=0.5)
    others = [
        job(client_job_id="gone", deleted=True, status=JobStatus.COMPLETED),
        job(client_job_id="foreign", project_id="project-2", tags=("a",)),
    ]
    for record in (*mine, *others):
        await writer.commit(Unit(leaf=leaf(), job=record))
    return writer.database


async def found(database, *, colleagues=True, **wanted):
    async with database.reading() as connection:
        records, count = await jobs.search(
            connection,
            replace(EVERYTHING, **wanted),
            project_id="project-1",
            principal_id="principal-1",
            colleagues=colleagues,
        )
    return [record.client_job_id for record in records], count


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        pytest.param({}, ["first", "second", "third", "fourth", "fifth"], id="all of the project, oldest first"),
        pytest.param({"colleagues": False}, ["first", "second", "third", "fourth"], id="only one's own"),
        pytest.param({"pending": True}, ["first", "third", "fifth"], id="not ended"),
        pytest.param({"pending": False}, ["second", "fourth"], id="ended"),
        pytest.param({"program": "estimator"}, ["third"], id="program"),
        pytest.param({"session_id": "s-1"}, ["third", "fourth"], id="session"),
        pytest.param({"backend": "sim_line_5"}, ["fourth"], id="backend it ran on"),
        pytest.param({"backend": "ibm_brisbane"}, ["first", "second", "third", "fifth"], id="backend it was meant for"),
        pytest.param({"tags": ("a",)}, ["second", "third"], id="one tag"),
        pytest.param({"tags": ("a", "b")}, ["third"], id="all of two tags"),
        pytest.param({"tags": ("A",)}, [], id="tags have a case"),
        pytest.param({"tags": ('quo"ted',)}, ["second"], id="a tag with a quote"),
        pytest.param({"tags": ("back\\slash",)}, ["second"], id="a tag with a backslash"),
        pytest.param({"tags": ("%",)}, [], id="a tag is no pattern"),
        pytest.param({"created_after": NOW + timedelta(minutes=3)}, ["fourth", "fifth"], id="from a moment on"),
        pytest.param({"created_before": NOW + timedelta(minutes=1)}, ["first", "second"], id="up to a moment"),
    ],
)
async def test_a_list_holds_exactly_what_was_asked_for(stored, wanted, names):
    assert await found(stored, **wanted) == (names, len(names))


async def test_a_page_tells_how_many_there_are_in_all(stored):
    assert await found(stored, limit=2, offset=1, ascending=False) == (["fourth", "third"], 5)


@given(tags=st.lists(st.text(max_size=4), max_size=4), wanted=st.text(max_size=4))
def test_a_tag_is_found_exactly_where_it_is(tags, wanted):
    """The column is searched as text, so no text may look like the border between two tags."""
    text = jobs._tags_text(tuple(tags))

    assert (jobs._tag_text(wanted) in text) == (wanted in tags)
    assert text_json(text) == tags


async def test_the_reconciler_sees_what_has_not_ended_in_every_project(stored):
    async with stored.reading() as connection:
        names = [record.client_job_id for record in await jobs.unfinished(connection)]

    assert sorted(names) == ["fifth", "first", "foreign", "third"]


async def test_usage_is_added_up_for_one_project_since_a_moment(stored):
    async with stored.reading() as connection:
        assert await jobs.used_seconds(connection, "project-1", NOW) == pytest.approx(3.0)
        assert await jobs.used_seconds(connection, "project-1", NOW + timedelta(minutes=2)) == pytest.approx(0.5)
        assert await jobs.used_seconds(connection, "nobody", NOW) == 0


async def test_every_field_of_a_job_comes_back(writer):
    record = job(
        tags=("ünïcode", ""),
        reason="shots\nover limit",
        reason_code=1305,
        started_at=NOW,
        finished_at=NOW + timedelta(microseconds=1),
        session_id="s",
        private=True,
        max_execution_seconds=2**40,
        total_shots=2**40,
        estimated_seconds=0.1 + 0.2,
        usage_seconds=1e-9,
        calibration_digest="a" * 64,
        echo={"cost": 1.5, "deep": {"list": [1, None, "x"]}},
        deleted=True,
    )
    await writer.commit(Unit(job=record))

    async with writer.database.reading() as connection:
        assert await jobs.load(connection, record.client_job_id) == record
        assert await jobs.by_id(connection, record.id) == record
        assert await jobs.load(connection, "unknown") is None


async def test_a_session_counts_its_jobs_and_keeps_whose_it_is(stored, writer):
    opened = Session(
        id="s-1",
        project_id="project-1",
        principal_id="principal-1",
        dialect="ibm",
        backend="sim_line_5",
        mode="batch",
        accepting_jobs=True,
        max_ttl_seconds=600,
        created_at=NOW,
        closed_at=None,
    )
    closed = replace(opened, accepting_jobs=False, closed_at=NOW)
    await writer.commit(Unit(leaf=leaf(), session=opened))
    await writer.commit(Unit(leaf=leaf(), session=replace(closed, project_id="project-2")))

    async with stored.reading() as connection:
        assert await sessions.load(connection, "s-1") == closed
        assert await sessions.load(connection, "s-2") is None
        assert await sessions.jobs_by_status(connection, "s-1") == {"permitted": 1, "failed": 1}
        assert [record.client_job_id for record in await jobs.in_session(connection, "s-1")] == ["third", "fourth"]


async def test_stages_come_back_in_the_order_they_were_passed(writer):
    """Not in that of their names, in which JSON is stored."""
    passed = {"received": "10Z", "awaiting": "11Z", "approved": "12Z", "measured": "13Z", "decided": "14Z"}
    mine = job(stages=passed)
    await writer.commit(Unit(leaf=leaf(), job=mine))

    async with writer.database.reading() as connection:
        stored = await jobs.by_id(connection, mine.id)

    assert list(stored.stages.items()) == list(passed.items())
