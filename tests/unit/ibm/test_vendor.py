"""IBM's API as the gateway asks it, against the strict fake: tokens, submissions, searches, documents, failures."""

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from adapters.ibm import IbmSettings
from adapters.ibm.vendor import IbmVendor
from gateway.domain.secret import Secret
from gateway.ports.vendor import (
    AnswerLostError,
    VendorAnswer,
    VendorBusyError,
    VendorCredentialError,
    VendorRefusedError,
    VendorUnreachableError,
)
from tests.fakes.vendors.ibm import FakeIbm
from tests.fakes.vendors.ibm.vendor import API_KEY, CRN
from tests.fakes.vendors.serving import running
from tests.unit.fakes.ibm_client import body
from tests.unit.ibm.vendor_calls import FIVE, MARK, Caller, dispatched, elsewhere, error_of

OTHER_MARK = "qgw-" + "f" * 32


# ── tokens ───────────────────────────────────────────────────────────────────────────────────────
async def test_the_key_is_opened_once_for_as_long_as_its_token_lives(ibm):
    await ibm.vendor.backends(ibm.call)
    await ibm.submit(body())
    ibm.now += timedelta(seconds=0.79 * 3600)
    await ibm.vendor.backends(ibm.call)

    assert ibm.opened == ["token"]

    ibm.now += timedelta(seconds=0.02 * 3600)
    await ibm.vendor.backends(ibm.call)
    assert ibm.opened == ["token", "token"]


async def test_every_question_names_instance_and_version(ibm):
    await ibm.vendor.backends(ibm.call)

    headers = ibm.sent[-1].headers
    assert headers["Service-CRN"] == CRN
    assert headers["IBM-API-Version"] == "2026-04-15"
    assert "apikey" not in headers["Authorization"]


async def test_a_key_that_iam_does_not_know_is_the_gateways_own_trouble(ibm, fake):
    ibm.api_key = "canary-key-of-nobody"

    error = await error_of(ibm.submit(body()))

    assert type(error) is VendorCredentialError
    assert "could not be found" in error.message
    assert "canary" not in error.message
    assert (fake.seen(), ibm.paths) == ([], [])


@pytest.mark.parametrize(
    ("kind", "rule", "error"),
    [
        pytest.param("status", {"status": 500}, VendorUnreachableError, id="IAM fails"),
        pytest.param("status", {"status": 404}, VendorUnreachableError, id="an address that is not IAM's"),
        pytest.param("status", {"status": 401}, VendorCredentialError, id="IAM says no"),
        pytest.param("throttle", {}, VendorBusyError, id="IAM throttles"),
        pytest.param("garbage", {}, VendorUnreachableError, id="IAM answers garbage"),
        pytest.param(
            "garbage", {"body": '{"access_token": "a", "expires_in": []}'}, VendorUnreachableError, id="no life"
        ),
        pytest.param("cut_after_read", {}, VendorUnreachableError, id="IAM hangs up"),
    ],
)
async def test_whatever_iam_does_no_submission_is_ambiguous(ibm, fake, kind, rule, error):
    """Nothing of the job has left, so it must not wait for a search."""
    await ibm.fails("POST /iam/", kind, **rule)

    assert type(await error_of(ibm.submit(body()))) is error
    assert (fake.seen(), ibm.paths) == ([], [])


async def test_a_token_that_is_not_accepted_any_more_says_so(ibm):
    ibm.memory["access-token"] = Secret.of("stale"), ibm.now + timedelta(hours=1)

    assert type(await error_of(ibm.vendor.backends(ibm.call))) is VendorCredentialError


@pytest.mark.parametrize(
    ("region", "host"), [("us-east", "quantum.cloud.ibm.com"), ("eu-de", "eu-de.quantum.cloud.ibm.com")]
)
async def test_the_region_of_the_instance_is_asked(ibm, region, host):
    ibm.vendor, ibm.account = IbmVendor(IbmSettings()), elsewhere(CRN.replace("us-east", region))
    asked = []

    async def send(request):
        asked.append(request.url)
        return VendorAnswer(status=200, headers={}, body=b'{"access_token": "t", "expires_in": 60, "devices": []}')

    await ibm.vendor.backends(replace(ibm.call, send=send))

    assert asked == ["https://iam.cloud.ibm.com/identity/token", f"https://{host}/api/v1/backends"]


