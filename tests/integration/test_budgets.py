"""Budgets and quotas at the front door: every client hears in its own words what is left, and nothing is overspent."""

import json
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import pytest

from tests.integration import bodies, planting, refusals
from tests.integration.abroad import abroad
from tests.integration.people import entries, entry_of
from tests.running import API, eventually

pytestmark = pytest.mark.long

FIVE, FORTE = "ibm_test_five", "qpu.forte-1"
PRICE = 0.3035
"""Of ten shots on any vendor's hardware, by the drill's prices, in USD."""
NO_SIMULATOR = "qgw:simulator=deny"
_numbers = count()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """All three vendors behind one gateway."""
    yield from planting.deployed(tmp_path_factory.mktemp("budgets"), planting.VENDORS)


@dataclass
class Client:
    """A scientist with a project, and so with budgets, of their own."""

    made: planting.Deployment
    project: str

    def limit(self, name: str, *options: str) -> str:
        """Set a limit of this project, and wait until everybody is told of it."""
        called = f"{self.project}-{name}"
        self.made.gateway.cli("budgets", "set", called, "--project", self.project, *options)
        return called

    def standing(self, called: str) -> dict[str, Any]:
        """Read where a limit stands."""
        return dict(self.made.gateway.json("budgets", "show", called))

    def submit(self, dialect: str, body: Any, **headers: str):
        """Submit as the vendor's own SDK would."""
        if dialect == "braket":
            return self.made.send("braket", "POST", "/quantum-task", body)
        path, scheme = {"ibm": (f"{API}/jobs", "apikey"), "ionq": ("/ionq/v0.4/jobs", "apiKey")}[dialect]
        sent = {"authorization": f"{scheme} {self.made.key}", **headers}
        return self.made.gateway.request("POST", path, body=body, headers=sent)


@pytest.fixture
def client(made):
    """Somebody new, so that no test spends another one's money."""
    project = f"project-{next(_numbers)}"
    made.gateway.cli("projects", "new", project)
    key = made.gateway.key(project=project)
    printed = made.gateway.run("env", "braket", "--key", "-", "--json", given=f"{key}\n".encode())
    variables = json.loads(printed.stdout)
    pair = variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]
    return Client(replace(made, key=key, pair=pair), project)


def ibm(backend: str = FIVE, shots: int = 10, *, tags: tuple[str, ...] = (NO_SIMULATOR,)):
    return bodies.sampler(bodies.pub(shots=shots), backend=backend, tags=list(tags))


def ionq(**changes: Any):
    return planting.ionq_qasm(FORTE, metadata={"qgw:simulator": "deny"}, **changes)


# ── everybody's own words ────────────────────────────────────────────────────────────────────────
def test_every_client_hears_what_is_left_and_when_it_resets(client):
    """Nothing in an answer makes an SDK ask again: it would hear the same until the month is over."""
    called = client.limit("month", "--amount", "0.10", "--currency", "USD", "--per", "month", "--zone", "Europe/Berlin")

    def refused():
        reply = client.submit("ibm", ibm())
        return reply if reply.json()["errors"][0]["code"] == "over-budget" else None

    first = eventually(refused, seconds=10, pause=0.2)
    told = [refusals.check(first, 403, "over-budget")]
    second = client.submit("ionq", ionq())
    assert (second.status, second.json()["error"]) == (403, "over-budget")
    told.append(second.json()["message"])
    third = client.submit("braket", planting.braket())
    assert (third.status, third.headers["x-amzn-errortype"]) == (402, "ServiceQuotaExceededException")
    told.append(third.json()["message"])

    for message in told:
        assert f"project '{client.project}' has 0.10 USD left of its monthly budget '{called}'" in message
        assert "resets " in message
        assert "retry-after" not in first.headers | second.headers | third.headers
    denied = entries(client.made.gateway, "job.denied")[-1].body
    assert denied["deny"] == ["budget/money"]


def test_the_last_job_that_fits_goes_and_the_next_one_does_not(client):
    """Held is what the job may cost at most, from the moment of its permit."""
    called = client.limit("month", "--amount", str(2 * PRICE), "--currency", "USD", "--per", "month")

    replies = [client.submit("ibm", ibm()) for _ in range(3)]

    assert [reply.status for reply in replies] == [200, 200, 403]
    assert "has 0 USD left" in refusals.check(replies[2], 403, replies[2].json()["errors"][0]["code"])
    standing = client.standing(called)
    assert float(standing["held"]) + float(standing["settled"]) == pytest.approx(2 * PRICE)


def test_over_budget_a_simulator_takes_the_place_with_consent_and_says_so(client):
    called = client.limit("month", "--amount", "0", "--currency", "USD", "--per", "month")

    def moved():
        reply = client.submit("ibm", ibm(tags=("qgw:simulator=allow",)))
        return reply if reply.status == 200 else None

    reply = eventually(moved, seconds=10, pause=0.2)
    job = reply.json()["id"]
    shown = client.made.gateway.ended(client.made.key, job)

    assert shown["qgw"]["execution_kind"] == reply.headers["qgw-execution-kind"] == "simulator"
    assert shown["qgw"]["asked_backend"] == FIVE
    assert called in shown["qgw"]["fallback_reason"]
    assert called in reply.headers["qgw-fallback-reason"]
    assert entry_of(client.made.gateway, "job.permitted", job)["placement"]["fallback"] is True
    assert entry_of(client.made.gateway, "job.completed", job)["cost"]["settled_micros"] == 0


