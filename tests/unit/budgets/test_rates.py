"""Each way of charging: exact in whole numbers, never less with more work, and held at what cannot be exceeded."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.budgets.rates import Bounds, Free, PerCredit, PerGate, PerSecond, PerTask
from gateway.budgets.workload import Portion, Site, Usage, Workload, whole_milliseconds
from gateway.domain.backend import ExecutionKind

ARIA = PerGate(
    one_qubit_gate_nanos=220_000,
    two_qubit_gate_nanos=975_000,
    minimum_micros=12_416_600,
    mitigated_minimum_micros=97_500_000,
)
HQC = PerCredit(
    unit="HQC",
    per_job=5_000_000,
    one_qubit_gate=200,
    two_qubit_gate=2_000,
    measurement=1_000,
    per_unit_micros=12_500_000,
)
SHOT = PerTask(per_task_micros=300_000, per_shot_micros=1_450)
SECOND = PerSecond(per_second_micros=1_600_000)
SITE = Site(upstream="v", backend="b", kind=ExecutionKind.HARDWARE)
BOUNDS = Bounds(seconds=300, mitigated=None)
OFF, ON = Bounds(seconds=300, mitigated=False), Bounds(seconds=300, mitigated=True)

counts = st.integers(0, 10**6)
portions = st.builds(
    Portion, shots=counts, gates=st.fixed_dictionaries({1: counts, 2: counts, 3: counts}), measurements=counts
)
works = st.lists(portions, min_size=1, max_size=4).map(lambda parts: work(*parts))
rates = st.sampled_from([ARIA, HQC, SHOT, SECOND, Free()])


def work(*parts, milliseconds=2_500):
    return Workload(portions=parts, shots=sum(part.shots for part in parts), milliseconds=milliseconds)


def circuit(shots=1_000, one=0, two=0, **more):
    return Portion(shots=shots, gates={1: one, 2: two, **more.pop("wide", {})}, **more)


def used(completed=True, **known):
    return Usage(site=SITE, completed=completed, **known)


def test_a_task_costs_its_shots():
    cost = SHOT.cost(work(circuit(shots=100)), BOUNDS)

    assert (cost.most_micros, cost.expected_micros, cost.native) == (445_000, 445_000, (100, "shots"))


def test_time_is_held_at_its_bound_and_expected_at_its_estimate():
    """A job may run longer than anybody estimated; it cannot run longer than it is capped at."""
    cost = SECOND.cost(work(circuit(), milliseconds=2_500), BOUNDS)

    assert (cost.most_micros, cost.expected_micros, cost.native) == (480_000_000, 4_000_000, (300_000, "milliseconds"))


def test_a_minimum_of_time_is_billed_for_the_shortest_job():
    rate = PerSecond(per_second_micros=1_250, minimum_milliseconds=3_000)

    assert rate.cost(work(circuit(), milliseconds=1), BOUNDS).expected_micros == 3_750
    assert rate.charged(used(milliseconds=1)) == 3_750
    assert rate.charged(used(completed=False, milliseconds=0)) == 0


@pytest.mark.parametrize(
    ("portion", "bounds", "micros"),
    [
        pytest.param(circuit(shots=1_000, one=10, two=5), OFF, 12_416_600, id="below the minimum"),
        pytest.param(circuit(shots=1_000, one=10, two=5), ON, 97_500_000, id="below the minimum with mitigation"),
        pytest.param(circuit(shots=1_000, one=10, two=5), BOUNDS, 97_500_000, id="nobody said: the dearer one"),
        pytest.param(circuit(shots=1_000, one=200, two=100), OFF, 141_500_000, id="by its gates"),
        pytest.param(circuit(shots=1_000, wide={4: 10}), OFF, 117_000_000, id="three controls count as twelve pairs"),
    ],
)
def test_gates_are_held_at(portion, bounds, micros):
    assert ARIA.cost(work(portion), bounds).most_micros == micros


def test_a_minimum_is_held_for_each_circuit_and_expected_once():
    cost = ARIA.cost(work(circuit(one=1), circuit(one=1)), OFF)

    assert (cost.most_micros, cost.expected_micros) == (24_833_200, 12_416_600)


def test_a_fraction_of_a_micro_is_rounded_up():
    tiny = PerGate(one_qubit_gate_nanos=1, two_qubit_gate_nanos=0, minimum_micros=0, mitigated_minimum_micros=0)

    assert tiny.cost(work(circuit(shots=1, one=1)), OFF).most_micros == 1
    assert tiny.cost(work(circuit(shots=1_000, one=1)), OFF).most_micros == 1
    assert tiny.cost(work(circuit(shots=1_001, one=1)), OFF).most_micros == 2


def test_credits_are_the_formula_of_their_vendor():
    """HQC = 5 + C (N1 + 10 N2 + 5 Nm) / 5000, here 5 + 1000 (10 + 200 + 20) / 5000 = 51."""
    cost = HQC.cost(work(circuit(shots=1_000, one=10, two=20, measurements=4)), BOUNDS)

    assert cost.native == (51_000_000, "millionths of HQC")
    assert cost.most_micros == 51 * 12_500_000


def test_credits_paid_for_before_cost_no_money_and_are_counted():
    prepaid = PerCredit(
        unit="HQC", per_job=5_000_000, one_qubit_gate=0, two_qubit_gate=0, measurement=0, per_unit_micros=0
    )

    cost = prepaid.cost(work(circuit()), BOUNDS)
    assert (cost.most_micros, cost.native) == (0, (5_000_000, "millionths of HQC"))


@given(rate=rates, job=works, bounds=st.sampled_from([BOUNDS, OFF, ON]))
def test_what_is_held_is_whole_and_never_less_than_what_is_expected(rate, job, bounds):
    cost = rate.cost(job, bounds)

    assert type(cost.most_micros) is int
    assert type(cost.expected_micros) is int
    assert 0 <= cost.expected_micros <= cost.most_micros


@given(rate=rates, job=works, more=portions)
def test_more_work_never_costs_less(rate, job, more):
    larger = work(*job.portions, more)

    before, after = rate.cost(job, BOUNDS), rate.cost(larger, BOUNDS)

    assert after.most_micros >= before.most_micros
    assert after.expected_micros >= before.expected_micros


@given(nanos=st.integers(0, 10**9), shots=counts, gates=counts)
def test_gates_are_priced_exactly_and_rounded_up_once(nanos, shots, gates):
    rate = PerGate(one_qubit_gate_nanos=nanos, two_qubit_gate_nanos=0, minimum_micros=0, mitigated_minimum_micros=0)

    cost = rate.cost(work(circuit(shots=shots, one=gates)), OFF)

    assert cost.most_micros == ceil(Fraction(nanos * shots * gates, 1000))


@given(job=works, shorter=st.integers(1, 1_000), longer=st.integers(0, 1_000))
def test_a_longer_bound_never_holds_less(job, shorter, longer):
    short, long = (Bounds(seconds=seconds, mitigated=None) for seconds in (shorter, shorter + longer))

    assert SECOND.cost(job, short).most_micros <= SECOND.cost(job, long).most_micros


@pytest.mark.parametrize(
    ("rate", "usage", "micros"),
    [
        pytest.param(SHOT, used(shots=100), 445_000, id="all shots"),
        pytest.param(SHOT, used(shots=0), 300_000, id="a completed task without a shot"),
        pytest.param(SHOT, used(completed=False, shots=10), 314_500, id="a failed task's shots"),
        pytest.param(SHOT, used(completed=False, shots=0), 0, id="a failed task without a shot"),
        pytest.param(SHOT, used(completed=False), 0, id="a failed task of which nothing is told"),
        pytest.param(SHOT, used(), None, id="a completed task of which nothing is told"),
        pytest.param(SECOND, used(milliseconds=1_500), 2_400_000, id="billed time"),
        pytest.param(SECOND, used(completed=False, milliseconds=500), 800_000, id="a failed job's billed time"),
        pytest.param(SECOND, used(completed=False), 0, id="a failed job of which nothing is told"),
        pytest.param(SECOND, used(), None, id="a completed job of which nothing is told"),
        pytest.param(ARIA, used(shots=5), None, id="gates are not known any more"),
        pytest.param(ARIA, used(completed=False), 0, id="no gate ran"),
        pytest.param(HQC, used(), None, id="nor for credits"),
        pytest.param(Free(), used(), 0, id="free"),
    ],
)
def test_what_ran_is_charged(rate, usage, micros):
    assert rate.charged(usage) == micros


@pytest.mark.parametrize(
    ("seconds", "milliseconds"),
    [(0.0, 0), (1.1, 1_100), (2.3, 2_300), (1.0001, 1_001), (1e-9, 1), (3, 3_000), (-1.0, None), (float("nan"), None)],
)
def test_time_is_rounded_up_by_its_decimals(seconds, milliseconds):
    """A binary fraction a hair above 1.1 is no reason to bill a millisecond more."""
    assert whole_milliseconds(seconds) == milliseconds