# ── submitting ───────────────────────────────────────────────────────────────────────────────────
async def test_a_submission_arrives_as_it_was_prepared(ibm, fake):
    sent = dispatched(body(tags=["mine"], session_id="5e551047-0000-4000-8000-000000000001"))
    prepared = ibm.vendor.prepare(ibm.account, sent)

    job_id = await ibm.vendor.submit(ibm.call, sent, prepared)

    (seen,) = fake.seen()
    assert (seen.id, seen.tags) == (job_id, ["mine", MARK])
    assert seen.body_sha256 == sha256(prepared.body).hexdigest()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((status, VendorRefusedError) for status in (400, 403, 404, 409, 413, 422)),
        (401, VendorCredentialError),
        (429, VendorBusyError),
        *((status, AnswerLostError) for status in (500, 502, 503, 504)),
    ],
)
async def test_a_status_means_what_it_says(ibm, fake, status, error):
    """409 is an instance at its limit: nothing was taken."""
    await ibm.fails("POST /api/v1/jobs", "status", status=status)

    refused = await error_of(ibm.submit(body()))

    assert type(refused) is error
    assert fake.seen() == []


async def test_a_refusal_keeps_ibms_words_and_code(ibm):
    error = await error_of(ibm.submit(body(cost=-1)))

    assert error.message.startswith("ibm refused (400): body.cost")
    assert error.message.endswith("(error code 1211)")


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        ("cut_before_read", False),
        ("cut_after_read", False),
        ("accept_then_cut", True),
        ("accept_then_status", True),
        ("half_answer", True),
        ("garbage", True),
    ],
)
async def test_a_lost_answer_is_lost_and_its_job_is_found_by_its_mark(ibm, fake, kind, taken):
    await ibm.fails("POST /api/v1/jobs", kind)

    error = await error_of(ibm.submit(body()))
    found = await ibm.find()

    assert type(error) is AnswerLostError
    assert [each.id for each in fake.seen()] == ([found.id] if taken else [])
    assert (found is not None) is taken


async def test_nobody_listening_means_nothing_was_sent():
    async with running(FakeIbm()) as url:
        caller = Caller(url)
        await caller.vendor.backends(caller.call)
        await caller.session.close()

    assert type(await error_of(caller.submit(body()))) is VendorUnreachableError
    await caller.session.close()


# ── searching ────────────────────────────────────────────────────────────────────────────────────
async def test_a_search_finds_one_mark_only(ibm):
    await ibm.submit(body(), mark=OTHER_MARK)
    assert await ibm.find() is None

    job_id = await ibm.submit(body(private=True, tags=["a"] * 7))

    found = await ibm.find()
    assert (found.id, found.mark, found.backend) == (job_id, MARK, FIVE)


async def test_a_mark_among_more_jobs_than_a_page_is_found(ibm):
    for _ in range(3):
        await ibm.submit(body(), mark=OTHER_MARK)

    assert len([job async for job in ibm.vendor._listed(ibm.call, tags=OTHER_MARK)]) == 3


async def test_the_list_of_recent_jobs_has_every_page_and_no_older_job(ibm, fake):
    """IBM gives out fewer jobs than were asked for without a word."""
    for _ in range(205):
        await ibm.submit(body())
    ids = [each.id for each in fake.seen()]
    ibm.sent.clear()
    everything = await ibm.vendor.recent(ibm.call, since=ibm.now - timedelta(minutes=1))
    later = await ibm.vendor.recent(ibm.call, since=everything[100].submitted_at)

    assert [job.id for job in everything] == ids
    assert [job.id for job in later] == ids[100:]
    assert len(ibm.paths) == 3
    assert {job.mark for job in everything} == {MARK}


async def test_a_list_that_never_ends_proves_nothing(ibm):
    """A search that gave up must not look like one that found nothing."""
    page = json.dumps({"jobs": [{"id": "d1", "state": {"status": "Queued"}}], "limit": 1}).encode()

    async def send(request):
        return VendorAnswer(status=200, headers={}, body=page)

    ibm.memory["access-token"] = Secret.of("t"), ibm.now + timedelta(hours=1)
    with pytest.raises(AnswerLostError, match="more jobs than a search can look through"):
        await ibm.vendor.recent(replace(ibm.call, send=send), since=ibm.now)


# ── following ────────────────────────────────────────────────────────────────────────────────────
async def test_a_job_that_ended_tells_when_it_ran_and_what_is_charged(ibm):
    job = await ibm.ended(await ibm.submit(body()))

    assert (job.status, job.billed_seconds, job.mark) == ("completed", 3.0, MARK)
    assert job.submitted_at <= job.started_at <= job.finished_at
    assert job.calibration_id
    assert json.loads(job.envelope)["id"] == job.id
    assert "params" not in json.loads(job.envelope)


async def test_a_job_that_waits_is_asked_for_alone(ibm):
    await ibm.control("backends", backend=FIVE, online=False)
    job_id = await ibm.submit(body())
    ibm.sent.clear()

    job = await ibm.vendor.show(ibm.call, job_id)

    assert (job.status, job.started_at, job.billed_seconds) == ("queued", None, None)
    assert ibm.paths == [f"GET /jobs/{job_id}?exclude_params=true"]


