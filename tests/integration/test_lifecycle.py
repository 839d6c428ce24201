"""One job from submission to deletion, over the wire, as the SDK would ask."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.integration import bodies, refusals
from tests.integration.people import entry_of, report
from tests.running import API, eventually

STATUSES = {"Queued", "Running", "Completed"}


def get(gateway, key, path):
    return gateway.request("GET", f"{API}/{path}", key=key)


@pytest.mark.parametrize("sdk", ["0.49", "0.51"])
@pytest.mark.parametrize(
    "program",
    [
        "sampler",
        "sampler-broadcast",
        "sampler-dynamic",
        "sampler-options",
        "sampler-parametrised",
        "sampler-registers",
        "estimator",
        "estimator-broadcast",
        "executor-sampler",
        "executor-sampler-twirled",
        "executor-estimator",
    ],
)
def test_what_the_sdk_sends_runs_and_its_results_come_back(gateway, keys, program, sdk):
    job = gateway.submit(keys["alice"], bodies.golden(program, sdk))

    assert gateway.ended(keys["alice"], job)["status"] == "Completed"
    results = get(gateway, keys["alice"], f"jobs/{job}/results")
    assert results.status == 200
    assert results.headers["qgw-execution-kind"] == "simulator"
    assert results.json()


def test_a_submission_is_answered_with_where_it_runs(gateway, keys):
    reply = gateway.request("POST", f"{API}/jobs", key=keys["alice"], body=bodies.golden())

    told = reply.json()
    assert (reply.headers["qgw-execution-kind"], reply.headers["qgw-backend"]) == ("simulator", "sim_line_5")
    assert reply.headers["qgw-decision-id"] == told["qgw"]["decision_id"]
    assert told["backend"] == "sim_line_5"
    assert gateway.job(keys["alice"], told["id"])["status"] in STATUSES


def test_metrics_and_logs_tell_a_jobs_life(gateway, keys, finished):
    metrics = get(gateway, keys["alice"], f"jobs/{finished}/metrics").json()
    logs = get(gateway, keys["alice"], f"jobs/{finished}/logs").body.decode()

    times = [metrics["timestamps"][name] for name in ("created", "running", "finished")]
    assert times == sorted(times)
    assert metrics["usage"]["status"] == "final"
    assert metrics["usage"]["quantum_seconds"] == 0
    assert "permitted by decision" in logs
    assert logs.rstrip().endswith("completed")


def test_a_job_is_shown_with_what_was_submitted_unless_nobody_asks(gateway, keys, finished):
    whole = get(gateway, keys["alice"], f"jobs/{finished}").json()
    short = get(gateway, keys["alice"], f"jobs/{finished}?exclude_params=true").json()

    assert whole["params"] == bodies.golden()["params"]
    assert "params" not in short
    assert short["tags"] == ["finished", "qgw:execution=simulator"]


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ("tags=listed", True),
        ("tags=listed&tags=twice", True),
        ("tags=listed&tags=other", False),
        ("tags=listed&backend=sim_line_5", True),
        ("tags=listed&backend=sim_heavyhex_27", False),
        ("tags=listed&program=sampler", True),
        ("tags=listed&program=estimator", False),
        ("tags=listed&pending=false", True),
        ("tags=listed&pending=true", False),
        ("tags=listed&session_id=none", False),
        ("tags=listed&created_after=2020-01-01T00:00:00Z", True),
        ("tags=listed&created_before=2020-01-01T00:00:00Z", False),
        ("tags=listed&limit=1", True),
        ("tags=listed&offset=1", False),
        ("tags=listed&sort=ASC", True),
    ],
)
def test_a_list_shows_what_its_filters_leave(gateway, keys, listed, query, there):
    found = get(gateway, keys["bob"], f"jobs?{query}").json()

    assert [job["id"] for job in found["jobs"]] == ([listed] if there else [])


@pytest.fixture(scope="module")
def listed(gateway, keys):
    job = gateway.submit(keys["bob"], bodies.golden(tags=["listed", "twice"]))
    gateway.ended(keys["bob"], job)
    return job


def test_a_list_is_paged_newest_first(gateway, keys):
    jobs = [gateway.submit(keys["bob"], bodies.golden(tags=["paged"])) for _ in range(5)]
    for job in jobs:
        gateway.ended(keys["bob"], job)

    pages = [get(gateway, keys["bob"], f"jobs?tags=paged&limit=2&offset={offset}").json() for offset in (0, 2, 4)]

    assert [job["id"] for page in pages for job in page["jobs"]] == jobs[::-1]
    assert {page["count"] for page in pages} == {5}


def test_tags_are_replaced_and_found_by(gateway, keys):
    job = gateway.submit(keys["alice"], bodies.golden(tags=["first"]))
    tags = {"tags": ["second", "qgw:execution=hardware"]}

    changed = gateway.request("PUT", f"{API}/jobs/{job}/tags", key=keys["alice"], body=tags)

    assert changed.status == 204
    assert gateway.job(keys["alice"], job)["tags"] == ["second", "qgw:execution=simulator"]
    assert [each["id"] for each in get(gateway, keys["alice"], "jobs?tags=second").json()["jobs"]] == [job]


def test_a_deleted_job_is_gone_and_its_entries_stay(gateway, keys):
    job = gateway.submit(keys["alice"], bodies.golden())
    gateway.ended(keys["alice"], job)
    assert sorted(report(gateway, job).sealed) == ["payload", "provenance", "result"]

    assert gateway.request("DELETE", f"{API}/jobs/{job}", key=keys["alice"]).status == 204

    refusals.check(get(gateway, keys["alice"], f"jobs/{job}"), 404, "not-found")
    refusals.check(get(gateway, keys["alice"], f"jobs/{job}/results"), 404, "not-found")
    after = report(gateway, job)
    assert after.sealed == ()
    assert after.entries[-1].type == "job.deleted"


def test_a_running_job_is_cancelled_and_cannot_be_deleted_before(gateway, keys):
    job = gateway.submit(keys["alice"], bodies.slow())
    eventually(lambda: gateway.job(keys["alice"], job)["status"] == "Running")

    refusals.check(gateway.request("DELETE", f"{API}/jobs/{job}", key=keys["alice"]), 409, "job-unfinished")
    assert get(gateway, keys["alice"], f"jobs/{job}/results").status == 204
    assert gateway.request("POST", f"{API}/jobs/{job}/cancel", key=keys["alice"]).status == 204
    shown = gateway.ended(keys["alice"], job)

    assert shown["status"] == "Cancelled"
    refusals.check(gateway.request("POST", f"{API}/jobs/{job}/cancel", key=keys["alice"]), 409, "job-ended")
    assert entry_of(gateway, "job.cancel_requested", job)
    assert entry_of(gateway, "job.cancelled", job)["reason"]


def test_a_waiting_job_tells_its_place_and_is_cancelled_from_the_queue(gateway, keys):
    running = gateway.submit(keys["alice"], bodies.slow())
    eventually(lambda: gateway.job(keys["alice"], running)["status"] == "Running")
    waiting = [gateway.submit(keys["alice"], bodies.golden(tags=["cancelled while it waits"])) for _ in range(2)]

    places = [get(gateway, keys["alice"], f"jobs/{job}/metrics").json().get("position_in_queue") for job in waiting]
    for job in (*waiting, running):
        gateway.request("POST", f"{API}/jobs/{job}/cancel", key=keys["alice"])

    assert places == [1, 2]
    assert {gateway.ended(keys["alice"], job)["status"] for job in (*waiting, running)} == {"Cancelled"}


def test_a_session_holds_jobs_until_it_is_closed(gateway, keys):
    opened = gateway.request(
        "POST",
        f"{API}/sessions",
        key=keys["alice"],
        body={"backend": "sim_line_5", "mode": "dedicated", "max_ttl": 3600},
    )
    session = opened.json()["id"]
    job = gateway.submit(keys["alice"], bodies.golden(session_id=session))
    gateway.ended(keys["alice"], job)

    elsewhere = bodies.golden(session_id=session, backend="sim_heavyhex_27")
    refusals.check(gateway.request("POST", f"{API}/jobs", key=keys["alice"], body=elsewhere), 400, "session-backend")
    closed = gateway.request("PATCH", f"{API}/sessions/{session}", key=keys["alice"], body={"accepting_jobs": False})
    late = gateway.request("POST", f"{API}/jobs", key=keys["alice"], body=bodies.golden(session_id=session))

    assert (opened.status, closed.status) == (200, 204)
    refusals.check(late, 400, "session-closed")
    shown = get(gateway, keys["alice"], f"sessions/{session}").json()
    assert (shown["accepting_jobs"], shown["mode"], shown["max_ttl"]) == (False, "dedicated", 3600)
    assert [each["id"] for each in get(gateway, keys["alice"], f"jobs?session_id={session}").json()["jobs"]] == [job]


def test_closing_a_batch_for_good_cancels_what_waits(gateway, keys):
    batch = gateway.request(
        "POST", f"{API}/sessions", key=keys["alice"], body={"backend": "sim_heavyhex_27", "mode": "batch"}
    ).json()["id"]
    jobs = [gateway.submit(keys["alice"], bodies.slow(session_id=batch)) for _ in range(2)]

    assert gateway.request("DELETE", f"{API}/sessions/{batch}/close", key=keys["alice"]).status == 204

    assert {gateway.ended(keys["alice"], job)["status"] for job in jobs} == {"Cancelled"}
    assert get(gateway, keys["alice"], f"sessions/{batch}").json()["accepting_jobs"] is False


def test_properties_are_those_of_the_moment_asked_for(gateway, keys):
    path = "backends/sim_line_5/properties"
    yesterday = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    now, before, again, ancient = (
        get(gateway, keys["alice"], f"{path}{query}").json()
        for query in (
            "",
            f"?updated_before={yesterday}",
            f"?updated_before={yesterday}",
            "?updated_before=1999-01-01T00:00:00Z",
        )
    )

    assert before == again
    assert before["last_update_date"] < now["last_update_date"]
    assert before["qubits"] != now["qubits"]
    assert not ancient.get("qubits")


def test_a_calibration_that_is_not_there_is_not_guessed(gateway, keys):
    refusals.check(get(gateway, keys["alice"], "backends/sim_line_5/properties?calibration_id=0000"), 404, "not-found")


def test_everything_is_there_after_a_restart(another):
    """An orderly restart loses no job, no result, no session and no token."""
    another.start()
    key = another.admin_key
    job = another.submit(key, bodies.golden(tags=["before"]))
    another.ended(key, job)
    before = {
        path: another.request("GET", f"{API}/jobs/{job}{path}", key=key).body for path in ("", "/results", "/logs")
    }
    session = another.request("POST", f"{API}/sessions", key=key, body={"backend": "sim_line_5"}).json()["id"]
    long = another.submit(key, bodies.slow(session_id=None))
    eventually(lambda: another.job(key, long)["status"] == "Running")

    another.restart()

    after = {path: another.request("GET", f"{API}/jobs/{job}{path}", key=key).body for path in before}
    assert after == before
    assert another.request("GET", f"{API}/sessions/{session}", key=key).json()["accepting_jobs"] is True
    eventually(lambda: another.job(key, long)["status"] == "Running")
    another.request("POST", f"{API}/jobs/{long}/cancel", key=key)
    assert another.ended(key, long)["status"] == "Cancelled"
    types = [entry["type"] for entry in another.json("jobs", "show", long)["entries"]]
    assert types == [
        "job.permitted",
        "job.forwarded",
        "attempt.claimed",
        "job.forwarded",
        "job.cancel_requested",
        "job.cancelled",
    ]
    assert another.run("audit", "verify").returncode == 0
