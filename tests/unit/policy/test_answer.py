"""Only a whole, consistent decision object counts; anything else denies and says why."""

import hashlib

import pytest

from gateway.domain.decision import Obligation, PlacementKind
from gateway.policy.answer import Question
from gateway.policy.bundle import default_root, load
from gateway.policy.obligations import execution_limit_seconds
from tests.unit.policy.trees import answer

FINDING = {"rule": "a/b", "message": "found", "remedy": "mend"}
LIMIT = {"kind": "limit-execution", "parameters": {"seconds": 60}}


@pytest.fixture(scope="module")
def question():
    return Question(id="d1", facts=b"{}", engine="regorus 0.13.0", bundle=load(default_root()))


def test_a_whole_answer_is_a_decision(question):
    decision = question.answered(answer(warn=[FINDING], obligations=[LIMIT]), 1.5)

    assert decision.allow
    assert decision.placement.kind is PlacementKind.REQUESTED
    assert decision.warn[0].rule == "a/b"
    assert decision.obligations == (Obligation(kind="limit-execution", parameters={"seconds": 60}),)
    assert decision.facts_digest == hashlib.sha256(b"{}").hexdigest()
    assert (decision.policy_revision, decision.data_revision) == tuple(question.bundle.revision.split("."))
    assert decision.milliseconds == 1.5


def test_a_denial_keeps_its_words(question):
    decision = question.answered(answer(allow=False, deny=[FINDING], placement=None), 1)

    assert (decision.allow, decision.deny[0].message, decision.deny[0].remedy) == (False, "found", "mend")


@pytest.mark.parametrize(
    ("document", "rule"),
    [
        pytest.param(None, "engine/malformed", id="nothing"),
        pytest.param(True, "engine/malformed", id="a bare yes"),
        pytest.param({}, "engine/malformed", id="an empty object"),
        pytest.param({"allow": True}, "engine/malformed", id="nothing but allow"),
        pytest.param(answer(allow="true"), "engine/malformed", id="allow as text"),
        pytest.param(answer(allow=1), "engine/malformed", id="allow as number"),
        pytest.param(answer(deny=None), "engine/malformed", id="deny is null"),
        pytest.param(answer(deny={}), "engine/malformed", id="deny is no list"),
        pytest.param(answer(deny=["no"]), "engine/malformed", id="deny without a shape"),
        pytest.param(answer(deny=[FINDING]), "engine/malformed", id="allow beside a denial"),
        pytest.param(answer(placement=None), "engine/malformed", id="allow without a place"),
        pytest.param(answer(allow=False), "engine/malformed", id="deny without a reason"),
        pytest.param(answer(placement={"kind": "moon", "reason": ""}), "engine/malformed", id="an unknown place"),
        pytest.param(answer(extra=1), "engine/malformed", id="a key nobody knows"),
        pytest.param(answer(obligations=[{"kind": "sing", "parameters": {}}]), "engine/obligation", id="unknown duty"),
        pytest.param(
            answer(obligations=[{"kind": "limit-execution", "parameters": {"seconds": 0}}]),
            "engine/obligation",
            id="a duty that cannot be kept",
        ),
        pytest.param(
            answer(obligations=[{"kind": "limit-execution", "parameters": {"seconds": True}}]),
            "engine/obligation",
            id="a duty of the wrong type",
        ),
    ],
)
def test_everything_else_denies(question, document, rule):
    decision = question.answered(document, 1)

    assert not decision.allow
    assert decision.placement is None
    assert [finding.rule for finding in decision.deny] == [rule]


def test_what_is_paid_by_the_second_runs_no_longer_than_its_price_holds(question):
    decision = question.answered(answer(obligations=[{"kind": "limit-execution", "parameters": {"seconds": 60}}]), 1)

    assert execution_limit_seconds(decision, 90, 30) == 30
    assert execution_limit_seconds(decision, None, 900) == 60


@pytest.mark.parametrize(
    ("seconds", "asked", "want"),
    [([], None, None), ([], 30, 30), ([60], None, 60), ([60], 30, 30), ([60, 20], 30, 20)],
    ids=["no limit", "only asked", "only obliged", "asked for less", "the shortest counts"],
)
def test_the_shortest_execution_limit_counts(question, seconds, asked, want):
    obligations = [{"kind": "limit-execution", "parameters": {"seconds": each}} for each in seconds]

    assert execution_limit_seconds(question.answered(answer(obligations=obligations), 1), asked) == want
