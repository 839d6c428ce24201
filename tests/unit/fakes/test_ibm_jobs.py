"""Jobs and sessions of the fake IBM Quantum: what it takes, what becomes of it, and what it remembers."""

import hashlib
import json
from datetime import UTC, datetime

import aiohttp
import pytest
from qiskit.circuit import Parameter

from tests.fakes.vendors.ibm import FakeIbm
from tests.fakes.vendors.ibm.vendor import CRN
from tests.fakes.vendors.journal import Journal
from tests.fakes.vendors.serving import running
from tests.unit.fakes.ibm_client import OTHER_CRN, QUICK, array, body, flipped, opened, packed, result_of, sampled


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"hub": "ibm-q"}, 400, id="an unknown field"),
        pytest.param({"backend": 5}, 400, id="a backend that is no text"),
        pytest.param({"backend": "ibm_unheard"}, 404, id="an unknown backend"),
        pytest.param({"program_id": "noise-learner"}, 404, id="an unknown program"),
        pytest.param({"tags": ["x" * 87]}, 400, id="a tag too long"),
        pytest.param({"tags": ["x"] * 9}, 400, id="a tag too many"),
        pytest.param({"log_level": "LOUD"}, 400, id="an unknown log level"),
        pytest.param({"cost": -1}, 400, id="a cost below nothing"),
        pytest.param({"private": "yes"}, 400, id="a truth that is text"),
        pytest.param({"session_id": "nowhere"}, 404, id="an unknown session"),
        pytest.param({"calibration_id": "nowhere"}, 404, id="an unknown calibration"),
        pytest.param({"params": {}}, 400, id="no pubs"),
        pytest.param({"params": {"pubs": []}}, 400, id="empty pubs"),
        pytest.param({"params": {"pubs": [[1]], "version": 1}}, 400, id="version one"),
        pytest.param({"params": {"pubs": [[1]], "resilience_level": 1}}, 400, id="a sampler with resilience"),
        pytest.param({"params": {"pubs": [[1]], "options": {"shots": 5}}}, 400, id="an unknown option"),
        pytest.param(
            {"params": {"pubs": [[1]], "options": {"twirling": {"strategy": "none"}}}}, 400, id="an unknown word"
        ),
        pytest.param({"program_id": "estimator", "params": {"pubs": [["x"]]}}, 400, id="a pub without observables"),
        pytest.param({"program_id": "executor", "params": {"schema_version": "v9.0"}}, 400, id="an unknown schema"),
    ],
)
async def test_a_submission_that_the_description_forbids_is_refused(ibm, fake_ibm, change, status):
    answered, answer = await ibm.ask("POST", "/jobs", json={**body(), **change})

    assert answered == status, answer
    assert answer["errors"][0]["message"]
    assert fake_ibm.seen() == []


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        pytest.param(b"{", "application/json", id="half a body"),
        pytest.param(b"[]", "application/json", id="no object"),
        pytest.param(b"{}", "text/plain", id="another content type"),
    ],
)
async def test_what_is_no_json_object_is_refused(ibm, data, kind):
    assert (await ibm.ask("POST", "/jobs", data=data, headers={"Content-Type": kind}))[0] == 400


async def test_the_largest_tags_fit(ibm):
    tags = [f"{number}" * 86 for number in range(8)]
    job = await ibm.submit(tags=tags)

    assert (await ibm.ask("GET", f"/jobs/{job}"))[1]["tags"] == tags


async def test_a_job_tells_what_became_of_it(ibm):
    params = body()["params"]
    job = await ibm.submit(params=params, tags=["mine"], cost=99_999)
    shown = await ibm.ended(job)
    _, whole = await ibm.ask("GET", f"/jobs/{job}")
    _, metrics = await ibm.ask("GET", f"/jobs/{job}/metrics")
    _, usage = await ibm.ask("GET", "/instances/usage")

    assert len(job) == 20
    assert (shown["program"], shown["cost"], "params" in shown) == ({"id": "sampler"}, 10_800, False)
    assert whole["params"] == params
    assert metrics["usage"]["status"] == "complete"
    assert metrics["usage"]["qpu_charge_time_seconds"] == usage["usage_consumed_seconds"] == 3
    times = metrics["timestamps"]
    assert times["created"] <= times["running"] <= times["finished"]
    assert job in (await ibm.ask("GET", f"/jobs/{job}/logs"))[1]


