"""The exactly-once drill, small: kill -9 while a vendor misbehaves; every intent ends as one job at the vendor.

Most of its time is waiting: what was being sent when the gateway was killed is sent again two minutes later at the
soonest, because until then nobody knows that it did not arrive.
"""

import pytest

from tests.fault.drills import drill

pytestmark = pytest.mark.long


@pytest.mark.timeout(600)
def test_every_intent_becomes_one_vendor_job_whatever_is_cut_or_killed():
    report = drill(
        "exactly_once", "--submissions", "120", "--kills", "6", "--clients", "12", "--vendors", "ionq", seconds=580
    )

    assert (report["answered"], report["kills"]) == (120, 6)
    # While the vendor was left alone, consent sent some to the simulator.
    assert report["vendor_jobs"] + report["simulated"] == 120
    assert (report["lost"], report["double"], report["false_merges"]) == (0, 0, 0)
    assert report["unsettled"] == 0
    assert report["ledger_intact"]
    assert sum(report["faults"].values()) > 0, "a drill without faults would show nothing"
