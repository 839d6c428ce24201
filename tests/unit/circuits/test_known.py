"""What a worker keeps of circuits that it measured: it saves work, and changes no fact."""

from functools import partial

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from adapters.ibm.reader import IbmReader
from gateway.circuits import measure as measuring
from gateway.circuits.measure import Known, measure
from gateway.circuits.structure import Structures
from gateway.ports.reader import Program, ReadLimits
from tests.unit.ibm_reader.wire import bell, body, captured, packed, sampler

LIMITS = ReadLimits(decompressed_bytes=2**24, circuits=100, bindings=10_000)


@pytest.fixture
def looks(monkeypatch):
    """Count how often a circuit is looked at."""
    seen = []
    tally = measuring.tally
    monkeypatch.setattr(measuring, "tally", lambda circuit: seen.append(circuit) or tally(circuit))
    return seen


def read(*pubs: list) -> Program:
    return IbmReader().read(sampler(*pubs), LIMITS)


def turns(number: int) -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    for _ in range(number):
        circuit.x(0)
    return circuit


def rotated() -> dict[str, str]:
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("angle"), 0)
    circuit.measure_all()
    return packed(circuit)


def test_a_circuit_that_comes_again_is_not_looked_at_again(looks):
    known, circuit = Known(), rotated()

    for angle in (0.1, 0.2, 0.3):
        measure(read([circuit, [angle], 10], [circuit, [[angle], [1.0]], 20]), known)

    assert len(looks) == 1


def test_what_an_item_does_with_a_circuit_is_measured_each_time():
    known, circuit = Known(), rotated()
    measure(read([circuit, [0.1], 10]), known)

    found = measure(read([circuit, [[0.1], [0.2]], 30]), known)

    assert (found.circuits[0].bindings, found.circuits[0].shots, found.total_shots) == (2, 30, 60)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param([packed(bell(), version=13)], id="the same circuit in other bytes"),
        pytest.param([packed(turns(1))], id="another circuit"),
        pytest.param(["OPENQASM 3.0; qubit[2] q;"], id="a text"),
    ],
)
def test_other_bytes_are_looked_at_for_themselves(looks, other):
    known = Known()
    measure(read([packed(bell(), version=17)]), known)

    found = measure(read(other), known)

    assert len(looks) == 2
    assert found == measure(read(other))


def test_circuits_of_one_blob_are_told_apart():
    """Several circuits are read from the same bytes there, and are not the same for that."""
    program = IbmReader().read(body("executor", captured("executor-twirled-v2.0")["params"]), LIMITS)
    sources = [item.source for item in program.items]

    assert len(sources) == len(set(sources)) == 2
    assert measure(program, Known()) == measure(program)


def test_facts_are_the_same_whatever_is_known(monkeypatch):
    """Twenty instructions of one submission are looked at: who comes when they are used up has no fingerprint."""
    monkeypatch.setattr(measuring, "Structures", partial(Structures, 20))
    circuits = [packed(turns(number)) for number in (0, 4, 7, 9)]
    programs = [read(*([circuits[place]] for place in places)) for places in [(1, 2, 3, 0), (3, 3, 3, 0), (2, 1), (3,)]]
    known = Known()

    for program in (*programs, *reversed(programs)):
        assert measure(program, known) == measure(program)

    assert measure(programs[1], known).circuits[2].fingerprint is None
    assert measure(programs[3], known).circuits[0].fingerprint is not None


def test_what_came_the_longest_ago_makes_room(looks):
    known = Known(most=2)
    first, second, third = ([packed(turns(number))] for number in (1, 2, 3))

    for each in (first, second, first, third, first, second):
        measure(read(each), known)

    assert len(looks) == 4
