"""Choosing a place: only the backend may be what stands in the way, and every other place is judged whole."""

from dataclasses import replace

import pytest

from gateway.domain.backend import ExecutionKind
from gateway.domain.decision import PlacementKind, Step
from gateway.enforcement.choose import MOST_TRIED, PINNED_TAG, UNWRITABLE, why_elsewhere
from gateway.enforcement.outgoing import NotTranslatableError
from tests.unit.enforcement.choosing import AER, ASKED, IBM, IONQ, OFFLINE, choose


async def test_what_may_go_where_it_asked_to_is_judged_once_and_goes_as_it_came():
    choice, judged = await choose(against={})

    assert judged == [("ibm_one", "requested")]
    assert (choice.kept.written, choice.tried, choice.survey.step) == (None, (), Step.REQUESTED)


async def test_the_same_vendors_other_hardware_comes_first():
    choice, judged = await choose()

    assert judged == [("ibm_one", "requested"), ("ibm_two", "alternative")]
    assert choice.kept.written == b"for ibm_two, by ibm"
    assert [(each.backend, each.rules) for each in choice.tried] == [("ibm_one", ("backend/online",))]
    assert why_elsewhere(choice) == ("ibm_one could not take it (backend/online); policy placed it on ibm_two")


async def test_another_vendor_comes_next():
    choice, judged = await choose(against={**OFFLINE, "ibm_two": ("budget/money", "backend/online")})

    assert judged[-1] == ("qpu.forte-1", "vendor")
    assert choice.kept.written == b"for qpu.forte-1, by ionq"
    assert [each.backend for each in choice.tried] == ["ibm_one", "ibm_two"]


async def test_the_order_is_the_operators():
    choice, judged = await choose(order=(Step.REQUESTED, Step.VENDOR, Step.ALTERNATIVE))

    assert [step for _, step in judged] == ["requested", "vendor"]
    assert choice.survey.asked.backend.name == "qpu.forte-1"


async def test_by_default_nothing_moves_to_other_hardware():
    choice, judged = await choose(order=(Step.REQUESTED, Step.SIMULATOR))

    assert (len(judged), choice.decision.allow) == (1, False)


async def test_what_stands_behind_the_simulator_in_the_order_is_not_tried():
    _, judged = await choose(order=(Step.REQUESTED, Step.SIMULATOR, Step.VENDOR))

    assert len(judged) == 1


async def test_a_backend_that_nobody_lists_is_the_callers_own_vendors():
    """The vendor may be away since the start: its other hardware is an alternative, not another vendor's."""
    choice, judged = await choose(replace(ASKED, backend="ibm_gone"), against={"ibm_gone": ("backend/known",)})

    assert judged[1] == ("ibm_one", "alternative")
    assert choice.tried[0].rules == ("backend/known",)


async def test_a_job_that_a_simulator_would_take_goes_to_other_hardware_first():
    choice, _ = await choose(against={}, diverted=frozenset({"ibm_one"}))

    assert choice.survey.asked.backend.name == "ibm_two"
    assert choice.tried[0].rules == ("backend/diverted",)


async def test_with_no_other_hardware_the_simulator_still_takes_it():
    choice, _ = await choose(
        against={"ibm_two": ("data/residency",), "qpu.forte-1": ("data/residency",)}, diverted=frozenset({"ibm_one"})
    )

    assert choice.decision.placement.kind is PlacementKind.SIMULATOR
    assert [each.rules for each in choice.tried] == [("backend/diverted",), ("data/residency",), ("data/residency",)]


async def test_what_costs_too_much_here_may_be_affordable_there():
    """Prices differ, and a budget may be one vendor's; each other place is judged whole, its own price too."""
    choice, judged = await choose(against={"ibm_one": ("budget/money", "backend/online"), "ibm_two": ("budget/money",)})

    assert [backend for backend, _ in judged] == ["ibm_one", "ibm_two", "qpu.forte-1"]
    assert choice.survey.asked.backend.name == "qpu.forte-1"
    assert choice.tried[0].rules == ("budget/money", "backend/online")