async def test_the_books_have_the_digest_of_the_body(ibm, fake_ibm):
    sent = json.dumps(body(tags=["find-me"])).encode()
    await ibm.ask("POST", "/jobs", data=sent, headers={"Content-Type": "application/json"})

    (seen,) = fake_ibm.seen()
    assert (seen.body_sha256, seen.tags) == (hashlib.sha256(sent).hexdigest(), ["find-me"])


async def test_a_list_has_filters_pages_and_an_order(ibm):
    started = datetime.now(UTC)
    names = [await ibm.submit(tags=["all", tag]) for tag in ("a", "b", "c")]
    for name in names:
        await ibm.ended(name)

    async def ids(**query):
        _, answer = await ibm.ask("GET", "/jobs", params=query)
        return [job["id"] for job in answer["jobs"]]

    assert await ids() == names[::-1]
    assert await ids(sort="ASC") == names
    assert await ids(limit=1, offset=1) == [names[1]]
    assert await ids(limit=9999) == names[::-1]
    assert await ids(tags="b") == [names[1]]
    assert (await ibm.ask("GET", "/jobs?tags=all&tags=c"))[1]["count"] == 1
    assert await ids(pending="true") == []
    assert await ids(program="estimator") == []
    assert await ids(backend="ibm_test_five", created_after=started.isoformat()) == names[::-1]
    assert await ids(created_before=started.isoformat()) == []
    assert (await ibm.ask("GET", "/jobs", params={"colour": "red"}))[0] == 400
    assert (await ibm.ask("GET", "/jobs", params={"sort": "UP"}))[0] == 400


async def test_another_instance_sees_nothing(ibm):
    job = await ibm.submit()
    other = {"Service-CRN": OTHER_CRN}

    assert (await ibm.ask("GET", "/jobs", headers=other))[1]["jobs"] == []
    assert (await ibm.ask("GET", f"/jobs/{job}", headers=other))[0] == 404
    assert (await ibm.ask("POST", f"/jobs/{job}/cancel", headers=other))[0] == 404


async def test_a_waiting_job_can_be_cancelled_once(ibm):
    await ibm.control("backends", backend="ibm_test_five", online=False)
    job = await ibm.submit()

    assert (await ibm.ask("DELETE", f"/jobs/{job}"))[0] == 400
    assert (await ibm.ask("GET", f"/jobs/{job}/results"))[0] == 204
    assert (await ibm.ask("POST", f"/jobs/{job}/cancel"))[0] == 204
    assert (await ibm.ask("POST", f"/jobs/{job}/cancel"))[0] == 409
    assert (await ibm.ended(job))["status"] == "Cancelled"
    assert (await ibm.ask("GET", "/instances/usage"))[1]["usage_consumed_seconds"] == 0


async def test_tags_are_replaced_and_found(ibm):
    job = await ibm.submit(tags=["before"])

    assert (await ibm.ask("PUT", f"/jobs/{job}/tags", json={"tags": ["after"]}))[0] == 204
    assert (await ibm.ask("PUT", f"/jobs/{job}/tags", json={"tags": "after"}))[0] == 400
    assert (await ibm.ask("GET", "/tags", params={"type": "job", "search": "fte"}))[1] == {"tags": ["after"]}
    assert (await ibm.ask("GET", "/jobs", params={"tags": "before"}))[1]["jobs"] == []


async def test_a_deleted_job_is_gone_but_in_the_books(ibm, fake_ibm):
    job = await ibm.submit()
    await ibm.ended(job)

    assert (await ibm.ask("DELETE", f"/jobs/{job}"))[0] == 204
    assert (await ibm.ask("GET", f"/jobs/{job}"))[0] == 404
    assert [seen.status for seen in fake_ibm.seen()] == ["Deleted"]


async def test_results_of_a_private_job_are_read_once(ibm):
    job = await ibm.submit(private=True)
    await ibm.ended(job)

    assert "params" not in (await ibm.ask("GET", f"/jobs/{job}"))[1]
    assert [(await ibm.ask("GET", f"/jobs/{job}/results"))[0] for _ in range(2)] == [200, 204]


