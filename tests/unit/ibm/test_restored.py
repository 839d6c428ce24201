"""IBM's results of a job that was changed: the client's names and notes stand in them again, and a label says so."""

import json
from dataclasses import replace

import pytest

from adapters.ibm.dialect import IbmDialect
from adapters.ibm.settings import IbmSettings
from adapters.ibm.vendor_results import decode
from gateway.domain.changes import Obliged, Undo
from tests.fakes import values

JOB = replace(values.JOB, obliged=Obliged(words=("its names were left out",)))
SUBMITTED = {"program_id": "sampler", "params": {}}
DIALECT = IbmDialect(IbmSettings())


def given_back(document, registers=(), submitted=None, parts=()):
    body, undo = json.dumps(submitted or SUBMITTED).encode(), Undo(registers=registers, parts=parts)
    made = DIALECT.restored(JOB, body, {"result": document, "metrics": b"{}"}, undo)
    assert made["metrics"] == b"{}"
    return made["result"]


def written():
    """Write a result as IBM does, whose register has another name."""
    result = values.result(values.item(registers={"r0": values.register(1, [1, 0])}, shots=2))
    return DIALECT.encode_results(JOB, json.dumps(SUBMITTED).encode(), result)["result"]


def test_registers_have_their_own_names_and_nothing_else_changes():
    before, after = written(), given_back(written(), ({"r0": "mine"},))

    (was,), (now,) = (decode(json.dumps(SUBMITTED).encode(), {"result": each}).items for each in (before, after))
    assert now.registers == {"mine": was.registers["r0"]}
    assert json.loads(after)["__value__"]["metadata"]["qgw"]["changes"] == ["its names were left out"]


def test_plain_results_have_their_names_back_too():
    document = json.dumps({"results": [{"data": {"r0": {"samples": ["0x1"], "num_bits": 1}}}]}).encode()

    told = json.loads(given_back(document, ({"r0": "mine"},)))

    assert list(told["results"][0]["data"]) == ["mine"]
    assert told["metadata"]["qgw"]["backend"] == JOB.backend


def test_what_a_client_had_passed_through_is_there_again():
    """The SDK's client-side primitives read how to make a result of it."""
    program = {"shots": 1, "passthrough_data": {"note": "mine"}}
    submitted = {"program_id": "executor", "params": {"schema_version": "v2.0", "quantum_program": program}}
    document = {"schema_version": "v2.0", "data": [{"results": {"r0": 1}}], "passthrough_data": None}

    told = json.loads(given_back(json.dumps(document).encode(), ({"r0": "mine"},), submitted))

    assert told["passthrough_data"] == {"note": "mine"}
    assert told["data"] == [{"results": {"mine": 1}}]


@pytest.mark.parametrize("document", [b"{}", b"[]", b'{"data": 3}', b'{"__type__": "PrimitiveResult"}'])
def test_a_result_of_another_shape_is_not_given_out_as_it_is(document):
    with pytest.raises(ValueError, match="shape"):
        given_back(document, ({"r0": "mine"},))
