"""The embedded engine answers in time or its question is denied; it comes back by itself."""

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest

from gateway.policy import embedded
from gateway.policy.answer import PolicyEngineError
from gateway.policy.bundle import load
from gateway.policy.embedded import EmbeddedDecisionPoint
from tests.unit.policy.trees import answer, tree

ALLOWED = json.dumps({"answer": answer()}).encode()
SLOW = b'{"slow": true}'


@pytest.fixture
async def point(tmp_path):
    point = EmbeddedDecisionPoint(load(tree(tmp_path)), deadline_seconds=0.5)
    await point.start()
    yield point
    await point.close()


def rules(decision):
    return [finding.rule for finding in decision.deny]


async def eventually(condition):
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # another process changes it
            await asyncio.sleep(0.02)


def pids(point):
    return [child.pid for child in point._children]


async def test_it_decides(point):
    decision = await point.decide(ALLOWED, decision_id="d1")

    assert (decision.id, decision.allow, decision.facts) == ("d1", True, ALLOWED)
    assert decision.engine.startswith("regorus 0.13")
    assert point.ready() is None


async def test_a_late_answer_is_a_denial_and_the_next_question_is_answered(point):
    (late,) = pids(point)

    slow = await point.decide(SLOW, decision_id="slow")
    next_one = await point.decide(ALLOWED, decision_id="next")

    assert rules(slow) == ["engine/timeout"]
    assert next_one.allow
    assert pids(point) != [late]


async def test_an_engine_that_dies_denies_and_is_replaced(point):
    question = asyncio.create_task(point.decide(SLOW, decision_id="x"))
    await asyncio.sleep(0.1)
    os.kill(pids(point)[0], signal.SIGKILL)

    assert rules(await question) == ["engine/unavailable"]
    assert (await point.decide(ALLOWED, decision_id="next")).allow


async def test_an_engine_that_died_idle_is_nobodys_denial(point):
    os.kill(pids(point)[0], signal.SIGKILL)
    await asyncio.sleep(0.1)

    assert (await point.decide(ALLOWED, decision_id="x")).allow


async def test_readiness_comes_back_without_a_question(point):
    os.kill(pids(point)[0], signal.SIGKILL)
    await eventually(lambda: point.ready() == "no policy engine is running")

    await eventually(lambda: point.ready() is None)


async def test_replacements_are_bounded_per_minute(tmp_path, monkeypatch):
    """Facts that kill the engine must not keep the machine busy starting engines."""
    monkeypatch.setattr(embedded, "_PATIENCE_SECONDS", 0.2)
    point = EmbeddedDecisionPoint(load(tree(tmp_path)), deadline_seconds=0.1, replacements_per_minute=1)
    await point.start()
    try:
        await point.decide(SLOW, decision_id="1")
        await eventually(lambda: point.ready() is None)
        await point.decide(SLOW, decision_id="2")

        assert rules(await point.decide(ALLOWED, decision_id="3")) == ["engine/unavailable"]
        assert point.ready() is not None
    finally:
        await point.close()


async def test_a_caller_who_hangs_up_costs_no_engine(point):
    (before,) = pids(point)
    question = asyncio.create_task(point.decide(ALLOWED, decision_id="x"))
    await asyncio.sleep(0)
    question.cancel()
    with pytest.raises(asyncio.CancelledError):
        await question

    assert (await point.decide(ALLOWED, decision_id="next")).allow
    assert pids(point) == [before]


async def test_many_questions_at_once_are_all_answered(point):
    decisions = await asyncio.gather(*(point.decide(ALLOWED, decision_id=str(n)) for n in range(100)))

    assert [decision.id for decision in decisions if decision.allow] == [str(n) for n in range(100)]


async def test_questions_under_way_are_denied_at_the_end(tmp_path):
    point = EmbeddedDecisionPoint(load(tree(tmp_path)), deadline_seconds=30)
    await point.start()
    question = asyncio.create_task(point.decide(SLOW, decision_id="x"))
    await asyncio.sleep(0.1)

    await point.close()

    assert rules(await question) == ["engine/unavailable"]


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        pytest.param(b"{}", "engine/undefined", id="undefined"),
        pytest.param(b'{"answer": true}', "engine/malformed", id="a bare yes"),
        pytest.param(b'{"answer": {', "engine/error", id="no JSON"),
        pytest.param(b"[" * 200 + b"]" * 200, "engine/error", id="nested too deep"),
    ],
)
async def test_whatever_is_no_decision_denies(point, facts, rule):
    decision = await point.decide(facts, decision_id="x")

    assert rules(decision) == [rule]
    assert "backtrace" not in decision.deny[0].message
    assert (await point.decide(ALLOWED, decision_id="next")).allow


async def test_policies_that_do_not_load_stop_the_start(tmp_path):
    point = EmbeddedDecisionPoint(load(tree(tmp_path, main="package gateway.main\n\ndecision := {\n")))

    with pytest.raises(PolicyEngineError, match="do not load"):
        await point.start()
    await point.close()


@pytest.mark.parametrize(
    ("allow", "facts", "words"),
    [
        pytest.param(False, {"answer": answer()}, "should be denied and was allowed", id="allows too much"),
        pytest.param(True, {}, "should be allowed and was denied by engine/undefined", id="denies everything"),
    ],
)
async def test_an_engine_that_decides_known_facts_wrongly_does_not_start(tmp_path, allow, facts, words):
    bundle = load(tree(tmp_path, {"selftest/known.json": {"allow": allow, "facts": facts}}))
    point = EmbeddedDecisionPoint(bundle)

    with pytest.raises(PolicyEngineError, match=words):
        await point.start()
    await point.close()


async def test_the_engine_sees_nothing_of_our_environment(point):
    """No secrets, no descriptors: it is somebody else's native code."""
    environment = Path(f"/proc/{pids(point)[0]}/environ").read_bytes()
    names = {line.split(b"=")[0] for line in environment.split(b"\0") if line}

    assert names <= {b"GATEWAY_PARENT_PID", b"PYTHONPATH", b"LD_LIBRARY_PATH", b"LC_CTYPE"}
