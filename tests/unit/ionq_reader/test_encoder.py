"""Any sampler's program as an IonQ submission: what is read back does the same."""

import json

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.circuit.library import QFTGate
from qiskit.quantum_info import Statevector

from adapters.ionq.encoder import REGISTERS, IonqEncoder
from adapters.ionq.reader import IonqReader
from gateway.ports.reader import Binding, Item, Program, ReadLimits, UnreadableError
from tests.fakes import values
from tests.golden.ionq_circuits import CIRCUITS

LIMITS = ReadLimits(decompressed_bytes=2**20, circuits=100, bindings=100)


def item(circuit, *, shape=(), bound=(), shots=100):
    return Item(
        circuit=circuit,
        shape=shape,
        bind=lambda _seed: Binding(values=np.array(bound)),
        shots=shots,
        precision=None,
        observables=None,
    )


def encoded(*items, kind="sampler", shots=None):
    program = Program(kind=kind, items=items, options={}, payload_versions=())
    return IonqEncoder().encode(program, backend=values.BACKEND, shots=shots)


def read_back(body):
    return [each.circuit for each in IonqReader().read(body, LIMITS).items]


def outcomes(circuit, bits):
    """Give the probability of what these qubits (`None` reads zero) would read together, first bit lowest."""
    total = {}
    bare = circuit.remove_final_measurements(inplace=False).decompose("PauliEvolution")
    for state, share in Statevector(bare).probabilities_dict().items():
        read = "".join("0" if qubit is None else state[-1 - qubit] for qubit in reversed(bits))
        total[read] = total.get(read, 0) + share
    return {read: round(share, 9) for read, share in total.items() if share > 1e-9}


@pytest.mark.parametrize("name", [name for name in CIRCUITS if name != "dynamic"])
def test_what_is_written_does_the_same(name):
    body = encoded(item(CIRCUITS[name]))

    (found,) = read_back(body)
    ((register,),) = json.loads(json.loads(body)["metadata"][REGISTERS])
    width = CIRCUITS[name].num_qubits
    assert register[0] == "meas"
    assert outcomes(found, register[1]) == outcomes(CIRCUITS[name], range(width))


def test_idle_qubits_are_left_out_and_bits_know_their_qubit():
    circuit = QuantumCircuit(QuantumRegister(5, "q"), ClassicalRegister(2, "a"), ClassicalRegister(1, "b"))
    circuit.x(3)
    circuit.cx(3, 1)
    circuit.barrier()
    circuit.measure([1, 3], [1, 2])

    body = json.loads(encoded(item(circuit)))

    assert body["input"]["qubits"] == 2
    assert json.loads(body["metadata"][REGISTERS]) == [[["a", [None, 0]], ["b", [1]]]]
    assert body["input"]["circuit"][1] == {"gate": "x", "targets": [0], "controls": [1]}
    assert (body["type"], body["backend"], body["shots"]) == ("ionq.circuit.v1", values.BACKEND.name, 100)


def test_every_parameter_set_becomes_a_circuit():
    angle = Parameter("a")
    circuit = QuantumCircuit(1)
    circuit.rx(angle, 0)
    circuit.measure_all()

    body = encoded(item(circuit, shape=(2, 2), bound=[[[0.0], [np.pi]], [[0.0], [np.pi]]]), shots=7)

    found = read_back(body)
    assert json.loads(body)["shots"] == 7
    assert [outcomes(each, [0]) for each in found] == [{"0": 1.0}, {"1": 1.0}] * 2


def test_a_dynamic_circuit_goes_as_openqasm():
    body = encoded(item(CIRCUITS["dynamic"]))

    (found,) = read_back(body)
    assert json.loads(body)["type"] == "ionq.qasm3.v1"
    assert {register.name: register.size for register in found.cregs} == {"c": 1, "meas": 2}


def test_a_gate_of_the_library_is_written_in_gates():
    circuit = QuantumCircuit(3)
    circuit.x(0)
    circuit.append(QFTGate(3), range(3))
    circuit.append(QFTGate(3).inverse(), range(3))
    circuit.measure_all()

    (found,) = read_back(encoded(item(circuit)))

    assert outcomes(found, range(3)) == {"001": 1.0}


def test_the_same_program_is_written_in_the_same_bytes():
    assert encoded(item(CIRCUITS["two-qubit"])) == encoded(item(CIRCUITS["two-qubit"]))


@pytest.mark.parametrize(
    ("items", "kind", "code"),
    [
        pytest.param([item(CIRCUITS["bell"])], "estimator", "program", id="no sampler"),
        pytest.param([item(CIRCUITS["bell"]), item(CIRCUITS["three"], shots=7)], "sampler", "shots", id="other shots"),
        pytest.param([item(CIRCUITS["dynamic"])] * 2, "sampler", "program", id="two dynamic circuits"),
        pytest.param([], "sampler", "shots", id="nothing at all"),
    ],
)  # fmt: skip
def test_what_ionq_cannot_run_is_refused(items, kind, code):
    with pytest.raises(UnreadableError) as refused:
        encoded(*items, kind=kind)

    assert refused.value.code == code


def test_a_circuit_that_is_too_wide_is_refused():
    wide = QuantumCircuit(6)
    wide.h(range(6))
    wide.measure_all()

    with pytest.raises(UnreadableError, match="uses 6 qubits, sim_line_5 has 5"):
        encoded(item(wide))
