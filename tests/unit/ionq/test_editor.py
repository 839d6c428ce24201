"""IonQ's bodies after policy had them changed: nothing that names the work is left, and the work is the same."""

import json

import pytest

from adapters.ionq import documents
from adapters.ionq.editor import IonqEditor
from adapters.ionq.reader import IonqReader
from adapters.ionq.restored import shots
from gateway.circuits.limits import SandboxLimits
from gateway.circuits.measure import measure
from gateway.domain.changes import METADATA, NAMES, TAGS, Changes
from gateway.ports.reader import UnreadableError

SECRET = "gravitydrive"
BELL = [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}]
QASM = f'OPENQASM 3.0; include "stdgates.inc"; qubit[1] q{SECRET}; bit[1] c{SECRET}; x q{SECRET}[0]; // {SECRET}\n'


def read(given):
    return IonqReader().read(given, SandboxLimits().reading)


def edited(document, **changes):
    given = json.dumps(document).encode()
    program = read(given)
    return IonqEditor().edit(given, program, measure(program), Changes(**changes))


def body(type_="ionq.circuit.v1", given=None, **more):
    given = given or {"gateset": "qis", "qubits": 2, "circuit": BELL}
    return {"type": type_, "backend": "qpu.forte-1", "shots": 64, "input": given, **more}


def several():
    circuits = [{"circuit": BELL, "name": SECRET}, {"circuit": BELL}]
    return body("ionq.multi-circuit.v1", {"gateset": "qis", "qubits": 2, "circuits": circuits}, name=SECRET)


def dynamic():
    return body("ionq.qasm3.v1", {"data": QASM + f"c{SECRET} = measure q{SECRET};"})


@pytest.mark.parametrize(("most", "left"), [(63, 63), (64, 64)])
def test_shots_are_capped_only_above_the_most(most, left):
    assert json.loads(edited(body(), most_shots=most).body)["shots"] == left


def test_shots_that_nobody_names_are_ionqs_hundred():
    document = body()
    del document["shots"]

    assert json.loads(edited(document, most_shots=10).body)["shots"] == 10


def test_what_a_client_tells_itself_is_left_out_apart_from_tags():
    told = {"qiskit_header": SECRET, "qgw:code": "git:1", "note": SECRET}

    done = edited(body(name=SECRET, metadata=told), strip=(METADATA, NAMES))

    assert SECRET.encode() not in done.body
    assert json.loads(done.body)["metadata"] == {"qgw:code": "git:1"}


def test_tags_are_metadata_that_begin_with_ours():
    done = edited(body(metadata={"qgw:code": "git:1", "note": "x"}), strip=(TAGS,), tags=("team=qc",))

    assert json.loads(done.body)["metadata"] == {"note": "x", "team": "qc"}


def test_circuits_of_a_job_of_several_lose_their_names():
    done = edited(several(), strip=(NAMES,))

    assert SECRET.encode() not in done.body
    assert len(json.loads(done.body)["input"]["circuits"]) == 2


def test_a_programs_registers_keep_their_names_unless_they_are_to_get_others():
    kept, renamed = edited(dynamic(), strip=(NAMES,)), edited(dynamic(), strip=(NAMES,), relabel=True)

    assert kept.body.count(SECRET.encode()) == 2
    assert SECRET.encode() not in renamed.body
    assert renamed.undo.registers == ({"r0": f"c{SECRET}"},)
    assert measure(read(renamed.body)).digest == measure(read(json.dumps(dynamic()).encode())).digest


def test_shots_come_back_under_the_clients_own_registers():
    told = {"shots": [{"registers": {"r0": [1]}}, {"registers": {"r0": [0]}}]}
    kept = {"result": b"{}", documents.SHOTS_ARTIFACT: json.dumps(told).encode()}

    back = shots(kept, ({"r0": SECRET},))

    assert [each["registers"] for each in json.loads(back[documents.SHOTS_ARTIFACT])["shots"]] == [
        {SECRET: [1]},
        {SECRET: [0]},
    ]
    assert back["result"] == b"{}"


def test_shots_of_another_shape_are_not_given_out_as_they_are():
    with pytest.raises(ValueError, match="another shape"):
        shots({documents.SHOTS_ARTIFACT: b'{"shots": [3]}'}, ({"r0": SECRET},))


def test_a_job_that_must_be_private_is_not_sent():
    with pytest.raises(UnreadableError, match="no private jobs") as caught:
        edited(body(), private=True)

    assert caught.value.code == "unkept"


@pytest.mark.parametrize(
    "changes", [{"part_shots": 64}, {"part_shots": 9, "most_shots": 9}], ids=["one part", "capped"]
)
def test_a_job_that_fits_into_one_part_is_sent(changes):
    assert edited(body(), **changes).undo.parts == ()


def test_a_job_that_must_be_sent_in_parts_is_not_sent():
    with pytest.raises(UnreadableError, match="IonQ's cannot run its circuits in parts of 63 shots") as caught:
        edited(body(), part_shots=63)

    assert caught.value.code == "unkept"


def test_registers_listed_beside_a_circuit_keep_the_job_here():
    document = several()
    document["input"]["circuits"][0]["registers"] = {SECRET: [0, 1]}

    with pytest.raises(UnreadableError, match="told apart"):
        edited(document, relabel=True)


def test_what_is_so_already_keeps_its_bytes():
    given = json.dumps(body()).encode()

    done = edited(body(), most_shots=64, strip=(METADATA, NAMES, TAGS), relabel=True)

    assert (done.body, done.made) == (given, ())
