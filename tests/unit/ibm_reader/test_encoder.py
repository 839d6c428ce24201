"""Any sampler's program as an IBM submission: what is read back does the same, on the backend's own gates."""

import json
from dataclasses import replace
from math import pi

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.circuit.library import QFTGate
from qiskit.quantum_info import Statevector

from adapters.ibm.encoder import IbmEncoder
from adapters.ibm.reader import IbmReader
from gateway.domain.backend import GateSpec
from gateway.ports.reader import Binding, Item, Program, ReadLimits, UnreadableError
from tests.fakes import values
from tests.fakes.vendors.ibm import FakeIbm
from tests.fakes.vendors.serving import Pace, running
from tests.unit.ibm.vendor_calls import FIVE, Caller

LIMITS = ReadLimits(decompressed_bytes=2**22, circuits=100, bindings=1000)
LINE = values.HARDWARE
"""Five qubits in a line, with the fractional gates `rx` and `rzz` beside `cz`, `rz` and `sx`."""


def item(circuit, *, shape=(), bound=(), shots=100):
    return Item(
        circuit=circuit,
        shape=shape,
        bind=lambda _seed: Binding(values=np.array(bound)),
        shots=shots,
        precision=None,
        observables=None,
    )


def encoded(*items, kind="sampler", shots=None, backend=LINE):
    program = Program(kind=kind, items=items, options={}, payload_versions=())
    return IbmEncoder().encode(program, backend=backend, shots=shots)


def read_back(body):
    return IbmReader().read(body, LIMITS).items


def outcomes(circuit, row=()):
    """Give the probability of every outcome of all classical bits; measurements must stand at the end."""
    bound = circuit.assign_parameters(list(row)) if len(row) else circuit
    read = {
        bound.find_bit(s.clbits[0]).index: bound.find_bit(s.qubits[0]).index for s in bound.data if s.name == "measure"
    }
    bare = bound.copy_empty_like()
    for step in bound.data:
        if step.name != "measure":
            bare.append(step)
    bare = bare.remove_final_measurements(inplace=False) or bare
    total = {}
    for state, share in Statevector(bare).probabilities_dict().items():
        key = tuple((bit, state[-1 - qubit]) for bit, qubit in sorted(read.items()))
        total[key] = total.get(key, 0) + share
    return {key: round(share, 9) for key, share in total.items() if share > 1e-9}


def entangled():
    circuit = QuantumCircuit(QuantumRegister(4, "q"), ClassicalRegister(3, "a"), ClassicalRegister(1, "b"))
    circuit.append(QFTGate(3), [0, 1, 3])
    circuit.cx(0, 3)
    circuit.ry(0.3, 1)
    circuit.barrier()
    circuit.rzz(4.0, 0, 1)
    circuit.measure([3, 0, 1], [0, 2, 3])
    return circuit


def test_what_is_written_does_the_same_on_the_backends_gates_and_couplings():
    body = encoded(item(entangled()))

    (found,) = read_back(body)
    assert outcomes(found.circuit) == outcomes(entangled())
    assert {step.name for step in found.circuit.data} <= {"cz", "rz", "sx", "x", "measure", "barrier"}
    places = [tuple(found.circuit.find_bit(q).index for q in s.qubits) for s in found.circuit.data if s.name == "cz"]
    assert set(places) <= set(LINE.coupling_map)
    assert [(register.name, register.size) for register in found.circuit.cregs] == [("a", 3), ("b", 1)]


def swept(*names):
    circuit = QuantumCircuit(1, 1)
    for name in names:
        circuit.ry(Parameter(name), 0)
    circuit.measure(0, 0)
    return item(circuit, shape=(1,), bound=[[0.5] * len(names)])


def test_one_program_is_always_the_same_body():
    """What is sent after a crash must have the digest that the entry holds; ids of parameters are drawn anew."""
    assert encoded(item(entangled()), swept("b", "a")) == encoded(item(entangled()), swept("b", "a"))


def test_the_body_is_a_samplers():
    body = encoded(item(entangled()), item(entangled(), shots=7))
    document = json.loads(body)

    assert (document["program_id"], document["backend"]) == ("sampler", LINE.name)
    assert [pub[2] for pub in document["params"]["pubs"]] == [100, 7]
    assert IbmReader().read(body, LIMITS).payload_versions == ("qpy-17",)
    assert [each.shots for each in read_back(encoded(item(entangled()), shots=50))] == [50]


