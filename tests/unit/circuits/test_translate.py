"""A program in another vendor's words gives the same results in the same registers, on no more qubits than it uses."""

import json
from collections import Counter
from dataclasses import replace
from itertools import product

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import Statevector

from adapters.braket import vendor_results as braket_results
from adapters.braket.encoder import BraketEncoder
from adapters.braket.reader import BraketReader
from adapters.ibm.encoder import IbmEncoder
from adapters.ibm.reader import IbmReader
from adapters.ionq import vendor_results as ionq_results
from adapters.ionq.encoder import IonqEncoder
from adapters.ionq.reader import IonqReader
from gateway.circuits import worker
from gateway.circuits.limits import SandboxLimits
from gateway.circuits.sandbox import Sandbox, UnreadablePayloadError
from gateway.circuits.worker import Worker
from gateway.ports.reader import Binding, Item, Program, ReadLimits
from tests.fakes import values
from tests.integration import bodies

LIMITS = ReadLimits(decompressed_bytes=2**22, circuits=10, bindings=100)
READERS = {"ibm": IbmReader(), "ionq": IonqReader(), "braket": BraketReader()}
ENCODERS = {"ibm": IbmEncoder(), "ionq": IonqEncoder(), "braket": BraketEncoder()}
PLACES = {
    "ibm": replace(values.HARDWARE, name="ibm_line", upstream="ibm"),
    "ionq": replace(values.HARDWARE, name="qpu.forte-1", upstream="ionq", qubits=36),
    "braket": replace(values.HARDWARE, name="arn:aws:braket:::device/qpu/acme/One", upstream="braket", qubits=20),
}
SHOTS = 4096
PAIRS = pytest.mark.parametrize(("spoken", "wanted"), [*product(READERS, READERS)])


@pytest.fixture(autouse=True)
def _this_is_no_worker(monkeypatch):
    """Translate in this process, which must not be given a worker's few seconds."""
    monkeypatch.setattr(worker, "cpu_budget", lambda _seconds: None)


def program(*circuits, shape=(), bound=()):
    items = tuple(
        Item(
            circuit=circuit,
            shape=shape,
            bind=lambda _seed: Binding(values=np.array(bound, dtype=float)),
            shots=SHOTS,
            precision=None,
            observables=None,
        )
        for circuit in circuits
    )
    return Program(kind="sampler", items=items, options={}, payload_versions=())


def said(circuit, dialect):
    """Say a circuit as a client of a dialect would."""
    return ENCODERS[dialect].encode(program(circuit), backend=PLACES[dialect], shots=None)


def heard(body, dialect):
    (item,) = READERS[dialect].read(body, LIMITS).items
    return item.circuit


def answered(body, spoken, wanted):
    message = {"reader": spoken, "body": body, "encoder": wanted, "backend": msgspec.to_builtins(PLACES[wanted])}
    return Worker(READERS, SandboxLimits(), ENCODERS).answer(message)


def translated(body, spoken, wanted):
    return answered(body, spoken, wanted)["body"]


def drawn(seed, *, idle=2):
    """Draw a circuit whose qubits are partly idle, read into two registers, one bit of which nobody writes."""
    inner = random_circuit(3, 4, max_operands=3, seed=seed)
    circuit = QuantumCircuit(QuantumRegister(3 + idle, "q"), ClassicalRegister(2, "low"), ClassicalRegister(2, "high"))
    places = np.random.default_rng(seed).permutation(3 + idle)[:3].tolist()
    circuit.compose(inner, places, inplace=True)
    circuit.measure(places, [3, 0, 1])
    return circuit


def busy(circuit):
    """Count the qubits that anything but a barrier touches."""
    return len({qubit for step in circuit.data if step.name not in {"barrier", "delay"} for qubit in step.qubits})


# ── what a circuit gives ─────────────────────────────────────────────────────────────────────────
def exactly(circuit):
    """Give the probability of what all registers read together, by their names."""
    read = {step.clbits[0]: circuit.find_bit(step.qubits[0]).index for step in circuit.data if step.name == "measure"}
    shares = Counter()
    for state, share in _state(circuit).probabilities_dict().items():
        bits = {bit: state[-1 - qubit] for bit, qubit in read.items()}
        shares[_reading(circuit, lambda bit, bits=bits: bits.get(bit, "0"))] += share
    return shares


def _state(circuit):
    bare = QuantumCircuit(circuit.num_qubits)
    for step in circuit.data:
        if step.name not in {"measure", "barrier"}:
            bare.append(step.operation, [circuit.find_bit(qubit).index for qubit in step.qubits])
    return Statevector(bare)


def _reading(circuit, bit_of):
    return tuple(
        sorted((each.name, int("".join(bit_of(bit) for bit in reversed(list(each))), 2)) for each in circuit.cregs)
    )


def at_ionq(body):
    """Give what IonQ would answer: the probability of every qubit's value, which its results are read from."""
    shares = _state(heard(body, "ionq")).probabilities()
    told = {str(outcome): float(share) for outcome, share in enumerate(shares) if share > 1e-12}
    return _counted(ionq_results.decode(body, {"result": json.dumps(told).encode()}))


def at_braket(body):
    """Give what Braket would answer: the probability of what its measured bits read, first bit first."""
    circuit, shares = heard(body, "braket"), Counter()
    read = {circuit.find_bit(s.clbits[0]).index: circuit.find_bit(s.qubits[0]).index for s in circuit.data if s.clbits}
    for state, share in _state(circuit).probabilities_dict().items():
        shares["".join(state[-1 - read[bit]] for bit in sorted(read))] += share
    told = {
        "braketSchemaHeader": {"name": "braket.task_result.gate_model_task_result", "version": "1"},
        "measurementProbabilities": shares,
        "measuredQubits": [read[bit] for bit in sorted(read)],
        "taskMetadata": {"shots": SHOTS, "deviceId": PLACES["braket"].name},
    }
    return _counted(braket_results.decode(body, {"result": json.dumps(told).encode()}))


