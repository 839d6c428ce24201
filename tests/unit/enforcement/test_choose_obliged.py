"""Choosing a place for a job that must run elsewhere, or under conditions that not every place can keep."""

from dataclasses import replace

import pytest

from gateway.domain.decision import Obligation
from gateway.enforcement.choose import PINNED_TAG
from gateway.telemetry.metrics import Metrics
from tests.unit.enforcement.choosing import ASKED, OFFLINE, choose


def elsewhere(*backends):
    return (Obligation(kind="place-elsewhere", parameters={"backends": list(backends)}),)


async def test_a_job_that_must_run_elsewhere_runs_on_the_first_that_takes_it():
    choice, judged = await choose(
        against={"qpu.forte-1": ("data/residency",)}, obliged={"ibm_one": elsewhere("qpu.forte-1", "ibm_two")}
    )

    assert judged == [("ibm_one", "requested"), ("qpu.forte-1", "vendor"), ("ibm_two", "alternative")]
    assert choice.survey.asked.backend.name == "ibm_two"
    assert [(each.backend, each.rules) for each in choice.tried] == [
        ("ibm_one", ("engine/obligation",)),
        ("qpu.forte-1", ("data/residency",)),
    ]


async def test_a_simulator_of_ours_may_be_where_it_must_run_and_takes_it_as_it_is():
    choice, judged = await choose(against={}, obliged={"ibm_one": elsewhere("sim_line_5")})

    assert judged[-1] == ("sim_line_5", "simulator")
    assert (choice.decision.allow, choice.kept.written) == (True, None)


@pytest.mark.parametrize(
    ("tags", "against"),
    [((), {"ibm_two": ("backend/capacity",)}), ((PINNED_TAG,), {})],
    ids=["it may not go there", "its owner wants no other"],
)
async def test_a_job_that_can_run_nowhere_it_must_is_denied_and_never_goes_where_it_asked(tags, against):
    choice, _ = await choose(replace(ASKED, tags=tags), against=against, obliged={"ibm_one": elsewhere("ibm_two")})

    assert (choice.decision.allow, choice.kept) == (False, None)
    assert [finding.rule for finding in choice.decision.deny] == ["engine/obligation"]
    assert "it must run on ibm_two" in choice.decision.deny[0].message


async def test_a_job_that_asked_for_where_it_must_run_stays():
    choice, judged = await choose(against={}, obliged={"ibm_one": elsewhere("ibm_one", "ibm_two")})

    assert (len(judged), choice.decision.allow, choice.tried) == (1, True, ())


async def test_a_place_that_sends_the_job_on_is_not_where_it_runs():
    """Two places that point at each other are no place."""
    choice, _ = await choose(against={}, obliged={"ibm_one": elsewhere("ibm_two"), "ibm_two": elsewhere("ibm_one")})

    assert choice.decision.allow is False


MOON = (Obligation(kind="pin-region", parameters={"regions": ["the-moon"]}),)


async def test_a_place_that_cannot_keep_what_is_obliged_there_is_passed_over():
    choice, _ = await choose(obliged={"ibm_two": MOON})

    assert choice.survey.asked.backend.name == "qpu.forte-1"
    assert choice.tried[-1].rules == ("engine/obligation",)


async def test_what_cannot_be_kept_where_it_asked_to_go_denies():
    choice, _ = await choose(against={}, obliged={"ibm_one": MOON})

    assert (choice.decision.allow, choice.decision.placement) == (False, None)
    assert "only in the-moon" in choice.unkept


@pytest.mark.parametrize(
    ("against", "obliged", "counted"),
    [
        ({}, {}, {("allow", ""): 1}),
        ({}, {"ibm_one": MOON}, {("deny", "engine/obligation"): 1}),
        (OFFLINE, {}, {("deny", "backend/online"): 1, ("allow", ""): 1}),
        (
            OFFLINE,
            {"ibm_two": MOON},
            {("deny", "backend/online"): 1, ("deny", "engine/obligation"): 1, ("allow", ""): 1},
        ),
        ({}, {"ibm_one": elsewhere("ibm_two")}, {("allow", ""): 2}),
        (
            {"ibm_two": ("backend/capacity",)},
            {"ibm_one": elsewhere("ibm_two")},
            {("deny", "backend/capacity"): 1, ("deny", "engine/obligation"): 1},
        ),
    ],
    ids=["goes", "cannot be kept", "moved", "kept nowhere but there", "sent elsewhere", "has no place"],
)
async def test_each_decision_counts_once_and_as_what_came_of_it(against, obliged, counted):
    metrics = Metrics()

    await choose(against=against, obliged=obliged, metrics=metrics)

    found = {
        (sample.labels["outcome"], sample.labels["rule"]): sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "gateway_decisions_total"
    }
    assert found == counted
