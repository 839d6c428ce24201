"""An answer of OPA counts only when it is OPA that answers, with our policies, in time."""

import asyncio

import pytest
from aiohttp import web

from gateway.domain.errors import InsecureError
from gateway.domain.secret import Secret
from gateway.policy import opa
from gateway.policy.answer import PolicyEngineError
from gateway.policy.bundle import load
from gateway.policy.opa import OpaDecisionPoint
from tests.unit.policy.trees import answer, tree


class FakeOpa:
    """Answers as told; remembers what it was asked."""

    def __init__(self, bundle):
        self.bundle, self.asked, self.status, self.delay = bundle, [], 200, 0.0
        self.reply = {"result": answer(), "provenance": self.provenance()}

    def provenance(self, *, version="1.21.3", revision=None):
        return {"version": version, "bundles": {"policies": {"revision": revision or self.bundle.revision}}}

    async def handle(self, request):
        self.asked.append((request.path, dict(request.query), await request.json(), dict(request.headers)))
        await asyncio.sleep(self.delay)
        return web.json_response(self.reply, status=self.status)

    async def start(self):
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self.handle)
        self.runner = web.AppRunner(application)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{self.runner.addresses[0][1]}"


@pytest.fixture
def bundle(tmp_path):
    return load(tree(tmp_path, {"selftest/known.json": {"allow": True, "facts": {"known": 1}}}))


@pytest.fixture
async def server(bundle):
    server = FakeOpa(bundle)
    server.url = await server.start()
    yield server
    await server.runner.cleanup()


@pytest.fixture
async def point(server, bundle):
    point = OpaDecisionPoint(server.url, bundle, deadline_seconds=0.3)
    await point.start()
    yield point
    await point.close()


def rules(decision):
    return [finding.rule for finding in decision.deny]


async def test_it_decides_and_names_engine_and_revision(point, server, bundle):
    decision = await point.decide(b'{"a":1}', decision_id="d1")

    assert (decision.allow, decision.engine, decision.id) == (True, "opa 1.21.3", "d1")
    assert decision.policy_revision == bundle.policy_revision
    path, query, body, _ = server.asked[-1]
    assert (path, body) == ("/v1/data/gateway/main/decision", {"input": {"a": 1}})
    assert {name: value.lower() for name, value in query.items()} == {
        "provenance": "true",
        "strict-builtin-errors": "true",
    }
    assert point.ready() is None


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        pytest.param(lambda s: s.reply.pop("result"), "engine/undefined", id="undefined"),
        pytest.param(lambda s: s.reply.update(result=True), "engine/malformed", id="a bare yes"),
        pytest.param(lambda s: s.reply.pop("provenance"), "engine/revision", id="no provenance"),
        pytest.param(
            lambda s: s.reply.update(provenance=s.provenance(revision="x")), "engine/revision", id="other policies"
        ),
        pytest.param(
            lambda s: s.reply.update(provenance=s.provenance(version="1.21.2")), "engine/version", id="too old"
        ),
        pytest.param(
            lambda s: s.reply.update(provenance=s.provenance(version="x")), "engine/version", id="unknown version"
        ),
        pytest.param(lambda s: setattr(s, "status", 500), "engine/error", id="an error"),
        pytest.param(lambda s: setattr(s, "delay", 1), "engine/timeout", id="late"),
    ],
)
async def test_whatever_else_it_says_denies_once(point, server, change, rule):
    """Once: the client would repeat a POST that failed, and a denial does not get better by waiting."""
    server.asked.clear()
    change(server)

    decision = await point.decide(b"{}", decision_id="x")

    assert rules(decision) == [rule]
    assert len(server.asked) == 1


async def test_a_server_that_went_away_denies_and_readiness_comes_back(server, bundle, monkeypatch):
    monkeypatch.setattr(opa, "_WATCH_SECONDS", 0.05)
    point = OpaDecisionPoint(server.url, bundle)
    await point.start()
    try:
        server.status = 500
        await point.decide(b"{}", decision_id="x")
        assert point.ready() == "OPA answered HTTP 500; its log says why"

        server.status = 200
        async with asyncio.timeout(5):
            while point.ready() is not None:  # noqa: ASYNC110  # the watch changes it
                await asyncio.sleep(0.02)
    finally:
        await point.close()


async def test_a_server_that_is_not_there_stops_the_start(server, bundle):
    await server.runner.cleanup()

    with pytest.raises(PolicyEngineError, match="cannot be reached"):
        await OpaDecisionPoint(server.url, bundle).start()


async def test_a_server_that_decides_known_facts_wrongly_stops_the_start(server, bundle):
    finding = {"rule": "a/b", "message": "no", "remedy": ""}
    server.reply["result"] = answer(allow=False, deny=[finding], placement=None)

    with pytest.raises(PolicyEngineError, match="should be allowed and was denied by a/b"):
        await OpaDecisionPoint(server.url, bundle).start()


async def test_the_token_is_sent(server, bundle):
    point = OpaDecisionPoint(server.url, bundle, token=Secret.of("s3cret"))
    await point.start()
    await point.close()

    assert server.asked[-1][3]["Authorization"] == "Bearer s3cret"


@pytest.mark.parametrize(
    "url",
    ["http://opa.example:8181", "http://10.0.0.7:8181", "ftp://127.0.0.1", "127.0.0.1:8181", "http://127.0.0.1/opa"],
)
def test_facts_and_tokens_do_not_travel_in_clear(bundle, url):
    with pytest.raises(InsecureError):
        OpaDecisionPoint(url, bundle)


@pytest.mark.parametrize("url", ["https://opa.example", "http://localhost:8181", "http://[::1]:8181/"])
def test_tls_and_this_machine_are_fine(bundle, url):
    assert OpaDecisionPoint(url, bundle).ready() == "OPA was not asked yet"
