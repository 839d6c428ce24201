"""IBM's results in our words, against numpy, the stock encodings, and our own encoder in the other direction."""

import base64
import io
import json
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from adapters.ibm import IbmDialect, IbmSettings
from adapters.ibm.vendor import IbmVendor
from adapters.ibm.vendor_arrays import Unpacker, register
from gateway.domain.result import Tensor
from tests.fakes import canned, values
from tests.fakes.vendors.ibm import encoding
from tests.fakes.vendors.ibm.program import run

REQUESTS = Path(__file__).parents[2] / "golden" / "ibm" / "requests"
SAMPLER = b'{"program_id": "sampler"}'
METRICS = {
    "timestamps": {
        "created": "2026-03-01T12:00:00Z",
        "running": "2026-03-01T12:00:01Z",
        "finished": "2026-03-01T12:00:03Z",
    },
    "usage": {"status": "complete", "qpu_charge_time_seconds": 2},
}
VENDOR = IbmVendor(IbmSettings())


def decoded(result, *, submitted=SAMPLER, **documents):
    body = result if isinstance(result, bytes) else json.dumps(result).encode()
    return VENDOR.decode(submitted, {"result": body, **documents})


def array_of(tensor):
    dtype = {"uint8": np.uint8, "bool": np.bool_, "float64": "<f8"}[tensor.dtype]
    return np.frombuffer(tensor.data, dtype).reshape(tensor.shape)


def pubs(*written, sampled=True):
    return encoding.result(
        [encoding.pub(fields, shape, metadata, sampled=sampled) for fields, shape, metadata in written], {}
    )


# ── arrays ───────────────────────────────────────────────────────────────────────────────────────
@given(
    array=arrays.arrays(
        dtype=st.sampled_from([np.uint8, np.bool_, np.float64, np.float32, np.int32, np.int64]),
        shape=arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
    ),
    turned=st.booleans(),
)
def test_arrays_are_read_as_numpy_reads_them(array, turned):
    written = encoding.ndarray(np.asarray(array, order="F" if turned else "C"))

    read = array_of(Unpacker().ndarray(written))

    assert read.shape == array.shape
    np.testing.assert_array_equal(read, array.astype(read.dtype))


@pytest.mark.parametrize("value", [3, 0.5, [1, 2.5], [[1], [2]], []], ids=str)
def test_numbers_that_people_type_are_arrays_too(value):
    np.testing.assert_array_equal(array_of(Unpacker().ndarray(value)), np.asarray(value, dtype=float))


def packed(raw):
    return {"__type__": "ndarray", "__value__": base64.b64encode(raw).decode()}


def saved(array):
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(packed(b"no zlib"), id="no zlib data"),
        pytest.param(packed(zlib.compress(saved(np.zeros(9)))[:-8]), id="cut short"),
        pytest.param(packed(zlib.compress(b"x" * 200)), id="no numpy"),
        pytest.param(packed(zlib.compress(b"")), id="nothing"),
        pytest.param(packed(zlib.compress(saved(np.zeros(3))[:-1])), id="fewer numbers than the shape says"),
        pytest.param(packed(zlib.compress(saved(np.zeros(3, complex)))), id="complex numbers"),
        pytest.param(packed(zlib.compress(saved(np.zeros(3, ">f8")))), id="another byte order"),
        pytest.param(packed(zlib.compress(saved(np.array([{}], dtype=object)))), id="a pickle"),
        pytest.param(packed(zlib.compress(bytes(2 * 2**20))), id="a bomb"),
        pytest.param({"__type__": "ndarray", "__value__": "not base64!"}, id="no base64"),
        pytest.param([[1], [1, 2]], id="irregular"),
        pytest.param([True], id="no numbers"),
    ],
)
def test_what_is_no_array_is_refused(written):
    with pytest.raises(ValueError, match=r"array|result|base64|Base64|Non-base64"):
        Unpacker(allowed_bytes=2**20).ndarray(written)


def test_the_allowance_is_for_the_whole_result():
    unpacker = Unpacker(allowed_bytes=3000)
    unpacker.ndarray(packed(zlib.compress(saved(np.zeros(200)))))

    with pytest.raises(ValueError, match="unpacks to more"):
        unpacker.ndarray(packed(zlib.compress(saved(np.zeros(200)))))


