"""The fake IonQ told to fail: what the vendor has afterwards is what counts."""

import asyncio

import aiohttp
import pytest

from tests.fakes.vendors.ionq import DEFAULT_KEY, FakeIonq
from tests.fakes.vendors.serving import Pace, running

KEY = {"Authorization": f"apiKey {DEFAULT_KEY}"}
ORDER = {
    "type": "ionq.circuit.v1",
    "backend": "qpu.forte-1",
    "metadata": {"intent": "one"},
    "input": {"gateset": "qis", "qubits": 2, "circuit": [{"gate": "x", "target": 1}]},
}


@pytest.fixture
async def ionq():
    pace = Pace(queue_seconds=0, run_seconds=0, instant=True)
    async with running(FakeIonq(pace=pace)) as url, aiohttp.ClientSession(url, headers=KEY) as session:
        yield session


async def fail(ionq, match, kind, **more):
    async with ionq.post("/_control/faults", json={"rules": [{"match": match, "kind": kind, **more}]}) as answer:
        assert answer.status == 200


async def state(ionq):
    async with ionq.get("/_control/state") as answer:
        return await answer.json()


async def ran(ionq):
    async with ionq.post("/v0.4/jobs", json=ORDER) as answer:
        job_id = (await answer.json())["id"]
    while True:
        async with ionq.get(f"/v0.4/jobs/{job_id}") as answer:
            job = await answer.json()
        if job["status"] == "completed":
            return job
        await asyncio.sleep(0.005)


async def test_a_job_whose_answer_was_cut_off_is_there_with_its_metadata(ionq):
    await fail(ionq, "POST /jobs$", "accept_then_cut", times=1)

    with pytest.raises(aiohttp.ClientConnectionError):
        await ionq.post("/v0.4/jobs", json=ORDER)

    (job,) = (await state(ionq))["jobs"]
    assert job["metadata"] == {"intent": "one"}
    assert len(job["body_sha256"]) == 64


async def test_a_job_cut_off_after_reading_is_not_there(ionq):
    await fail(ionq, "POST /jobs$", "cut_after_read", times=1)

    with pytest.raises(aiohttp.ClientConnectionError):
        await ionq.post("/v0.4/jobs", json=ORDER)

    assert (await state(ionq))["job_count"] == 0


@pytest.mark.parametrize(("kind", "jobs"), [("status", 0), ("accept_then_status", 1)])
async def test_errors_are_in_the_vendors_words_whether_or_not_the_work_was_done(ionq, kind, jobs):
    await fail(ionq, "POST /jobs$", kind, status=502)

    async with ionq.post("/v0.4/jobs", json=ORDER) as answer:
        body = await answer.json()

    assert (answer.status, body["statusCode"], body["error"]) == (502, 502, "Bad Gateway")
    assert (await state(ionq))["job_count"] == jobs


async def test_throttling_says_when_to_come_again(ionq):
    await fail(ionq, "GET /jobs/", "throttle")

    async with ionq.get("/v0.4/jobs/any") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "1")


async def test_a_lie_about_results_is_a_lie_only_while_it_is_asked_for(ionq):
    job = await ran(ionq)
    told = []
    await fail(ionq, "GET /results/", "wrong_result", times=1)
    for _ in range(2):
        async with ionq.get(job["results"]["shots"]["url"]) as answer:
            told.append(await answer.json())

    lie, truth = told
    assert lie == [str(int(state) ^ 1) for state in truth]


async def test_stale_calibrations_are_older_than_any_true_one(ionq):
    path = "/v0.4/backends/qpu.forte-1/characterizations"
    async with ionq.get(path, params={"page": "3"}) as answer:
        oldest = (await answer.json())["characterizations"][-1]["date"]
    await fail(ionq, "GET characterizations$", "stale_calibration")

    async with ionq.get(path, params={"limit": "1"}) as answer:
        assert (await answer.json())["characterizations"][0]["date"] < oldest


async def test_jobs_wait_while_their_backend_is_away(ionq):
    change = {"backend": "qpu.forte-1", "online": False, "queue_length": 3, "message": "ion trouble"}
    await ionq.post("/_control/backends", json=change)
    async with ionq.get("/v0.4/backends/qpu.forte-1") as answer:
        shown = await answer.json()
    async with ionq.post("/v0.4/jobs", json=ORDER) as answer:
        path = f"/v0.4/jobs/{(await answer.json())['id']}"
    await asyncio.sleep(0.05)
    async with ionq.get(path) as answer:
        held = await answer.json()
    await ionq.post("/_control/backends", json=change | {"online": True})
    await asyncio.sleep(0.05)
    async with ionq.get(path) as answer:
        released = await answer.json()

    assert (shown["status"], shown["average_queue_time"], shown["degraded"]) == ("unavailable", 180_000, True)
    assert (held["status"], released["status"]) == ("ready", "completed")


async def test_a_calibration_date_can_be_set_and_freed_again(ionq):
    async def newest():
        async with ionq.get("/v0.4/backends/qpu.aria-1/characterizations", params={"limit": "1"}) as answer:
            return (await answer.json())["characterizations"][0]["date"]

    change = {"backend": "qpu.aria-1", "calibrated_at": "2026-01-02T03:04:05Z"}
    await ionq.post("/_control/backends", json=change)
    frozen = await newest()
    await ionq.post("/_control/backends", json={"backend": "qpu.aria-1", "recalibrate": True})

    assert frozen == "2026-01-02T03:04:05.000Z"
    assert await newest() > frozen
