"""The outage drill, short: what two minutes of each kind of outage must show, a few seconds show as well."""

import pytest

from tests.fault.drills import drill

KINDS, VENDORS = ("503", "refuse", "hang"), ("ionq", "ibm", "aws")

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def report():
    return drill("outage", "--seconds", "5", "--vendors", ",".join(VENDORS), seconds=580)


def test_nobody_waits_too_long_and_nothing_is_lost_or_run_twice(report):
    assert report["intents"] > 30
    assert report["longest_answer"] <= report["answer_bound"]
    assert (report["lost"], report["double"], report["unsettled"], report["unanswered"]) == (0, 0, 0, 0)


def test_a_vendor_that_is_away_is_left_alone_soon_and_taken_up_again_without_a_restart(report):
    """Every kind of outage is told in the ledger: it opened after few failures, and it closed by itself."""
    assert [outage["kind"] for outage in report["outages"]] == [kind for kind in KINDS for _ in VENDORS]
    assert all(0 < outage["failures"] <= 10 for outage in report["outages"])
    assert all(outage["recovered_after"] >= 0 for outage in report["outages"])
    assert (report["restarts"], report["untold"]) == (0, 0)


def test_meanwhile_a_simulator_runs_what_consents_and_says_so_and_the_rest_is_denied_in_words(report):
    known = [outage for outage in report["outages"] if outage["kind"] != "hang"]
    assert all(outage["simulated"] and outage["denied"] for outage in known)
    assert (report["unlabelled"], report["unwilling"], report["unworded"]) == (0, 0, 0)
    assert report["ledger_intact"]