@given(bits=arrays.arrays(dtype=np.bool_, shape=arrays.array_shapes(min_dims=2, max_dims=4, min_side=1, max_side=19)))
def test_bits_become_rows_of_big_endian_numbers(bits):
    made = register(Tensor(dtype="bool", shape=bits.shape, data=bits.tobytes()))

    want = np.packbits(np.flip(np.pad(bits, [(0, 0)] * (bits.ndim - 1) + [(0, -bits.shape[-1] % 8)]), -1), axis=-1)
    np.testing.assert_array_equal(array_of(made.samples), want)
    assert made.bits == bits.shape[-1]


# ── programs ─────────────────────────────────────────────────────────────────────────────────────
def test_a_sampler_gives_registers_shape_and_shots():
    alpha = np.arange(24, dtype=np.uint8).reshape(2, 3, 4, 1) % 8
    beta = np.zeros((2, 3, 4, 2), dtype=np.uint8)
    result = decoded(
        pubs(({"alpha": encoding.bits(alpha, 3), "beta": encoding.bits(beta, 12)}, (2, 3), {"circuit_metadata": {}})),
        metrics=json.dumps(METRICS).encode(),
    )

    (item,) = result.items
    assert (item.shape, item.shots) == ((2, 3), 4)
    assert (item.registers["alpha"].bits, item.registers["beta"].bits) == (3, 12)
    np.testing.assert_array_equal(array_of(item.registers["alpha"].samples), alpha)
    assert item.summary.distinct_outcomes == 8
    assert item.summary.top_probability_ppm == 125_000
    assert item.summary.entropy_microbits == 3_000_000
    assert (result.started_at, result.finished_at, result.seconds) == (
        "2026-03-01T12:00:01Z",
        "2026-03-01T12:00:03Z",
        2.0,
    )
    assert result.metadata == {"execution_kind": "hardware", "vendor": "ibm", "program": "sampler"}


