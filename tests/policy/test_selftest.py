"""Whichever rule is switched off or turned round, wherever it decides: the self-test of a serving gateway sees it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec
import pytest

from gateway.casework.selftest import engines, rules
from gateway.casework.selftest.engines import Reference
from gateway.policy import baseline as releases
from gateway.policy.answer import Question
from gateway.policy.baseline import baseline
from gateway.policy.bundle import ENTRYPOINT, Bundle, default_root, load
from gateway.policy.embedded import EmbeddedDecisionPoint
from gateway.policy.engine_child import Engine
from gateway.policy.opa import OpaServer
from gateway.policy.opa_point import OpaDecisionPoint
from gateway.telemetry.metrics import Metrics
from tests.policy import known, mutation
from tests.policy.servers import running

pytestmark = pytest.mark.long

BUNDLE = load(default_root())
RULES = sorted(path for path in BUNDLE.rego if path.startswith("gateway/rules/"))
MUTANTS = {"disabled": mutation.disabled, "inverted": mutation.inverted}
TABLES = {path: {} for path in baseline().tables}
"""What an operator could have put in the place of each table that self-tests rest on."""
each_rule = pytest.mark.parametrize("path", RULES, ids=lambda path: path.split("/", 2)[2].rpartition("/")[0])
each_mutant = pytest.mark.parametrize("mutant", MUTANTS)


def changed(path: str, mutant: str, **more: object) -> Bundle:
    rego = {**BUNDLE.rego, path: MUTANTS[mutant](BUNDLE.rego[path])}
    return replace(BUNDLE, rego=rego, **more)


@dataclass
class Tampered:
    """A decision point that says it decides by the bundle, and decides by something else."""

    bundle: Bundle
    really: Bundle

    def __post_init__(self) -> None:
        self.engine_inside = Engine()
        self.engine_inside.load({"rego": self.really.rego, "data": json.dumps(self.really.data).encode()})

    async def asked_each(self, facts: bytes) -> Mapping[str, object]:
        answer = self.engine_inside.answer({"do": "evaluate", "rule": ENTRYPOINT, "input": facts})
        question = Question(id="x", facts=facts, engine="x", bundle=self.bundle)
        return {"opa-1": question.answered(msgspec.json.decode(answer.get("json", b"null")), 0)}


@pytest.fixture(scope="module")
def reference(loop):
    return loop.run(Reference.of(BUNDLE, baseline().known))


@each_mutant
@each_rule
def test_a_revision_whose_self_tests_were_taken_out_with_a_rule_is_found(path, mutant, loop):
    """Not even where all tables are others: self-tests that rest on one would say nothing there."""
    weakened = changed(path, mutant, selftests=(), tables={**BUNDLE.tables, **TABLES})

    found = loop.run(rules.examine(weakened, baseline()))

    assert found
    assert all(each.sure for each in found)


@each_mutant
@each_rule
def test_an_engine_that_decides_by_other_rules_than_it_says_is_found(path, mutant, loop, reference):
    found = loop.run(engines.examine(Tampered(BUNDLE, changed(path, mutant)), reference))

    assert {each.at for each in found} == {"opa-1"}


def test_tables_of_an_operator_condemn_no_rule(loop):
    lenient = replace(BUNDLE, tables={**BUNDLE.tables, "org/keys/data.json": {"classification": {}}})

    assert loop.run(rules.examine(lenient, baseline())) == ()


def test_what_came_with_the_release_passes(loop, point, reference):
    assert loop.run(rules.examine(BUNDLE, baseline())) == ()
    assert loop.run(engines.examine(point, reference)) == ()


def test_a_rule_that_was_switched_off_in_an_opa_server_is_found(opa, loop, tmp_path, reference):
    """It still calls itself by our revision, and is one of two."""
    BUNDLE.write(tmp_path / "sound/tree")
    BUNDLE.write(tmp_path / "altered/tree")
    path = "gateway/rules/circuits/depth/depth.rego"
    (tmp_path / "altered/tree" / path).write_text(mutation.disabled(BUNDLE.rego[path]))
    with (
        running(opa, tmp_path / "sound", "--bundle", "tree") as sound,
        running(opa, tmp_path / "altered", "--bundle", "tree") as altered,
    ):
        servers = [OpaServer(each.url, deadline_seconds=5) for each in (sound, altered)]
        point = OpaDecisionPoint(servers, BUNDLE, Metrics().policy, deadline_seconds=5)
        loop.run(open_all(servers))
        found = loop.run(engines.examine(point, reference))
        loop.run(point.close())

    assert {each.at for each in found} == {altered.address}
    assert "deny-circuits" in {each.what for each in found}


async def open_all(servers):
    for each in servers:
        await each.open()


def test_an_engine_that_is_away_is_not_yet_a_finding_to_be_sure_of(loop, reference):
    point = EmbeddedDecisionPoint(BUNDLE, deadline_seconds=0.000001)
    loop.run(point.start())
    try:
        found = loop.run(engines.examine(point, reference))
    finally:
        loop.run(point.close())

    assert found
    assert not any(each.sure for each in found)


def test_answers_of_another_revision_say_nothing(loop, reference):
    other = changed(RULES[0], "disabled")

    assert loop.run(engines.examine(Tampered(other, other), reference)) == ()


def test_what_earlier_revisions_knew_counts_on(loop):
    """Rules of an operator are not in the release; whoever takes one out takes its self-test with it."""
    own = replace(BUNDLE.known[1], name="own", deny=("own/rule",))

    found = loop.run(rules.examine(BUNDLE, baseline(), (own,)))

    assert [each.name for each in found] == ["rules/own"]


# ── what the release is held against ─────────────────────────────────────────────────────────────
def test_the_release_is_pinned_as_it_is():
    assert known.pins().read_text("utf-8") == releases.pinned(BUNDLE), "run python -m tests.policy.known"


@pytest.mark.parametrize("damage", ["taken out", "changed"])
def test_a_self_test_of_the_release_that_was_tampered_with_is_found(damage, loop):
    first, *others = BUNDLE.selftests
    kept = others if damage == "taken out" else [replace(first, allow=not first.allow), *others]

    altered = releases.of(replace(BUNDLE, selftests=tuple(kept)))

    assert altered.altered == (first.name,)
    assert f"rules/{first.name}" in {each.name for each in loop.run(rules.examine(BUNDLE, altered))}


def test_a_table_of_the_release_that_was_tampered_with_is_found():
    altered = releases.of(replace(BUNDLE, tables={**BUNDLE.tables, "org/keys/data.json": {"classification": {}}}))

    assert "keys" in altered.altered
