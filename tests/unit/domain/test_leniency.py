"""What keeps rules from denying: for whom, until when, and which projects a rollout reaches first."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.leniency import BreakGlass, Override, cohort

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def override(**changes):
    made = {"project_id": "pr-1", "principal_id": None, "until": NOW + SECOND, **changes}
    return Override(id="o", rule="circuits/depth", reason="r", by="p-9", at=NOW, **made)


def glass(**changes):
    return BreakGlass(
        id="g", reason="r", seconds=60, requested_by="p-1", requested_at=NOW, lapses_at=NOW + SECOND, **changes
    )


def test_a_project_stays_in_its_cohort():
    """The numbers are promised: a project that a rollout has reached is not let go by the next release."""
    assert [cohort(name) for name in ("pr-1", "pr-2", "default")] == [51, 41, 95]


def test_cohorts_are_of_the_same_size():
    counted = Counter(cohort(f"project-{number}") for number in range(20_000))

    assert set(counted) == set(range(100))
    assert 120 < min(counted.values()) <= max(counted.values()) < 280


@pytest.mark.parametrize(
    ("made", "at", "holds"),
    [
        pytest.param({}, NOW, True, id="now"),
        pytest.param({}, NOW + SECOND, False, id="it is over at its moment"),
        pytest.param({"ended_at": NOW}, NOW, False, id="somebody ended it"),
    ],
)
def test_an_override_holds_until_its_moment(made, at, holds):
    assert override(**made).in_force(at) is holds


@pytest.mark.parametrize(
    ("made", "covers"),
    [
        pytest.param({}, True, id="everybody in the project"),
        pytest.param({"project_id": "pr-2"}, False, id="another project"),
        pytest.param({"project_id": None, "principal_id": "p-1"}, True, id="a person anywhere"),
        pytest.param({"principal_id": "p-1"}, True, id="a person in the project"),
        pytest.param({"principal_id": "p-2"}, False, id="another person in the project"),
        pytest.param({"project_id": "pr-2", "principal_id": "p-1"}, False, id="the person in another project"),
    ],
)
def test_an_override_is_for_whom_it_was_made(made, covers):
    assert override(**made).covers(project_id="pr-1", principal_id="p-1") is covers


@pytest.mark.parametrize(
    ("made", "at", "state"),
    [
        pytest.param({}, NOW, (False, True), id="one person asked"),
        pytest.param({}, NOW + SECOND, (False, False), id="nobody confirmed in time"),
        pytest.param({"confirmed_by": "p-2", "until": NOW + SECOND}, NOW, (True, False), id="two people"),
        pytest.param({"confirmed_by": "p-2", "until": NOW}, NOW, (False, False), id="it is over at its moment"),
        pytest.param({"until": NOW + SECOND, "ended_at": NOW}, NOW, (False, False), id="somebody ended it"),
        pytest.param({"ended_at": NOW}, NOW, (False, False), id="it was withdrawn"),
    ],
)
def test_a_glass_is_broken_by_two_and_for_a_while(made, at, state):
    assert (glass(**made).in_force(at), glass(**made).waits(at)) == state
