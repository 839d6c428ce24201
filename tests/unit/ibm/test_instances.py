"""The virtual instance that search, catalog and usage show."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.ibm import instances
from gateway.ports.answers import Allowance, UsageView
from tests.fakes.values import INSTANCE, NOW

CRN = instances.crn(INSTANCE)
LATER = NOW + timedelta(days=7)
USAGE = UsageView(instance=INSTANCE, used_seconds=12.5, period_start=NOW, period_end=NOW)


def test_a_crn_carries_the_opaque_id_and_nothing_else():
    assert CRN == (
        "crn:v1:bluemix:public:quantum-computing:us-east"
        ":a/0123456789abcdef0123456789abcdef:01234567-89ab-cdef-0123-456789abcdef::"
    )


def test_a_crn_has_the_fields_the_sdk_looks_at():
    """Field 3 chooses IBM's own staging identity service, field 6 is the region."""
    fields = CRN.split(":")

    assert (fields[0], fields[2], fields[4], fields[5]) == ("crn", "bluemix", "quantum-computing", "us-east")
    assert len(fields) == 10


def test_search_shows_backends_or_the_sdk_leaves_the_instance_out():
    (found,) = instances.search_result((replace(INSTANCE, backends=()),))["items"]

    assert found["doc"]["extensions"]
    assert found["service_plan_unique_id"] == INSTANCE.id


def test_without_a_limit_no_limit_is_shown():
    shown = instances.usage(USAGE)

    assert shown["usage_limit_reached"] is False
    assert "usage_limit_seconds" not in shown
    assert shown["usage_consumed_seconds"] == 12.5


@pytest.mark.parametrize(
    ("taken", "reached"),
    [
        pytest.param(0, False, id="nothing is taken"),
        pytest.param(599_999, False, id="a millisecond is left"),
        pytest.param(600_000, True, id="nothing is left"),
        pytest.param(700_000, True, id="more was billed than held"),
    ],
)
def test_the_tightest_limit_is_shown_in_its_own_window(taken, reached):
    """The SDK asks before each submission and warns by itself, in its own words."""
    allowance = Allowance(
        limit="lab-week", allowed_milliseconds=600_000, taken_milliseconds=taken, begins_at=NOW, resets_at=LATER
    )

    shown = instances.usage(replace(USAGE, allowance=allowance))

    assert shown["usage_limit_reached"] is reached
    assert shown["usage_limit_seconds"] == shown["usage_allocation_seconds"] == 600
    assert shown["usage_consumed_seconds"] == taken / 1000
    assert shown["usage_period"] == {"start_time": NOW.isoformat(), "end_time": LATER.isoformat()}
