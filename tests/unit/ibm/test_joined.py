"""IBM's results of circuits in parts: one pub for each of the client's, with every shot, and spans that fit."""

import json
from dataclasses import replace

import pytest

from adapters.ibm.dialect import IbmDialect
from adapters.ibm.settings import IbmSettings
from adapters.ibm.vendor_results import decode
from gateway.domain.changes import Obliged, Undo
from tests.fakes import values

JOB = replace(values.JOB, obliged=Obliged(words=("circuits were sent in parts",)))
SUBMITTED = json.dumps({"program_id": "sampler", "params": {}}).encode()
DIALECT = IbmDialect(IbmSettings())
PARTS = ((2, 2, 1), (1,))
"""Of two circuits."""


def sent():
    """Give what the parts of two circuits read: the first runs with two parameter sets, and has two registers."""
    first = [pub([1, 2, 5, 6]), pub([3, 4, 7, 8]), pub([9, 10])]
    return values.result(*first, values.item(registers={"c": values.register(4, [15])}, shots=1))


def pub(rows):
    """Give a pub with two parameter sets, half of the rows each."""
    registers = {"c": values.register(4, rows, (2,)), "wide": values.register(9, [row + 256 for row in rows], (2,))}
    return values.item(registers=registers, shape=(2,), shots=len(rows) // 2)


def written(result=None):
    return json.loads(DIALECT.encode_results(JOB, SUBMITTED, result or sent())["result"])


def joined(document, parts=PARTS, registers=()):
    kept = {"result": json.dumps(document).encode()}
    made = DIALECT.restored(JOB, SUBMITTED, kept, Undo(registers=registers, parts=parts))
    return made["result"]


def test_every_parameter_set_has_all_its_shots_in_order():
    first, second = decode(SUBMITTED, {"result": joined(written())}).items

    assert first.registers == {
        "c": values.register(4, [1, 2, 3, 4, 9, 5, 6, 7, 8, 10], (2,)),
        "wide": values.register(9, [row + 256 for row in (1, 2, 3, 4, 9, 5, 6, 7, 8, 10)], (2,)),
    }
    assert (first.shape, first.shots, second.registers["c"]) == ((2,), 5, values.register(4, [15]))


def test_a_vendors_result_is_what_our_own_would_be():
    """The simulator's parts are put together in our words, IBM's in IBM's."""
    ours = DIALECT.encode_results(
        JOB, SUBMITTED, values.result(*decode(SUBMITTED, {"result": joined(written())}).items)
    )

    theirs = json.loads(joined(written()))["__value__"]["pub_results"]
    mine = json.loads(ours["result"])["__value__"]["pub_results"]
    assert [each["__value__"]["data"] for each in theirs] == [each["__value__"]["data"] for each in mine]


def test_the_pub_and_the_result_say_that_there_were_parts():
    told = json.loads(joined(written()))["__value__"]

    first, second = [each["__value__"]["metadata"] for each in told["pub_results"]]
    assert first["qgw"] == {"parts": [2, 2, 1]}
    assert "qgw" not in second
    assert told["metadata"]["qgw"]["changes"] == ["circuits were sent in parts"]


def test_registers_have_their_own_names_after_their_parts_are_one():
    document = joined(written(), registers=({"c": "mine", "wide": "broad"}, {"c": "other"}))

    assert [list(each.registers) for each in decode(SUBMITTED, {"result": document}).items] == [
        ["mine", "broad"],
        ["other"],
    ]


def test_spans_name_the_clients_pubs_and_the_shots_of_each_part():
    spans = json.loads(joined(written()))["__value__"]["metadata"]["execution"]["execution_spans"]["__value__"]["spans"]

    assert {each["__type__"] for each in spans} == {"DoubleSliceSpan"}
    assert [each["__value__"]["data_slices"] for each in spans] == [
        {"0": [[2, 5], 0, 2, 0, 2], "1": [[1], 0, 1, 0, 1]},
        {"0": [[2, 5], 0, 2, 2, 4]},
        {"0": [[2, 5], 0, 2, 4, 5]},
    ]
    assert len({json.dumps(each["__value__"]["start"]) for each in spans}) == 1


def test_spans_of_another_kind_are_left_out():
    document = written()
    execution = document["__value__"]["metadata"]["execution"]
    execution["execution_spans"]["__value__"]["spans"][0]["__type__"] = "TwirledSliceSpanV2"

    assert json.loads(joined(document))["__value__"]["metadata"]["execution"] == {}


def test_a_result_without_spans_has_none():
    document = written()
    document["__value__"]["metadata"] = {"version": 2}

    assert "execution" not in json.loads(joined(document))["__value__"]["metadata"]


def plain(*samples, bits=1):
    return {"data": {"c": {"samples": list(samples), "num_bits": bits}}, "metadata": {"shots": len(samples)}}


def test_plain_results_are_one_list_of_samples():
    told = json.loads(joined({"results": [plain("0x1", "0x0"), plain("0x1"), plain("0x0")]}, parts=((2, 1), (1,))))

    assert told["results"][0]["data"]["c"]["samples"] == ["0x1", "0x0", "0x1"]
    assert told["results"][0]["metadata"] == {"shots": 3, "qgw": {"parts": [2, 1]}}
    assert told["results"][1] == plain("0x0")


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param(lambda: written(values.result(*sent().items[1:])), "3 results of 4 parts", id="a part is missing"),
        pytest.param(
            lambda: written(values.result(pub([1, 2]), *sent().items[1:])), "different shapes", id="shots are missing"
        ),
        pytest.param(
            lambda: written(values.result(*sent().items[:2], sent().items[3], sent().items[3])),
            "other parameter sets",
            id="another circuit's",
        ),
        pytest.param(
            lambda: {"results": [plain("0x1", "0x0"), plain("0x1", "0x0"), plain("0x1", "0x0"), plain("0x0")]},
            "different shapes",
            id="plain ones with other shots",
        ),
        pytest.param(lambda: {"schema_version": "v2.0", "data": []}, "lacks something", id="an executor's"),
        pytest.param(lambda: {"__type__": "PrimitiveResult"}, "lacks something", id="nothing at all"),
    ],
)
def test_what_does_not_go_together_is_not_given_out(document, words):
    """The job fails, what the vendor sent is kept, and nobody takes a part for the whole."""
    with pytest.raises(ValueError, match=words):
        joined(document())