async def test_a_job_that_costs_more_than_it_may_ran_too_long(ibm):
    shown = await ibm.ended(await ibm.submit(cost=1))

    assert (shown["status"], shown["state"]) == (
        "Cancelled - Ran too long",
        {
            "status": "Cancelled",
            "reason": "Job ran longer than maximum execution time.",
            "reason_code": 1305,
        },
    )


async def test_a_session_takes_jobs_until_it_is_closed(ibm):
    _, session = await ibm.ask("POST", "/sessions", json={"mode": "dedicated", "backend": "ibm_test_five"})
    path = f"/sessions/{session['id']}"
    await ibm.ended(await ibm.submit(session_id=session["id"]))

    assert (await ibm.ask("GET", path))[1]["state"] == "open"
    assert (await ibm.ask("PATCH", path, json={"accepting_jobs": False}))[0] == 204
    assert (await ibm.ask("GET", path))[1]["state"] == "closed"
    assert (await ibm.ask("POST", "/jobs", json=body(session_id=session["id"])))[0] == 400
    assert (await ibm.ask("PATCH", path, json={"accepting_jobs": True}))[0] == 400


async def test_a_cancelled_session_cancels_what_waits(ibm):
    await ibm.control("backends", backend="ibm_test_five", online=False)
    _, session = await ibm.ask("POST", "/sessions", json={"mode": "batch", "backend": "ibm_test_five", "instance": CRN})
    job = await ibm.submit(session_id=session["id"])

    assert (await ibm.ask("DELETE", f"/sessions/{session['id']}/close"))[0] == 204
    assert (await ibm.ended(job))["status"] == "Cancelled"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        pytest.param({"mode": "fast", "backend": "ibm_test_five"}, 400, id="an unknown mode"),
        pytest.param({"mode": "batch", "backend": "ibm_unheard"}, 404, id="an unknown backend"),
        pytest.param({"mode": "batch", "backend": "ibm_test_five", "instance": OTHER_CRN}, 403, id="two instances"),
    ],
)
async def test_a_wrong_session_is_not_opened(ibm, asked, status):
    assert (await ibm.ask("POST", "/sessions", json=asked))[0] == status


async def test_a_restart_forgets_nothing(tmp_path):
    state = tmp_path / "state"
    first = FakeIbm(pace=QUICK, journal=Journal(state))
    async with running(first) as url:
        client = await opened(url)
        done = await client.submit(tags=["kept"])
        await client.ended(done)
        await client.control("backends", backend="ibm_test_five", online=False)
        waiting = await client.submit()
        _, session = await client.ask("POST", "/sessions", json={"mode": "batch", "backend": "ibm_test_five"})
        token = client.token
        await client.session.close()

    second = FakeIbm(pace=QUICK, journal=Journal(state))
    async with running(second) as url:
        client = await opened(url)
        client.token = token
        assert sampled((await client.ask("GET", f"/jobs/{done}/results"))[1])["ones"].tolist() == [[1]] * 20
        assert (await client.ended(waiting))["status"] == "Completed"
        assert (await client.ask("GET", "/instances/usage"))[1]["usage_consumed_seconds"] == 3 + 3
        assert (await client.ask("GET", f"/sessions/{session['id']}"))[0] == 200
        await client.session.close()


async def test_instant_results_have_the_right_shape(instant_ibm):
    pub = [packed(flipped(angle=Parameter("angle"))), array([[0.0], [1.0]]), 10]
    shots = sampled(await result_of(instant_ibm, params={"pubs": [pub]}))

    assert {name: field.shape for name, field in shots.items()} == {"ones": (2, 10, 1), "zeros": (2, 10, 1)}


async def test_a_job_is_there_when_its_answer_was_cut(ibm, fake_ibm):
    await ibm.control("faults", rules=[{"match": "POST /jobs$", "kind": "accept_then_cut", "times": 1}])

    with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await ibm.ask("POST", "/jobs", json=body(tags=["lost"]))
    assert [seen.tags for seen in fake_ibm.seen()] == [["lost"]]