async def test_nothing_moves_to_hardware_that_is_no_more_affordable():
    everywhere = dict.fromkeys((*IBM.offers, *IONQ.offers), ("budget/money",))

    choice, _ = await choose(against=everywhere)

    assert [finding.rule for finding in choice.decision.deny] == ["budget/money"]
    assert choice.kept is None


@pytest.mark.parametrize(
    ("submission", "against"),
    [
        pytest.param(ASKED, {"ibm_one": ("budget/known",)}, id="nobody knows what is left"),
        pytest.param(ASKED, {"ibm_one": ("backend/online", "data/residency")}, id="more than the backend is wrong"),
        pytest.param(replace(ASKED, tags=(PINNED_TAG,)), OFFLINE, id="its owner wants no other"),
        pytest.param(replace(ASKED, options={"dry_run": True}), OFFLINE, id="a dry run"),
        pytest.param(replace(ASKED, program="estimator"), OFFLINE, id="nothing but a sampler can be said elsewhere"),
        pytest.param(
            replace(ASKED, backend="sim_line_5"), {"sim_line_5": ("backend/online",)}, id="a simulator was asked for"
        ),
    ],
)
async def test_some_jobs_never_move(submission, against):
    choice, judged = await choose(submission, against=against)

    assert (len(judged), choice.kept, choice.decision.allow) == (1, None, False)


async def test_what_cannot_be_said_in_a_places_words_goes_to_the_next():
    choice, _ = await choose(speechless=frozenset({"ibm_two"}))

    assert choice.survey.asked.backend.name == "qpu.forte-1"
    assert choice.tried[1].rules == (UNWRITABLE,)


async def test_what_cannot_be_said_anywhere_is_judged_as_it_was_asked():
    """Its refusal says what is wrong with the backend, and consent still puts it on a simulator."""
    everywhere = frozenset({"ibm_two", "qpu.forte-1"})
    refused, _ = await choose(speechless=everywhere)
    simulated, _ = await choose(against={}, diverted=frozenset({"ibm_one"}), speechless=everywhere)

    assert [finding.rule for finding in refused.decision.deny] == ["backend/online"]
    assert simulated.decision.placement.kind is PlacementKind.SIMULATOR


@pytest.mark.parametrize(
    "fleet",
    [
        pytest.param((IBM, replace(IONQ, qubits=1), AER), id="too small"),
        pytest.param((IBM, replace(IONQ, offline=frozenset(IONQ.offers)), AER), id="offline"),
        pytest.param((IBM, replace(IONQ, kind=ExecutionKind.SIMULATOR), AER), id="a simulator"),
        pytest.param((IBM, replace(IONQ, name="acme"), AER), id="nothing writes for it"),
    ],
)
async def test_places_that_could_not_run_it_are_not_even_judged(fleet):
    _, judged = await choose(against={**OFFLINE, "ibm_two": ("backend/online",)}, fleet=fleet)

    assert [backend for backend, _ in judged] == ["ibm_one", "ibm_two"]


async def test_each_job_costs_a_few_decisions_at_most():
    many = replace(IONQ, offers=tuple(f"qpu.{number}" for number in range(20)))
    against = dict.fromkeys((*IBM.offers, *many.offers), ("backend/online",))

    _, judged = await choose(against=against, fleet=(IBM, many, AER))

    assert len(judged) == 1 + MOST_TRIED


async def test_another_vendors_backend_may_be_asked_for_by_name():
    choice, _ = await choose(replace(ASKED, backend="qpu.forte-1"), against={})

    assert choice.kept.written == b"for qpu.forte-1, by ionq"
    assert choice.survey.step is Step.REQUESTED


async def test_another_vendors_backend_asked_for_by_name_is_refused_where_nobody_writes_for_it():
    with pytest.raises(NotTranslatableError):
        await choose(replace(ASKED, backend="qpu.forte-1"), against={}, encoders=frozenset())


async def test_options_that_do_not_go_along_are_named():
    choice, _ = await choose(replace(ASKED, options={"twirling": {"enable_gates": True}, "default_shots": 8}))

    assert choice.survey.not_applied == ("default_shots", "twirling.enable_gates")
