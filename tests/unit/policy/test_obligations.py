"""Obligations: a closed list, checked whole, and several of one kind kept together."""

import pytest

from gateway.domain.changes import LEAKS, Changes
from gateway.domain.decision import Obligation
from gateway.policy.obligations import KNOWN, Duties, execution_limit_seconds, kept
from tests.unit.policy.decided import allowed

GOOD = {
    "limit-execution": {"seconds": 1},
    "limit-session": {"seconds": 60},
    "cap-shots": {"shots": 1},
    "split-shots": {"shots": 1},
    "strip": {"of": ["names"]},
    "relabel-registers": {},
    "force-private": {},
    "add-tags": {"tags": ["team=qc"]},
    "require-calibration": {"max_age_seconds": 60},
    "pin-region": {"regions": ["eu-de"]},
    "place-elsewhere": {"backends": ["ibm_one"]},
    "require-approval": {"permission": "job.approve", "reason": "it is dear", "hours": 24},
}


@pytest.mark.parametrize("kind", sorted(KNOWN))
def test_each_kind_takes_its_own_parameters_and_no_other(kind):
    assert kept(kind, GOOD[kind])
    assert not kept(kind, {**GOOD[kind], "besides": 1})


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        pytest.param("fly", {}, id="a kind that nobody knows"),
        pytest.param("cap-shots", {"shots": 0}, id="no shot at all"),
        pytest.param("cap-shots", {"shots": True}, id="true is no number"),
        pytest.param("cap-shots", {"shots": 1.0}, id="a float is no whole number"),
        pytest.param("cap-shots", {"shots": 2**53}, id="more than every reader of JSON holds"),
        pytest.param("cap-shots", {}, id="nothing said"),
        pytest.param("split-shots", {"shots": 0}, id="parts without a shot"),
        pytest.param("strip", {"of": []}, id="nothing to strip"),
        pytest.param("strip", {"of": ["names", "names"]}, id="the same twice"),
        pytest.param("strip", {"of": ["shots"]}, id="what is no leak"),
        pytest.param("strip", {"of": "names"}, id="a text is no list"),
        pytest.param("add-tags", {"tags": ["qc"]}, id="a tag without a value has no place at IonQ and AWS"),
        pytest.param("add-tags", {"tags": ['a="\n']}, id="a tag that breaks a line"),
        pytest.param("add-tags", {"tags": [f"a{n}=b" for n in range(5)]}, id="more tags than IBM has room for"),
        pytest.param("pin-region", {"regions": [1]}, id="a region that is no text"),
        pytest.param("place-elsewhere", {"backends": ["a b"]}, id="no name of a backend"),
        pytest.param("force-private", {"private": False}, id="what takes nothing"),
    ],
)
def test_what_does_not_fit_is_not_kept(kind, parameters):
    assert not kept(kind, parameters)


def duties(*obligations):
    return Duties.of(allowed(*(Obligation(kind=kind, parameters=given) for kind, given in obligations)))


def test_without_obligations_there_is_nothing_to_do():
    none = duties()

    assert not none.changes
    assert (none.execution_seconds, none.regions, none.backends) == (None, None, ())


def test_the_strictest_of_a_kind_wins():
    found = duties(
        ("cap-shots", {"shots": 9}),
        ("cap-shots", {"shots": 5}),
        ("split-shots", {"shots": 3}),
        ("split-shots", {"shots": 2}),
        ("limit-session", {"seconds": 60}),
        ("limit-session", {"seconds": 30}),
        ("require-calibration", {"max_age_seconds": 7}),
        ("strip", {"of": ["names"]}),
        ("strip", {"of": ["tags", "names"]}),
    )

    assert found.changes == Changes(most_shots=5, part_shots=2, strip=("names", "tags"))
    assert (found.session_seconds, found.calibration_seconds) == (30, 7)


@pytest.mark.parametrize(
    ("regions", "left"),
    [([["a", "b"], ["b", "c"]], ("b",)), ([["a"], ["b"]], ()), ([["b", "a"]], ("a", "b"))],
    ids=["what both name", "nowhere, which is not anywhere", "in order"],
)
def test_a_job_stays_where_all_of_them_let_it(regions, left):
    assert duties(*(("pin-region", {"regions": each}) for each in regions)).regions == left


def test_the_shortest_time_is_the_limit():
    decision = allowed(Obligation(kind="limit-execution", parameters={"seconds": 60}))

    assert execution_limit_seconds(decision, 90, None) == 60
    assert execution_limit_seconds(decision, 30) == 30
    assert execution_limit_seconds(allowed()) is None


def test_leaks_are_listed_in_order():
    """Obligations are compared on replay, and two orders would be two obligations."""
    assert list(LEAKS) == sorted(LEAKS)
