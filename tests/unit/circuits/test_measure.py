"""Facts of a whole program: shots, bases, seconds, and counts that cannot overflow."""

import json

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Gate

from adapters.ibm.reader import IbmReader
from gateway.circuits.bases import count_bases
from gateway.circuits.measure import LARGEST, MAX_NAMES, measure
from gateway.domain.circuit import ProgramFacts
from gateway.ports.reader import ReadLimits
from tests.unit.ibm_reader.wire import bell, captured, estimator, packed, sampler

LIMITS = ReadLimits(decompressed_bytes=2**24, circuits=100, bindings=10_000)


def facts(body: bytes) -> ProgramFacts:
    return measure(IbmReader().read(body, LIMITS))


def test_a_bell_circuit():
    found = facts(sampler([packed(bell()), None, 1000])).circuits[0]

    assert (found.qubits_used, found.qubits_declared, found.clbits) == (2, 2, 2)
    assert (found.depth, found.size, found.two_qubit_depth) == (3, 4, 1)
    assert found.gates == {"barrier": 1, "cx": 1, "h": 1, "measure": 2}
    assert found.gates_by_arity == {"1": 1, "2": 1}
    assert (found.two_qubit_gates, found.multi_qubit_gates) == (1, 0)
    assert (found.measurements, found.measured_bits, found.mid_circuit_measurements) == (2, 2, 0)
    assert (found.bindings, found.shots, found.observables, found.parameters) == (1, 1000, 0, 0)
    assert found.clifford
    assert found.rotations == 0
    assert found.largest_component == 2
    assert not found.samplex


def test_total_shots_count_every_parameter_set():
    found = facts(json.dumps(captured("sampler-sweep")).encode())

    assert [(one.bindings, one.shots) for one in found.circuits] == [(6, 500), (1, 10)]
    assert found.total_shots == 3010


def test_an_estimator_needs_shots_for_its_precision_in_every_basis():
    circuit = packed(QuantumCircuit(2))
    observables = [{"ZZ": 1.0, "XX": 1.0, "ZI": 0.5}, "YI"]

    found = facts(estimator([circuit, observables, None, 0.1])).circuits[0]

    assert found.shots == 2 * 100
    assert found.bindings == 2
    assert found.observables == 4


def test_a_twirled_item_says_so():
    found = facts(json.dumps(captured("executor-twirled-v2.0")).encode())

    assert [one.samplex for one in found.circuits] == [True, True]
    assert found.payload_versions == ("executor-v2.0", "qpy-18", "ssv-4")


def test_the_digest_of_a_program_is_of_its_circuits_in_order():
    one, other = packed(bell()), packed(QuantumCircuit(1))

    assert facts(sampler([one], [other])).digest == facts(sampler([one, None, 7], [other])).digest
    assert facts(sampler([one], [other])).digest != facts(sampler([other], [one])).digest


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(sampler([packed(bell()), None, 2**53 - 1], [packed(bell()), None, 2**53 - 1]), id="shots"),
        pytest.param(estimator([packed(QuantumCircuit(1)), "Z", None, 1e-300]), id="precision"),
    ],
)
def test_counts_stop_at_what_every_reader_of_facts_can_hold(body):
    found = facts(body)

    assert found.total_shots == LARGEST
    assert all(one.shots <= LARGEST for one in found.circuits)


def test_seconds_follow_shots_and_depth():
    few, many = facts(sampler([packed(bell()), None, 100])), facts(sampler([packed(bell()), None, 1000]))

    assert many.estimated_seconds == pytest.approx(10 * few.estimated_seconds)
    assert few.estimated_seconds == pytest.approx(100 * (250e-6 + 3e-7))


def test_invented_names_do_not_make_facts_grow():
    circuit = QuantumCircuit(1)
    for number in range(MAX_NAMES + 10):
        circuit.append(Gate(f"invented{number}", 1, []), [0])
    circuit.h(0)
    circuit.h(0)

    found = facts(sampler([packed(circuit)])).circuits[0]

    assert len(found.gates) == MAX_NAMES + 1
    assert found.gates["h"] == 2
    assert sum(found.gates.values()) == MAX_NAMES + 12


@pytest.mark.parametrize(
    ("terms", "bases"),
    [
        pytest.param([], 1, id="nothing"),
        pytest.param(["II"], 1, id="the identity"),
        pytest.param(["ZZ", "ZI", "IZ"], 1, id="all diagonal"),
        pytest.param(["ZZ", "XX"], 2, id="two bases"),
        pytest.param(["ZI", "IX", "ZX"], 1, id="each qubit in its own basis"),
        pytest.param(["YI", "XI", "ZI"], 3, id="three on one qubit"),
        pytest.param(["0I", "ZI", "1Z"], 1, id="projectors of Z"),
        pytest.param(["+I", "XI", "r0", "l1", "-Z"], 2, id="projectors of X and Y"),
        pytest.param(
            [format(n, "011b").replace("0", "I").replace("1", "Z") for n in range(1001)], 1001, id="too many to group"
        ),
    ],
)
def test_terms_that_agree_are_measured_together(terms, bases):
    assert count_bases(terms) == bases
