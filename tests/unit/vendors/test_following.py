"""Following jobs: each change told once, results fetched once, cancels that stick, outages survived."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from gateway.domain.errors import UnavailableError
from gateway.domain.marks import mark
from gateway.ports.vendor import (
    AnswerLostError,
    VendorBusyError,
    VendorJob,
    VendorRefusedError,
    VendorUnreachableError,
)
from tests.unit.vendors.acme import NOON, RESULT, missing

QUEUED = VendorJob(id="v-1", status="queued", queue_position=4, envelope=b"queued")
RUNNING = VendorJob(id="v-1", status="running", started_at=NOON, envelope=b"running")
COMPLETED = VendorJob(id="v-1", status="completed", finished_at=NOON + timedelta(seconds=9), envelope=b"completed")
FAILED = VendorJob(id="v-1", status="failed", reason="too hot", reason_code=7, envelope=b"failed")
CANCELLED = VendorJob(id="v-1", status="cancelled", envelope=b"cancelled")
LOST = AnswerLostError("lost")


class BusyError(UnavailableError):
    code = "ledger-unavailable"


async def test_each_change_is_told_exactly_once(house):
    house.acme.answers("show", QUEUED, QUEUED, QUEUED, RUNNING, RUNNING, COMPLETED)
    await house.submit()
    await house.time.passes(60)

    assert house.statuses == ["queued", "running", "completed"]
    queued, running, completed = house.reports
    assert (queued.vendor, queued.envelope, queued.documents) == (QUEUED, b"queued", {})
    assert running.at == NOON
    assert (completed.job_id, completed.attempt, completed.at) == ("job", 1, COMPLETED.finished_at)
    assert (completed.documents, completed.result, completed.vendor) == ({"result": b"[1]"}, RESULT, COMPLETED)
    assert len(house.acme.times("documents")) == 1
    assert house.acme.decoded == [b"{}!" + mark("job", 1).encode()], "results are read with what was sent"
    asked = len(house.acme.times("show"))
    await house.time.passes(300)
    assert len(house.acme.times("show")) == asked, "an ended job is asked about no more"


@pytest.mark.parametrize("end", [FAILED, CANCELLED], ids=lambda job: job.status)
async def test_an_end_without_results_carries_the_vendors_reason(house, end):
    house.acme.answers("show", end)
    await house.submit()
    await house.time.passes(2)

    (told,) = house.reports
    assert (told.status, told.reason, told.reason_code, told.envelope) == (
        end.status,
        end.reason,
        end.reason_code,
        end.envelope,
    )
    assert house.acme.times("documents") == []


async def test_polls_slow_down_while_nothing_changes_and_are_quicker_for_a_running_job(house):
    house.acme.answers("show", *[QUEUED] * 20, RUNNING)
    await house.submit()
    await house.time.passes(800)

    moments = house.acme.times("show")
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert moments[0] == 1
    assert gaps[0] == 1
    assert gaps[1] == pytest.approx(1.5)
    assert max(gaps[:20]) == gaps[15] == 30
    assert gaps[20:23] == pytest.approx([1, 1.5, 2.25])
    assert gaps[-1] == 5


async def test_the_vendors_own_hint_is_kept(house):
    house.acme.answers("show", replace(QUEUED, poll_after_seconds=17.0))
    await house.submit()
    await house.time.passes(100)

    assert house.acme.times("show") == [1, 18, 35, 52, 69, 86]


async def test_no_hint_puts_a_job_to_sleep_for_days(house):
    house.acme.answers("show", replace(QUEUED, poll_after_seconds=1e6))
    await house.submit()
    await house.time.passes(302)

    assert house.acme.times("show") == [1, 301]


async def test_many_jobs_share_the_budget_of_requests(make_house):
    house = await make_house(requests_per_second=5)
    for number in range(60):
        await house.upstream.follow(house.attempt(f"job-{number}"), f"v-{number}")
    await house.time.passes(30)

    moments = house.acme.times("show")
    assert len(moments) > 120
    for start in range(25):
        assert sum(start <= moment < start + 1 for moment in moments) <= 10


async def test_an_outage_is_survived_without_a_herd(make_house):
    """Nothing is asked meanwhile but the probe; afterwards everything is overdue, and still paced."""
    house = await make_house(requests_per_second=5)
    for number in range(40):
        await house.upstream.follow(house.attempt(f"job-{number}"), f"v-{number}")
    await house.time.passes(20)
    for question in ("show", "backends"):
        house.acme.answers(question, VendorUnreachableError("away"))
    await house.time.passes(10)
    during, failed = len(house.acme.times("show")), house.counted("gateway_vendor_polls_total", "acme", "failed")
    await house.time.passes(110)

    assert len(house.acme.times("show")) == during, "while it is left alone nobody asks"
    assert house.counted("gateway_vendor_polls_total", "acme", "failed") == failed, "and nobody tries to"
    house.acme.answers("show", COMPLETED)
    house.acme.answers("backends", house.acme.script["backends"][0], [])
    await house.time.passes(120)
    moments = house.acme.times("show")[during:]
    assert house.statuses.count("completed") == 40
    for start in range(120, 260):
        assert sum(start <= moment < start + 1 for moment in moments) <= 10
    assert [event for event, _ in house.outside.events("vendor.degraded", "vendor.recovered")] == [
        "vendor.degraded",
        "vendor.recovered",
    ]


async def test_one_jobs_trouble_is_not_the_others(house):
    house.acme.answers("show", lambda job: KeyError("odd") if job == "odd" else COMPLETED)
    await house.upstream.follow(house.attempt("a"), "odd")
    await house.upstream.follow(house.attempt("b"), "v-1")
    with capture_logs() as logs:
        await house.time.passes(300)

    assert [report.job_id for report in house.reports] == ["b"]
    assert house.upstream.status("qpu").online
    assert 4 <= sum(line["event"] == "vendor.failed" and "job_id" in line for line in logs) <= 8


async def test_a_status_that_is_none_is_a_defect_and_changes_nothing(house):
    house.acme.answers("show", replace(QUEUED, status="thinking"), COMPLETED)
    await house.submit()
    with capture_logs():
        await house.time.passes(10)

    assert house.statuses == ["completed"]


# ── results ──────────────────────────────────────────────────────────────────────────────────────
async def test_results_that_are_late_are_said_to_be_late_once_and_waited_for(house):
    house.acme.answers("show", RUNNING, COMPLETED)
    house.acme.answers("documents", missing(), LOST, VendorBusyError("slow down"), {"result": b"[1]"})
    await house.submit()
    with capture_logs():
        await house.time.passes(4)
        assert house.upstream.envelope("job") == b"running", "nobody is told completed before results are here"
        await house.time.passes(200)

    assert house.statuses == ["running", "running", "completed"]
    assert house.reports[1].reason == "completed at acme; its results are not there yet and are asked for again"
    assert house.reports[1].envelope == b""
    assert len(house.acme.times("documents")) == 4
    assert len(house.acme.times("show")) == 2


async def test_results_that_cannot_be_read_are_kept_all_the_same(house):
    house.acme.answers("show", COMPLETED)
    house.acme.answers("documents", {"result": b"bad"})
    await house.submit()
    with capture_logs() as logs:
        await house.time.passes(2)

    (told,) = house.reports
    assert (told.status, told.result, told.documents) == ("completed", None, {"result": b"bad"})
    assert [line["event"] for line in logs] == ["result.unread"]


async def test_an_outcome_the_ledger_does_not_take_is_told_again_but_not_fetched_again(house):
    house.acme.answers("show", COMPLETED)
    house.refusals = [BusyError("disk full"), BusyError("disk full"), RuntimeError("a defect")]
    await house.submit()
    with capture_logs():
        await house.time.passes(60)

    assert house.statuses == ["completed"]
    assert (len(house.acme.times("show")), len(house.acme.times("documents"))) == (1, 1)


# ── gone ─────────────────────────────────────────────────────────────────────────────────────────
async def test_a_job_that_is_not_to_be_seen_yet_is_waited_for(house):
    house.acme.answers("show", missing(), missing(), missing(), COMPLETED)
    await house.submit()
    await house.time.passes(59)

    assert house.statuses == ["completed"]


async def test_a_job_that_is_gone_for_the_settling_time_failed(house):
    house.acme.answers("show", QUEUED, missing())
    await house.submit()
    await house.time.passes(50)
    assert house.statuses == ["queued"]
    await house.time.passes(60)

    assert house.statuses == ["queued", "failed"]
    assert house.reports[-1].reason.startswith("acme took this job and shows it no longer")
    assert "v-1" not in house.reports[-1].reason, "a vendor's ids stay inside"


async def test_other_refusals_end_nothing(house):
    """A credential that expired is mended by an operator; the job goes on meanwhile."""
    house.acme.answers("show", *[VendorRefusedError(vendor="acme", status=403, words="no")] * 8, COMPLETED)
    await house.submit()
    with capture_logs():
        await house.time.passes(400)

    assert house.statuses == ["completed"]


async def test_an_account_that_comes_back_lets_its_jobs_be_followed_again(house):
    await house.submit()
    gone = house.outside.live.copy()
    house.outside.live.clear()
    with capture_logs():
        await house.time.passes(100)
        assert house.statuses == []
        house.outside.live.extend(gone)
        await house.time.passes(60)

    assert house.statuses == ["queued"]


# ── stopping ─────────────────────────────────────────────────────────────────────────────────────
async def test_a_cancel_is_repeated_until_the_job_ended(house):
    house.acme.answers("show", *[RUNNING] * 12, CANCELLED)
    await house.submit()
    await house.time.passes(3)
    assert await house.upstream.cancel("job")
    assert await house.upstream.cancel("job")
    await house.time.passes(120)

    moments = house.acme.times("cancel")
    assert moments[0] == 3
    assert 2 <= len(moments) <= 4
    assert house.statuses == ["running", "cancelled"]
    assert not await house.upstream.cancel("job"), "it had ended"


async def test_a_cancel_that_is_refused_is_not_repeated(house):
    house.acme.answers("show", RUNNING)
    house.acme.answers("cancel", VendorRefusedError(vendor="acme", status=409, words="too late"))
    await house.submit()
    assert await house.upstream.cancel("job")
    with capture_logs() as logs:
        await house.time.passes(100)

    assert len(house.acme.times("cancel")) == 1
    assert [line["event"] for line in logs] == ["cancel.refused"]


@pytest.mark.parametrize("error", [LOST, missing(), KeyError("odd")], ids=["lost", "not seen yet", "a defect"])
async def test_a_cancel_that_fails_does_not_hide_how_the_job_is(house, error):
    house.acme.answers("show", RUNNING, RUNNING, RUNNING, COMPLETED)
    house.acme.answers("cancel", error)
    await house.submit()
    await house.upstream.cancel("job")
    with capture_logs():
        await house.time.passes(60)

    assert house.statuses == ["running", "completed"]


async def test_a_cancel_waits_for_a_job_that_is_not_followed_yet(house):
    """Its answer was lost; it is found later, and must not run on."""
    assert await house.upstream.cancel("job")
    await house.upstream.follow(house.attempt(), "v-9")
    await house.time.settle()

    assert [about for _, question, about in house.acme.asked if question in {"cancel", "show"}] == ["v-9", "v-9"]


# ── what is shown meanwhile ──────────────────────────────────────────────────────────────────────
async def test_envelope_and_place_in_the_queue_come_from_memory(house):
    house.acme.answers("show", QUEUED, RUNNING, COMPLETED)
    assert house.upstream.envelope("job") is None
    await house.submit()
    assert (house.upstream.envelope("job"), house.upstream.queue_position("job")) == (None, None)
    await house.time.passes(1)
    assert (house.upstream.envelope("job"), house.upstream.queue_position("job")) == (b"queued", 4)
    await house.time.passes(1)
    assert (house.upstream.envelope("job"), house.upstream.queue_position("job")) == (b"running", None)
    await house.time.passes(3)
    assert (house.upstream.envelope("job"), house.upstream.queue_position("job")) == (None, None)


async def test_following_twice_is_following_once(house):
    for _ in range(3):
        await house.upstream.follow(house.attempt(), "v-1")
    await house.time.passes(1)

    assert len(house.acme.times("show")) == 1
    assert house.counted("gateway_vendor_jobs_followed", "acme") == 1


async def test_a_slow_job_blocks_neither_the_others_nor_the_close(house):
    slow = asyncio.get_running_loop().create_future()
    house.acme.answers("show", slow, QUEUED)
    await house.upstream.follow(house.attempt("a"), "v-1")
    await house.upstream.follow(house.attempt("b"), "v-2")
    await house.time.passes(10)

    assert {report.job_id for report in house.reports} == {"b"}
    await house.upstream.close()
    assert slow.cancelled()


async def test_a_cancel_during_a_look_is_asked_for_right_after_it(house):
    slow = asyncio.get_running_loop().create_future()
    house.acme.answers("show", slow, RUNNING)
    await house.submit()
    await house.time.passes(10)
    await house.upstream.cancel("job")
    slow.set_result(replace(QUEUED, poll_after_seconds=200.0))
    await house.time.passes(2)

    assert len(house.acme.times("cancel")) == 1


async def test_the_next_attempt_takes_the_place_of_the_one_before(house):
    """Also while somebody still looks at the old one."""
    slow = asyncio.get_running_loop().create_future()
    house.acme.answers("show", slow, RUNNING)
    await house.upstream.follow(house.attempt(), "v-1")
    await house.time.passes(2)
    await house.upstream.follow(house.attempt(attempt=2), "v-2")
    await house.time.passes(2)
    slow.set_result(QUEUED)
    await house.time.passes(60)

    assert {about for moment, question, about in house.acme.asked if question == "show" and moment > 2} == {"v-2"}


async def test_polls_are_counted_by_what_they_showed(house):
    house.acme.answers("show", QUEUED, QUEUED, missing(), LOST, COMPLETED)
    await house.submit()
    with capture_logs():
        await house.time.passes(60)

    outcomes = ("changed", "unchanged", "missing", "failed")
    assert [house.counted("gateway_vendor_polls_total", "acme", each) for each in outcomes] == [2, 1, 1, 1]
    assert house.counted("gateway_vendor_requests_total", "acme", "show", "answered") == 3
    assert house.counted("gateway_vendor_requests_total", "acme", "show", "lost") == 1
    assert house.counted("gateway_vendor_jobs_followed", "acme") == 0
