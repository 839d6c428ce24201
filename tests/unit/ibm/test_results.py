"""Results in the words of the program that was submitted."""

import json
from pathlib import Path

import pytest

from adapters.ibm import IbmDialect, IbmSettings
from gateway.domain.result import Tensor
from tests.fakes import values
from tests.fakes.values import item, register, result

DIALECT = IbmDialect(IbmSettings())
REQUESTS = Path(__file__).parents[2] / "golden" / "ibm" / "requests"
FLOAT = Tensor(dtype="float64", shape=(), data=b"\x00" * 8)


def encoded(submitted, *items):
    body = submitted if isinstance(submitted, bytes) else json.dumps(submitted).encode()
    return json.loads(DIALECT.encode_results(values.JOB, body, result(*items))["result"])


def golden(name):
    return json.loads((REQUESTS / f"{name}.sdk-0.51.json").read_bytes())


def executor(version="v2.0", **program):
    return {"program_id": "executor", "params": {"schema_version": version, "quantum_program": program}}


def test_a_sampler_answers_registers_by_name():
    pub = item(registers={"alpha": register(2, [0, 3]), "beta": register(9, [1, 511])}, shots=2)

    answer = encoded(golden("sampler-registers"), pub)["__value__"]

    data = answer["pub_results"][0]["__value__"]["data"]["__value__"]
    assert data["field_names"] == ["alpha", "beta"]
    assert [data["fields"][name]["__value__"]["num_bits"] for name in data["field_names"]] == [2, 9]


def test_spans_cover_all_shots_of_every_pub():
    """Users slice their data by when it was taken."""
    pubs = [item(shape=(2, 3), shots=5), item(shots=7)]

    answer = encoded(golden("sampler"), *pubs)["__value__"]["metadata"]["execution"]["execution_spans"]

    (span,) = answer["__value__"]["spans"]
    assert span["__value__"]["data_slices"] == {"0": [[2, 3, 5], 0, 6, 0, 5], "1": [[7], 0, 1, 0, 7]}


def test_an_estimator_answers_its_tensors_with_their_metadata():
    pub = item(tensors={"evs": FLOAT, "stds": FLOAT}, metadata={"target_precision": 0.1})

    answer = encoded(golden("estimator"), pub)["__value__"]["pub_results"][0]["__value__"]

    assert answer["metadata"] == {"circuit_metadata": {}, "target_precision": 0.1}
    assert answer["data"]["__value__"]["field_names"] == ["evs", "stds"]


@pytest.mark.parametrize("name", ["sampler", "estimator"])
def test_primitive_results_carry_the_label(name):
    metadata = encoded(golden(name))["__value__"]["metadata"]

    assert metadata["version"] == 2
    assert metadata["qgw"]["execution_kind"] == "simulator"
    assert metadata["qgw"]["seed"] == 7


@pytest.mark.parametrize("version", ["v0.1", "v0.2", "v1.0", "v1.1", "v2.0"])
def test_the_executor_answers_in_the_version_it_was_asked(version):
    """Before v2.0 arrays were not compressed, and v0.1 had no metadata of items."""
    program = item(registers={"c": register(1, [0, 1])}, tensors={"f": FLOAT}, shots=2)

    answer = encoded(executor(version, shots=2), program)

    assert answer["schema_version"] == version
    (entry,) = answer["data"]
    assert (entry["results"]["c"]["data"] == "Ag==") is (version != "v2.0")
    assert (entry["metadata"] is None) is (version == "v0.1")


def test_what_a_user_passes_through_comes_back_untouched():
    passed = {"post_processor": {"options": {}, "circuits_metadata": [{}]}, "mine": [1, {"two": None}]}

    answer = encoded(executor(passthrough_data=passed, semantic_role=None))

    assert answer["passthrough_data"] == passed
    assert answer["semantic_role"] is None
    assert answer["metadata"]["qgw"]["execution_kind"] == "simulator"


def test_what_the_sdk_passes_through_for_itself_carries_the_label():
    """Its client-side primitives show `options` and `circuits_metadata` to the user, and nothing else of ours."""
    submitted = golden("executor-sampler")
    program = submitted["params"]["quantum_program"]

    answer = encoded(submitted, item(registers={"meas": register(2, [0])}, shots=1))

    post = answer["passthrough_data"]["post_processor"]
    assert answer["semantic_role"] == "sampler_v2"
    assert post["options"].pop("qgw")["execution_kind"] == "simulator"
    assert post["circuits_metadata"][0].pop("qgw")["execution_kind"] == "simulator"
    assert answer["passthrough_data"] == program["passthrough_data"]


@pytest.mark.parametrize("passed", [None, [], "text", {}, {"post_processor": 1}, {"post_processor": {"options": 1}}])
def test_an_odd_passthrough_is_no_failure(passed):
    assert encoded(executor(passthrough_data=passed, semantic_role="sampler_v2"))["passthrough_data"] == passed


def test_a_chunk_names_its_parts():
    """SDK 0.49 fails on a chunk without parts."""
    answer = encoded(executor(shots=2), item(shape=(2, 3), shots=2), item(shots=2))

    (chunk,) = answer["metadata"]["chunk_timing"]
    assert [(part["idx_item"], part["size"], part["permutation"]) for part in chunk["parts"]] == [
        (0, 6, [0, 1]),
        (1, 1, []),
    ]
