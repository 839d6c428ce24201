"""The admin interface: the casework of the command line, for keys whose roles may, and for no tenant but one's own."""

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import count
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from gateway.casework.keys import Wish
from gateway.casework.projects import Terms
from gateway.domain.errors import UnavailableError
from gateway.http.admin import LARGEST_BODY_BYTES, admin
from gateway.http.admin_door import AdminDoor
from gateway.settings.listeners import Server
from gateway.telemetry.metrics import Metrics
from tests.unit.casework import ledgered
from tests.unit.casework.conftest import NOW, office

__all__ = ["office"]

ROLES = {
    "admin": ("budget.manage", "budget.read", "invoice.read", "usage.read"),
    "scientist": ("budget.read", "usage.read"),
    "auditor": ("invoice.read",),
    "nobody": (),
}
CLEAR = {"level": "project", "target": "alpha", "amount": "100", "currency": "EUR", "per": "month"}


@dataclass
class Refusals:
    noted: list = field(default_factory=list)
    refreshed: int = 0

    async def refresh(self):
        self.refreshed += 1

    async def note(self, caller, error, *, dialect, operation):
        self.noted.append((caller and caller.principal.name, error.code, dialect, operation))


class Gate:
    """Knows who asks from what is stored now."""

    def __init__(self, office):
        self._office = office

    async def identify(self, credential):
        return (await self._office.door()).caller(credential)


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Interface:
    """Asks as an HTTP client would."""

    door: AdminDoor
    office: object
    refusals: Refusals
    keys: dict

    async def __call__(self, method, path, *, who="root", body=None, query="", headers=()):
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        sent, messages = [{"type": "http.request", "body": content, "more_body": False}], []
        usual = {b"host": b"127.0.0.1:8080", b"content-type": b"application/json"}
        given = list({**usual, **dict(headers)}.items())
        if who:
            given.append((b"authorization", f"Bearer {self.keys.get(who, who)}".encode()))
        if content:
            given.append((b"content-length", str(len(content)).encode()))

        async def receive():
            return sent.pop(0) if sent else {"type": "http.disconnect"}

        async def send(message):
            messages.append(message)

        whole = f"/api/v1{path}"
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": whole,
            "raw_path": quote(whole).encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": given,
            "client": ("127.0.0.1", 4000),
            "server": ("127.0.0.1", 8080),
            "extensions": {},
        }
        await self.door.serve(scope, receive, send)
        head = {name.decode().lower(): value.decode() for name, value in messages[0]["headers"]}
        return Answer(messages[0]["status"], head, b"".join(each.get("body", b"") for each in messages[1:]))


@pytest.fixture
async def ask(office):
    administration = office.administration
    alpha = await administration.projects.create(name="alpha", terms=Terms(team="quantum"))
    await administration.projects.create(name="beta", terms=Terms(team="classic"))
    issuing, keys = replace(administration.keys, roles=ROLES), {}
    cast = {"root": ("alpha", "admin"), "ada": ("alpha", "scientist"), "bob": ("beta", "scientist")}
    cast |= {"audrey": ("beta", "auditor"), "nobody": ("alpha", "nobody")}
    for name, (project, role) in cast.items():
        await administration.principals.create(name=name)
        issued = await issuing.new(principal=name, project=project, wish=Wish(roles=(role,)))
        keys[name] = issued.text.reveal().decode()
    refusals = Refusals()
    house = SimpleNamespace(policies=SimpleNamespace(roles=ROLES), administration=administration)
    door = AdminDoor(
        app=admin(house),
        gate=Gate(office),
        refusals=refusals,
        metrics=Metrics(),
        server=Server(),
        request_ids=(f"request-{number}" for number in count()),
        changed=refusals.refresh,
    )
    interface = Interface(door=door, office=office, refusals=refusals, keys=keys)
    interface.alpha = alpha
    return interface


# ── budgets ──────────────────────────────────────────────────────────────────────────────────────
async def test_a_limit_is_set_shown_raised_and_removed(ask, office):
    made = await ask("PUT", "/budgets/alpha-month", body={**CLEAR, "soft": "80", "reason": "a grant"})
    assert (made.status, made.json["allowed"], made.json["target"]) == (200, "100.00", "alpha")

    raised = await ask(
        "POST", "/budgets/alpha-month/raises", body={"amount": "5", "until": "2026-12-01", "reason": "x"}
    )
    assert (raised.status, raised.json["allowed"]) == (201, "105.00")
    shown = (await ask("GET", "/budgets/alpha-month")).json
    assert shown["raises"][0]["reason"] == "x"
    assert [each["name"] for each in (await ask("GET", "/budgets")).json] == ["alpha-month"]
    assert ask.refusals.refreshed == 2, "what this process changed is seen by its own views"

    removed = await ask("DELETE", "/budgets/alpha-month", query="reason=over")
    assert (removed.status, removed.body) == (204, b"")
    assert (await ask("GET", "/budgets")).json == []
    kinds = Counter()
    for type_ in ("limit.set", "limit.raised", "limit.removed"):
        for entry in await office.entries(type_):
            kinds[type_] += 1
            assert entry.names[entry.body["by"]] == "root"
    assert kinds == {"limit.set": 1, "limit.raised": 1, "limit.removed": 1}


