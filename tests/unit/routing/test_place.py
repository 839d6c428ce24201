"""Placement names one backend that policy allowed, and the same simulator that was judged feasible."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.backend import Backend, ExecutionKind
from gateway.domain.decision import Decision, PlacementKind, PolicyPlacement
from gateway.routing.place import NoPlacementError, candidate, place


def backend(name, qubits, *, kind=ExecutionKind.SIMULATOR, upstream="aer"):
    return Backend(
        name=name,
        upstream=upstream,
        vendor="gateway",
        region="local",
        kind=kind,
        qubits=qubits,
        basis_gates=(),
        gates=(),
        coupling_map=(),
        supported_instructions=(),
        max_shots=1,
        max_circuits=1,
        dynamic_circuits=True,
        processor_family="",
        processor_revision="",
        version="",
        online_since=datetime(2026, 1, 1, tzinfo=UTC),
        description="",
        rep_delay_seconds=(0.0, 0.0, 0.0),
        dt_seconds=1e-9,
    )


def circuits(*used):
    return SimpleNamespace(circuits=tuple(SimpleNamespace(qubits_used=qubits) for qubits in used))


SMALL, MIDDLE, LARGE = backend("sim_5", 5), backend("sim_27", 27), backend("sim_127", 127)
SIMULATORS = (LARGE, SMALL, MIDDLE)
HARDWARE = backend("ibm_fez", 156, kind=ExecutionKind.HARDWARE, upstream="ibm")
SUBMISSION = SimpleNamespace(backend="ibm_fez")
DECISION = Decision(
    id="0190-decision",
    allow=True,
    deny=(),
    warn=(),
    placement=PolicyPlacement(kind=PlacementKind.REQUESTED, reason=""),
    obligations=(),
    engine="test",
    policy_revision="",
    data_revision="",
    facts_digest="",
    facts=b"",
    milliseconds=0.0,
)
FALLBACK = replace(DECISION, placement=PolicyPlacement(kind=PlacementKind.SIMULATOR, reason="ibm_fez is offline"))


def placed(decision, *, asked, facts=None, simulators=SIMULATORS):
    return place(submission=SUBMISSION, decision=decision, asked=asked, simulators=simulators, facts=facts)


def test_a_job_goes_where_it_was_asked_to_go_when_policy_says_so():
    placement = placed(DECISION, asked=HARDWARE, facts=circuits(2))

    assert (placement.upstream, placement.backend, placement.kind) == ("ibm", "ibm_fez", ExecutionKind.HARDWARE)
    assert not placement.fallback
    assert placement.reason == ""


def test_a_fallback_says_that_it_is_one_and_why():
    placement = placed(FALLBACK, asked=HARDWARE, facts=circuits(2))

    assert (placement.upstream, placement.backend, placement.kind) == ("aer", "sim_5", ExecutionKind.SIMULATOR)
    assert placement.fallback
    assert placement.reason == "ibm_fez is offline"


def test_an_absent_backend_falls_back_when_policy_says_so():
    assert placed(FALLBACK, asked=None, facts=circuits(6)).backend == "sim_27"


def test_a_simulator_asked_for_is_no_fallback():
    placement = placed(FALLBACK, asked=LARGE, facts=circuits(2))

    assert placement.backend == "sim_127"
    assert not placement.fallback
    assert placement.reason == ""


@pytest.mark.parametrize(
    ("used", "want"),
    [
        pytest.param((), "sim_5", id="no circuits"),
        pytest.param((5,), "sim_5", id="just fits"),
        pytest.param((6,), "sim_27", id="one too many"),
        pytest.param((1, 28, 3), "sim_127", id="the widest circuit counts"),
    ],
)
def test_the_smallest_simulator_that_holds_the_used_qubits_stands_in(used, want):
    assert candidate(asked=HARDWARE, simulators=SIMULATORS, facts=circuits(*used)).name == want


def test_of_equal_simulators_the_first_by_name_stands_in():
    twins = (backend("sim_b", 5), backend("sim_a", 5))

    assert candidate(asked=None, simulators=twins, facts=circuits(1)).name == "sim_a"


def test_without_facts_no_simulator_stands_in():
    """Undefined is not allowed: an unmeasured circuit may need any number of qubits."""
    assert candidate(asked=HARDWARE, simulators=SIMULATORS, facts=None) is None
    assert candidate(asked=SMALL, simulators=SIMULATORS, facts=None) == SMALL


def test_too_many_qubits_are_refused_in_words():
    with pytest.raises(NoPlacementError, match="use fewer qubits"):
        placed(FALLBACK, asked=HARDWARE, facts=circuits(128))


def test_an_unknown_backend_is_refused_in_words():
    with pytest.raises(NoPlacementError, match="no backend 'ibm_fez' here"):
        placed(DECISION, asked=None, facts=circuits(1))


@pytest.mark.parametrize(
    "decision",
    [
        pytest.param(replace(DECISION, allow=False), id="denied"),
        pytest.param(replace(DECISION, placement=None), id="allowed, but nowhere"),
        pytest.param(replace(DECISION, allow=False, placement=None), id="denied and nowhere"),
    ],
)
def test_without_an_allowed_place_nothing_is_placed(decision):
    with pytest.raises(NoPlacementError):
        placed(decision, asked=HARDWARE, facts=circuits(1))


backends = st.builds(backend, st.sampled_from(["a", "b", "c"]), st.integers(1, 200))


@given(st.lists(backends, max_size=5), st.lists(st.integers(0, 200), max_size=3))
def test_what_was_judged_is_what_is_placed(simulators, used):
    judged = candidate(asked=HARDWARE, simulators=simulators, facts=circuits(*used))

    if judged is None:
        with pytest.raises(NoPlacementError):
            placed(FALLBACK, asked=HARDWARE, facts=circuits(*used), simulators=simulators)
    else:
        assert placed(FALLBACK, asked=HARDWARE, facts=circuits(*used), simulators=simulators).backend == judged.name
