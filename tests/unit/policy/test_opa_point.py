"""An answer of OPA counts only when it is OPA that answers, with our policies, in time; another server may."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from gateway.policy import opa_point, opa_standing
from gateway.policy.answer import PolicyEngineError
from gateway.policy.bundle import load
from gateway.policy.opa import OpaServer
from gateway.policy.opa_point import OpaDecisionPoint
from gateway.telemetry.policy import PolicyMetrics
from tests.unit.policy.opas import FakeOpa
from tests.unit.policy.trees import answer, tree

FINDING = {"rule": "a/b", "message": "no", "remedy": ""}


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(opa_point, "_WATCH_SECONDS", 0.05)
    monkeypatch.setattr(opa_point, "_MEND_SECONDS", 0.02)
    monkeypatch.setattr(opa_standing, "EXAMINED_EVERY", 0.0)


@pytest.fixture
def bundle(tmp_path):
    return load(tree(tmp_path, {"selftest/known.json": {"allow": True, "facts": {"known": 1}}}))


@pytest.fixture
async def fakes(bundle):
    made = [await FakeOpa(bundle).start() for _ in range(2)]
    yield made
    for each in made:
        await each.stop()


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
async def point(fakes, bundle, registry):
    point = OpaDecisionPoint(
        [OpaServer(each.url) for each in fakes], bundle, PolicyMetrics(registry), deadline_seconds=0.4
    )
    yield point
    await point.close()


def rules(decision):
    return [finding.rule for finding in decision.deny]


def asked(fake, facts):
    return [body for _, _, body, _ in fake.asked if body == {"input": facts}]


async def until(true):
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110  # the watch changes it
            await asyncio.sleep(0.01)


async def test_the_first_decides_and_names_engine_and_revision(point, fakes, bundle):
    await point.start()

    decision = await point.decide(b'{"a":1}', decision_id="d1")

    assert (decision.allow, decision.engine, decision.id) == (True, "opa 1.21.3", "d1")
    assert (decision.policy_revision, decision.data_revision) == (bundle.policy_revision, bundle.data_revision)
    assert (len(asked(fakes[0], {"a": 1})), len(asked(fakes[1], {"a": 1}))) == (1, 0)
    assert point.ready() is None


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        pytest.param(lambda s: s.reply.update(provenance=s.provenance(revisions=["x"])), "engine/revision", id="other"),
        pytest.param(
            lambda s: s.reply.update(provenance=s.provenance(revisions=[s.bundle.policy_revision])),
            "engine/revision",
            id="rules without tables",
        ),
        pytest.param(
            lambda s: s.reply.update(provenance=s.provenance(version="1.21.2")), "engine/version", id="too old"
        ),
        pytest.param(lambda s: setattr(s, "status", 502), "engine/error", id="a proxy's error"),
        pytest.param(lambda s: setattr(s, "delay", 1), "engine/timeout", id="late"),
        pytest.param(lambda s: s.reply.update(provenance=s.provenance(version="1.22.0")), "engine/error", id="unknown"),
    ],
)
async def test_another_decides_for_one_that_cannot_be_believed(point, fakes, change, rule):
    await point.start()
    change(fakes[0])

    assert (await point.decide(b'{"a":1}', decision_id="x")).allow

    change(fakes[1])
    assert rules(await point.decide(b'{"a":2}', decision_id="x")) == [rule]


async def test_one_that_failed_is_asked_last(point, fakes):
    """A server that hangs costs one decision its time, not every decision."""
    await point.start()
    fakes[0].delay = 1
    await point.decide(b'{"a":1}', decision_id="x")
    await point.decide(b'{"a":2}', decision_id="x")

    assert asked(fakes[0], {"a": 2}) == []


async def test_a_decision_never_takes_longer_than_it_may(point, fakes):
    await point.start()
    for each in fakes:
        each.delay = 1

    decision = await point.decide(b"{}", decision_id="x")

    assert rules(decision) == ["engine/timeout"]
    assert decision.milliseconds < 600


@pytest.mark.parametrize(
    ("reply", "status", "rule"),
    [
        pytest.param({}, 200, "engine/undefined", id="undefined"),
        pytest.param({"result": True}, 200, "engine/malformed", id="a bare yes"),
        pytest.param({"code": "internal_error"}, 500, "engine/error", id="rules that fail on these facts"),
    ],
)
async def test_what_every_server_would_say_is_asked_of_one(point, fakes, reply, status, rule):
    await point.start()
    fakes[0].status, fakes[0].reply = status, {"provenance": fakes[0].provenance(), **reply}

    assert rules(await point.decide(b'{"a":1}', decision_id="x")) == [rule]
    assert asked(fakes[1], {"a": 1}) == []


async def test_a_server_that_is_not_there_yet_does_not_stop_the_start(point, fakes):
    """OPA pulls its policies from the gateway: if each waited for the other, neither would come up."""
    for each in fakes:
        each.reply["provenance"] = each.provenance(revisions=[])

    await point.start()
    assert "OPA holds other policies" in point.ready()
    assert rules(await point.decide(b"{}", decision_id="x")) == ["engine/revision"]

    fakes[1].reply["provenance"] = fakes[1].provenance()
    await until(lambda: point.ready() is None)
    assert (await point.decide(b"{}", decision_id="x")).allow


async def test_a_server_that_is_too_old_stops_the_start(point, fakes):
    fakes[1].reply["provenance"] = fakes[1].provenance(version="1.21.2")

    with pytest.raises(PolicyEngineError, match=r"1\.21\.3 or later"):
        await point.start()


async def test_a_server_that_decides_known_facts_wrongly_stops_the_start(point, fakes):
    fakes[0].reply["result"] = answer(allow=False, deny=[FINDING], placement=None)

    with pytest.raises(PolicyEngineError, match="should be allowed and was denied by a/b"):
        await point.start()


async def test_a_server_that_forgets_what_is_known_is_not_believed(point, fakes):
    await point.start()
    for each in fakes:
        each.reply["result"] = answer(allow=False, deny=[FINDING], placement=None)

    await until(lambda: point.ready() is not None)

    assert "self-test known" in point.ready()


async def test_a_server_decides_on_while_it_is_asked_again_what_is_known(point, fakes):
    await point.start()
    fakes[0].delay, before = 0.2, len(asked(fakes[0], {"known": 1}))
    await until(lambda: len(asked(fakes[0], {"known": 1})) > before)
    fakes[0].delay = 0

    assert (await point.decide(b'{"a":1}', decision_id="x")).allow
    assert asked(fakes[1], {"a": 1}) == [], "and no other had to be asked"


async def test_a_server_that_does_not_take_our_policies_is_an_alarm(point, fakes, registry, monkeypatch):
    monkeypatch.setattr(opa_standing, "DIVERGED_AFTER", 0.1)
    told = []
    monkeypatch.setattr(opa_standing.log, "error", lambda event, **values: told.append((event, values["message"])))
    await point.start()
    fakes[0].statuses["result"]["bundles"] = {"rules": {"message": "scope mismatch"}}
    fakes[0].reply["provenance"] = fakes[0].provenance(revisions=["older"])

    await until(lambda: told)

    name = fakes[0].url.removeprefix("http://")
    assert told[0][0] == "opa.diverged"
    assert told[0][1].endswith("rules: scope mismatch")
    assert registry.get_sample_value("gateway_opa_diverged", {"opa": name}) == 1
    assert registry.get_sample_value("gateway_opa_usable", {"opa": name}) == 0
    assert point.ready() is None

    fakes[0].reply["provenance"] = fakes[0].provenance()
    await until(lambda: registry.get_sample_value("gateway_opa_diverged", {"opa": name}) == 0)
    assert len(told) == 1
