"""Where a job runs, who consented to that, and who may see and do what with it."""

import pytest
from qiskit import QuantumCircuit

from tests.integration import bodies, refusals
from tests.integration.people import entry_of
from tests.running import API

CASES = [
    ("alice", None, "internal"),
    ("alice", "restricted", "restricted"),
    ("alice", "public", "internal"),
    ("guarded", None, "confidential"),
    ("guarded", "public", "confidential"),
]


def get(gateway, key, path):
    return gateway.request("GET", f"{API}/{path}", key=key)


def test_an_absent_backend_is_refused_with_the_way_to_consent(gateway, keys):
    """Nobody gets simulated numbers who did not say so."""
    reply = gateway.request("POST", f"{API}/jobs", key=keys["alice"], body=bodies.golden(backend="ibm_fez"))

    message = refusals.check(reply, 403, "policy-denied")
    assert "backend/known" in message
    assert "qgw:simulator=allow" in message


def test_with_consent_a_simulator_takes_its_place_and_every_answer_says_so(gateway, keys):
    reply = gateway.request(
        "POST", f"{API}/jobs", key=keys["alice"], body=bodies.golden(backend="ibm_fez", tags=["qgw:simulator=allow"])
    )
    job = reply.json()["id"]
    shown = gateway.ended(keys["alice"], job)
    answers = [reply, *(get(gateway, keys["alice"], f"jobs/{job}{path}") for path in ("", "/results", "/metrics"))]

    assert reply.json()["backend"] == shown["backend"] == "sim_line_5"
    assert shown["qgw"]["asked_backend"] == "ibm_fez"
    assert "ibm_fez" in shown["qgw"]["fallback_reason"]
    assert "qgw:execution=simulator" in shown["tags"]
    assert {answer.headers["qgw-execution-kind"] for answer in answers} == {"simulator"}
    assert all("ibm_fez" in answer.headers["qgw-fallback-reason"] for answer in answers)
    assert "instead of ibm_fez" in get(gateway, keys["alice"], f"jobs/{job}/logs").body.decode()
    assert b"simulator" in answers[2].body
    permitted = entry_of(gateway, "job.permitted", job)
    assert (permitted["placement"]["fallback"], permitted["backend_asked"]) == (True, "ibm_fez")
    assert entry_of(gateway, "job.completed", job)["fallback"] is True


def test_a_job_that_refuses_simulators_is_not_simulated(gateway, keys):
    reply = gateway.request("POST", f"{API}/jobs", key=keys["alice"], body=bodies.golden(tags=["qgw:simulator=deny"]))

    assert "backend/simulator-consent" in refusals.check(reply, 403, "policy-denied")


@pytest.mark.parametrize(("who", "tag", "label"), CASES)
def test_a_label_can_only_be_raised(gateway, keys, who, tag, label):
    """Each case has a circuit of its own: what one labels sticks to it."""
    circuit = QuantumCircuit(1)
    for _ in range(3 + CASES.index((who, tag, label))):
        circuit.sx(0)
    circuit.measure_all()
    tags = [] if tag is None else [f"qgw:classification={tag}"]

    job = gateway.submit(keys[who], bodies.sampler(bodies.pub(circuit), tags=tags))

    assert entry_of(gateway, "job.permitted", job)["classification"] == label


def test_colleagues_see_each_others_jobs_unless_they_are_private(gateway, keys):
    shared, private = (
        gateway.submit(keys["alice"], bodies.golden(private=private, tags=["colleagues"])) for private in (False, True)
    )

    assert get(gateway, keys["albert"], f"jobs/{shared}").status == 200
    refusals.check(get(gateway, keys["albert"], f"jobs/{private}"), 404, "not-found")
    listed = get(gateway, keys["albert"], "jobs?tags=colleagues").json()
    assert [job["id"] for job in listed["jobs"]] == [shared]
    own = get(gateway, keys["alice"], f"jobs/{private}").json()
    assert "params" not in own


@pytest.mark.parametrize(
    ("who", "method", "path", "body", "status"),
    [
        ("auditor", "GET", "jobs/{}", None, 404),
        ("operator", "GET", "jobs/{}", None, 200),
        ("operator", "POST", "jobs", "golden", 403),
        ("auditor", "POST", "jobs", "golden", 403),
        ("auditor", "POST", "sessions", {"backend": "sim_line_5"}, 403),
        ("operator", "POST", "sessions", {"backend": "sim_line_5"}, 403),
        ("service", "POST", "sessions", {"backend": "sim_line_5"}, 200),
        ("service", "DELETE", "jobs/{}", None, 403),
        ("operator", "DELETE", "jobs/{}", None, 403),
        ("operator", "PUT", "jobs/{}/tags", {"tags": ["seen"]}, 403),
        ("auditor", "GET", "backends", None, 200),
        ("service", "GET", "instances/usage", None, 200),
        ("auditor", "GET", "instances/usage", None, 403),
    ],
)
def test_a_role_may_do_what_the_roles_table_says(gateway, keys, finished, who, method, path, body, status):
    sent = bodies.golden() if body == "golden" else body

    reply = gateway.request(method, f"{API}/{path.format(finished)}", key=keys[who], body=sent)

    assert reply.status == status, reply.body
    if status == 403:
        refusals.check(reply, 403, reply.code)


def test_an_operator_stops_a_job_of_somebody_else(gateway, keys):
    """Who keeps the service running sees and stops jobs, and submits none."""
    job = gateway.submit(keys["alice"], bodies.slow())

    assert gateway.request("POST", f"{API}/jobs/{job}/cancel", key=keys["operator"]).status == 204

    assert gateway.ended(keys["alice"], job)["status"] == "Cancelled"
