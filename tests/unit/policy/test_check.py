"""`gateway policy check` names what to mend, and where."""

import pytest

from gateway.policy.bundle import load
from gateway.policy.check import PolicyCheckError, check, require
from gateway.policy.check import tests_of as of_tests
from tests.unit.policy.trees import tree

HEAD = """# METADATA
# title: Office hours
# description: Nobody submits at night.
# related_resources:
#   - docs/office.md
# custom:
#   owner: us
#   severity: low
package gateway.rules.access.office_hours

import data.gateway.result

"""
RULE = HEAD + 'deny contains result.denial("access/office-hours", "at night", "sleep") if input.principal.disabled\n'
TESTS = """package gateway.rules.access.office_hours_test

import data.gateway.rules.access.office_hours as rule

test_allows_by_day if count(rule.deny) == 0 with input as {}

test_denies[name] if {
	some name, facts in {"night": {"principal": {"disabled": true}}}

	count(rule.deny) == 1 with input as facts
}
"""
RESULT = """# METADATA
# title: Results
# description: Builds findings.
package gateway.result

denial(rule, message, remedy) := {"rule": rule, "message": message, "remedy": remedy}
"""
PATH = "gateway/rules/access/office_hours/office_hours"
MAIN = """# METADATA
# title: Decision
# description: All of it.
package gateway.main

decision := {}
"""


def found(tmp_path, rule=RULE, tests=TESTS, main=MAIN):
    files = {f"{PATH}.rego": rule, f"{PATH}_test.rego": tests, "gateway/result/result.rego": RESULT}
    root = tree(tmp_path, files, main=main)
    return [str(finding) for finding in check(root, opa="no-such-program")]


def test_a_good_tree_has_no_findings(tmp_path):
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"rule": RULE.replace("# METADATA\n", "")}, "needs a title", id="no METADATA"),
        pytest.param({"rule": RULE.replace("#   owner: us\n", "")}, "an owner and a severity", id="no owner"),
        pytest.param({"rule": RULE.replace("access/office-hours", "access/other")}, "say access/other", id="other id"),
        pytest.param({"rule": HEAD + "x := 1\n"}, "needs `deny contains", id="denies nothing"),
        pytest.param(
            {"rule": RULE.replace("deny contains", "divert contains")}, "areas backend and budget", id="diverts"
        ),
        pytest.param({"tests": TESTS.replace("test_allows", "test_x")}, "test_allows", id="no allowing test"),
        pytest.param({"tests": TESTS.replace("test_denies", "test_x")}, "test_denies", id="no denying test"),
        pytest.param({"tests": TESTS.replace("\tsome name, ", "\tsome name1, ")}, "must begin", id="hidden cases"),
        pytest.param({"rule": f"{RULE}\nx := time.now_ns()\n"}, "office_hours.rego:15: the function", id="a clock"),
        pytest.param({"main": MAIN.replace("gateway.main", "gateway.mein")}, "folder and package", id="package"),
    ],
)
def test_mistakes_are_found(tmp_path, changes, words):
    assert any(words in finding for finding in found(tmp_path, **changes))


def test_a_finding_of_a_whole_file_names_no_line(tmp_path):
    """Nobody finds line 0 in an editor."""
    (finding,) = found(tmp_path, rule=RULE.replace("#   owner: us\n", ""))

    assert finding.startswith(f"{PATH}.rego: METADATA")


# ── what a running gateway refuses ───────────────────────────────────────────────────────────────
def bundle(tmp_path, rule=RULE, tests=TESTS):
    files = {f"{PATH}.rego": rule, f"{PATH}_test.rego": tests, "gateway/result/result.rego": RESULT}
    return load(tree(tmp_path, files, main=MAIN))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param(
            {"rule": RULE.replace("input.principal.disabled", "input.principal.diabled")},
            "no fact input.principal.diabled",
            id="fact",
        ),
        pytest.param({"rule": RULE.replace("access/office-hours", "access/other")}, "say access/other", id="other id"),
        pytest.param({"rule": f"{RULE}\nx := time.now_ns()\n"}, "office_hours.rego:15:", id="a clock"),
        pytest.param({"rule": f"{RULE}\nx := {{\n"}, "does not compile", id="half a file"),
        pytest.param(
            {"tests": TESTS.replace("== 1", "== 2")}, "office_hours_test.rego: test_denies: night fails", id="a test"
        ),
    ],
)
async def test_nobody_decides_by_what_is_wrong(tmp_path, changes, words):
    before = bundle(tmp_path / "before", rule=HEAD + "deny contains {} if false\n")

    with pytest.raises(PolicyCheckError, match=words):
        await require(bundle(tmp_path / "after", **changes), since=before)


async def test_how_a_rule_is_documented_keeps_nobody_from_deciding_by_it(tmp_path):
    await require(bundle(tmp_path, rule=RULE.replace("# METADATA\n", "")))


async def test_rules_that_did_not_change_are_not_tested_again(tmp_path):
    """All tests of a release take half a minute, and a reload should not."""
    failing = bundle(tmp_path, tests=TESTS.replace("== 1", "== 2"))

    await require(failing, since=failing)


def test_what_all_rules_share_is_tested_with_all_of_them(tmp_path):
    before, after = bundle(tmp_path / "before"), bundle(tmp_path / "after")
    after.rego["gateway/result/result.rego"] += "\nx := 1\n"

    assert set(of_tests(after, before)) == after.tests.keys()
