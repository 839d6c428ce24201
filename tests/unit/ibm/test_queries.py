"""Filters of a job list, and which calibration is meant."""

from datetime import UTC, datetime

import pytest

from adapters.ibm import IbmDialect, IbmSettings
from gateway.domain.errors import RefusedError
from gateway.ports import operations as ask
from gateway.ports.dialect import WireRequest

DIALECT = IbmDialect(IbmSettings(page_limit=200))


def listed(*query):
    return DIALECT.operation(WireRequest(method="GET", path="/api/v1/jobs", query=query, headers={}, body=b""))


def test_all_filters_of_the_sdk_are_understood():
    operation = listed(
        ("exclude_params", "true"),
        ("limit", "20"),
        ("offset", "40"),
        ("backend", "sim_line_5"),
        ("pending", "true"),
        ("program", "sampler"),
        ("tags", "one"),
        ("tags", "two"),
        ("session_id", "s1"),
        ("created_after", "2026-03-01T12:00:00+02:00"),
        ("created_before", "2026-03-02T00:00:00"),
        ("sort", "ASC"),
        ("include_mocks", "True"),
    )

    assert operation == ask.ListJobs(
        limit=20,
        offset=40,
        backend="sim_line_5",
        pending=True,
        program="sampler",
        tags=("one", "two"),
        session_id="s1",
        created_after=datetime(2026, 3, 1, 10, tzinfo=UTC),
        created_before=datetime(2026, 3, 2, tzinfo=UTC),
        ascending=True,
        parameters=False,
    )


def test_no_filter_means_the_newest_page_without_parameters():
    operation = listed()

    assert (operation.limit, operation.offset, operation.ascending, operation.parameters) == (200, 0, False, False)
    assert operation.pending is None


@pytest.mark.parametrize(("asked", "given"), [("1", 1), ("200", 200), ("201", 200), ("0", 200), ("999999999", 200)])
def test_a_page_is_never_larger_than_the_limit(asked, given):
    """The SDK asks for the rest by itself."""
    assert listed(("limit", asked)).limit == given


@pytest.mark.parametrize(
    ("query", "code"),
    [
        pytest.param(("serch", "x"), "unknown-parameter", id="a typing error would list everything"),
        pytest.param(("limit", "-1"), "invalid-value", id="less than nothing"),
        pytest.param(("limit", "1e3"), "invalid-value", id="not a whole number"),
        pytest.param(("limit", "٣"), "invalid-value", id="another alphabet's digits"),
        pytest.param(("offset", "9" * 5000), "invalid-value", id="a number that takes ages"),
        pytest.param(("pending", "maybe"), "invalid-value", id="neither true nor false"),
        pytest.param(("sort", "UP"), "invalid-value", id="neither up nor down"),
        pytest.param(("created_after", "yesterday"), "invalid-value", id="no date"),
        pytest.param(("created_after", "0001-01-01T00:00:00+23:00"), "invalid-value", id="before the first day"),
        pytest.param(("tags", "qgw:execution=simulator"), "invalid-value", id="a label, which is not stored"),
    ],
)
def test_a_filter_that_cannot_be_is_refused(query, code):
    with pytest.raises(RefusedError) as refused:
        listed(query)

    assert refused.value.code == code


def test_a_calibration_is_asked_for_by_moment_or_id():
    query = (("updated_before", "2026-03-01T00:00:00+00:00"), ("calibration_id", "c0ffee"))
    path = "/api/v1/backends/sim_line_5/properties"

    operation = DIALECT.operation(WireRequest(method="GET", path=path, query=query, headers={}, body=b""))

    assert operation == ask.ShowCalibration(
        backend="sim_line_5", before=datetime(2026, 3, 1, tzinfo=UTC), calibration_id="c0ffee"
    )
