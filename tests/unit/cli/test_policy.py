import json

import pytest

from gateway.policy.bundle import default_root, load
from gateway.policy.published import RULES, Artefact
from gateway.policy.signing import VerificationKey


@pytest.fixture
def facts(tmp_path):
    """Facts that the tree itself says are allowed, and a way to spoil them."""
    known = next(each for each in load(default_root()).known if each.allow)

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


def test_a_bundle_is_signed_and_named_by_its_content(gateway, tmp_path):
    """The gateway believes an OPA only when it reports this very revision."""
    made = gateway("policy", "keygen", str(tmp_path / "key.pem"))
    told = gateway("policy", "build", str(tmp_path / "rules.tar.gz"), "--key", str(tmp_path / "key.pem"))
    key = VerificationKey.read(made.out.encode())
    artefact = Artefact(part=RULES, content=(tmp_path / "rules.tar.gz").read_bytes(), key=key, scope=RULES)

    assert (made.status, told.status) == (0, 0)
    assert artefact.archive.revision == load(default_root()).policy_revision
    assert key.id in made.err
    assert key.id in told.err


def test_a_private_key_is_its_owners_and_never_overwritten(gateway, tmp_path):
    path = tmp_path / "key.pem"
    gateway("policy", "keygen", str(path))
    before = path.read_bytes()

    assert gateway("policy", "keygen", str(path)).status == 2
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o600


def test_only_a_key_for_signing_signs(gateway, tmp_path):
    (tmp_path / "key.pem").write_text("no key")

    told = gateway("policy", "build", str(tmp_path / "rules.tar.gz"), "--key", str(tmp_path / "key.pem"))

    assert told.status == 2
    assert "gateway policy keygen" in told.err
    assert not (tmp_path / "rules.tar.gz").exists()


def test_the_configuration_of_opa_names_keys_and_places(deployed):
    told = deployed("policy", "opa-config", "--url", "https://gateway.example", "--persist", "/var/lib/opa")

    assert told.status == 0
    assert "url: https://gateway.example\n" in told.out
    assert told.out.count("-----BEGIN PUBLIC KEY-----") == 1
    assert "persistence_directory: /var/lib/opa\n" in told.out
