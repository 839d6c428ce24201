"""Counts hold for what a circuit does, however it is wrapped."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit, qasm2, qpy
from qiskit.circuit import ClassicalRegister, Parameter, QuantumRegister
from qiskit.circuit.classical import expr
from qiskit.circuit.library import QFTGate
from qiskit.circuit.random import random_circuit

from gateway.circuits import tally as rules
from gateway.circuits.tally import largest_component, tally
from gateway.ports.reader import UnreadableError
from tests.unit.ibm_reader.wire import raw_qpy


def circuit(qubits: int, clbits: int, build) -> QuantumCircuit:
    made = QuantumCircuit(qubits, clbits)
    build(made)
    return made


@given(st.integers(1, 6), st.integers(0, 12), st.integers(0, 2**32 - 1))
def test_depth_size_and_names_are_qiskits_own(qubits, depth, seed):
    """Two programs that count a circuit must not disagree about a limit."""
    made = random_circuit(qubits, depth, max_operands=min(qubits, 3), measure=True, reset=True, seed=seed)

    total = tally(made)

    assert total.depth == made.depth()
    assert total.size == made.size()
    assert total.names == made.count_ops()
    assert total.two_qubit_depth == made.depth(
        lambda one: len(one.qubits) > 1 and one.name not in {"barrier", "measure", "reset"}
    )


def test_idle_qubits_barriers_and_delays_use_nothing():
    made = QuantumCircuit(156, 1)
    made.barrier()
    made.delay(100, 7)
    made.h(3)

    total = tally(made)

    assert total.used == {3}
    assert total.names == {"barrier": 1, "delay": 1, "h": 1}


def test_a_custom_gate_counts_as_what_it_is_made_of():
    """Limits on two-qubit gates and depth must not be passed by giving a block a name."""
    inner = QuantumCircuit(2, name="innocent")
    for _ in range(10):
        inner.cx(0, 1)
        inner.t(1)
    made = QuantumCircuit(3)
    made.append(inner.to_gate(), [0, 2])
    made.append(inner.to_gate(), [2, 1])

    total = tally(made)

    assert total.names == {"cx": 20, "t": 20}
    assert total.arities == {1: 20, 2: 20}
    assert total.rotations == 20
    assert total.depth == 40
    assert total.two_qubit_depth == 20
    assert largest_component(total.links, total.used) == 3


def test_two_gates_of_one_name_count_as_what_each_is_made_of():
    """QPY lets a name stand for two things; the second must not hide behind the first."""
    made = QuantumCircuit(2)
    for repeats in (1, 50):
        inner = QuantumCircuit(2, name="same")
        for _ in range(repeats):
            inner.cx(0, 1)
        made.append(inner.to_gate(), [0, 1])

    read = qpy.load(io.BytesIO(raw_qpy(made)))[0]

    assert tally(made).names == {"cx": 51}
    assert tally(read).names == {"cx": 51}


@pytest.mark.parametrize("text", ["qasm2", "qasm3"])
def test_gates_defined_in_openqasm_count_as_what_they_are_made_of(text):
    from adapters.ibm.reader.circuits import openqasm

    program = {
        "qasm2": 'OPENQASM 2.0; include "qelib1.inc"; gate g a,b { cx a,b; cx b,a; } qreg q[2]; g q[0],q[1];',
        "qasm3": 'OPENQASM 3.0; include "stdgates.inc"; gate g a,b { cx a,b; cx b,a; } qubit[2] q; g q[0],q[1];',
    }[text]

    assert tally(openqasm(program, "x").circuit).names == {"cx": 2}


def test_a_library_gate_counts_as_one():
    made = QuantumCircuit(4)
    made.append(QFTGate(4), range(4))

    assert tally(made).names == {"qft": 1}
    assert tally(made).arities == {4: 1}


@pytest.mark.parametrize(
    ("build", "mid_circuit"),
    [
        pytest.param(lambda c: c.measure([0, 1], [0, 1]), 0, id="measured last"),
        pytest.param(lambda c: (c.measure(0, 0), c.x(0)), 1, id="a gate follows"),
        pytest.param(
            lambda c: (c.measure(0, 0), c.barrier(), c.delay(10, 0)), 0, id="only a barrier and a delay follow"
        ),
        pytest.param(lambda c: (c.measure(0, 0), c.measure(0, 1)), 1, id="measured twice"),
        pytest.param(lambda c: (c.measure(0, 0), c.reset(0)), 1, id="a reset follows"),
        pytest.param(lambda c: (c.measure(0, 0), c.x(1)), 0, id="another qubit goes on"),
    ],
)
def test_a_measurement_is_mid_circuit_where_something_follows(build, mid_circuit):
    assert tally(circuit(2, 2, build)).mid_circuit == mid_circuit


def test_a_measurement_that_decides_is_mid_circuit():
    """Feed-forward needs dynamic circuits, even where the measured qubit itself is left alone."""
    made = QuantumCircuit(2, 1)
    made.measure(0, 0)
    with made.if_test((made.clbits[0], 1)):
        made.x(1)

    total = tally(made)

    assert total.mid_circuit == 1
    assert total.control_flow == 1
    assert total.names == {"measure": 1, "if_else": 1, "x": 1}


def test_bodies_count_once_with_all_they_touch():
    made = QuantumCircuit(QuantumRegister(4), ClassicalRegister(3, "c"))
    with made.for_loop(range(100)):
        made.cx(1, 2)
        made.measure(2, 0)
    with made.switch(expr.lift(made.cregs[0])) as case:
        with case(0):
            made.cx(2, 3)
        with case(case.DEFAULT):
            made.x(3)
            made.x(3)

    total = tally(made)

    assert total.names == {"for_loop": 1, "switch_case": 1, "cx": 2, "measure": 1, "x": 2}
    assert total.used == {1, 2, 3}
    assert total.written == {0}
    assert total.mid_circuit == 1
    assert total.control_flow == 2
    assert largest_component(total.links, total.used) == 3


def test_a_box_groups_and_decides_nothing():
    made = QuantumCircuit(3, 2)
    with made.box():
        made.cx(2, 1)
        made.measure(2, 1)

    total = tally(made)

    assert total.names == {"box": 1, "cx": 1, "measure": 1}
    assert (total.control_flow, total.mid_circuit, total.measurements) == (0, 0, 1)
    assert (total.depth, total.two_qubit_depth, total.used, total.written) == (2, 1, {1, 2}, {1})
    made.x(2)
    assert tally(made).mid_circuit == 1


def test_measured_bits_are_counted_by_bit():
    made = circuit(2, 2, lambda c: (c.measure(0, 1), c.measure(1, 1)))

    assert tally(made).written == {1}


def test_rotations_are_gates_that_no_stabilizer_runs():
    made = QuantumCircuit(2)
    made.h(0)
    made.rz(Parameter("a"), 0)
    made.t(1)
    made.cx(0, 1)

    assert tally(made).rotations == 2


def test_definitions_that_multiply_are_counted_without_being_written_out(monkeypatch):
    monkeypatch.setattr(rules, "MAX_OPERATIONS", 2**20)

    assert tally(doubling(20)).size == 2**20
    with pytest.raises(UnreadableError, match="more than 1048576 operations"):
        tally(doubling(21))


def test_definitions_that_nest_too_deep_are_refused():
    assert tally(chain(60)).size == 1
    with pytest.raises(UnreadableError, match="deeper than 64"):
        tally(chain(70))


def doubling(levels: int) -> QuantumCircuit:
    gates = [f"gate g{n} a {{ g{n - 1} a; g{n - 1} a; }}" for n in range(1, levels + 1)]
    return nested(gates, levels)


def chain(levels: int) -> QuantumCircuit:
    return nested([f"gate g{n} a {{ g{n - 1} a; }}" for n in range(1, levels + 1)], levels)


def nested(gates: list[str], levels: int) -> QuantumCircuit:
    head = 'OPENQASM 2.0; include "qelib1.inc"; gate g0 a { h a; }'
    return qasm2.loads("\n".join([head, *gates, f"qreg q[1]; g{levels} q[0];"]))


@pytest.mark.parametrize("name", ["x" * 65, "a b", "a\nb", "ключ", "1st"])
def test_names_that_are_no_names_count_as_other(name):
    opaque = QuantumCircuit(1)
    from qiskit.circuit import Gate

    opaque.append(Gate(name, 1, []), [0])

    assert tally(opaque).names == {"other": 1}


@pytest.mark.parametrize(
    ("links", "used", "most"),
    [
        pytest.param([], [], 0, id="nothing is used"),
        pytest.param([], [4], 1, id="one qubit alone"),
        pytest.param([[0, 1], [2, 3]], [0, 1, 2, 3], 2, id="two pairs"),
        pytest.param([[0, 1], [2, 3], [1, 2]], [0, 1, 2, 3, 9], 4, id="a chain and one alone"),
    ],
)
def test_the_largest_component_is_what_must_be_held_at_once(links, used, most):
    assert largest_component(links, used) == most
