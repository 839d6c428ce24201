"""The same circuit has one digest, another circuit another."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import ClassicalRegister, Gate, Parameter, QuantumRegister
from qiskit.circuit.classical import expr, types
from qiskit.circuit.library import UnitaryGate
from qiskit.circuit.random import random_circuit

from gateway.circuits.fingerprint import digest
from tests.unit.ibm_reader.wire import raw_qpy

NAMES = st.text("abcdefgh", min_size=1, max_size=4)


def renamed(circuit: QuantumCircuit, seed: int) -> QuantumCircuit:
    """Copy a circuit onto other registers, with another name, metadata and labels."""
    names = random.Random(seed)
    qubits = QuantumRegister(circuit.num_qubits, f"q{names.randrange(10**6)}")
    clbits = ClassicalRegister(circuit.num_clbits, f"c{names.randrange(10**6)}")
    copy = QuantumCircuit(qubits, clbits, name=f"n{names.randrange(10**6)}", metadata={"seed": seed})
    copy.global_phase = circuit.global_phase
    for one in circuit.data:
        operation = one.operation.to_mutable()
        operation.label = f"l{names.randrange(10**6)}"
        wires = [circuit.find_bit(bit).index for bit in one.qubits], [circuit.find_bit(bit).index for bit in one.clbits]
        copy.append(operation, *wires)
    return copy


@given(st.integers(1, 5), st.integers(0, 8), st.integers(0, 2**32 - 1))
def test_names_labels_and_metadata_change_nothing(qubits, depth, seed):
    circuit = random_circuit(qubits, depth, measure=True, seed=seed)

    assert digest(renamed(circuit, seed)) == digest(circuit)


@given(st.integers(1, 5), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_any_circuit_survives_the_wire(qubits, depth, seed):
    """The digest in the ledger can be computed again from the sealed payload, in any QPY version."""
    import io

    from qiskit import qpy

    circuit = random_circuit(qubits, depth, measure=True, seed=seed)
    again = qpy.load(io.BytesIO(raw_qpy(circuit, version=random.Random(seed).choice([13, 15, 17, 18]))))[0]

    assert digest(again) == digest(circuit)


@given(st.integers(2, 5), st.integers(2, 8), st.integers(0, 2**32 - 1), st.data())
def test_leaving_out_any_operation_changes_the_digest(qubits, depth, seed, data):
    circuit = random_circuit(qubits, depth, measure=True, seed=seed)
    shorter = circuit.copy()
    del shorter.data[data.draw(st.integers(0, len(circuit.data) - 1))]

    assert digest(shorter) != digest(circuit)


@given(st.lists(NAMES, min_size=3, max_size=3, unique=True), st.lists(NAMES, min_size=3, max_size=3, unique=True))
def test_names_of_parameters_change_nothing(names, others):
    """Qiskit orders parameters by name; what a circuit does may not depend on that."""
    assert digest(ansatz(*map(Parameter, names))) == digest(ansatz(*map(Parameter, others)))


def ansatz(a: Parameter, b: Parameter, c: Parameter) -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.rz(a - 2 * b, 0)
    circuit.ry(b * c, 1)
    circuit.rx(a, 0)
    return circuit


def test_expressions_are_known_by_their_value():
    a, b = Parameter("a"), Parameter("b")

    assert digest(rotation(a + b)) == digest(rotation(b + a))
    assert digest(rotation(2 * a)) == digest(rotation(a + a))
    assert digest(rotation(a)) == digest(rotation(b))
    assert digest(rotation(a)) != digest(rotation(-a))
    assert digest(rotation(a)) != digest(rotation(a + b))
    assert digest(rotation(a - b)) != digest(rotation(a + b))


def rotation(angle) -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.rz(angle, 0)
    return circuit


def test_one_parameter_used_twice_is_not_two():
    a, b = Parameter("a"), Parameter("b")
    same, different = QuantumCircuit(1), QuantumCircuit(1)
    same.rz(a, 0)
    same.rx(a, 0)
    different.rz(a, 0)
    different.rx(b, 0)

    assert digest(same) != digest(different)


def conditional(build) -> QuantumCircuit:
    circuit = QuantumCircuit(QuantumRegister(2, "q"), ClassicalRegister(2, "c"))
    circuit.measure([0, 1], [0, 1])
    build(circuit)
    return circuit


def if_bit(circuit, bit=0, value=1, gate="x"):
    with circuit.if_test((circuit.clbits[bit], value)):
        getattr(circuit, gate)(1)


def if_register(circuit, value):
    with circuit.if_test((circuit.cregs[0], value)):
        circuit.x(1)


def if_expression(circuit, operation):
    with circuit.if_test(operation(circuit.clbits[0], circuit.clbits[1])):
        circuit.x(1)


def loop(circuit, indices):
    with circuit.for_loop(indices):
        circuit.x(1)


def switch(circuit, first):
    with circuit.switch(circuit.cregs[0]) as case:
        with case(first):
            circuit.x(1)
        with case(case.DEFAULT):
            circuit.z(1)


def stored(circuit, value):
    variable = circuit.add_var("v", expr.lift(value, types.Uint(8)))
    with circuit.while_loop(expr.less(variable, 5)):
        circuit.store(variable, 7)


def test_whatever_decides_in_a_circuit_decides_its_digest():
    builds = [
        if_bit,
        lambda c: if_bit(c, bit=1),
        lambda c: if_bit(c, value=0),
        lambda c: if_bit(c, gate="z"),
        lambda c: if_register(c, 1),
        lambda c: if_register(c, 2),
        lambda c: if_expression(c, expr.bit_and),
        lambda c: if_expression(c, expr.bit_or),
        lambda c: loop(c, range(3)),
        lambda c: loop(c, range(4)),
        lambda c: loop(c, [0, 1, 3]),
        lambda c: switch(c, 1),
        lambda c: switch(c, 2),
        lambda c: stored(c, 1),
        lambda c: stored(c, 2),
    ]

    digests = [digest(conditional(build)) for build in builds]

    assert len(set(digests)) == len(builds)
    assert digests == [digest(renamed_registers(conditional(build))) for build in builds]


def renamed_registers(circuit: QuantumCircuit) -> QuantumCircuit:
    """A second making must agree with the first: no object's address may leak into the digest."""
    circuit.name = "another"
    circuit.metadata = {"a": 1}
    return circuit


