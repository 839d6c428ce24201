from datetime import UTC, date, datetime
from math import prod

from hypothesis import given
from hypothesis import strategies as st

from adapters.aer import calibration, codec, devices
from gateway.domain.result import ItemResult, ProgramResult, Register, Summary, Tensor
from gateway.processes import frames

counts = st.none() | st.integers(-(2**53), 2**53)
names = st.text(min_size=1, max_size=8)
shapes = st.lists(st.integers(0, 3), max_size=3).map(tuple)
metadata = st.dictionaries(
    names, st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8), max_size=3
)
moments = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)


@st.composite
def tensors(draw, dtype=None):
    shape, dtype = draw(shapes), dtype or draw(st.sampled_from(["uint8", "bool", "float64"]))
    size = (8 if dtype == "float64" else 1) * prod(shape)
    return Tensor(dtype=dtype, shape=shape, data=draw(st.binary(min_size=size, max_size=size)))


registers = st.builds(Register, bits=st.integers(0, 200), samples=tensors("uint8"))
items = st.builds(
    ItemResult,
    registers=st.dictionaries(names, registers, max_size=3),
    tensors=st.dictionaries(names, tensors(), max_size=3),
    shape=shapes,
    shots=st.integers(0, 2**40),
    summary=st.builds(Summary, shots=st.integers(0, 2**40), distinct_outcomes=counts, top_probability_ppm=counts,
                      entropy_microbits=counts, value_ppm=counts, standard_error_ppm=counts),
    metadata=metadata,
)  # fmt: skip
results = st.builds(
    ProgramResult,
    items=st.lists(items, max_size=3).map(tuple),
    metadata=metadata,
    started_at=moments,
    finished_at=moments,
    cpu_seconds=st.floats(0, 1e9),
    seconds=st.floats(0, 1e9),
)


@given(results)
def test_a_result_comes_out_of_a_frame_as_it_went_in(result):
    framed = frames.encode(codec.encode_result(result))

    assert codec.decode_result(frames.decode(framed[4:])) == result


def test_a_calibration_comes_out_of_a_frame_as_it_went_in():
    made = calibration.snapshot(devices.device("sim_heavyhex_127"), seed=1, day=date(2025, 6, 1))
    framed = frames.encode(codec.encode_calibration(made))

    assert codec.decode_calibration(frames.decode(framed[4:])) == made
