import json

import pytest

from gateway.policy.bundle import default_root, load


@pytest.fixture
def facts(tmp_path):
    """Facts that the tree itself says are allowed, and a way to spoil them."""
    known = next(each for each in load(default_root()).selftests if each.allow)

    def write(**changes):
        path = tmp_path / "facts.json"
        path.write_text(json.dumps({**json.loads(known.facts), **changes}))
        return str(path)

    return write


def test_the_policies_keep_their_conventions(gateway):
    told = gateway("policy", "check", "--opa", "no-such-program")

    assert (told.status, told.out) == (0, "")


def test_the_policies_pass_their_tests(gateway):
    report = gateway("policy", "test", "--json")

    assert report.status == 0
    assert report.json["failed"] == 0
    assert report.json["passed"] > 50


def test_a_decision_can_be_tried(gateway, facts):
    told = gateway("policy", "eval", facts())

    assert (told.status, told.out.splitlines()[0]) == (0, "allowed")


def test_a_denial_names_its_rules(gateway, facts):
    told = gateway("policy", "eval", facts(circuits=None), "--json")

    assert told.status == 1
    assert told.json["deny"]
    assert "facts" not in told.json


def test_facts_that_are_no_json_are_refused(gateway, tmp_path):
    path = tmp_path / "facts.json"
    path.write_text("{")

    assert gateway("policy", "eval", str(path)).status == 2


def test_an_engine_that_is_not_here_is_named(gateway):
    told = gateway("policy", "test", "--engine", "opa", "--opa", "no-such-program")

    assert told.status == 2
    assert "no-such-program" in told.err


def test_the_bundle_that_opa_takes_is_the_one_that_decides_here(gateway, tmp_path):
    """The gateway believes an OPA only when it reports this very revision."""
    told = gateway("policy", "build", str(tmp_path / "bundle"))
    manifest = json.loads((tmp_path / "bundle" / ".manifest").read_text())

    assert told.status == 0
    assert manifest["revision"] == load(default_root()).revision


def test_a_bundle_never_mixes_with_what_is_there(gateway, tmp_path):
    (tmp_path / "old").touch()

    assert gateway("policy", "build", str(tmp_path)).status == 2