def test_custom_gates_are_known_by_what_they_are_made_of():
    def wrapped(name: str, gate: str) -> QuantumCircuit:
        inner = QuantumCircuit(1, name=name)
        getattr(inner, gate)(0)
        outer = QuantumCircuit(1)
        outer.append(inner.to_gate(), [0])
        return outer

    assert digest(wrapped("mine", "t")) == digest(wrapped("yours", "t"))
    assert digest(wrapped("mine", "t")) != digest(wrapped("mine", "tdg"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(lambda c: c.h(0), lambda c: c.h(1), id="another qubit"),
        pytest.param(lambda c: c.cx(0, 1), lambda c: c.cx(1, 0), id="control and target swapped"),
        pytest.param(lambda c: c.measure(0, 0), lambda c: c.measure(0, 1), id="another clbit"),
        pytest.param(lambda c: c.rz(0.1, 0), lambda c: c.rz(0.1 + 1e-9, 0), id="an angle a little larger"),
        pytest.param(lambda c: c.cx(0, 1), lambda c: c.cx(0, 1, ctrl_state=0), id="controlled on zero"),
        pytest.param(lambda c: c.delay(1, 0, "ns"), lambda c: c.delay(1, 0, "dt"), id="another unit"),
        pytest.param(
            lambda c: c.append(UnitaryGate([[1, 0], [0, 1]]), [0]),
            lambda c: c.append(UnitaryGate([[1, 0], [0, -1]]), [0]),
            id="another matrix",
        ),
        pytest.param(
            lambda c: c.append(Gate("opaque", 1, [1]), [0]),
            lambda c: c.append(Gate("opaque", 1, [2]), [0]),
            id="another parameter of a gate without a definition",
        ),
        pytest.param(lambda c: c, lambda c: c.add_register(ClassicalRegister(1)), id="another width"),
    ],
)
def test_another_operation_is_another_digest(one, other):
    first, second = QuantumCircuit(2, 2), QuantumCircuit(2, 2)
    one(first)
    other(second)

    assert digest(first) != digest(second)
