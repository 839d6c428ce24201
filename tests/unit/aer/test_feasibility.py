from dataclasses import replace

import pytest

from adapters.aer import costs, devices, feasibility
from adapters.aer.feasibility import Limits, choose, feasibility_table, judge
from gateway.circuits.measure import measure
from gateway.domain.circuit import CircuitFacts, ProgramFacts
from gateway.ports.reader import Program
from tests.unit.aer.circuits import brickwork, busy, ghz, teleportation
from tests.unit.aer.plain_reader import circuit_item, item

LIMITS = Limits(cpu_seconds=600, memory_bytes=2 * 2**30, noisy=False)
NOISY = replace(LIMITS, noisy=True)
LARGE = devices.device("sim_heavyhex_127")


def facts(*items) -> ProgramFacts:
    items = [one if isinstance(one, dict) else circuit_item(one) for one in items]
    return measure(Program(kind="sampler", items=tuple(map(item, items)), options={}, payload_versions=("plain",)))


def changed(circuit: CircuitFacts, **changes) -> ProgramFacts:
    return replace(facts(ghz([0, 1], declared=2)), circuits=(replace(circuit, **changes),))


ONE = facts(ghz([0, 1], declared=2)).circuits[0]


@pytest.mark.parametrize(
    ("circuit", "limits", "method"),
    [
        pytest.param(ghz(list(range(127)), declared=127), LIMITS, "stabilizer", id="Clifford gates, any size"),
        pytest.param(brickwork(20, 10, seed=1), LIMITS, "statevector", id="any gates, few qubits"),
        pytest.param(brickwork(100, 6, seed=1), LIMITS, "matrix_product_state", id="many qubits, little entanglement"),
        pytest.param(teleportation(0.3), LIMITS, "statevector", id="dynamic"),
        pytest.param(brickwork(4, 4, seed=1), NOISY, "density_matrix", id="noise, few qubits"),
        pytest.param(ghz(list(range(60)), declared=127), NOISY, "stabilizer", id="noise, Clifford gates"),
        pytest.param(brickwork(14, 4, seed=1), NOISY, "statevector", id="noise, more qubits"),
    ],
)
def test_the_method_follows_from_the_circuit(circuit, limits, method):
    judged = judge(facts(circuit), LARGE, limits)

    assert judged.feasible, judged.reason
    assert judged.method == method
    assert 0 < judged.cpu_seconds <= limits.cpu_seconds
    assert 0 < judged.memory_bytes <= limits.memory_bytes


def test_few_gates_that_are_not_clifford_among_many_that_are_take_the_extended_stabilizer():
    """Thirty-five qubits, deep, four rotations, one shot: nothing exact fits."""
    circuit = feasibility._example(35, layers=35, rotations=4, shots=1)

    assert choose(circuit, LIMITS).method == "extended_stabilizer"
    assert choose(replace(circuit, control_flow=1), LIMITS) is None
    assert choose(replace(circuit, rotations=60), LIMITS) is None
    assert choose(replace(circuit, shots=1000), LIMITS) is None
    assert choose(circuit, NOISY) is None


def test_several_circuits_are_added_up_and_their_methods_named():
    judged = judge(facts(ghz([0, 1], declared=5), brickwork(10, 5, seed=1)), LARGE, LIMITS)

    parts = [judge(facts(one), LARGE, LIMITS) for one in (ghz([0, 1], declared=5), brickwork(10, 5, seed=1))]
    assert judged.method == "stabilizer+statevector"
    assert judged.cpu_seconds == pytest.approx(sum(part.cpu_seconds for part in parts))
    assert judged.memory_bytes == max(part.memory_bytes for part in parts)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        pytest.param(changed(ONE, qubits_used=128), ("uses 128 qubits", "has 127", "choose a larger"), id="too wide"),
        pytest.param(changed(ONE, shots=100_001), ("100001 shots", "takes 100000"), id="too many shots"),
        pytest.param(changed(ONE, bindings=10**6, shots=10_000), ("result would be", "split the job"), id="too large"),
        pytest.param(facts(*[ghz([0], declared=1)] * 301), ("301 circuits", "takes 300"), id="too many circuits"),
        pytest.param(facts(brickwork(60, 60, seed=1)), ("60 qubits", "statevector about", "may use 600 s and 2 GiB",
                     "What runs: 26 qubits"), id="too entangled"),
        pytest.param(facts(busy()), ("20 qubits", "1000 shots in all", "fewer shots help"), id="every shot anew"),
        pytest.param(changed(ONE, bindings=400_000, shots=10), ("cannot be simulated here",), id="too many bindings"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_was_found_and_what_is_allowed(asked, words):
    judged = judge(asked, LARGE, LIMITS)

    assert not judged.feasible
    assert judged.method is None
    assert all(word in judged.reason for word in words), judged.reason


def test_circuits_that_fit_alone_may_be_too_much_together():
    slow = feasibility._example(26, layers=26)
    several = replace(facts(ghz([0], declared=1)), circuits=(slow,) * 10)

    judged = judge(several, LARGE, LIMITS)

    assert choose(slow, LIMITS)
    assert not judged.feasible
    assert "the circuits together need" in judged.reason


@pytest.mark.parametrize("edge", ["cpu_seconds", "memory_bytes"])
def test_the_limits_hold_to_the_last_unit(edge):
    circuit = facts(brickwork(12, 5, seed=1)).circuits[0]
    plan = costs.plans(circuit, noisy=False)[0]
    exact = Limits(cpu_seconds=plan.cpu_seconds, memory_bytes=plan.memory_bytes, noisy=False)

    assert exact.allow(plan)
    assert not replace(exact, **{edge: getattr(exact, edge) * 0.999}).allow(plan)


def test_an_estimator_is_not_held_to_the_shots_of_a_sampler():
    """Its shots come from a precision, and are taken in portions."""
    assert judge(changed(ONE, shots=1_000_000, observables=3), LARGE, LIMITS).feasible
    assert not judge(changed(ONE, shots=10**12, observables=3), LARGE, LIMITS).feasible


def test_a_job_without_circuits_costs_nothing():
    judged = judge(facts(), LARGE, LIMITS)

    assert (judged.feasible, judged.method, judged.cpu_seconds) == (True, None, 0.0)


def test_more_of_anything_never_costs_less():
    for noisy in (False, True):
        for more in ({"shots": 2000}, {"bindings": 2}, {"qubits_used": 3}):
            for small, large in zip(
                costs.plans(replace(ONE, clifford=False, rotations=99), noisy=noisy),
                costs.plans(replace(ONE, clifford=False, rotations=99, **more), noisy=noisy),
                strict=True,
            ):
                assert (large.cpu_seconds, large.memory_bytes) >= (small.cpu_seconds, small.memory_bytes)


def test_the_table_of_the_manual_tells_the_largest_circuit_of_each_kind():
    rows = {(row.circuit, row.noise): row for row in feasibility_table(cpu_seconds=600, memory_bytes=2 * 2**30)}

    general = rows["any gates, as deep as wide, 1000 shots", "ideal"]
    assert (general.qubits, general.method) == (26, "statevector")
    assert rows["Clifford gates, 100 layers, 1000 shots", "ideal"].qubits == 127
    assert all(row.cpu_seconds <= 600 and row.memory_bytes <= 2 * 2**30 for row in rows.values())
    assert {row.method for row in rows.values()} == {
        "stabilizer", "statevector", "matrix_product_state", "extended_stabilizer",
    }  # fmt: skip
