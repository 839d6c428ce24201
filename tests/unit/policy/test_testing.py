"""Rego tests run on the embedded engine, named cases included, and failures are named."""

import pytest

from gateway.policy.bundle import load
from gateway.policy.testing import EngineMissingError, evaluate, run_tests
from tests.unit.policy.trees import answer, tree

TESTS = """package gateway.main_test

import data.gateway.main

test_passes if main.decision == 1 with input as {"answer": 1}

test_fails if main.decision == 2 with input as {"answer": 1}

test_cases[name] if {
	some name, [given, want] in {
		"right": [1, 1],
		"wrong": [1, 2],
	}

	main.decision == want with input as {"answer": given}
}

test_one_line[name] if {
	some name, want in {"fine": 1}
	main.decision == want with input as {"answer": 1}
}
"""


def test_failures_are_named_to_the_case(tmp_path):
    report = run_tests(tree(tmp_path, {"gateway/main/main_test.rego": TESTS}))

    assert report.failures == (
        "gateway/main/main_test.rego: test_fails",
        "gateway/main/main_test.rego: test_cases: wrong",
    )
    assert (report.passed, report.failed) == (3, 2)
    assert 0 < report.coverage_percent < 100


def test_policies_that_do_not_load_fail_as_one_test(tmp_path):
    report = run_tests(tree(tmp_path, main="package gateway.main\n\ndecision := {\n"))

    assert (report.passed, report.failed) == (0, 1)
    assert report.failures[0].startswith("the policies do not load")


def test_one_case_can_be_decided_by_hand(tmp_path):
    facts = b'{"answer": {"allow": true}}'

    assert not evaluate(load(tree(tmp_path)), facts).allow
    assert answer()


def test_a_missing_opa_is_named(tmp_path):
    with pytest.raises(EngineMissingError, match="no-such-program"):
        run_tests(tree(tmp_path), "opa", opa="no-such-program")
