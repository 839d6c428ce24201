"""The self-test of a serving gateway: what it does for everybody to see, and how it alarms."""

import json
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.domain.synthetic import PROJECT
from gateway.policy.bundle import default_root
from tests.integration import bodies
from tests.policy import mutation
from tests.running import Gateway, eventually

pytestmark = pytest.mark.long

SHOTS = "gateway/rules/circuits/shots/shots.rego"
TESTS = "gateway/rules/circuits/shots/shots_test.rego"
SECONDS = 30
"""Much less than two minutes, and enough for a busy machine."""


@contextmanager
def self_testing(state, passing="job.completed", **settings):
    """Run a gateway that tests itself each second, and has passed one round at least."""
    every = {"GATEWAY_SELFTEST__SECONDS": "1", "GATEWAY_SELFTEST__SUBMISSIONS": "true", **settings}
    gateway = Gateway(state, settings=every).init().start()
    try:
        eventually(lambda: of_selftest(gateway, passing), seconds=SECONDS)
        eventually(lambda: 'gateway_selftest_failing{part="path"} 0.0' in gateway.metrics(), seconds=SECONDS)
        yield gateway
    finally:
        gateway.discard()


@pytest.fixture(scope="module")
def tested(tmp_path_factory):
    with self_testing(tmp_path_factory.mktemp("gateway") / "state") as gateway:
        yield gateway


@pytest.fixture
def tree(tmp_path):
    return shutil.copytree(default_root(), tmp_path / "tree", ignore=shutil.ignore_patterns("README.md"))


@pytest.fixture
def weakened(tmp_path, tree):
    """One of its own, which decides by the tree: it will alarm."""
    with self_testing(tmp_path / "state", GATEWAY_POLICY__DIRECTORY=str(tree)) as gateway:
        yield gateway


def of_selftest(gateway, type_):
    return [each for each in gateway.entries(type_) if each["project_id"] == PROJECT]


def test_synthetic_principals_are_allowed_and_denied(tested):
    eventually(lambda: of_selftest(tested, "job.deleted"), seconds=SECONDS)

    denied = {rule for each in of_selftest(tested, "job.denied") for rule in each["body"]["deny"]}

    assert {"access/backend-allow-list", "access/role-may-submit", "circuits/shots", "wire/readable"} <= denied
    assert tested.ready()
    assert not tested.entries("selftest.failed")


def test_each_dialects_clients_are_tried_those_that_sign_too(tested):
    """AWS's sign every request with the pair of a key, and fetch results from S3."""

    def dialects(type_):
        return {each["body"].get("dialect") for each in of_selftest(tested, type_)}

    eventually(lambda: {"braket", "ibm", "ionq"} <= dialects("job.permitted"), seconds=SECONDS)
    eventually(lambda: {"braket", "ibm", "ionq"} <= dialects("job.denied"), seconds=SECONDS)
    begun = len(of_selftest(tested, "results.read"))
    eventually(lambda: len(of_selftest(tested, "results.read")) > begun + 2, seconds=SECONDS)
    assert 'gateway_selftest_failing{part="path"} 0.0' in tested.metrics()
    assert not tested.entries("selftest.failed")


def test_it_counts_for_no_limit_and_in_no_rate(tested):
    tested.cli("budgets", "set", "few", "--organisation", "--unit", "jobs", "--amount", "1", "--per", "total")
    before = len(of_selftest(tested, "job.completed"))

    eventually(lambda: len(of_selftest(tested, "job.completed")) > before + 1, seconds=SECONDS)

    key = tested.key()
    assert tested.ended(key, tested.submit(key, bodies.golden()))["status"] == "Completed"
    tested.cli("budgets", "remove", "few", "--reason", "over")
    assert 'gateway_requests_total{dialect="ibm",operation="Submit",status_class="2xx"} 1.0' in tested.metrics()


def test_nobody_else_gets_a_key_of_its_project(tested):
    refused = tested.run("keys", "new", "--principal", "admin", "--project", PROJECT, "--role", "scientist")

    assert refused.returncode == 1
    assert "the gateway's own" in refused.stderr


