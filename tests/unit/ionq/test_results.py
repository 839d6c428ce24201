"""Results in IonQ's documents."""

import json
from dataclasses import replace

import pytest

from adapters.ionq import IonqDialect, IonqSettings, asked, documents, ids
from gateway.domain.errors import RefusedError
from gateway.domain.ids import ClientJobId
from gateway.domain.job import JobStatus
from gateway.ports import answers as answered
from gateway.ports import operations as ask
from tests.fakes import values
from tests.fakes.values import item, register, result

DIALECT = IonqDialect(IonqSettings())
PARENT = ids.parent(bytes(16))
JOB = replace(values.JOB, client_job_id=ClientJobId(PARENT), status=JobStatus.COMPLETED)


def encoded(kind, *items, **fields):
    body = {"type": kind, "input": {"gateset": "qis", "circuit": [{"gate": "x", "target": 2}]}, **fields}
    made = DIALECT.encode_results(JOB, json.dumps(body).encode(), result(*items))
    return {name: json.loads(document) for name, document in made.items()}


def single(*rows, bits=3):
    return item(registers={"meas": register(bits, list(rows))}, shots=len(rows))


def test_an_outcome_is_an_integer_whose_lowest_bit_is_qubit_zero():
    """x on qubit 2 of 3 reads 4, as a state vector's index does."""
    made = encoded("ionq.circuit.v1", single(4, 4, 1, 4))

    assert made["result"] == made["sharpened"] == {"1": 0.25, "4": 0.75}
    assert made["histogram"] == {"1": 1, "4": 3}
    assert made["shots"] == ["4", "4", "1", "4"]


def test_wide_outcomes_keep_every_bit():
    wide = 2**100 + 1

    assert encoded("ionq.circuit.v1", single(wide, wide, bits=101))["histogram"] == {str(wide): 2}


def test_what_computed_it_is_a_document_of_its_own():
    label = encoded("ionq.circuit.v1", single(0))[documents.EXECUTION]

    assert (label["execution_kind"], label["simulator"], label["backend"]) == ("simulator", "test", "sim_line_5")


def test_several_circuits_are_aggregated_in_their_order_and_joined_one_by_one():
    made = encoded("ionq.multi-circuit.v1", single(0, 0), single(7, 1))

    first, second = ids.children(PARENT, 2)
    assert list(made["result"].items()) == [(first, {"0": 1.0}), (second, {"1": 0.5, "7": 0.5})]
    assert made["children-shots"] == {"0": ["0", "0"], "1": ["7", "1"]}
    assert made["children-histogram"]["1"] == {"1": 1, "7": 1}
    assert made["children-probabilities"]["0"] == {"0": 1.0}


def test_registers_come_shot_by_shot_with_bit_zero_first():
    both = item(registers={"a": register(2, [1, 2]), "b": register(1, [0, 1])}, shots=2)

    made = encoded("ionq.qasm3.v1", both)

    shots = made[documents.SHOTS_ARTIFACT]
    assert shots["shots"] == [{"registers": {"a": [1, 0], "b": [0]}}, {"registers": {"a": [0, 1], "b": [1]}}]
    assert shots["qgw"]["execution_kind"] == "simulator"
    assert made["histogram"] == {"1": 1, "6": 1}


def test_a_dry_run_has_its_circuit_and_no_outcome():
    made = encoded("ionq.circuit.v1", single(4), dry_run=True)

    assert made == {
        "result": {},
        "ionq.qis.v1": [{"gate": "x", "target": 2}],
        documents.EXECUTION: made[documents.EXECUTION],
    }


def test_joined_documents_keep_their_bytes():
    parts = {"0": b'{"a":  1.50}', "1": b"[ 1,2 ]"}

    joined = documents.joined(parts)

    assert json.loads(joined) == {"0": {"a": 1.5}, "1": [1, 2]}
    assert {key: documents.part(joined, key) for key in parts} == parts
    assert documents.part(joined, "2") is None


def answer(operation, body, job=JOB):
    return DIALECT.answer(operation, answered.ResultBody(job=job, body=body))


def test_a_document_is_answered_byte_for_byte():
    wire = answer(ask.ShowResults(client_job_id=PARENT), b'{"0":  1.50}')

    assert (wire.status, wire.body) == (200, b'{"0":  1.50}')
    assert wire.headers["qgw-execution-kind"] == "simulator"


def test_so_is_one_of_joined_ones():
    wire = answer(asked.ShowPart(client_job_id=PARENT, document="children-shots", key="1"), b'{"1": [ "3" ]}')

    assert wire.body == b'[ "3" ]'


@pytest.mark.parametrize(
    ("job", "words"),
    [
        pytest.param(JOB, "has none, or it was erased", id="completed"),
        pytest.param(replace(JOB, status=JobStatus.RUNNING), "it is started", id="running"),
        pytest.param(replace(JOB, status=JobStatus.FAILED, reason="no memory"), "it is failed: no memory", id="failed"),
    ],
)
def test_a_document_that_is_not_there_says_why(job, words):
    with pytest.raises(RefusedError, match=words) as refused:
        answer(ask.ShowResults(client_job_id=PARENT, document="shots"), None, job)

    assert refused.value.code == "not-found"


def test_a_part_that_is_not_there_is_not_found():
    with pytest.raises(RefusedError, match="has no children-shots"):
        answer(asked.ShowPart(client_job_id=PARENT, document="children-shots", key="9"), b'{"1": []}')