def test_parameter_sets_stay_in_one_pub_in_their_shape():
    """By position: the order of parameters is that of their names, whatever the circuit became."""
    b, a = Parameter("b"), Parameter("a")
    circuit = QuantumCircuit(2, 2)
    circuit.ry(b, 0)
    circuit.rx(a * 2, 1)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    rows = np.arange(12).reshape(3, 2, 2) / 7

    (found,) = read_back(encoded(item(circuit, shape=(3, 2), bound=rows)))

    got = found.bind(0).values
    assert found.shape == (3, 2)
    for index in np.ndindex(3, 2):
        assert outcomes(found.circuit, got[index]) == outcomes(circuit, rows[index])


def test_a_parameter_that_transpiling_made_superfluous_takes_its_values_with_it():
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(1, 1)
    circuit.rz(a, 0)
    circuit.rz(-a, 0)
    circuit.ry(b, 0)
    circuit.measure(0, 0)

    (found,) = read_back(encoded(item(circuit, shape=(2,), bound=[[1.0, 0.5], [2.0, 0.7]])))

    assert outcomes(found.circuit, found.bind(0).values[1]) == outcomes(circuit, [2.0, 0.7])


def test_idle_qubits_are_left_out_so_a_wide_circuit_fits():
    wide = QuantumCircuit(127, 2)
    wide.h(126)
    wide.delay(100, 3)
    wide.barrier()
    wide.cx(126, 80)
    wide.measure([126, 80], [0, 1])

    (found,) = read_back(encoded(item(wide)))

    assert found.circuit.num_qubits == LINE.qubits
    assert set(outcomes(found.circuit)) == {((0, "0"), (1, "0")), ((0, "1"), (1, "1"))}


def test_control_flow_stays_where_the_backend_has_it():
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.h(1)
    circuit.measure(1, 1)

    (found,) = read_back(encoded(item(circuit)))

    (branch,) = [step for step in found.circuit.data if step.name == "if_else"]
    assert {step.name for step in branch.operation.blocks[0].data} <= {"rz", "sx", "x"}
    plain = replace(LINE, supported_instructions=("cz", "sx", "rz", "x", "measure"))
    with pytest.raises(UnreadableError) as refused:
        encoded(item(circuit), backend=plain)
    assert refused.value.code == "gate"


def test_a_backend_of_fractional_gates_alone_is_used_as_it_is():
    rotating = replace(
        LINE, gates=tuple(GateSpec(name=name, parameters=("t",), qubits=()) for name in ("rx", "rz", "rzz"))
    )
    (found,) = read_back(encoded(item(entangled()), backend=rotating))

    assert {step.name for step in found.circuit.data} <= {"rx", "rz", "rzz", "measure", "barrier"}
    assert outcomes(found.circuit) == outcomes(entangled())


def measured(qubits):
    circuit = QuantumCircuit(qubits, qubits)
    circuit.x(range(qubits))
    circuit.measure(range(qubits), range(qubits))
    return circuit


@pytest.mark.parametrize(
    ("items", "more", "code"),
    [
        pytest.param([item(measured(1))], {"kind": "estimator"}, "program", id="an estimator"),
        pytest.param([item(QuantumCircuit(1))], {}, "program", id="nothing to read"),
        pytest.param([item(measured(6))], {}, "too-large", id="too many qubits"),
        pytest.param([item(measured(1))] * 301, {}, "too-large", id="too many circuits"),
        pytest.param([item(measured(1), shots=None)], {}, "shots", id="no shots"),
        pytest.param([item(measured(1))], {"shots": 100_001}, "shots", id="too many shots"),
        pytest.param([item(measured(1), shape=(2,), bound=[[], []])], {}, "parameters", id="sets of nothing"),
    ],
)
def test_what_ibm_cannot_run_is_refused_in_words(items, more, code):
    with pytest.raises(UnreadableError) as refused:
        encoded(*items, **more)

    assert refused.value.code == code


async def test_the_fake_runs_what_was_written_and_reads_the_same():
    """From another vendor's program to a result in our words: couplings, directions and gates are the device's own."""
    angle = Parameter("a")
    circuit = QuantumCircuit(QuantumRegister(4, "q"), ClassicalRegister(2, "c"))
    circuit.rx(angle, 1)
    circuit.cx(1, 3)
    circuit.measure([1, 3], [0, 1])
    async with running(FakeIbm(pace=Pace(queue_seconds=0.0, run_seconds=0.0))) as url:
        caller = Caller(url)
        (device,) = [r.backend for r in await caller.vendor.backends(caller.call) if r.backend.name == FIVE]
        body = encoded(item(circuit, shape=(2,), bound=[[0.0], [pi]], shots=5), backend=device)
        job = await caller.ended(await caller.submit(body))
        documents = await caller.vendor.documents(caller.call, job)
        await caller.session.close()

    (result,) = caller.vendor.decode(body, documents).items
    assert (result.shape, result.registers["c"].samples.data) == ((2,), b"\x00" * 5 + b"\x03" * 5)
