"""Braket's bodies after policy had them changed: nothing that names the work is left, and the work is the same."""

import json
from dataclasses import replace

import pytest

from adapters.braket.editor import BraketEditor
from adapters.braket.reader import BraketReader
from adapters.braket.restored import documents
from gateway.circuits.limits import SandboxLimits
from gateway.circuits.measure import measure
from gateway.domain.changes import METADATA, NAMES, TAGS, Changes, Obliged
from gateway.ports.reader import UnreadableError
from tests.fakes import values

SECRET = "gravitydrive"
MEASURED = f"""OPENQASM 3.0; // {SECRET}
input float t{SECRET};
bit[2] b{SECRET};
qubit[2] q{SECRET};
#pragma braket verbatim
box{{ rx(t{SECRET}) q{SECRET}[0]; }}
cnot q{SECRET}[0], q{SECRET}[1];
b{SECRET}[0] = measure q{SECRET}[0];
b{SECRET}[1] = measure q{SECRET}[1];
"""
ASKED = f"""OPENQASM 3.0;
qubit[2] z{SECRET};
h z{SECRET}[0];
#pragma braket result expectation x(z{SECRET}[0]) @ z(z{SECRET}[1])
#pragma braket result probability z{SECRET}[1]
"""


def body(source=MEASURED, inputs=None, **more):
    action = {"braketSchemaHeader": {"name": "braket.ir.openqasm.program", "version": "1"}, "source": source}
    action["inputs"] = inputs if inputs is not None else ({f"t{SECRET}": 0.5} if "input" in source else {})
    return {
        "clientToken": "t-1",
        "deviceArn": "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1",
        "action": json.dumps(action),
        "shots": 50,
        "outputS3Bucket": "amazon-braket-x",
        "outputS3KeyPrefix": "tasks",
        **more,
    }


def read(given):
    return BraketReader().read(given, SandboxLimits().reading)


def edited(document, **changes):
    given = json.dumps(document).encode()
    program = read(given)
    return BraketEditor().edit(given, program, measure(program), Changes(**changes))


@pytest.mark.parametrize("source", [MEASURED, ASKED], ids=["measurements", "results"])
def test_no_name_is_left_and_the_program_is_the_same(source):
    done = edited(body(source), strip=(NAMES,))

    assert SECRET.encode() not in done.body
    assert measure(read(done.body)).digest == measure(read(json.dumps(body(source)).encode())).digest


def test_a_word_of_the_language_that_somebody_chose_as_a_name_stays():
    """Renaming it everywhere would rename the gate, too."""
    source = "OPENQASM 3.0; qubit[1] result; h result[0];"

    assert (
        "qubit[1] result"
        in json.loads(json.loads(edited(body(source), strip=(NAMES,), tags=("a=b",)).body)["action"])["source"]
    )


def test_registers_alone_get_other_names():
    done = edited(body(), relabel=True)

    source = json.loads(json.loads(done.body)["action"])["source"]
    assert f"b{SECRET}" not in source
    assert f"q{SECRET}" in source
    assert [each.kind for each in done.made] == ["relabel-registers"]


@pytest.mark.parametrize(("most", "left"), [(49, 49), (50, 50)])
def test_shots_are_capped_only_above_the_most(most, left):
    assert json.loads(edited(body(), most_shots=most).body)["shots"] == left


def test_tags_are_taken_and_given():
    done = edited(body(tags={"owner": SECRET}), strip=(TAGS,), tags=("team=qc",))

    assert json.loads(done.body)["tags"] == {"team": "qc"}


def test_a_task_that_must_be_private_is_not_sent():
    with pytest.raises(UnreadableError, match="no private tasks") as caught:
        edited(body(), private=True)

    assert caught.value.code == "unkept"


def test_a_task_that_must_be_sent_in_parts_is_not_sent():
    assert edited(body(), part_shots=50).made == ()
    with pytest.raises(UnreadableError, match="Amazon Braket's cannot run its circuits in parts of 49 shots") as caught:
        edited(body(), part_shots=49)

    assert caught.value.code == "unkept"


def test_what_is_so_already_keeps_its_bytes():
    given = json.dumps(body()).encode()

    done = edited(body(), most_shots=50, strip=(METADATA, TAGS))

    assert (done.body, done.made) == (given, ())


def test_results_come_back_with_the_program_that_was_submitted_and_say_that_another_ran():
    submitted = body()
    kept = {"result": json.dumps({"measurements": [[1]], "additionalMetadata": {"action": "n_0", "x": 1}}).encode()}
    job = replace(values.JOB, obliged=Obliged(words=("its names were left out",)))

    back = json.loads(documents(job, json.dumps(submitted).encode(), kept)["result"])

    assert back["measurements"] == [[1]]
    assert back["additionalMetadata"]["action"] == json.loads(submitted["action"])
    assert back["additionalMetadata"]["qgw"]["changes"] == ["its names were left out"]
    assert back["additionalMetadata"]["x"] == 1


def test_results_that_cannot_be_read_are_not_given_out_as_they_are():
    with pytest.raises(ValueError, match="JSON"):
        documents(values.JOB, json.dumps(body()).encode(), {"result": b"\x00"})
