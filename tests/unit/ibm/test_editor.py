"""IBM's bodies after policy had them changed: nothing that names the work is left, and the work is the same."""

import base64
import json
import math
import zlib

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Gate, Parameter, ParameterVector
from qiskit.circuit.library import RXGate

from adapters.ibm.editor import IbmEditor
from adapters.ibm.reader import IbmReader
from adapters.ibm.reader.samples import samples
from gateway.circuits.limits import SandboxLimits
from gateway.circuits.measure import measure
from gateway.domain.changes import METADATA, NAMES, TAGS, Changes
from gateway.ports.reader import UnreadableError
from tests.unit.ibm_reader.wire import estimator, ndarray, packed, sampler

LIMITS = SandboxLimits().reading
SECRET = "gravitydrive"
"""What must not leave, wherever it stands."""


def read(given):
    return IbmReader().read(given, LIMITS)


def edited(given, **changes):
    program = read(given)
    return IbmEditor().edit(given, program, measure(program), Changes(**changes))


def facts(given):
    return measure(read(given))


def spoken():
    """Say it in every place of a circuit that has one."""
    own = QuantumCircuit(2, name=SECRET)
    own.cx(0, 1)
    circuit = QuantumCircuit(QuantumRegister(2, f"q{SECRET}"), ClassicalRegister(2, f"c{SECRET}"), name=SECRET)
    circuit.metadata = {"for": SECRET}
    circuit.append(RXGate(Parameter(f"z{SECRET}"), label=SECRET), [0])
    circuit.rz(2 * Parameter(f"a{SECRET}"), 1)
    circuit.append(own.to_gate(label=SECRET), [0, 1])
    circuit.measure([0, 1], [1, 0])
    return circuit


def executor():
    """Write a program with twirled circuits, and a note of its client's."""
    document = json.loads(samples()[2])
    document["params"]["quantum_program"]["passthrough_data"] = {"note": SECRET}
    return document


def inside(given):
    """Unpack everything that a body packs, so that a name has nowhere to hide."""
    document = json.loads(given)
    packs = [pub[0]["__value__"] for pub in document["params"]["pubs"] if isinstance(pub[0], dict)]
    return given + b"".join(zlib.decompress(base64.b64decode(each)) for each in packs)


@pytest.mark.parametrize("version", [13, 15, 17, 18])
def test_no_name_is_left_anywhere_and_the_circuit_is_the_same(version):
    given = sampler([packed(spoken(), version=version), ndarray([[1.0, 2.0]]), 10])
    assert SECRET.encode() in inside(given)

    done = edited(given, strip=(METADATA, NAMES), relabel=True)

    assert SECRET.encode() not in inside(done.body)
    assert facts(done.body).digest == facts(given).digest
    assert done.undo.registers == ({"r0": f"c{SECRET}"},)
    assert {each.kind for each in done.made} == {"strip", "relabel-registers"}
    assert read(done.body).payload_versions == (f"qpy-{version}",)


def test_registers_keep_their_names_unless_they_are_to_get_others():
    """Results are told by register, and nobody would give them their names back."""
    done = edited(sampler([packed(spoken()), ndarray([[1.0, 2.0]])]), strip=(NAMES,))

    (item,) = read(done.body).items
    assert [register.name for register in item.circuit.cregs] == [f"c{SECRET}"]
    assert done.undo.registers == ()


def test_parameters_keep_the_order_in_which_their_values_are_given():
    circuit = QuantumCircuit(1)
    vector, low, high = ParameterVector("m", 12), Parameter("a"), Parameter("z")
    circuit.rx(high, 0)
    for each in reversed(vector):
        circuit.ry(each, 0)
    circuit.rz(low, 0)
    values = [float(place) for place in range(14)]

    done = edited(sampler([packed(circuit), ndarray([values])]), strip=(NAMES,))

    (item,) = read(done.body).items
    bound = item.circuit.assign_parameters(item.bind(0).values[0])
    assert [step.operation.params[0] for step in bound.data] == [13.0, *map(float, range(12, 0, -1)), 0.0]


