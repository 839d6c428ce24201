"""The sweep for orphans: what nobody stands behind is told once, and stopped only if it is certainly ours."""

import pytest
from structlog.testing import capture_logs

from gateway.domain.marks import mark
from gateway.ports.vendor import AnswerLostError, VendorJob
from gateway.vendors.sweep import Standing

OURS = VendorJob(id="v-1", status="running", mark=mark("job", 1))
THEIRS = VendorJob(id="v-2", status="running")


@pytest.fixture
async def swept(make_house):
    async def sweep(jobs, standing, *, rounds=3, before=None, **pace):
        async def books(job):
            return standing.get(job.id, Standing.KNOWN) if isinstance(standing, dict) else standing(job)

        def prepare(house):
            house.acme.answers("recent", *jobs)
            if before is not None:
                before(house)

        with capture_logs():
            house = await make_house(books=books, sweep_seconds=100, before=prepare, **pace)
            await house.time.passes(100 * rounds)
        return house

    return sweep


async def test_what_is_known_is_no_orphan(swept):
    house = await swept([[OURS, THEIRS]], {})

    assert house.outside.events("orphan.found") == []
    assert house.acme.times("recent") == [100, 200, 300]


async def test_an_orphan_is_told_once_by_the_second_sweep_that_sees_it(swept):
    house = await swept([[THEIRS]], {"v-2": Standing.UNKNOWN}, rounds=6)

    assert [body for _, body in house.outside.events("orphan.found")] == [
        {
            "vendor": "acme",
            "account": "a-all",
            "vendor_job_id": "v-2",
            "marked": False,
            "standing": "unknown",
            "status": "running",
            "cancelled": False,
        }
    ]


async def test_what_was_just_being_submitted_is_no_orphan(swept):
    """At the vendor before it is in our records: unknown to the first sweep, known to the second."""
    seen = []

    def standing(job):
        seen.append(job.id)
        return Standing.UNKNOWN if len(seen) == 1 else Standing.KNOWN

    house = await swept([[OURS]], standing)

    assert house.outside.events("orphan.found") == []


@pytest.mark.parametrize(
    ("job", "standing", "wanted", "stopped"),
    [
        pytest.param(OURS, Standing.CLOSED, True, True, id="ours and given up"),
        pytest.param(OURS, Standing.CLOSED, False, False, id="not asked for"),
        pytest.param(OURS, Standing.UNKNOWN, True, False, id="unknown to us"),
        pytest.param(
            VendorJob(id="v-1", status="completed", mark=OURS.mark), Standing.CLOSED, True, False, id="ended already"
        ),
    ],
)
async def test_only_what_is_certainly_ours_and_given_up_is_stopped(swept, job, standing, wanted, stopped):
    house = await swept([[job]], {job.id: standing}, cancel_orphans=wanted)

    (told,) = [body for _, body in house.outside.events("orphan.found")]
    assert told["cancelled"] is stopped
    assert told["marked"] is True
    assert len(house.acme.times("cancel")) == stopped


async def test_an_orphan_that_cannot_be_stopped_is_told_all_the_same(swept):
    house = await swept(
        [[OURS]],
        {"v-1": Standing.CLOSED},
        cancel_orphans=True,
        before=lambda house: house.acme.answers("cancel", AnswerLostError("lost")),
    )

    assert [body["cancelled"] for _, body in house.outside.events("orphan.found")] == [False]


async def test_a_list_that_cannot_be_read_now_is_read_next_time(swept):
    house = await swept([AnswerLostError("lost"), KeyError("odd"), [THEIRS]], {"v-2": Standing.UNKNOWN}, rounds=5)

    assert len(house.outside.events("orphan.found")) == 1
