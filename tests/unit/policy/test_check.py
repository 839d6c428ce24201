"""`gateway policy check` names what to mend, and where."""

import pytest

from gateway.policy.check import check
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
