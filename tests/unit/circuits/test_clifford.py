"""Gates are called Clifford only where a stabilizer simulator can really run them."""

import math

import pytest
from qiskit.circuit import Parameter, library
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Clifford

from gateway.circuits.clifford import _ALWAYS, _STEPS, is_clifford

GATES = library.get_standard_gate_name_mapping()


def truly_clifford(name: str, angles: list[float]) -> bool:
    gate = type(GATES[name])(*angles)
    try:
        Clifford.from_matrix(gate.to_matrix())
    except QiskitError:
        return False
    return True


@pytest.mark.parametrize("name", sorted(_ALWAYS & set(GATES) - {"global_phase"}))
def test_a_gate_without_angles_is_what_we_say(name):
    assert is_clifford(name, [])
    assert truly_clifford(name, [])


@pytest.mark.parametrize("name", sorted(set(_STEPS) & set(GATES)))
@pytest.mark.parametrize("turns", range(-4, 5))
def test_a_rotation_by_multiples_of_its_step_is_clifford(name, turns):
    angles = [turns * _STEPS[name]] * len(GATES[name].params)

    assert is_clifford(name, angles)
    assert truly_clifford(name, angles)


@pytest.mark.parametrize("name", sorted(set(_STEPS) & set(GATES)))
def test_a_rotation_by_half_a_step_is_not(name):
    angles = [_STEPS[name] / 2] * len(GATES[name].params)

    assert not is_clifford(name, angles)
    assert not truly_clifford(name, angles)


@pytest.mark.parametrize(
    ("angle", "clifford"),
    [
        pytest.param(math.pi / 2 + 0.9e-9, True, id="within the tolerance"),
        pytest.param(math.pi / 2 + 1.1e-9, False, id="just outside the tolerance"),
        pytest.param(1e6 * math.pi, True, id="many turns"),
        pytest.param(math.inf, False, id="infinite"),
        pytest.param(math.nan, False, id="not a number"),
        pytest.param(Parameter("a"), False, id="a free parameter"),
        pytest.param(2 * Parameter("a") + 1, False, id="an expression of a free parameter"),
    ],
)
def test_angles_decide(angle, clifford):
    assert is_clifford("rz", [angle]) is clifford


def test_a_bound_expression_counts_by_its_value():
    a = Parameter("a")

    assert is_clifford("rz", [(a + math.pi / 4).bind({a: math.pi / 4})])
    assert not is_clifford("rz", [(a + 0.1).bind({a: 0.1})])


@pytest.mark.parametrize("name", ["t", "tdg", "ccx", "unitary", "initialize", "something"])
def test_other_gates_are_not(name):
    assert not is_clifford(name, [])
