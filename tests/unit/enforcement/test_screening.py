"""What clients get of a result in which something was found, and what the entry says of it."""

from hashlib import sha256
from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry

from gateway.circuits.errors import SandboxBusyError, UnreadablePayloadError
from gateway.domain.leaks import Action, LeakRule, LeakRules, ResultAction, ResultLeak, Screened
from gateway.enforcement.screening import REASON, Screening, withheld_kind
from gateway.telemetry.leaks import LeakMetrics

JOB = SimpleNamespace(id="j-1", project_id="pr-1", principal_id="p-1")
LEAK = ResultLeak(rule="cloud-key", document="result", count=1)
DOCUMENTS = {"result": b"{1}", "job": b"{2}"}


class Looker:
    def __init__(self, answer):
        self.answer, self.asked = answer, []

    async def screen(self, documents, **asked):
        self.asked.append((dict(documents), asked))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def rules(results, unread=ResultAction.RECORD):
    rule = LeakRule(id="cloud-key", says="a key", action=Action.DENY, severity="high", results=results, words=("key",))
    return LeakRules((rule,), unread)


def screening(answer, known):
    registry = CollectorRegistry()
    looker = Looker(answer)
    return Screening(sandbox=looker, rules=lambda: known, metrics=LeakMetrics(registry)), looker, registry


async def test_a_result_in_which_nothing_was_found_is_handed_out_as_it_is():
    part, looker, registry = screening(Screened(), rules(ResultAction.REDACT))

    handed = await part.screen(JOB, DOCUMENTS, "why")

    assert (handed.documents, handed.reason, handed.told, handed.kept) == (DOCUMENTS, "why", {}, {})
    assert looker.asked[0][0] == {**DOCUMENTS, REASON: b"why"}
    assert registry.get_sample_value("gateway_results_screened_total", {"outcome": "handed-out"}) == 1


async def test_what_was_taken_out_is_recorded_and_kept_as_it_was():
    part, _, registry = screening(Screened(leaks=(LEAK,), redacted={"result": b"{}"}), rules(ResultAction.REDACT))

    handed = await part.screen(JOB, DOCUMENTS, "")

    assert handed.documents == {"result": b"{}", "job": b"{2}"}
    assert handed.kept == {"result": b"{1}"}
    assert handed.told == {
        "leaks": [{"rule": "cloud-key", "document": "result", "count": 1}],
        "redacted": [{"document": "result", "before": sha256(b"{1}").hexdigest(), "after": sha256(b"{}").hexdigest()}],
    }
    assert registry.get_sample_value("gateway_leaks_total", {"where": "result", "rule": "cloud-key"}) == 1


async def test_a_vendors_reason_is_looked_through_like_a_document():
    part, _, _ = screening(Screened(leaks=(LEAK,), redacted={REASON: b"[gone]"}), rules(ResultAction.REDACT))

    handed = await part.screen(JOB, DOCUMENTS, "the key")

    assert (handed.reason, handed.documents, handed.kept) == ("[gone]", DOCUMENTS, {})


async def test_a_withheld_result_is_kept_and_not_handed_out():
    part, _, registry = screening(Screened(leaks=(LEAK,)), rules(ResultAction.WITHHOLD))

    handed = await part.screen(JOB, DOCUMENTS, "")

    assert handed.documents == {}
    assert handed.kept == DOCUMENTS
    assert "they hold a key" in handed.withheld
    assert handed.told["withheld"] == ["result", "job"]
    assert registry.get_sample_value("gateway_results_screened_total", {"outcome": "withheld"}) == 1


@pytest.mark.parametrize(
    ("unread", "documents"),
    [(ResultAction.RECORD, DOCUMENTS), (ResultAction.WITHHOLD, {})],
    ids=["recorded", "withheld"],
)
@pytest.mark.parametrize(
    "answer",
    [Screened(unread=("result",)), UnreadablePayloadError(problem="too-costly", message="")],
    ids=["too much text", "too costly"],
)
async def test_what_nobody_can_look_through_is_answered_by_the_table(answer, unread, documents):
    part, _, _ = screening(answer, rules(ResultAction.REDACT, unread))

    handed = await part.screen(JOB, DOCUMENTS, "")

    assert handed.documents == documents
    assert "result" in handed.told["unread"]


async def test_nothing_is_handed_out_before_somebody_looked():
    part, _, _ = screening(SandboxBusyError(), rules(ResultAction.REDACT))

    with pytest.raises(SandboxBusyError):
        await part.screen(JOB, DOCUMENTS, "")


async def test_where_no_rule_is_about_results_nobody_is_asked():
    part, looker, _ = screening(Screened(), rules(ResultAction.PASS))

    handed = await part.screen(JOB, DOCUMENTS, "why")

    assert (handed.documents, handed.reason, looker.asked) == (DOCUMENTS, "why", [])


def test_kept_documents_have_kinds_of_their_own_that_fit_the_table():
    assert withheld_kind("result") != withheld_kind("job")
    assert len(withheld_kind("x" * 400)) <= 32