async def test_a_name_with_a_space_is_one_name(ask):
    await ask("PUT", "/budgets/alpha month", body=CLEAR)

    assert (await ask("GET", "/budgets/alpha month")).json["name"] == "alpha month"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"amount": "-5"}, 400, "amount-refused"),
        ({"amount": "0.0000001"}, 400, "amount-refused"),
        ({"currency": "EURO"}, 400, "currency-refused"),
        ({"zone": "Mars/Base"}, 400, "zone-unknown"),
        ({"target": "moon"}, 404, "name-unknown"),
        ({"per": "fortnight"}, 400, "bad-request"),
        ({"amount": 100}, 400, "bad-request"),
        ({"colour": "red"}, 400, "bad-request"),
        ({"per": "rolling"}, 400, "window-refused"),
    ],
)
async def test_what_makes_no_limit_is_a_problem_in_words(ask, change, status, code):
    answer = await ask("PUT", "/budgets/x", body={**CLEAR, **change})

    assert (answer.status, answer.json["title"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["type"] == f"urn:qgw:error:{answer.json['title']}"
    assert answer.json["instance"] == f"urn:request:{answer.headers['qgw-request-id']}"
    assert ask.refusals.noted == [("root", code, "admin", "setBudget")]


async def test_what_a_limit_counts_does_not_change(ask):
    await ask("PUT", "/budgets/x", body=CLEAR)

    assert (await ask("PUT", "/budgets/x", body={**CLEAR, "currency": "USD"})).status == 409


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"amount":"1"}'])
async def test_a_body_that_is_none_is_refused(ask, body):
    answer = await ask("PUT", "/budgets/x", body=body)

    assert (answer.status, answer.json["title"]) == (400, "bad-request")


async def test_a_long_body_is_refused(ask):
    answer = await ask("PUT", "/budgets/x", body={**CLEAR, "reason": "x" * LARGEST_BODY_BYTES})

    assert (answer.status, answer.json["title"]) == (413, "body-too-large")


# ── who may ──────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/budgets/x", CLEAR),
        ("POST", "/budgets/x/raises", {"amount": "5", "until": "2026-12-01", "reason": "x"}),
        ("DELETE", "/budgets/x", None),
        ("GET", "/invoices", None),
        ("GET", "/invoices/R-1/reconciliation", None),
    ],
)
async def test_a_scientist_changes_nothing_and_sees_no_invoice(ask, method, path, body):
    await ask("PUT", "/budgets/x", body=CLEAR)

    answer = await ask(method, path, who="ada", body=body)

    assert (answer.status, answer.json["title"]) == (403, "permission-missing")
    assert (await ask("GET", "/budgets/x")).json["allowed"] == "100.00"


@pytest.mark.parametrize("path", ["/budgets", "/budgets/x", "/spend", "/invoices"])
async def test_a_role_without_permissions_sees_nothing(ask, path):
    assert (await ask("GET", path, who="nobody")).status == 403


@pytest.mark.parametrize("who", ["", "qgw_live_nonsense"])
async def test_without_a_good_key_nothing_is_answered(ask, who):
    answer = await ask("GET", "/budgets", who=who)

    assert (answer.status, answer.json["retry"]) == (401, False)
    assert ask.refusals.noted[0][0] is None
    page = ask.door.metrics.render()[0].decode()
    assert "gateway_unauthenticated_total" in page


async def test_a_tenant_sees_the_limits_of_no_other(ask):
    for name, target in (("of alpha", "alpha"), ("of beta", "beta")):
        await ask("PUT", f"/budgets/{name}", body={**CLEAR, "target": target})
    await ask("PUT", "/budgets/of all", body={**CLEAR, "level": "organisation", "target": ""})

    assert [each["name"] for each in (await ask("GET", "/budgets", who="ada")).json] == ["of alpha", "of all"]
    assert [each["name"] for each in (await ask("GET", "/budgets", who="bob")).json] == ["of beta", "of all"]
    foreign, missing = await ask("GET", "/budgets/of beta", who="ada"), await ask("GET", "/budgets/of none", who="ada")
    assert foreign.status == missing.status == 404
    assert foreign.json["detail"].replace("beta", "none") == missing.json["detail"]


