"""The fake IonQ, driven raw: what its answers look like, and what it refuses."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.fakes.vendors.ionq import DEFAULT_KEY, FakeIonq
from tests.fakes.vendors.journal import Journal
from tests.fakes.vendors.serving import Pace, running

AT_ONCE = Pace(queue_seconds=0, run_seconds=0, instant=True)
HELD = Pace(queue_seconds=60, run_seconds=0, instant=True)
BELL = {
    "gateset": "qis",
    "qubits": 2,
    "circuit": [{"gate": "h", "target": 0}, {"gate": "cnot", "target": 1, "control": 0}],
}
FLIP = [{"gate": "x", "targets": [1]}]


def order(**more: Any) -> dict[str, Any]:
    return {"type": "ionq.circuit.v1", "backend": "qpu.forte-1", "shots": 100, "input": BELL} | more


class Client:
    """Asks with a key and expects a status."""

    def __init__(self, session: aiohttp.ClientSession, key: str) -> None:
        self._session, self._headers = session, {"Authorization": f"apiKey {key}"}

    async def ask(self, method: str, path: str, expect: int = 200, **more: Any) -> Any:
        more.setdefault("headers", self._headers)
        async with self._session.request(method, path, **more) as answer:
            assert answer.status == expect, await answer.text()
            return await (answer.json() if answer.content_type == "application/json" else answer.read())

    async def get(self, path: str, expect: int = 200, **query: Any) -> Any:
        return await self.ask("GET", path, expect, params=query)

    async def submit(self, **more: Any) -> str:
        return (await self.ask("POST", "/v0.4/jobs", 201, json=order(**more)))["id"]

    async def over(self, job_id: str) -> dict[str, Any]:
        while True:
            job = await self.get(f"/v0.4/jobs/{job_id}")
            if job["status"] in {"completed", "failed", "canceled"}:
                return job
            await asyncio.sleep(0.005)

    async def ran(self, **more: Any) -> dict[str, Any]:
        return await self.over(await self.submit(**more))

    async def state(self) -> Any:
        return await self.get("/_control/state")


@contextlib.asynccontextmanager
async def served(vendor: FakeIonq, key: str = DEFAULT_KEY) -> AsyncIterator[Client]:
    async with running(vendor) as url, aiohttp.ClientSession(url) as session:
        yield Client(session, key)


@pytest.fixture
async def ionq() -> AsyncIterator[Client]:
    async with served(FakeIonq(pace=AT_ONCE)) as client:
        yield client


async def test_a_job_is_created_with_the_three_fields_of_the_description(ionq):
    created = await ionq.ask("POST", "/v0.4/jobs", 201, json=order())

    assert set(created) == {"id", "status", "session_id"}
    assert (created["status"], created["session_id"]) == ("submitted", None)


@pytest.mark.parametrize(
    "authorization", [None, "apiKey wrong", f"apikey {DEFAULT_KEY}", f"Bearer {DEFAULT_KEY}", DEFAULT_KEY]
)
async def test_only_a_known_key_in_exactly_the_vendors_scheme_is_let_in(ionq, authorization):
    headers = {"Authorization": authorization} if authorization else {}

    refused = await ionq.ask("POST", "/v0.4/jobs", 401, json=order(), headers=headers)

    assert refused["error"] == "Unauthorized Error"
    state = await ionq.state()
    assert (state["verdicts"]["unauthenticated"], state["job_count"]) == (1, 0)


@pytest.mark.parametrize("path", ["/backends", "/backends/simulator", "/backends/qpu.forte-1/characterizations"])
async def test_backends_are_shown_to_anybody(ionq, path):
    assert await ionq.ask("GET", f"/v0.4{path}", headers={})


async def test_a_backend_that_does_not_exist_is_an_error_object(ionq):
    assert (await ionq.get("/v0.4/backends/qpu.qpu", 404))["statusCode"] == 404


async def test_the_job_object_is_whole_and_echoes_what_was_sent(ionq):
    sent = {"metadata": {"qiskit_header": "x" * 9000}, "name": "circuit-83", "settings": {"compilation": {"opt": 1}}}

    job = await ionq.ran(**sent)

    assert {key: job[key] for key in sent} == sent
    assert job["results"]["shots"]["url"] == f"/v0.4/jobs/{job['id']}/results/shots"
    assert job["stats"]["gate_counts"] == {"1q": 1, "2q": 1}
    assert job["started_at"] <= job["completed_at"]
    assert "noise" not in job


async def test_every_shape_of_a_sampled_result_tells_the_same_story(ionq):
    job = await ionq.ran(shots=11)
    probabilities, histogram, shots = [
        await ionq.get(job["results"][shape]["url"]) for shape in ("probabilities", "histogram", "shots")
    ]

    assert {state: shots.count(state) for state in set(shots)} == histogram
    assert probabilities == {state: count / 11 for state, count in histogram.items()}


async def test_the_ideal_simulator_gives_probabilities_only(ionq):
    job = await ionq.ran(backend="simulator")

    assert list(job["results"]) == ["probabilities"]
    assert job["noise"] == {"model": "ideal"}
    await ionq.get(f"/v0.4/jobs/{job['id']}/results/shots", 404)


async def test_many_circuits_are_aggregated_in_the_order_they_came(ionq):
    entries = [{"circuit": BELL["circuit"], "name": str(place)} for place in range(12)]

    job = await ionq.ran(type="ionq.multi-circuit.v1", input={"gateset": "qis", "qubits": 2, "circuits": entries})
    aggregated = await ionq.get(job["results"]["probabilities"]["url"])
    children = [await ionq.get(f"/v0.4/jobs/{child}") for child in job["child_job_ids"]]

    assert list(aggregated) == job["child_job_ids"]
    assert [child["name"] for child in children] == [entry["name"] for entry in entries]
    assert {child["parent_job_id"] for child in children} == {job["id"]}
    listed = await ionq.get("/v0.4/jobs", parent_job_id=job["id"])
    assert len(listed["jobs"]) == 12


async def test_debiased_jobs_have_variants_and_can_be_sharpened(ionq):
    job = await ionq.ran(shots=500)
    variants = job["output"]["error_mitigation"]["debiasing"]["variants"]
    counted = [sum((await ionq.get(each["results"]["histogram"]["url"])).values()) for each in variants]

    assert counted == [each["shots"] for each in variants]
    assert sum(counted) == 500
    sharpened = await ionq.get(job["results"]["probabilities"]["url"], sharpen="True")
    assert sum(sharpened.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    "more", [{"shots": 499}, {"shots": 500, "settings": {"error_mitigation": {"debiasing": False}}}]
)
async def test_a_job_is_not_debiased_with_few_shots_or_against_its_wish(ionq, more):
    assert (await ionq.ran(**more))["output"] == {}


async def test_a_program_gives_artifacts_of_its_registers(ionq):
    program = "OPENQASM 3.0; bit[2] c; bit[1] d; qubit[3] q;"

    job = await ionq.ran(type="ionq.qasm3.v1", shots=4, input={"qubits": 3, "data": program})
    found = {
        name: await ionq.get(f"/v0.4/jobs/{job['id']}/artifacts/{each['id']}") for name, each in job["results"].items()
    }

    assert found["ionq.result.shots.json.v2"]["shots"][1] == {"registers": {"c": [1, 1], "d": [1]}}
    assert found["ionq.result.histogram.json.v2"] == {
        "histogram": {"registers": {"c": {"00": 2, "11": 2}, "d": {"0": 2, "1": 2}}}
    }
    assert found["ionq.result.probabilities.json.v2"]["probabilities"]["registers"]["d"] == {"0": 0.5, "1": 0.5}


async def test_a_dry_run_costs_nothing_and_gives_a_compiled_circuit_instead_of_results(ionq):
    job = await ionq.ran(dry_run=True)
    artifact = job["output"]["compilation"]["compiled_circuits"]["ionq.native.v1"]["id"]
    compiled = await ionq.get(f"/v0.4/jobs/{job['id']}/artifacts/{artifact}")

    assert (job["dry_run"], job["results"]) == (True, None)
    assert {gate["gate"] for gate in compiled["circuit"]} == {"gpi", "gpi2", "zz"}
    assert (await ionq.get(f"/v0.4/jobs/{job['id']}/cost"))["cost"] == {"value": 0.0, "unit": "usd"}
    await ionq.get(f"/v0.4/jobs/{job['id']}/results/probabilities", 404)


async def test_circuits_are_really_run():
    async with served(FakeIonq(pace=Pace(queue_seconds=0, run_seconds=0))) as ionq:
        ideal = await ionq.ran(backend="simulator")
        flipped = await ionq.ran(input={"gateset": "qis", "qubits": 3, "circuit": FLIP})

        assert await ionq.get(ideal["results"]["probabilities"]["url"]) == {"0": 0.5, "3": 0.5}
        assert await ionq.get(flipped["results"]["histogram"]["url"]) == {"2": 100}


async def test_anybody_can_start_it_from_the_command_line():
    command = (sys.executable, "-m", "tests.fakes.vendors.ionq", "--api-key", "mine@team", "--instant")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        told = json.loads(await process.stdout.readline())
        async with aiohttp.ClientSession(told["url"]) as session:
            assert (await Client(session, "mine").get("/v0.4/jobs"))["jobs"] == []
    finally:
        process.terminate()
        assert await process.wait() == 0


async def test_results_are_absent_until_the_job_is_done():
    async with served(FakeIonq(pace=HELD)) as ionq:
        job_id = await ionq.submit()

        refused = await ionq.get(f"/v0.4/jobs/{job_id}/results/probabilities", 404)

    assert refused["error"] == "Not Found Error"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        pytest.param({"input": BELL | {"qubits": 37}}, "NotEnoughQubits", id="too wide for the device"),
        pytest.param(
            {"input": {"gateset": "qis", "qubits": 1, "circuit": FLIP}}, "PreflightError", id="qubit out of range"
        ),
        pytest.param(
            {"input": {"gateset": "qis", "circuit": [{"gate": "rx", "target": 0}]}}, "PreflightError", id="no angle"
        ),
        pytest.param(
            {"input": {"gateset": "native", "circuit": [{"gate": "ms", "targets": [0, 1], "phases": [0, 0]}]}},
            "UnsupportedGate",
            id="the other family's gate",
        ),
        pytest.param(
            {"input": {"gateset": "qis", "circuit": [{"gate": "x", "target": 8, "controls": list(range(8))}]}},
            "TooManyControls",
            id="eight controls",
        ),
    ],
)
async def test_what_preflight_finds_fails_the_job_not_the_request(ionq, more, code):
    job = await ionq.ran(**more)

    assert (job["status"], job["failure"]["code"], job["results"]) == ("failed", code, None)
    assert (await ionq.get(f"/v0.4/jobs/{job['id']}/cost"))["cost"]["value"] == 0


async def test_a_canceled_job_never_runs_and_canceling_again_changes_nothing():
    async with served(FakeIonq(pace=HELD)) as ionq:
        job_id = await ionq.submit()
        answers = [await ionq.ask("PUT", f"/v0.4/jobs/{job_id}/status/cancel") for _ in range(2)]

        assert answers == [{"id": job_id, "status": "canceled"}] * 2
        assert (await ionq.get(f"/v0.4/jobs/{job_id}"))["started_at"] is None


async def test_canceling_a_completed_job_says_canceled_but_leaves_it_completed(ionq):
    job = await ionq.ran()

    await ionq.ask("PUT", f"/v0.4/jobs/{job['id']}/status/cancel")

    assert await ionq.get(f"/v0.4/jobs/{job['id']}") == job


async def test_bulk_operations_touch_all_jobs_or_none(ionq):
    first, second = [(await ionq.ran())["id"] for _ in range(2)]

    await ionq.ask("DELETE", "/v0.4/jobs", 404, json={"ids": [first, "absent"]})
    canceled = await ionq.ask("PUT", "/v0.4/jobs/status/cancel", json={"ids": [first, second]})
    deleted = await ionq.ask("DELETE", "/v0.4/jobs", json={"ids": [first, second]})

    assert (canceled["status"], deleted) == ("canceled", {"ids": [first, second], "status": "deleted"})
    await ionq.get(f"/v0.4/jobs/{first}", 404)
    assert [job["status"] for job in (await ionq.state())["jobs"]] == ["deleted", "deleted"]


async def test_lists_are_newest_first_and_paged_even_when_the_next_job_is_deleted(ionq):
    ids = [await ionq.submit(name=f"job {place}") for place in range(5)]

    page = await ionq.get("/v0.4/jobs", limit=2)
    await ionq.ask("DELETE", f"/v0.4/jobs/{page['next']}")
    rest = await ionq.get("/v0.4/jobs", next=page["next"])

    assert [job["id"] for job in page["jobs"]] == ids[:2:-1]
    assert ([job["id"] for job in rest["jobs"]], rest["next"]) == (ids[1::-1], None)
    assert "child_job_ids" not in page["jobs"][0]


async def test_lists_are_filtered_as_the_description_says(ionq):
    simulated, real = await ionq.ran(backend="simulator"), await ionq.ran()

    async def found(**query: str) -> set[str]:
        return {job["id"] for job in (await ionq.get("/v0.4/jobs", **query))["jobs"]}

    assert await found(target="simulator,qpu.aria-1") == {simulated["id"]}
    assert await found(ids=real["id"]) == {real["id"]}
    assert await found(status="failed") == set()
    assert await found(submitter_id=real["submitter_id"]) == {simulated["id"], real["id"]}
    assert (await ionq.get("/v0.4/jobs", 400, status="queued"))["validation"]["keys"] == ["status"]


async def test_jobs_of_another_project_do_not_exist():
    vendor = FakeIonq(keys={"one": "red", "two": "red", "other": "blue"}, pace=AT_ONCE)
    async with running(vendor) as url, aiohttp.ClientSession(url) as session:
        job_id = await Client(session, "one").submit()

        await Client(session, "two").get(f"/v0.4/jobs/{job_id}")
        await Client(session, "other").get(f"/v0.4/jobs/{job_id}", 404)
        assert (await Client(session, "other").get("/v0.4/jobs"))["jobs"] == []


async def test_a_session_takes_as_many_jobs_as_it_may_until_it_is_ended(ionq):
    opened = await ionq.ask(
        "POST", "/v0.4/sessions", 201, json={"backend": "qpu.forte-1", "settings": {"job_count_limit": 2}}
    )
    session_id = opened["id"]

    inside = [(await ionq.ran(session_id=session_id))["id"] for _ in range(2)]
    full = await ionq.ask("POST", "/v0.4/jobs", 400, json=order(session_id=session_id))
    ended = await ionq.ask("POST", f"/v0.4/sessions/{session_id}/end")
    again = await ionq.ask("POST", f"/v0.4/sessions/{session_id}/end")

    assert opened["status"] == "created"
    assert "takes 2 jobs" in full["message"]
    assert (ended["status"], ended["active"]) == ("ended", False)
    assert again == ended
    assert {job["id"] for job in (await ionq.get(f"/v0.4/sessions/{session_id}/jobs"))["jobs"]} == set(inside)
    assert (await ionq.get("/v0.4/sessions", active="true"))["sessions"] == []
    await ionq.ask("POST", "/v0.4/jobs", 400, json=order(session_id=session_id))


async def test_characterizations_have_a_history_in_pages(ionq):
    path = "/v0.4/backends/qpu.forte-1/characterizations"
    first, second = [await ionq.get(path, limit=3, page=page) for page in (1, 2)]
    dates = [each["date"] for each in first["characterizations"] + second["characterizations"]]

    assert dates == sorted(dates, reverse=True)
    assert (first["pages"], second["pages"]) == (9, 8)
    newest = first["characterizations"][0]
    assert await ionq.get(f"{path}/{newest['id']}") == newest
    assert (await ionq.get("/v0.4/backends/qpu.forte-1"))["characterization_id"] == newest["id"]
    assert (await ionq.get(path, end=dates[1], limit=1))["characterizations"][0]["date"] == dates[2]
    assert (await ionq.get("/v0.4/backends/simulator/characterizations"))["characterizations"] is None
    await ionq.get(path, 400, limit=11)


async def test_the_estimate_the_cost_and_the_usage_agree(ionq):
    job = await ionq.ran(shots=499)
    asked = {"backend": "qpu.forte-1", "shots": 499, "1q_gates": 1, "2q_gates": 1, "qubits": 2, "session": "false"}

    estimate = await ionq.get("/v0.4/jobs/estimate", **asked)
    cost = await ionq.get(f"/v0.4/jobs/{job['id']}/cost")
    organization = estimate["rate_information"]["organization"]
    span = {
        "start_date": job["completed_at"][:10],
        "end_date": "9999-12-31",
        "group_by": "project",
        "modality": "monthly",
    }
    used = await ionq.get(f"/v0.4/organizations/{organization}/usage", **span)

    assert (
        cost["cost"]["value"] == cost["estimated_cost"]["value"] == estimate["estimated_cost"] == used["amount_total"]
    )
    assert used["usage_data"][0]["group_usages"][0]["group_id"] == job["project_id"]
    assert used["time_us_total"] == job["stats"]["billed_quantum_compute_time_us"]
    await ionq.get("/v0.4/organizations/another/usage", 403, **span)


async def test_the_key_says_whose_it_is(ionq):
    assert set(await ionq.get("/v0.4/whoami")) == {"key_id", "key_name", "project_id"}


async def test_solvers_are_refused_and_no_job_is_made(ionq):
    refused = await ionq.ask("POST", "/v0.4/jobs", 403, json={"type": "qctrl.qaoa.v1", "backend": "simulator"})

    assert refused["error"] == "Forbidden Error"
    assert (await ionq.state())["job_count"] == 0


async def test_jobs_sessions_and_unfinished_work_survive_a_restart(tmp_path):
    state = tmp_path / "ionq.jsonl"
    async with served(FakeIonq(pace=AT_ONCE, journal=Journal(state))) as ionq:
        done, gone = await ionq.ran(), await ionq.ran()
        await ionq.ask("DELETE", f"/v0.4/jobs/{gone['id']}")
        session = await ionq.ask("POST", "/v0.4/sessions", 201, json={"backend": "qpu.aria-1"})
        shots = await ionq.get(done["results"]["shots"]["url"])
    async with served(FakeIonq(pace=HELD, journal=Journal(state))) as ionq:
        waiting = await ionq.submit(metadata={"intent": "one"})
    async with served(FakeIonq(pace=AT_ONCE, journal=Journal(state))) as ionq:
        assert await ionq.get(f"/v0.4/jobs/{done['id']}") == done
        assert await ionq.get(done["results"]["shots"]["url"]) == shots
        await ionq.get(f"/v0.4/jobs/{gone['id']}", 404)
        assert await ionq.get(f"/v0.4/sessions/{session['id']}") == session
        assert (await ionq.over(waiting))["metadata"] == {"intent": "one"}
        assert (await ionq.state())["job_count"] == 3
