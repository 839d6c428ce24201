"""The tests that stand beside the policies, the conventions of the tree, and the page made from it."""

import re
from pathlib import Path

import msgspec

from gateway.policy import reference
from gateway.policy.bundle import default_root
from gateway.policy.check import check
from gateway.policy.embedded import MODULE, load_message
from gateway.policy.nouns import CircuitNoun, Facts
from gateway.policy.testing import run_tests
from gateway.processes.supervise import Child

ROOT = Path(__file__).parents[2]


def test_rego_tests_pass_on_regorus():
    report = run_tests(default_root())

    assert report.failures == ()
    assert report.passed > 150
    assert report.coverage_percent >= 95


def test_rego_tests_pass_on_opa_and_are_the_same(opa):
    report = run_tests(default_root(), "opa", opa=opa)

    assert report.failures == ()
    assert report.coverage_percent >= 95
    assert report.passed == run_tests(default_root()).passed


def test_the_tree_keeps_its_conventions(opa):
    """METADATA, an allowing and a denying test, the portable subset, formatting, types against the schema."""
    assert [str(finding) for finding in check(default_root(), opa=opa)] == []


def test_every_rule_is_required_by_the_decision(bundle):
    required = set(_required(bundle.rego["gateway/main/main.rego"]))

    assert {name.replace("-", "_") for name in reference.rules(bundle)} == required


def _required(text):
    table = re.search(r"^required := \{\n(.*?)^\}", text, re.DOTALL | re.MULTILINE)[1]
    for area, rules in re.findall(r'"(\w+)": \{([^}]*)\}', table):
        yield from (f"{area}/{rule}" for rule in re.findall(r'"(\w+)"', rules))


def test_the_rule_of_complete_facts_knows_every_fact(embedded, loop):
    """`{}` is missing everything, so its denials are the list of what the rule asks for; so much was there at first."""
    empty, later = (loop.run(embedded.decide(facts, decision_id="x")) for facts in (b"{}", b'{"dlp":{}}'))
    found = (re.match(r"the fact (\S+) is unknown", finding.message) for finding in (*empty.deny, *later.deny))
    named = {match[1] for match in found if match}

    nouns = {field: kind for field, kind in Facts.__annotations__.items() if field not in {"schema", "circuits"}}
    assert named == {"schema", "circuits"} | {
        f"{noun}.{key}" for noun, kind in nouns.items() for key in kind.__struct_fields__
    }


def test_the_rule_of_complete_facts_knows_every_fact_of_a_circuit(embedded, loop):
    decision = loop.run(embedded.decide(b'{"circuits":[{}],"dlp":{}}', decision_id="x"))
    named = {m[1] for f in decision.deny if (m := re.match(r"the fact circuits\[\]\.(\S+) is unknown", f.message))}

    assert named == set(CircuitNoun.__struct_fields__)


def test_every_table_has_a_line_in_the_reference(bundle):
    assert set(bundle.data["org"]) == set(reference.TABLES)


def test_the_reference_page_is_current(bundle):
    page = (ROOT / "docs" / "reference" / "policies.md").read_text("utf-8")

    assert page == reference.page(bundle), "run make docs"


def test_the_facts_of_the_rego_tests_are_facts(bundle, loop):
    """The builders of facts in Rego and the schema in Python must not drift apart."""
    assert msgspec.json.decode(loop.run(_built(bundle, "data.gateway.testing.facts")), type=Facts)


async def _built(bundle, rule):
    child = await Child.spawn(MODULE)
    try:
        await child.request(load_message(bundle, tests=True), deadline_seconds=30)
        return (await child.request({"do": "evaluate", "rule": rule, "input": b"{}"}, deadline_seconds=30))["json"]
    finally:
        await child.close()
