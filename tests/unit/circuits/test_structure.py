"""A circuit is known again under other names, and told from another circuit."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit, qasm2
from qiskit.circuit import ClassicalRegister, Parameter, QuantumRegister
from qiskit.circuit.library import efficient_su2
from qiskit.circuit.random import random_circuit

from gateway.circuits.structure import Structure, Structures
from gateway.ports.reader import UnreadableError

SEEDS = st.integers(0, 2**32 - 1)


def of(circuit: QuantumCircuit) -> Structure:
    return Structures().of(circuit)


def shuffled(circuit: QuantumCircuit, seed: int) -> QuantumCircuit:
    """Write the same circuit on other wires, idle ones between, with other angles, in another order."""
    choose = random.Random(seed)
    qubits = choose.sample(range(circuit.num_qubits + 3), circuit.num_qubits)
    clbits = choose.sample(range(circuit.num_clbits + 2), circuit.num_clbits)
    other = QuantumCircuit(
        QuantumRegister(circuit.num_qubits + 3, f"q{seed}"), ClassicalRegister(circuit.num_clbits + 2, f"c{seed}")
    )
    other.metadata = {"seed": seed}
    for one in reordered(circuit, choose):
        operation = one.operation.to_mutable()
        if operation.params and all(isinstance(each, float) for each in operation.params):
            operation.params = [choose.uniform(0, 6) for _ in operation.params]
        wires = [qubits[circuit.find_bit(bit).index] for bit in one.qubits]
        other.append(operation, wires, [clbits[circuit.find_bit(bit).index] for bit in one.clbits])
        if choose.random() < 0.2:
            other.barrier()
    return other


def reordered(circuit: QuantumCircuit, choose: random.Random) -> list:
    """Take any order that keeps what shares a wire apart."""
    left, order = list(circuit.data), []
    while left:
        free, held = [], set()
        for place, one in enumerate(left):
            wires = {*one.qubits, *one.clbits}
            if held.isdisjoint(wires):
                free.append(place)
            held |= wires
        order.append(left.pop(choose.choice(free)))
    return order


@given(st.integers(2, 6), st.integers(1, 8), SEEDS)
def test_a_circuit_is_known_again_under_other_names(qubits, depth, seed):
    circuit = random_circuit(qubits, depth, max_operands=3, measure=True, seed=seed)

    assert of(shuffled(circuit, seed)) == of(circuit)


@given(st.integers(2, 6), st.integers(2, 8), SEEDS, st.data())
def test_leaving_out_a_gate_is_another_circuit(qubits, depth, seed, data):
    circuit = random_circuit(qubits, depth, max_operands=2, seed=seed)
    seen = [place for place, one in enumerate(circuit.data) if one.name not in {"id", "delay", "barrier"}]
    shorter = circuit.copy()
    if seen:
        del shorter.data[data.draw(st.sampled_from(seen))]
        assert of(shorter).fingerprint != of(circuit).fingerprint


def drawn(draw) -> QuantumCircuit:
    circuit = QuantumCircuit(4, 4)
    draw(circuit)
    return circuit


DIFFERENT = {
    "another gate": (lambda c: c.h(0), lambda c: c.x(0)),
    "control and target exchanged": (
        lambda c: (c.h(0), c.cx(0, 1)),
        lambda c: (c.h(0), c.cx(1, 0)),
    ),
    "another order on a wire": (lambda c: (c.h(0), c.x(0)), lambda c: (c.x(0), c.h(0))),
    "two pairs for a line": (
        lambda c: (c.cz(0, 1), c.cz(2, 3)),
        lambda c: (c.cz(0, 1), c.cz(1, 2)),
    ),
    "two rings for one": (
        lambda c: (c.cz(0, 1), c.cz(1, 0), c.cz(2, 3), c.cz(3, 2)),
        lambda c: (c.cz(0, 1), c.cz(2, 3), c.cz(1, 2), c.cz(3, 0)),
    ),
    "a measurement in the middle": (
        lambda c: (c.h(0), c.h(0)),
        lambda c: (c.h(0), c.measure(0, 0), c.h(0)),
    ),
    "another condition": (
        lambda c: (c.measure(0, 0), c.if_test((c.clbits[0], 1), body(), [1], [])),
        lambda c: (c.measure(0, 0), c.if_test((c.clbits[0], 0), body(), [1], [])),
    ),
    "another bit decides": (
        lambda c: (c.h(0), c.measure(0, 0), c.measure(1, 1), c.if_test((c.clbits[0], 1), body(), [2], [])),
        lambda c: (c.h(0), c.measure(0, 0), c.measure(1, 1), c.if_test((c.clbits[1], 1), body(), [2], [])),
    ),
    "another body": (
        lambda c: (c.measure(0, 0), c.if_test((c.clbits[0], 1), body("x"), [1], [])),
        lambda c: (c.measure(0, 0), c.if_test((c.clbits[0], 1), body("z"), [1], [])),
    ),
}


def body(gate: str = "x") -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    getattr(circuit, gate)(0)
    return circuit


@pytest.mark.parametrize("name", DIFFERENT)
def test_circuits_that_do_something_else_are_told_apart(name):
    one, other = map(drawn, DIFFERENT[name])

    assert of(one).fingerprint != of(other).fingerprint


def wrapped(c: QuantumCircuit) -> None:
    inner = QuantumCircuit(2, name="innocent")
    inner.h(0)
    inner.cx(0, 1)
    c.append(inner.to_gate(), [2, 0])


def boxed(c: QuantumCircuit) -> None:
    with c.box():
        c.h(0)


ALIKE = {
    "a gate of one's own": (lambda c: (c.h(2), c.cx(2, 0)), wrapped),
    "the two qubits of a symmetric gate": (lambda c: (c.h(0), c.cz(0, 1)), lambda c: (c.h(0), c.cz(1, 0))),
    "the controls of a gate": (lambda c: (c.h(0), c.ccx(0, 1, 2)), lambda c: (c.h(0), c.ccx(1, 0, 2))),
    "what is measured at the end": (lambda c: c.h(0), lambda c: (c.h(0), c.measure(range(4), range(4)))),
    "names of one turn": (lambda c: c.p(1, 0), lambda c: c.rz(2, 0)),
    "an angle and a parameter": (lambda c: c.ry(0.1, 0), lambda c: c.ry(Parameter("secret"), 0)),
    "a box": (lambda c: c.h(0), boxed),
}


@pytest.mark.parametrize("name", ALIKE)
def test_circuits_that_do_the_same_are_one(name):
    one, other = map(drawn, ALIKE[name])

    assert of(one) == of(other)


def test_values_known_from_earlier_releases_stay():
    """Labels are kept under these for years: a change of the algorithm is the next version."""
    circuit = efficient_su2(6, reps=3, entanglement="circular").decompose()

    assert of(circuit) == Structure("ecb3429049681604a5ebfabdcaa53352", "873837a3dc9218858bac1f0fd44cc869")


def test_a_skeleton_survives_what_compilers_do_to_gates():
    """One-qubit gates are merged, and gates on a pair of qubits are written with others."""
    circuit = efficient_su2(6, reps=3).decompose()
    other = QuantumCircuit(6)
    for one in circuit.data:
        wires = [circuit.find_bit(bit).index for bit in one.qubits]
        if len(wires) == 1:
            other.u(1, 2, 3, *wires)
        else:
            other.rz(math.pi, wires[1])
            other.ecr(*wires)
            other.sx(wires[0])

    assert of(other).skeleton == of(circuit).skeleton is not None
    assert of(other).fingerprint != of(circuit).fingerprint


def test_a_swap_only_exchanges_wires():
    circuit = efficient_su2(6, reps=3).decompose()
    other = QuantumCircuit(6)
    other.swap(0, 3)
    for one in circuit.data:
        wires = [{0: 3, 3: 0}.get(place := circuit.find_bit(bit).index, place) for bit in one.qubits]
        other.append(one.operation, wires)

    assert of(other).skeleton == of(circuit).skeleton


def test_small_circuits_have_no_skeleton():
    """Three gates in a row are in everybody's circuits, and say nothing."""
    circuit = QuantumCircuit(4)
    for qubit in range(3):
        circuit.cx(qubit, qubit + 1)

    assert of(circuit).skeleton is None
    assert of(circuit).fingerprint is not None


def test_what_is_too_large_has_neither():
    circuit = QuantumCircuit(1)
    for _ in range(11):
        circuit.x(0)
    structures = Structures(instructions=20)

    assert structures.of(circuit).fingerprint is not None
    assert structures.of(circuit) == Structure()


def test_definitions_that_multiply_are_not_counted_out():
    """Forty gates, each made of the one before twice, are more than anybody looks at."""
    gates = [f"gate g{n} a {{ g{n - 1} a; g{n - 1} a; }}" for n in range(1, 41)]
    head = 'OPENQASM 2.0; include "qelib1.inc"; gate g0 a { h a; }'
    circuit = qasm2.loads("\n".join([head, *gates, "qreg q[1]; g40 q[0];"]))

    assert of(circuit) == Structure()


def test_definitions_that_nest_too_far_are_refused():
    gate = QuantumCircuit(1, name="g").to_gate()
    for depth in range(70):
        inner = QuantumCircuit(1, name=f"g{depth}")
        inner.append(gate, [0])
        gate = inner.to_gate()
    circuit = QuantumCircuit(1)
    circuit.append(gate, [0])

    with pytest.raises(UnreadableError, match="nests definitions deeper"):
        of(circuit)
