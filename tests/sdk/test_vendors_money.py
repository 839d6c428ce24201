"""Budgets in the SDKs' own words: IBM's usage and its warning, Braket's device costs, tracker and spending limits."""

import pytest

from tests.sdk.stand import exports

pytestmark = pytest.mark.long

GARNET = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"


def limited(stand, *limit):
    """Give the environment of somebody whose project alone is limited; a new key makes the gateway look again."""
    made = stand.deployment
    made.cli("projects", "new", "limited")
    made.cli("budgets", "set", "limited-week", "--project", "limited", "--per", "week", *limit)
    key = made.key(project="limited")
    return exports(made.cli("env", stand.vendor, "--key", key, "--url", stand.tap.url))


@pytest.fixture(scope="module")
def ibm(ibm_sdk, at_ibm):
    return ibm_sdk.run("vendor_ibm_limit", env=limited(at_ibm, "--unit", "qpu-seconds", "--amount", "1"))


@pytest.fixture(scope="module")
def braket(braket_sdk, at_braket):
    return braket_sdk.run("vendor_braket_money", env=limited(at_braket, "--amount", "100", "--currency", "USD"))


# ── IBM ──────────────────────────────────────────────────────────────────────────────────────────
def test_ibms_usage_is_what_the_project_may_still_run(ibm):
    before, after = ibm["before"], ibm["after"]

    assert (before["usage_limit_seconds"], before["usage_consumed_seconds"]) == (1, 0)
    assert before["usage_remaining_seconds"] == 1
    assert before["usage_limit_reached"] is False
    assert after["usage_consumed_seconds"] > 1
    assert (after["usage_remaining_seconds"], after["usage_limit_reached"]) == (0, True)


def test_ibms_sdk_warns_in_its_own_words_at_the_limit(ibm):
    """It asks before every submission; before the first there was something left, so it warns once."""
    warned = [text for text in ibm["warnings"] if "has met its usage limit" in text]

    assert len(warned) == 1


def test_a_job_past_the_limit_is_refused_by_its_name(ibm):
    assert ibm["shots"] == {"meas": 10}
    assert ibm["refused"]["type"] == "IBMRuntimeError"
    assert "limited-week" in ibm["refused"]["message"]


# ── Braket ───────────────────────────────────────────────────────────────────────────────────────
def test_a_device_costs_what_is_held_for_it(braket):
    assert braket["device"] == [0.00035, "shot"]


def test_brakets_own_tracker_adds_up_what_the_gateway_charges(braket, at_braket):
    """The stock tracker takes its prices from the address that `gateway env` prints."""
    assert braket["tracked"] == "0.33500"
    held = at_braket.deployment.json("budgets", "show", "limited-week")
    # The task on the device, and one on a simulator that is priced alike for the test.
    assert (held["settled"], held["held"]) == ("0.67", "0.00")


def test_spending_limits_are_the_projects_own(braket):
    (limit,) = (each for each in braket["limits"] if each["deviceArn"] == GARNET)

    assert (limit["spendingLimit"], limit["queuedSpend"], limit["totalSpend"]) == ("100", "0", "0.67")
    assert limit["tags"] == {"qgw:limit": "limited-week"}


def test_spending_limits_are_not_made_here(braket):
    assert braket["create"]["type"] == "AccessDeniedException"
    assert "gateway budgets" in braket["create"]["message"]
