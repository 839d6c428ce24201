"""Programs of other dialects become tasks that mean the same."""

import json
from dataclasses import replace

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ClassicalRegister, Parameter, QuantumRegister
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import Statevector

from adapters.braket.encoder import BraketEncoder
from adapters.braket.openqasm import layout
from adapters.braket.reader import BraketReader
from gateway.ports.reader import Binding, Item, Program, ReadLimits, UnreadableError
from tests.fakes import values

GARNET = replace(values.HARDWARE, name="arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet", qubits=20)
LIMITS = ReadLimits(decompressed_bytes=1_000_000, circuits=10, bindings=10)


def item(circuit, given=(), **changes):
    made = Item(
        circuit=circuit,
        shape=(),
        bind=lambda _seed: Binding(values=np.array(given, dtype=float)),
        shots=100,
        precision=None,
        observables=None,
    )
    return replace(made, **changes)


def program(*items, kind="sampler"):
    return Program(kind=kind, items=items, options={}, payload_versions=("qpy-17",))


def encoded(*items, backend=GARNET, shots=None, kind="sampler"):
    return json.loads(BraketEncoder().encode(program(*items, kind=kind), backend=backend, shots=shots))


def back(body):
    return BraketReader().read(json.dumps(body).encode(), LIMITS).items[0].circuit


def source(body):
    return json.loads(body["action"])["source"]


def outcomes(circuit):
    """Give the probability of each reading of all bits, bit 0 last."""
    measured = {
        circuit.find_bit(step.clbits[0]).index: circuit.find_bit(step.qubits[0]).index
        for step in circuit.data
        if step.operation.name == "measure"
    }
    bare = circuit.copy_empty_like()
    bare.data = [step for step in circuit.data if step.operation.name != "measure"]
    return Statevector(bare).probabilities([measured[bit] for bit in sorted(measured)])


@pytest.mark.parametrize("seed", range(12))
def test_the_task_means_what_the_circuit_meant(seed):
    circuit = random_circuit(4, 5, max_operands=3, seed=seed)
    circuit.measure_all()

    assert np.allclose(outcomes(back(encoded(item(circuit)))), outcomes(circuit), atol=1e-7)


def test_idle_qubits_are_left_out():
    circuit = QuantumCircuit(30, 2)
    circuit.h(7)
    circuit.cx(7, 29)
    circuit.measure([7, 29], [0, 1])

    body = encoded(item(circuit))

    assert back(body).num_qubits == 2
    assert body["deviceArn"] == GARNET.name


def test_the_layout_says_where_each_bit_went():
    """Results come as columns; registers are ours to put together again."""
    qubits, alpha, beta = QuantumRegister(3), ClassicalRegister(2, "alpha"), ClassicalRegister(2, "beta")
    circuit = QuantumCircuit(qubits, alpha, beta)
    circuit.x(2)
    circuit.measure([2, 0], [beta[1], alpha[0]])

    text = source(encoded(item(circuit)))

    assert layout(text) == {"alpha": [0, -1], "beta": [-1, 1]}
    assert np.allclose(outcomes(back(encoded(item(circuit)))), [0, 0, 1, 0])
    assert layout("OPENQASM 3.0;\nqubit q;") is None


def test_parameters_are_bound():
    first, second = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(1)
    circuit.rx(first, 0)
    circuit.rz(second, 0)
    circuit.measure_all()

    body = encoded(item(circuit, [0.3, 1.2]))

    assert np.allclose(outcomes(back(body)), outcomes(circuit.assign_parameters([0.3, 1.2])))


def test_one_program_becomes_one_body():
    """Its digest stands in the ledger before it is sent."""
    circuit = random_circuit(4, 5, seed=3, measure=True)

    assert encoded(item(circuit)) == encoded(item(circuit))


def test_shots_are_the_item_s_unless_told_otherwise():
    circuit = QuantumCircuit(1)
    circuit.measure_all()

    assert encoded(item(circuit))["shots"] == 100
    assert encoded(item(circuit), shots=7)["shots"] == 7


def dynamic():
    circuit = QuantumCircuit(2, 2)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    return circuit


def going_on():
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    circuit.x(0)
    return circuit


def measured(qubits=1):
    circuit = QuantumCircuit(qubits)
    circuit.x(range(qubits))
    circuit.measure_all()
    return circuit


@pytest.mark.parametrize(
    ("items", "more", "words"),
    [
        pytest.param([item(dynamic())], {}, "if_else", id="control flow"),
        pytest.param([item(going_on())], {}, "at the end", id="a measurement in the middle"),
        pytest.param([item(QuantumCircuit(1))], {}, "measures nothing", id="no measurement"),
        pytest.param([item(measured()), item(measured())], {}, "one circuit", id="two circuits"),
        pytest.param([item(measured(), shape=(2,))], {}, "one parameter set", id="several parameter sets"),
        pytest.param([item(measured())], {"kind": "estimator"}, "sampler", id="an estimator"),
        pytest.param([item(measured(21))], {}, "20", id="too many qubits"),
        pytest.param([item(measured(), shots=None)], {}, "shots", id="no shots"),
        pytest.param([item(measured())], {"shots": 100_001}, "100000", id="too many shots"),
    ],
)
def test_what_no_task_can_say_is_refused(items, more, words):
    with pytest.raises(UnreadableError) as caught:
        encoded(*items, **more)

    assert words in caught.value.message