# ── quotas ───────────────────────────────────────────────────────────────────────────────────────
def test_a_days_shots_are_counted_wherever_they_ran(client):
    called = client.limit("shots", "--unit", "shots", "--amount", "25", "--per", "day")

    replies = [client.submit("ibm", ibm()), client.submit("ionq", ionq()), client.submit("ibm", ibm())]

    assert [reply.status < 300 for reply in replies] == [True, True, False]
    assert f"'{called}'" in replies[2].json()["errors"][0]["message"]
    smaller = client.submit("ibm", ibm(shots=5))
    assert smaller.status == 200
    assert float(client.standing(called)["left"]) == 0


def test_jobs_at_once_are_counted_until_they_end(client):
    called = client.limit("at-once", "--unit", "jobs", "--amount", "1", "--per", "open")
    gateway, key = client.made.gateway, client.made.key
    first = client.submit("ibm", bodies.slow())
    assert first.status == 200

    second = client.submit("ibm", ibm("sim_line_5", tags=()))

    assert second.status == 403
    assert called in second.json()["errors"][0]["message"]
    job = first.json()["id"]
    assert gateway.request("POST", f"{API}/jobs/{job}/cancel", key=key).status == 204
    gateway.ended(key, job)
    assert eventually(lambda: client.submit("ibm", ibm("sim_line_5", tags=())).status == 200, seconds=10, pause=0.2)


def test_of_two_limits_at_odds_the_strict_one_is_named_and_neither_is_touched(client):
    generous = client.limit("year", "--amount", "1000", "--currency", "USD", "--per", "year")
    strict = client.limit("day", "--amount", "0.20", "--currency", "USD", "--per", "day")

    reply = client.submit("ibm", ibm())

    message = refusals.check(reply, 403, reply.json()["errors"][0]["code"])
    assert strict in message
    assert generous not in message
    assert {float(client.standing(each)["held"]) for each in (generous, strict)} == {0.0}


def test_a_budget_in_another_currency_stops_what_is_priced_in_dollars(client):
    called = client.limit("month", "--amount", "1000", "--currency", "EUR", "--per", "month")

    reply = client.submit("ibm", ibm())

    assert reply.status == 403
    message = reply.json()["errors"][0]["message"]
    assert called in message
    assert "EUR" in message
    assert "USD" in message


def test_session_time_is_a_quota(client):
    called = client.limit("sessions", "--unit", "session-seconds", "--amount", "100", "--per", "week")
    gateway, key = client.made.gateway, client.made.key
    opening = {"mode": "dedicated", "backend": FIVE, "max_ttl": 80}

    first = gateway.request("POST", f"{API}/sessions", key=key, body=opening)
    second = gateway.request("POST", f"{API}/sessions", key=key, body=opening)

    assert first.status == 200
    assert called in refusals.check(second, 403, "quota-exceeded")
    assert gateway.request("DELETE", f"{API}/sessions/{first.json()['id']}/close", key=key).status == 204
    assert float(client.standing(called)["left"]) > 80


# ── the same work twice ──────────────────────────────────────────────────────────────────────────
def test_a_clients_own_token_is_one_job_in_every_dialect(client):
    work = {"ibm": ibm(), "ionq": ionq()}
    for dialect, body in work.items():
        ids = {client.submit(dialect, body, **{"idempotency-key": f"night-{dialect}"}).json()["id"] for _ in range(2)}
        assert len(ids) == 1

    other = client.submit("ibm", ibm(shots=11), **{"idempotency-key": "night-ibm"})
    assert (other.status, other.json()["errors"][0]["code"]) == (409, "repeat-token-reused")


def test_a_session_is_opened_once_under_one_token(client):
    gateway, key = client.made.gateway, client.made.key
    headers = {"authorization": f"apikey {key}", "idempotency-key": "tonight"}

    opened = [
        gateway.request("POST", f"{API}/sessions", body={"mode": "batch", "backend": FIVE}, headers=headers).json()[
            "id"
        ]
        for _ in range(2)
    ]

    assert opened[0] == opened[1]


# ── time that is paid by the second ──────────────────────────────────────────────────────────────
def test_what_is_paid_by_the_second_is_sent_with_the_time_that_is_held_for_it(tmp_path):
    """IBM stops the job by itself when it has used up what was held for it; the entry says that we asked it to."""
    prices = {
        "schema": "qgw.prices/1",
        "currency": "USD",
        "sources": {"test": {"date": "2026-11-22", "title": "made up", "url": None}},
        "prices": [
            {"upstream": "ibm", "backend": "*", "kind": "hardware", "source": "test"}
            | {"per_job_micros": 0, "per_shot_micros": 0, "per_second_micros": 1_600_000}
        ],
    }
    (tmp_path / "own.json").write_text(json.dumps(prices))
    settings = {
        "GATEWAY_BUDGETS__OWN_PRICES": str(tmp_path / "own.json"),
        "GATEWAY_BUDGETS__EXECUTION_CAP_SECONDS": "90",
    }
    with abroad(tmp_path, ["ibm"], "--instant", settings=settings) as made:
        unbounded = made.ibm("POST", "jobs", ibm()).json()["id"]
        shorter = made.ibm("POST", "jobs", {**ibm(), "cost": 30}).json()["id"]

        assert [job["more"]["cost"] for job in made.taken("ibm")] == [90, 30]
        permitted = entry_of(made.gateway, "job.permitted", unbounded)
        assert permitted["quote"]["held_micros"] == 90 * 1_600_000
        assert [edit["new"] for edit in permitted["outgoing"]["edits"] if edit["pointer"] == "/cost"] == ["90"]
        assert entry_of(made.gateway, "job.permitted", shorter)["quote"]["held_micros"] == 30 * 1_600_000
        assert made.ibm("GET", f"jobs/{unbounded}").json().get("cost") is None