def test_a_reload_that_weakens_a_rule_and_its_self_tests_alarms_until_it_is_taken_back(weakened, tree):
    """Its test is in the way first: a reload runs those of what changed, and so it has to go as well."""
    tests = (tree / SHOTS).with_name("shots_test.rego")
    sound = {path: path.read_text() for path in [tree / SHOTS, tests, *tree.glob("selftest/*.json")]}
    (tree / SHOTS).write_text(mutation.disabled(sound[tree / SHOTS]))
    refused = weakened.run("policy", "reload", "--reason", "a trial")
    assert (refused.returncode, "shots_test.rego: test_denies" in refused.stderr) == (1, True)
    tests.unlink()
    (tree / "selftest/deny-circuits.json").unlink()
    (tree / "selftest/deny-obligations.json").unlink(missing_ok=True)

    weakened.cli("policy", "reload", "--reason", "a trial")

    failed = eventually(lambda: weakened.entries("selftest.failed"), seconds=SECONDS)[-1]["body"]
    assert {"rules/deny-circuits"} <= set(failed["failing"])
    eventually(lambda: not weakened.ready(), seconds=SECONDS)
    assert 'gateway_selftest_failing{part="rules"} 0.0' not in weakened.metrics()
    found = weakened.run("policy", "selftest")
    assert (found.returncode, "rules/deny-circuits" in found.stdout) == (1, True)
    for path, text in sound.items():
        path.write_text(text)
    weakened.cli("policy", "reload", "--reason", "taken back")
    eventually(lambda: weakened.entries("selftest.recovered"), seconds=SECONDS)
    eventually(weakened.ready, seconds=SECONDS)
    assert weakened.run("policy", "selftest").returncode == 0


def test_a_rule_that_is_being_rolled_out_is_demanded_of_nobody_at_the_door(tmp_path):
    """With the very row of docs/how-to/enforcement-levels.md; the others of its kind are tried as ever."""
    table = json.loads((default_root() / "org/enforcement/data.json").read_text())
    table["levels"] = {"circuits/shots": {"level": "soft", "rollout_percent": 20}}
    lowered = tmp_path / "rules/org/enforcement/data.json"
    lowered.parent.mkdir(parents=True)
    lowered.write_text(json.dumps(table))

    with self_testing(tmp_path / "state", GATEWAY_POLICY__OVERRIDES=str(tmp_path / "rules")) as gateway:
        eventually(lambda: len(of_selftest(gateway, "job.deleted")) > 2, seconds=SECONDS)
        denied = of_selftest(gateway, "job.denied")

        assert {each["body"]["dialect"] for each in denied} == {"braket", "ibm", "ionq"}
        assert {rule for each in denied for rule in each["body"]["deny"]} == {
            "access/backend-allow-list",
            "access/role-may-submit",
            "wire/readable",
        }
        assert gateway.ready()
        assert not gateway.entries("selftest.failed")


def test_where_every_job_waits_for_a_second_person_the_self_test_asks_nobody(tmp_path):
    every = {"rows": [{"reason": "looked at twice", "permission": "job.approve", "hours": 1, "if": {}}]}
    rows = tmp_path / "rules/org/approvals/data.json"
    rows.parent.mkdir(parents=True)
    rows.write_text(json.dumps(every))

    with self_testing(
        tmp_path / "state", "job.cancelled", GATEWAY_POLICY__OVERRIDES=str(tmp_path / "rules")
    ) as gateway:
        eventually(lambda: len(of_selftest(gateway, "job.cancelled")) > 3, seconds=SECONDS)
        job = gateway.submit(gateway.key(), bodies.golden())

        assert {each["body"]["dialect"] for each in of_selftest(gateway, "approval.requested")} == {
            "braket",
            "ibm",
            "ionq",
        }
        assert [each["job"] for each in gateway.json("approvals", "list", "--all")] == [job]
        eventually(lambda: "gateway_approvals_waiting 1.0" in gateway.metrics(), seconds=SECONDS)
        assert not of_selftest(gateway, "job.permitted")
        assert gateway.ready()
        assert not gateway.entries("selftest.failed")


def test_policies_of_other_hands_are_not_held_against_our_release(tmp_path):
    """They decide what ours would not, from the first round on, and mean it."""
    foreign = tmp_path / "policies"
    shutil.copytree(Path(__file__).parents[1] / "policy/foreign/terse", foreign)
    shutil.copytree(default_root() / "org/roles", foreign / "org/roles")
    settings = {"GATEWAY_SELFTEST__SECONDS": "1", "GATEWAY_POLICY__DIRECTORY": str(foreign)}
    gateway = Gateway(tmp_path / "state", settings=settings).init().start()
    try:
        eventually(lambda: 'gateway_selftest_failing{part="rules"} 0.0' in gateway.metrics(), seconds=SECONDS)
        assert gateway.ready()
        assert not gateway.entries("selftest.failed")
    finally:
        gateway.discard()
