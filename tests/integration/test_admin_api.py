"""The admin interface of a running gateway: beside the vendors' dialects, on the same port, under the same keys."""

import pytest

from tests.integration import bodies
from tests.integration.people import within
from tests.running import Gateway, eventually

pytestmark = pytest.mark.long

API = "/api/v1"
LIMIT = {"level": "project", "target": "alpha", "unit": "jobs", "amount": "50", "per": "month"}


@pytest.fixture
def root(gateway) -> str:
    return gateway.admin_key


@pytest.fixture
def limited(gateway, root):
    """A quota of alpha's that is gone after the test."""
    made = gateway.request("PUT", f"{API}/budgets/alpha-jobs", token=root, body=LIMIT)
    assert made.status == 200, made.body
    yield made.json()
    gateway.request("DELETE", f"{API}/budgets/alpha-jobs", token=root)


def test_a_limit_set_over_http_counts_the_next_job(gateway, keys, root, limited):
    before = limited["settled"], limited["held"]
    job = gateway.submit(keys["alice"], bodies.golden(tags=["counted"]))
    gateway.ended(keys["alice"], job)

    def shown():
        row = gateway.request("GET", f"{API}/budgets/alpha-jobs", token=root).json()
        return row if (row["settled"], row["held"]) != before and row["held"] == "0" else None

    row = eventually(shown)
    assert int(row["settled"]) == int(before[0]) + 1
    assert gateway.run("budgets", "check").returncode == 0


def test_the_command_line_and_the_interface_show_the_same(gateway, root, limited):
    over_http = gateway.request("GET", f"{API}/budgets", token=root).json()

    told = gateway.json("budgets", "list")
    assert [(each["id"], each["allowed"]) for each in told] == [(each["id"], each["allowed"]) for each in over_http]


def test_no_tenant_sees_another(gateway, keys, limited):
    own = gateway.request("GET", f"{API}/budgets", token=keys["alice"])
    foreign = gateway.request("GET", f"{API}/budgets", token=keys["bob"])

    assert [each["name"] for each in own.json()] == ["alpha-jobs"]
    assert foreign.json() == []
    assert gateway.request("GET", f"{API}/budgets/alpha-jobs", token=keys["bob"]).status == 404
    assert gateway.request("GET", f"{API}/spend?project=alpha", token=keys["bob"]).status == 404


@pytest.mark.parametrize("who", ["alice", "operator", "auditor", "service"])
def test_only_an_administrator_changes_limits(gateway, keys, who, limited):
    refused = gateway.request("PUT", f"{API}/budgets/alpha-jobs", token=keys[who], body={**LIMIT, "amount": "9999"})

    assert (refused.status, refused.json()["title"]) == (403, "permission-missing")
    assert limited["allowed"] == "50"


def test_spending_of_a_job_that_ran(gateway, keys, finished):
    rows = gateway.request("GET", f"{API}/spend?by=project,vendor,day", token=keys["alice"]).json()["rows"]

    assert {row["group"]["project"] for row in rows} == {"alpha"}
    assert sum(row["jobs"] for row in rows) >= 1


def test_a_key_in_another_shape_is_none(gateway, keys):
    assert gateway.request("GET", f"{API}/budgets").status == 401
    assert gateway.request("GET", f"{API}/budgets", key=keys["alice"]).status == 401


def test_it_describes_itself(gateway):
    described = gateway.request("GET", f"{API}/schema/openapi.json")

    assert described.json()["openapi"].startswith("3.")
    assert described.headers["cache-control"] == "no-store"


def test_a_limit_that_is_full_refuses_the_next_job_and_is_told(another: Gateway):
    """Nothing runs beyond it, and whoever looks sees it in ledger, metrics and log."""
    another.json("budgets", "set", "tiny", "--organisation", "--unit", "jobs", "--amount", "2", "--per", "total")
    another.start()
    key = another.key()
    for _ in range(2):
        another.ended(key, another.submit(key, bodies.golden()))

    refused = another.request("POST", "/ibm/api/v1/jobs", key=key, body=bodies.golden())

    assert refused.status == 403
    assert "tiny" in refused.message
    told = eventually(lambda: rows if len(rows := another.entries("limit.crossed")) >= 3 else None)
    assert [entry["body"]["threshold"] for entry in told] == ["50", "80", "100"]
    another.restart()
    assert eventually(lambda: 'gateway_budget_used_ratio{limit="tiny",unit="jobs"} 1.0' in another.metrics())
    assert len(another.entries("limit.crossed")) == 3
    assert within(another, lambda house: house.administration.budgets.check()) == []