async def test_a_tenant_sees_the_spending_of_no_other(ask, office):
    at = NOW
    await ledgered.ran(office, at=at, micros=1_000_000, project_id=ask.alpha.id)
    await ledgered.ran(office, at=at, micros=2_000_000, project_id="other")

    everything = (await ask("GET", "/spend", query="by=project")).json["rows"]
    own = (await ask("GET", "/spend", who="ada", query="by=project")).json["rows"]

    assert [each["charged"] for each in everything] == ["1.00", "2.00"]
    assert [(each["group"], each["charged"]) for each in own] == [({"project": "alpha"}, "1.00")]
    assert (await ask("GET", "/spend", who="bob")).json["rows"] == []
    foreign = await ask("GET", "/spend", who="ada", query="project=beta")
    missing = await ask("GET", "/spend", who="ada", query="project=none")
    assert foreign.status == missing.status == 404
    assert foreign.json["detail"].replace("beta", "none") == missing.json["detail"]
    assert (await ask("GET", "/spend", who="ada", query="project=alpha")).status == 200


@pytest.mark.parametrize("query", ["by=colour", "since=then", "since=2026-11-02&until=2026-11-01"])
async def test_spending_is_asked_for_in_words_that_there_are(ask, query):
    answer = await ask("GET", "/spend", query=query)

    assert (answer.status, answer.json["title"]) == (400, "spend-refused")


async def test_an_auditor_reads_invoices(ask, office):
    text = (
        "invoice,period_start,period_end,vendor_job_id,amount,currency,used_at\n"
        "R-1,2026-11-01,2026-12-01,stranger,9.5,EUR,2026-11-20"
    )
    await office.administration.invoices.take_in(text.encode(), vendor="acme")

    (listed,) = (await ask("GET", "/invoices", who="audrey")).json
    report = (await ask("GET", "/invoices/R-1/reconciliation", who="audrey")).json
    assert (listed["invoice"], listed["vendor"]) == ("R-1", "acme")
    assert (report["unexplained"], report["counts"]) == ({"EUR": "9.50"}, {"unknown": 1})
    assert (await ask("GET", "/invoices/R-2/reconciliation", who="audrey")).status == 404


# ── the interface itself ─────────────────────────────────────────────────────────────────────────
async def test_it_describes_itself_to_anybody(ask):
    answer = await ask("GET", "/schema/openapi.json", who="")

    operations = {each["operationId"] for path in answer.json["paths"].values() for each in path.values()}
    assert answer.status == 200
    assert operations == {
        *("listBudgets", "getBudget", "setBudget", "raiseBudget", "removeBudget"),
        *("getSpend", "listInvoices", "reconcileInvoice"),
        *("listEntries", "getEntry", "getJobStory", "listChoices", "listEventCodes", "exportEntries", "tailEntries"),
        *("getReceipt", "getEvidence"),
        *("listApprovals", "getApproval", "approveJob", "rejectJob"),
        *("listOverrides", "makeOverride", "endOverride"),
        *("listBreakGlass", "requestBreakGlass", "confirmBreakGlass", "endBreakGlass"),
        *("listRollouts", "resumeRollout", "getShadow", "startShadow", "stopShadow"),
    }
    assert answer.json["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


async def test_every_answer_is_kept_by_no_cache_and_has_a_request_id(ask):
    for answer in (await ask("GET", "/budgets"), await ask("GET", "/budgets", who=""), await ask("GET", "/moon")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["qgw-request-id"].startswith("request-")


@pytest.mark.parametrize(("method", "path"), [("GET", "/moon"), ("POST", "/budgets"), ("PATCH", "/budgets/x")])
async def test_what_is_not_there_is_a_problem_too(ask, method, path):
    answer = await ask(method, path)

    assert (answer.status, answer.json["title"]) == (404, "unknown-operation")


async def test_a_defect_is_answered_without_its_words_and_logged(ask, monkeypatch, caplog):
    async def broken(**_):
        raise ValueError("a canary in the message")

    monkeypatch.setattr(type(ask.office.administration.budgets), "every", broken)

    answer = await ask("GET", "/budgets")

    assert (answer.status, answer.json["title"]) == (500, "internal-error")
    assert b"canary" not in answer.body


async def test_what_is_unavailable_says_when_to_ask_again(ask, office, monkeypatch):
    async def full(_unit):
        raise UnavailableError("the disk is full")

    monkeypatch.setattr(UnavailableError, "code", "ledger-unavailable", raising=False)
    monkeypatch.setattr(office.writer, "commit", full)

    answer = await ask("PUT", "/budgets/x", body=CLEAR)

    assert (answer.status, answer.headers["retry-after"], answer.json["retry"]) == (503, "2", True)
    assert ask.refusals.noted == []


async def test_another_host_is_refused(ask):
    answer = await ask("GET", "/budgets", headers=[(b"host", b"evil.example")])

    assert (answer.status, answer.json["title"]) == (421, "host-refused")


async def test_requests_are_counted_by_operation(ask):
    await ask("GET", "/budgets")
    await ask("GET", "/moon")

    page = ask.door.metrics.render()[0].decode()
    assert 'gateway_requests_total{dialect="admin",operation="listBudgets",status_class="2xx"} 1.0' in page
    assert 'gateway_requests_total{dialect="admin",operation="unknown",status_class="4xx"} 1.0' in page
