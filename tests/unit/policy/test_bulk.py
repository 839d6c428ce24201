"""Many questions at once, and the swap from one revision to the next."""

import asyncio
from dataclasses import replace

import pytest

from gateway.domain.decision import Finding
from gateway.policy.answer import PolicyEngineError
from gateway.policy.bulk import BATCH, BulkEngine
from gateway.policy.bundle import load
from gateway.policy.live import ELSEWHERE, LiveDecisionPoint
from tests.unit.policy.trees import tree

ALLOWS = b'{"answer":{"allow":true,"deny":[],"warn":[],"placement":{"kind":"requested","reason":""},"obligations":[]}}'
SLOW = b'{"slow":true}'


async def test_answers_come_in_the_order_of_the_questions(tmp_path):
    questions = [ALLOWS if number % 3 else b"{}" for number in range(2 * BATCH + 5)]

    async with BulkEngine(load(tree(tmp_path)), workers=2) as engine:
        decided = await engine.decide(questions)

    assert [each.allow for each in decided] == [question is ALLOWS for question in questions]
    assert all(each.facts is question for each, question in zip(decided, questions, strict=True))


async def test_a_question_that_hangs_the_engine_takes_no_other_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr("gateway.policy.bulk._ONE_SECONDS", 0.2)

    async with BulkEngine(load(tree(tmp_path))) as engine:
        decided = await engine.decide([ALLOWS, SLOW, ALLOWS])

    assert [each.allow for each in decided] == [True, False, True]
    assert decided[1].deny[0].rule == "engine/error"


async def test_policies_that_do_not_load_open_nothing(tmp_path):
    with pytest.raises(PolicyEngineError, match="do not load"):
        async with BulkEngine(load(tree(tmp_path, main="package gateway.main\n\nx := {\n"))):
            pass


class Point:
    """Decides what it is told to, as slowly as it is told to."""

    def __init__(self, decision, engine="one"):
        self.engine, self.decision, self.bundle = engine, decision, None
        self.hold, self.closed = asyncio.Event(), False
        self.hold.set()

    async def start(self):
        pass

    async def close(self):
        self.closed = True

    async def decide(self, _facts, **_):
        await self.hold.wait()
        return self.decision

    def ready(self):
        return None


@pytest.fixture
async def decisions(tmp_path):
    bundle = load(tree(tmp_path))
    async with BulkEngine(bundle) as engine:
        (allowed,) = await engine.decide([ALLOWS])
        (refused,) = await engine.decide([b"{}"])
    return allowed, refused


async def test_the_one_that_left_answers_what_it_was_asked_and_is_closed_after(decisions):
    allowed, refused = decisions
    old, new = Point(allowed), Point(refused, "two")
    live = LiveDecisionPoint(old)
    old.hold.clear()
    asked = asyncio.create_task(live.decide(b"", decision_id="x"))
    await asyncio.sleep(0)

    live.swap(new)
    await asyncio.sleep(0)

    assert (await live.decide(b"", decision_id="y")) is refused
    assert (live.engine, old.closed) == ("two", False)
    old.hold.set()
    assert (await asked) is allowed
    await asyncio.sleep(0)
    assert old.closed
    await live.close()
    assert new.closed


async def test_the_coming_one_answers_where_the_servers_hold_it_already(decisions):
    """OPA servers take a revision when they next look for one, and are then not believed by the current one."""
    allowed, refused = decisions
    stale = replace(refused, deny=(Finding(rule=ELSEWHERE, message="other policies", remedy=""),))
    live = LiveDecisionPoint(Point(stale))

    assert (await live.decide(b"", decision_id="x")) is stale
    live.announce(Point(allowed))
    assert (await live.decide(b"", decision_id="x")) is allowed
    live.announce(None)
    assert (await live.decide(b"", decision_id="x")) is stale