async def test_a_job_that_ran_too_long_was_cancelled_with_its_code_and_charged(ibm):
    job = await ibm.ended(await ibm.submit(body(cost=1)))

    assert (job.status, job.reason_code, job.billed_seconds) == ("cancelled", 1305, 1.0)
    assert job.reason == "Job ran longer than maximum execution time."


async def test_a_failed_job_tells_why(simulating):
    job = await simulating.ended(await simulating.submit(body(params={"pubs": [["no circuit"]]})))

    assert (job.status, job.reason_code) == ("failed", 1524)
    assert "a circuit cannot be read" in job.reason


async def test_metrics_that_are_refused_cost_only_the_times(ibm):
    await ibm.fails("GET /metrics", "status", status=404)
    job = await ibm.ended(await ibm.submit(body()))

    assert (job.status, job.started_at, job.billed_seconds) == ("completed", None, 3.0)
    assert set(await ibm.vendor.documents(ibm.call, job)) == {"result"}


async def test_a_job_that_is_not_there_is_a_404(ibm):
    error = await error_of(ibm.vendor.show(ibm.call, "d/../../other"))

    assert (type(error), error.status) == (VendorRefusedError, 404)


async def test_an_id_cannot_leave_its_place_in_a_path(ibm):
    await error_of(ibm.vendor.show(ibm.call, "d/../../other"))

    assert ibm.paths == ["GET /jobs/d%2F..%2F..%2Fother?exclude_params=true"]


async def test_a_job_is_cancelled_and_one_that_ended_is_left_alone(ibm):
    await ibm.control("backends", backend=FIVE, online=False)
    job_id = await ibm.submit(body())
    await ibm.vendor.cancel(ibm.call, job_id)
    await ibm.vendor.cancel(ibm.call, job_id)

    assert (await ibm.vendor.show(ibm.call, job_id)).status == "cancelled"
    assert (await error_of(ibm.vendor.cancel(ibm.call, "d-unknown"))).status == 404


# ── documents ────────────────────────────────────────────────────────────────────────────────────
async def test_documents_are_ibms_bytes_and_results_come_last(simulating):
    job = await simulating.ended(await simulating.submit(body()))
    simulating.sent.clear()

    documents = await simulating.vendor.documents(simulating.call, job)

    assert simulating.paths == [f"GET /jobs/{job.id}/metrics", f"GET /jobs/{job.id}/results"]
    assert documents["result"] == await simulating.raw(f"/jobs/{job.id}/results")
    assert documents["metrics"] == await simulating.raw(f"/jobs/{job.id}/metrics")


async def test_a_private_result_is_read_once_and_a_lost_one_is_given_up_in_the_end(ibm):
    job = await ibm.ended(await ibm.submit(body(private=True)))
    ibm.now = job.finished_at

    first = await ibm.vendor.documents(ibm.call, job)
    soon = await error_of(ibm.vendor.documents(ibm.call, job))
    ibm.now += timedelta(minutes=11)
    late = await ibm.vendor.documents(ibm.call, job)

    assert json.loads(first["result"])["__type__"] == "PrimitiveResult"
    assert (type(soon), soon.status) == (VendorRefusedError, 204)
    assert late["result"] == b""


async def test_a_result_that_is_late_is_waited_for_however_long(ibm):
    job = await ibm.ended(await ibm.submit(body()))
    await ibm.fails("GET /results", "garbage", body="")
    ibm.now += timedelta(days=3)

    assert "not there yet" in (await error_of(ibm.vendor.documents(ibm.call, job))).message
    await ibm.works()
    assert (await ibm.vendor.documents(ibm.call, job))["result"]


@pytest.mark.parametrize("kind", ["half_answer", "cut_after_read", "status"])
async def test_a_result_that_breaks_off_is_no_result(ibm, kind):
    job = await ibm.ended(await ibm.submit(body()))
    await ibm.fails("GET /results", kind)

    assert type(await error_of(ibm.vendor.documents(ibm.call, job))) is AnswerLostError


@pytest.mark.parametrize("question", ["/backends", "/jobs"])
async def test_an_answer_that_is_no_json_is_lost(ibm, question):
    await ibm.fails(f"GET /api/v1{question}", "garbage")

    asked = {"/backends": ibm.vendor.backends(ibm.call), "/jobs": ibm.find()}
    errors = {name: await error_of(each) for name, each in asked.items()}
    assert type(errors[question]) is AnswerLostError


async def test_no_error_says_a_secret(ibm):
    ibm.memory["access-token"] = Secret.of("canary-token"), ibm.now + timedelta(hours=1)
    refused = await error_of(ibm.vendor.backends(ibm.call))

    assert API_KEY not in repr(refused)
    assert "canary" not in f"{refused!r} {ibm.sent!r}"
