"""The virtual instance that search, catalog and usage show."""

from dataclasses import replace

import pytest

from adapters.ibm import instances
from gateway.ports.answers import UsageView
from tests.fakes.values import INSTANCE, NOW

CRN = instances.crn(INSTANCE)


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


@pytest.mark.parametrize(("allocation", "reached"), [(None, False), (100.0, False), (12.5, True), (5.0, True)], ids=str)
def test_a_limit_is_shown_only_where_there_is_one(allocation, reached):
    view = UsageView(
        instance=INSTANCE, used_seconds=12.5, period_start=NOW, period_end=NOW, allocation_seconds=allocation
    )

    shown = instances.usage(view)

    assert shown["usage_limit_reached"] is reached
    assert ("usage_limit_seconds" in shown) is (allocation is not None)
