"""Frames carry any plain message unharmed, and nothing that is no frame."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.processes import frames

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
MESSAGES = st.dictionaries(st.text(), PLAIN, max_size=4)


@given(MESSAGES)
def test_a_message_survives_the_pipe(message):
    assert frames.read(io.BytesIO(frames.encode(message))) == message


@given(st.lists(MESSAGES, min_size=1, max_size=5))
def test_frames_follow_each_other_without_a_seam(messages):
    stream = io.BytesIO(b"".join(map(frames.encode, messages)))

    assert [frames.read(stream) for _ in messages] == messages
    assert frames.read(stream) is None


@given(MESSAGES, st.data())
def test_a_cut_frame_is_the_end_and_never_half_a_message(message, data):
    whole = frames.encode(message)
    cut = data.draw(st.integers(0, len(whole) - 1))

    assert frames.read(io.BytesIO(whole[:cut])) is None


@given(MESSAGES)
def test_both_ends_read_alike(message):
    frame = bytearray(frames.encode(message))

    assert frames.whole(frame) == len(frame)
    assert frames.whole(frame[:-1]) is None
    assert frames.decode(frames.body(frame)) == message


def test_a_body_at_the_limit_passes_and_one_byte_more_does_not(monkeypatch):
    at_limit = frames.encode({"a": b"x" * 100})
    monkeypatch.setattr(frames, "LIMIT_BYTES", len(at_limit) - 4)

    assert frames.read(io.BytesIO(at_limit)) == {"a": b"x" * 100}
    with pytest.raises(frames.FrameTooLargeError):
        frames.encode({"a": b"x" * 101})


def test_an_announced_giant_is_refused_before_it_is_read():
    """Four bytes must not make the gateway wait for, or hold, four gigabytes."""
    with pytest.raises(frames.FrameTooLargeError):
        frames.read(io.BytesIO(b"\xff\xff\xff\xff"))


@pytest.mark.parametrize("body", [b"", b"\x01", b"\xc1", b"\x81\x01\x02"])
def test_what_is_no_message_is_refused(body):
    with pytest.raises(ValueError, match=r"."):
        frames.decode(body)
