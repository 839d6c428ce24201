"""Stock SDKs under policies that oblige to a lot: their users see their own names, and are told what was changed."""

import json
from contextlib import contextmanager

import pytest

from tests.sdk.stand import standing

pytestmark = pytest.mark.long

SECRET = "gravity_drive"
"""What the drivers say in every place they can."""
MOST = 40
TABLES = {
    "size": [{"when": {"kind": ["hardware", "simulator"]}, "shots": MOST}],
    "disclosure": [
        {
            "when": {"dialect": ["braket", "ibm", "ionq"]},
            "strip": ["metadata", "names", "tags"],
            "add_tags": ["cost-center=42"],
        },
        {"when": {"program": ["sampler"], "dialect": ["ibm", "ionq"]}, "relabel_registers": True},
        {"when": {"dialect": ["ibm"], "kind": ["hardware"]}, "private": True},
    ],
    "run": [{"when": {"dialect": ["ibm"]}, "execution_seconds": 600, "calibration_seconds": 864000}],
}


@contextmanager
def obliging(vendor, folder):
    """Start a vendor's stand whose operator has such policies."""
    with standing(vendor, folder, "--queue-seconds", "0.1", policies={"obligations": TABLES}) as stand:
        yield stand


@pytest.fixture(scope="module")
def ibm(ibm_sdk, tmp_path_factory):
    with obliging("ibm", tmp_path_factory.mktemp("ibm")) as stand:
        yield stand, ibm_sdk.run("obliged_ibm", env=stand.env)


@pytest.fixture(scope="module")
def ionq(ionq_sdk, tmp_path_factory):
    with obliging("ionq", tmp_path_factory.mktemp("ionq")) as stand:
        yield stand, ionq_sdk.run("obliged_ionq", env=stand.env)


@pytest.fixture(scope="module")
def braket(braket_sdk, tmp_path_factory):
    with obliging("braket", tmp_path_factory.mktemp("braket")) as stand:
        yield stand, braket_sdk.run("obliged_braket", env=stand.env)


@pytest.mark.parametrize("case", ["sampler", "emulated"])
def test_ibms_sdk_gets_its_own_register_and_fewer_shots(ibm, case):
    _, report = ibm
    told = report[case]

    assert told["registers"] == [f"c_{SECRET}"]
    assert told["counts"] == {"01": MOST}
    assert told["tags"][0] == SECRET
    assert "cost-center=42" in told["tags"]
    assert f"no circuit runs more than {MOST} times" in told["told"]


def test_ibms_client_side_sampler_finds_what_it_had_passed_through(ibm):
    """Its own note of what it had asked for was left out, and is back in the result it reads."""
    _, report = ibm
    told = report["client-side"]

    assert told["counts"] == {"01": MOST}
    assert "its metadata was left out" in told["told"]


def test_an_estimate_has_the_precision_that_policy_lets_it_have(ibm):
    _, report = ibm

    assert report["estimator"]["value"] == pytest.approx(-1.0, abs=0.6)
    assert f"no circuit runs more than {MOST} times" in report["estimator"]["told"]


@pytest.mark.parametrize("case", ["plain", "dynamic"])
def test_ionqs_sdk_gets_its_own_words_and_warns_its_user(ionq, case):
    """The SDK makes counts of probabilities, for as many shots as it had asked for: only its warning says how many."""
    _, report = ionq
    told = report[case]

    assert set(told["counts"]) == {"01"} if case == "plain" else sum(told["counts"].values()) == MOST
    assert told["note"] == SECRET
    assert any(f"no circuit runs more than {MOST} times" in words for words in told["label"]["changes"])
    assert any("policy had this job changed before it ran" in words for words in report["warnings"])


def test_brakets_sdk_gets_its_own_program_back(braket):
    _, report = braket

    assert report["counts"] == {"10": MOST}
    assert SECRET in report["source"]
    assert (report["tags"]["owner"], report["tags"]["cost-center"]) == (SECRET, "42")
    assert "its names, labels and comments were left out" in report["tags"]["qgw:changed"]


@pytest.mark.parametrize("vendor", ["ibm", "ionq", "braket"])
def test_no_vendor_is_told_what_it_is_for(vendor, request):
    stand, _ = request.getfixturevalue(vendor)
    taken = stand.fake.jobs()

    assert taken
    assert SECRET not in json.dumps(taken)
