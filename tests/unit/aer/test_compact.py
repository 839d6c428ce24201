from math import pi

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Gate, Parameter
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Statevector

from adapters.aer.compact import compact, names, walk
from tests.unit.aer.circuits import brickwork, ghz, teleportation


def test_only_qubits_that_something_acts_on_are_kept_in_their_order():
    circuit = QuantumCircuit(127, 2)
    circuit.barrier()
    circuit.delay(100, 3)
    circuit.x(90)
    circuit.cz(90, 12)
    circuit.measure([12, 90], [0, 1])

    small = compact(circuit, method="statevector")

    assert small.qubits == (12, 90)
    assert small.circuit.num_qubits == 2
    assert small.circuit.count_ops() == {"x": 1, "cz": 1, "measure": 2}
    assert [small.circuit.find_bit(qubit).index for qubit in small.circuit.data[1].qubits] == [1, 0]


def test_registers_and_bits_outside_them_keep_their_places():
    circuit = QuantumCircuit(QuantumRegister(9), ClassicalRegister(2, "a"), ClassicalRegister(3, "b"))
    circuit.measure(7, 4)

    small = compact(circuit, method="statevector").circuit

    assert [(register.name, register.size) for register in small.cregs] == [("a", 2), ("b", 3)]
    assert small.find_bit(small.data[0].clbits[0]).registers == [(small.cregs[1], 2)]


@pytest.mark.parametrize("method", ["statevector", "matrix_product_state"])
def test_the_state_is_the_same_up_to_the_order_of_qubits(method):
    circuit = brickwork(5, 4, seed=3, measured=False)
    small = compact(circuit, method=method)

    ordered = [small.qubits.index(qubit) for qubit in range(5)]
    again = QuantumCircuit(5)
    again.compose(small.circuit, small.qubits, inplace=True)
    assert sorted(ordered) == list(range(5))
    assert Statevector(again).equiv(Statevector(circuit))


def test_a_chain_becomes_a_line_for_matrix_product_states_however_it_is_laid_out():
    """Entanglement costs by the distance between qubits; a scattered chain must not look entangled."""
    chain = [5, 60, 2, 120, 33, 90, 14, 77]

    circuit = ghz(chain, declared=127)
    circuit.barrier()

    small = compact(circuit, method="matrix_product_state")

    assert small.qubits in {tuple(chain), tuple(reversed(chain))}


def test_bodies_of_control_flow_shrink_with_the_circuit():
    """A compiled branch spans the whole device; only what it acts on may be simulated."""
    circuit = QuantumCircuit(QuantumRegister(20), ClassicalRegister(2))
    circuit.measure(3, 0)
    body = QuantumCircuit(20, 2)
    body.barrier()
    body.x(17)
    circuit.if_else((circuit.cregs[0], 1), body, None, range(20), range(2))
    with circuit.for_loop(range(4)):
        circuit.h(11)
        circuit.measure(11, 1)
        with circuit.if_test((circuit.clbits[1], 1)):
            circuit.break_loop()

    small = compact(circuit, method="statevector")

    assert small.qubits == (3, 11, 17)
    assert [len(instruction.qubits) for instruction in small.circuit.data] == [1, 3, 1]
    assert names(small.circuit) == {"measure", "if_else", "x", "for_loop", "h", "break_loop"}


def test_boxes_are_opened():
    circuit = QuantumCircuit(4, 1)
    with circuit.box():
        circuit.x(2)
        with circuit.box():
            circuit.cz(2, 3)

    small = compact(circuit, method="statevector")

    assert names(small.circuit) == {"x", "cz"}
    assert small.qubits == (2, 3)


def test_gates_that_a_method_does_not_know_are_decomposed():
    circuit = QuantumCircuit(3)
    circuit.rx(pi / 2, 0)
    circuit.rzz(pi / 2, 0, 1)
    circuit.iswap(1, 2)

    for method in ("stabilizer", "matrix_product_state", "statevector"):
        small = compact(circuit, method=method).circuit
        ideal = Statevector(circuit)
        if method != "matrix_product_state":
            assert Statevector(small).equiv(ideal)
    assert names(compact(circuit, method="stabilizer").circuit) <= {
        "rz",
        "sx",
        "x",
        "h",
        "s",
        "sdg",
        "cx",
        "cz",
        "swap",
    }


def test_quarter_turns_are_made_exact_for_the_stabilizer_method():
    """Aer refuses angles that differ from a quarter turn by more than rounding."""
    circuit = teleportation(pi)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.rz(3 * pi / 2 - 1e-9, 0)

    small = compact(circuit, method="stabilizer").circuit

    angles = [one.operation.params[0] for one, _ in walk(small) if one.operation.name == "rz"]
    assert len(angles) > 1
    assert all(angle == round(angle / (pi / 2)) * (pi / 2) for angle in angles)


def test_other_angles_are_not_rounded_away():
    circuit = QuantumCircuit(1)
    circuit.rz(0.3, 0)

    assert compact(circuit, method="stabilizer").circuit.data[0].operation.params == [0.3]


def test_parameters_stay_free():
    angle = Parameter("angle")
    circuit = QuantumCircuit(30)
    circuit.rx(2 * angle, 22)

    assert set(compact(circuit, method="statevector").circuit.parameters) == {angle}


def test_a_gate_without_a_definition_cannot_be_written_for_aer():
    circuit = QuantumCircuit(1)
    circuit.append(Gate("mystery", 1, []), [0])

    with pytest.raises(QiskitError):
        compact(circuit, method="statevector")