@pytest.mark.parametrize("width", [1, 8, 9, 24, 33, 64, 65])
def test_outcomes_are_counted_whatever_a_register_is_wide(width):
    rows = np.zeros((4, -(-width // 8)), dtype=np.uint8)
    rows[0, -1] = 1
    (item,) = decoded(pubs(({"m": encoding.bits(rows, width)}, (), {}))).items

    assert (item.summary.distinct_outcomes, item.summary.top_probability_ppm) == (2, 750_000)
    assert item.summary.shots == 4


def test_an_outcome_is_what_all_registers_read_together():
    one, two = np.array([[0], [0], [1], [1]], np.uint8), np.array([[0], [1], [0], [1]], np.uint8)
    (item,) = decoded(pubs(({"a": encoding.bits(one, 1), "b": encoding.bits(two, 1)}, (), {}))).items

    assert item.summary.distinct_outcomes == 4


def test_an_estimator_gives_its_tensors_and_what_they_say_together():
    fields = {"evs": encoding.ndarray(np.array([0.5, 1.0])), "stds": encoding.ndarray(np.array([0.3, 0.4]))}
    metadata = {"shots": 4096, "target_precision": 0.01, "circuit_metadata": {"x": 1}, "resilience": {}}
    (item,) = decoded(pubs((fields, (2,), metadata), sampled=False), submitted=b'{"program_id": "estimator"}').items

    np.testing.assert_array_equal(array_of(item.tensors["evs"]), [0.5, 1.0])
    assert (item.shape, item.shots, item.registers) == ((2,), 4096, {})
    assert item.summary.value_ppm == 750_000
    assert item.summary.standard_error_ppm == round(1e6 * (0.125**0.5))
    assert item.metadata == {"shots": 4096, "target_precision": 0.01}


def test_an_estimate_that_is_no_number_has_no_summary():
    (item,) = decoded(pubs(({"evs": encoding.ndarray(np.array(np.nan))}, (), {}), sampled=False)).items

    assert (item.summary.value_ppm, item.summary.standard_error_ppm) == (None, None)


def test_plain_json_for_people_without_qiskit_is_read_too():
    data = {"m": encoding.samples(np.array([[1, 2], [0, 3]], np.uint8), 10)}
    sampled, estimated = {"data": data, "metadata": {}}, {"data": {"evs": [1, 2]}, "metadata": None}
    first, second = decoded({"results": [sampled, estimated], "metadata": {"version": 2}}).items

    np.testing.assert_array_equal(array_of(first.registers["m"].samples), [[1, 2], [0, 3]])
    assert (first.shots, second.shape) == (2, (2,))


@pytest.mark.parametrize("path", sorted(REQUESTS.glob("*.json")), ids=lambda path: path.stem)
def test_results_of_every_recorded_request_are_read(path):
    """In the shapes that IBM's own models write, without simulating anything."""
    body = json.loads(path.read_bytes())
    result = decoded(run(body["program_id"], body["params"], None).encode(), submitted=path.read_bytes())

    want = canned.result(path.read_bytes())
    assert [item.shape for item in result.items] == [item.shape for item in want.items]
    assert [list(item.registers) for item in result.items] == [list(item.registers) for item in want.items]
    for got, wanted in zip(result.items, want.items, strict=True):
        for name, read in wanted.registers.items():
            assert got.registers[name] == read


@pytest.mark.parametrize("path", sorted(REQUESTS.glob("*.json")), ids=lambda path: path.stem)
def test_what_our_own_encoder_writes_reads_as_it_was(path):
    submitted, result = path.read_bytes(), canned.result(path.read_bytes())
    document = IbmDialect(IbmSettings()).encode_results(values.JOB, submitted, result)["result"]

    for got, wanted in zip(decoded(document, submitted=submitted).items, result.items, strict=True):
        assert got.registers == wanted.registers
        assert got.tensors == wanted.tensors
        assert got.shape == wanted.shape


def test_an_older_schema_of_the_executor_is_not_compressed():
    request = json.loads((REQUESTS / "executor-sampler-registers.sdk-0.51.json").read_bytes())
    request["params"]["schema_version"] = "v1.1"
    submitted = json.dumps(request).encode()
    item = values.item(registers={"a": values.register(9, [257, 1])}, shots=2)
    document = IbmDialect(IbmSettings()).encode_results(values.JOB, submitted, values.result(item))["result"]

    assert decoded(document, submitted=submitted).items[0].registers == item.registers


def test_flips_of_twirled_measurements_are_no_register():
    flips = Tensor(dtype="bool", shape=(1, 1, 3), data=b"\x01\x00\x01")
    item = values.item(registers={"c": values.register(3, [1])}, tensors={"measurement_flips.c": flips}, shots=1)
    submitted = (REQUESTS / "executor-sampler-twirled.sdk-0.51.json").read_bytes()
    document = IbmDialect(IbmSettings()).encode_results(values.JOB, submitted, values.result(item))["result"]

    (read,) = decoded(document, submitted=submitted).items
    assert read.tensors == {"measurement_flips.c": flips}
    assert list(read.registers) == ["c"]


GOOD = pubs(({"m": encoding.bits(np.zeros((1, 1), np.uint8), 1)}, (), {}))


def spoilt(change):
    told = json.loads(json.dumps(GOOD))
    change(told["__value__"]["pub_results"][0]["__value__"])
    return told


@pytest.mark.parametrize(
    "result",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        {},
        {"__type__": "PrimitiveResult"},
        {"data": [{"results": {"m": {"data": "", "shape": [1], "dtype": "complex"}}}], "schema_version": "v2.0"},
        spoilt(lambda pub: pub.pop("data")),
        spoilt(lambda pub: pub["data"]["__value__"]["fields"]["m"]["__value__"].update(num_bits=9)),
        spoilt(lambda pub: pub["data"]["__value__"]["fields"]["m"]["__value__"].update(array=[[1.0]])),
        spoilt(lambda pub: pub["data"]["__value__"]["fields"].clear()),
        {"results": [{"data": {"m": {"samples": ["0x100"], "num_bits": 3}}}]},
    ],
    ids=str,
)
def test_a_result_of_another_format_is_a_value_error_and_no_other(result):
    with pytest.raises(ValueError):  # noqa: PT011  # the contract names the type alone
        decoded(result)


def test_a_result_without_metrics_has_no_times():
    result = decoded(GOOD)

    assert (result.started_at, result.seconds) == ("1970-01-01T00:00:00Z", 0.0)
    assert decoded(GOOD, metrics=b"garbage") == replace(result)


def test_as_many_outcomes_as_shots_are_counted_in_no_time():
    """A wide circuit on a noisy machine gives hardly two equal shots; the serving process counts them."""
    rows = np.arange(200_000, dtype=">u8").view(np.uint8).reshape(-1, 8)
    (item,) = decoded(pubs(({"m": encoding.bits(rows, 64)}, (), {}))).items

    assert item.summary.distinct_outcomes == 200_000
    assert item.summary.top_probability_ppm == 5