def test_a_program_in_text_loses_its_names_and_comments_with_the_keys_of_its_values():
    source = f"""OPENQASM 3.0; // {SECRET}
    include "stdgates.inc"; input float a{SECRET}; input float z{SECRET}; qubit[1] q{SECRET}; bit[1] c{SECRET};
    rx(z{SECRET}) q{SECRET}[0]; rz(a{SECRET}) q{SECRET}[0]; c{SECRET}[0] = measure q{SECRET}[0];"""
    given = sampler([source, {f"a{SECRET}": [1.0], f"z{SECRET}": [2.0]}, 10])

    done = edited(given, strip=(NAMES,), relabel=True)

    assert SECRET.encode() not in done.body
    assert facts(done.body).digest == facts(given).digest
    assert read(done.body).items[0].bind(0).values.tolist() == read(given).items[0].bind(0).values.tolist()


def test_what_cannot_lose_its_names_is_not_sent():
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.x(0)

    with pytest.raises(UnreadableError, match="control flow") as caught:
        edited(sampler([packed(circuit)]), strip=(NAMES,))

    assert caught.value.code == "unkept"


def test_a_gate_that_nothing_but_its_name_defines_keeps_the_job_here():
    circuit = QuantumCircuit(1)
    circuit.append(Gate(SECRET, 1, []), [0])

    with pytest.raises(UnreadableError, match="nothing defines") as caught:
        edited(sampler([packed(circuit)]), strip=(NAMES,))

    assert SECRET not in caught.value.message


def test_shots_are_capped_where_there_are_more_and_nowhere_else():
    given = sampler([packed(spoken()), ndarray([[1.0, 2.0]]), 500], [packed(spoken()), ndarray([[1.0, 2.0]]), 3])

    done = edited(given, most_shots=100)

    assert [each.shots for each in facts(done.body).circuits] == [100, 3]
    assert [each.words for each in done.made] == ["no circuit runs more than 100 times"]


def test_the_sdks_default_is_capped_too():
    done = edited(sampler([packed(spoken()), ndarray([[1.0, 2.0]])]), most_shots=100)

    assert facts(done.body).circuits[0].shots == 100


@pytest.mark.parametrize("most", [1000, 999, 7, 2])
def test_an_estimator_gets_the_finest_precision_that_so_many_shots_have(most):
    circuit = QuantumCircuit(2)
    circuit.h(0)
    given = estimator([packed(circuit), [{"XX": 1.0, "ZZ": 1.0}], None, 0.001])

    done = edited(given, most_shots=most)

    shots = facts(done.body).circuits[0].shots
    assert most - 2 < shots <= most
    assert read(done.body).items[0].precision == pytest.approx(1 / math.sqrt(most // 2))


def test_observables_that_need_more_bases_than_shots_keep_the_job_here():
    circuit = QuantumCircuit(2)
    circuit.h(0)

    with pytest.raises(UnreadableError, match="more than 1 shots"):
        edited(estimator([packed(circuit), [{"XX": 1.0, "ZZ": 1.0}], None, 0.1]), most_shots=1)


def test_an_executors_notes_are_left_out():
    given = json.dumps(executor()).encode()

    done = edited(given, strip=(METADATA, NAMES), most_shots=2)

    program = json.loads(done.body)["params"]["quantum_program"]
    assert (program["passthrough_data"], program["shots"]) == (None, 2)
    assert facts(done.body).digest == facts(given).digest


def test_drawn_parameters_know_registers_by_name():
    with pytest.raises(UnreadableError, match="known there by name"):
        edited(json.dumps(executor()).encode(), relabel=True)


def test_tags_are_taken_and_given_in_the_body_and_in_the_options():
    given = json.loads(sampler([packed(spoken()), ndarray([[1.0, 2.0]])], environment={"job_tags": [SECRET]}))
    given["tags"] = [SECRET]

    done = json.loads(edited(json.dumps(given).encode(), strip=(TAGS,), tags=("team=qc",)).body)

    assert (done["tags"], done["params"]["options"]) == (["team=qc"], {"environment": {}})


def test_more_tags_than_ibm_keeps_are_not_sent():
    given = json.loads(sampler([packed(spoken()), ndarray([[1.0, 2.0]])]))
    given["tags"] = [str(number) for number in range(7)]

    with pytest.raises(UnreadableError, match="keeps 7 tags"):
        edited(json.dumps(given).encode(), tags=("team=qc",))


def test_a_job_becomes_private_once():
    first = edited(sampler([packed(spoken()), ndarray([[1.0, 2.0]])]), private=True)

    assert json.loads(first.body)["private"] is True
    assert edited(first.body, private=True).made == ()


def test_what_is_so_already_keeps_its_bytes():
    given = sampler([packed(spoken()), ndarray(np.array([[1.0, 2.0]])), 10])

    done = edited(given, most_shots=10)

    assert (done.body, done.made) == (given, ())