def _counted(result):
    (item,) = result.items
    columns = {name: _integers(register) for name, register in item.registers.items()}
    rows = Counter(
        tuple(sorted((name, column[shot]) for name, column in columns.items())) for shot in range(item.shots)
    )
    return Counter({reading: count / item.shots for reading, count in rows.items()})


def _integers(register):
    width, data = register.samples.shape[-1], register.samples.data
    return [int.from_bytes(data[at : at + width], "big") for at in range(0, len(data), width)]


RUN = {"ibm": lambda body: exactly(heard(body, "ibm")), "ionq": at_ionq, "braket": at_braket}


def assert_alike(found, expected):
    # A vendor tells whole shots: each share is off by less than one of them.
    for reading in found.keys() | expected.keys():
        assert abs(found[reading] - expected[reading]) < 2 / SHOTS, reading


# ── for all pairs ────────────────────────────────────────────────────────────────────────────────
@PAIRS
@given(seed=st.integers(min_value=0, max_value=2**31))
@settings(max_examples=15)
def test_results_are_the_same_in_the_same_registers(spoken, wanted, seed):
    received = said(drawn(seed), spoken)
    meant = heard(received, spoken)

    assert_alike(RUN[wanted](translated(received, spoken, wanted)), exactly(meant))


@given(seed=st.integers(min_value=0, max_value=2**31))
@settings(max_examples=15)
@pytest.mark.parametrize("wanted", [*READERS])
def test_ibms_registers_come_back_by_their_own_names(wanted, seed):
    """Whatever IBM's client wrote comes back whole: two registers, and a bit that nobody writes reads zero."""
    drawing = drawn(seed)

    found = RUN[wanted](translated(said(drawing, "ibm"), "ibm", wanted))

    assert {name for reading in found for name, _ in reading} == {"low", "high"}
    assert_alike(found, exactly(drawing))


@PAIRS
def test_qubits_that_nothing_touches_do_not_go_along(spoken, wanted):
    ghz = QuantumCircuit(5, 2)
    ghz.h(1)
    ghz.cx(1, 2)
    ghz.measure([1, 2], [0, 1])

    sent = heard(translated(said(ghz, spoken), spoken, wanted), wanted)

    assert busy(sent) == 2
    assert sent.num_qubits == (PLACES["ibm"].qubits if wanted == "ibm" else 2)


@PAIRS
def test_one_program_is_always_written_in_the_same_way(spoken, wanted):
    received = said(drawn(7), spoken)

    assert translated(received, spoken, wanted) == translated(received, spoken, wanted)


@pytest.mark.parametrize("wanted", [*READERS])
@pytest.mark.parametrize("sets", [1, 3])
def test_parameter_sets_stay_where_they_are(wanted, sets):
    """Their results have a shape, which other vendors' results do not: one set in a row of one is such a row, too."""
    circuit = QuantumCircuit(1, 1)
    circuit.ry(Parameter("angle"), 0)
    circuit.measure(0, 0)
    asked = program(circuit, shape=(sets,), bound=[[0.1]] * sets)
    received = ENCODERS["ibm"].encode(asked, backend=PLACES["ibm"], shots=None)

    answer = answered(received, "ibm", wanted)

    assert (answer["problem"], answer["tainted"]) == ("not-translatable", False)


# ── in a worker process ──────────────────────────────────────────────────────────────────────────
LINE = tuple(edge for low in range(19) for edge in ((low, low + 1), (low + 1, low)))
LONG = replace(
    PLACES["ibm"],
    qubits=20,
    coupling_map=LINE,
    gates=tuple(
        replace(gate, qubits=LINE if gate.name in values.TWO_QUBIT else tuple((qubit,) for qubit in range(20)))
        for gate in values.HARDWARE.gates
    ),
)
WHO = {"project_id": "project-1", "principal_id": "principal-1"}


@pytest.fixture
async def sandbox():
    made = Sandbox(
        {name: f"adapters.{name}.reader:{type(reader).__name__}" for name, reader in READERS.items()},
        SandboxLimits(workers=1),
        encoders={name: f"adapters.{name}.encoder:{type(encoder).__name__}" for name, encoder in ENCODERS.items()},
    )
    await made.start()
    yield made
    await made.close()


async def test_a_worker_writes_what_this_process_writes_and_says_what_it_cannot(sandbox):
    golden = bodies.text(bodies.golden())

    written = await sandbox.translate(reader="ibm", body=golden, encoder="ionq", backend=PLACES["ionq"], **WHO)
    assert written == translated(golden, "ibm", "ionq")

    narrow = replace(PLACES["ionq"], qubits=1)
    with pytest.raises(UnreadablePayloadError) as refused:
        await sandbox.translate(reader="ibm", body=golden, encoder="ionq", backend=narrow, **WHO)
    assert refused.value.problem == "too-large"


async def test_a_worker_has_no_threads_to_wait_for(sandbox):
    """Routing runs trials side by side where it may; a fork that hands work to threads of its zygote waits for ever."""
    wide = QuantumCircuit(12, 12)
    wide.compose(random_circuit(12, 8, max_operands=2, seed=3), inplace=True)
    wide.measure(range(12), range(12))
    received = ENCODERS["ibm"].encode(program(wide), backend=LONG, shots=None)

    for place in (LONG, PLACES["ionq"], PLACES["braket"]):
        written = await sandbox.translate(reader="ibm", body=received, encoder=place.upstream, backend=place, **WHO)
        assert heard(written, place.upstream).num_clbits
