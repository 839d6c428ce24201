"""An entry has one canonical form, or none."""

import re
from dataclasses import replace
from enum import IntEnum, StrEnum

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit.entry import LEAF_BYTES, TYPES, EntryRefusedError, encode, plain
from gateway.audit.merkle import MerkleChain
from tests.records import NOW, draft, genesis

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.text(st.characters(max_codepoint=127))
BODIES = st.dictionaries(
    KEYS,
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
        max_leaves=12,
    ),
    max_size=5,
)


@given(BODIES)
def test_what_is_let_through_is_written_as_rfc_8785_says(body):
    """So that any other implementation of the standard finds the same bytes."""
    entry = draft(**{**body, "codes": {}})

    expected = {
        "at": "2026-03-01T12:00:00.000000Z",
        "body": entry.body,
        "id": entry.event_id,
        "project": None,
        "schema": 1,
        "type": "requests.refused",
    }
    assert encode(entry).event == rfc8785.dumps(expected)


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


def test_values_of_our_own_types_are_written_as_what_they_are():
    event = encode(draft(codes={Colour.RED: (Colour.RED, Level.HIGH, True)})).event

    assert b'{"codes":{"red":["red",3,true]}}' in event


@pytest.mark.parametrize(
    ("value", "why"),
    [
        pytest.param(0.5, "a float has no place in it", id="a float has two spellings"),
        pytest.param(float("nan"), "a float has no place in it", id="NaN would become null"),
        pytest.param(2**53, "2**53 or more", id="an integer a double cannot hold"),
        pytest.param(-(2**53), "2**53 or more", id="a negative one"),
        pytest.param({"ключ": 1}, "a key is not ASCII text", id="keys that sort differently in UTF-16"),
        pytest.param({1: 1}, "a key is not ASCII text", id="a key that is no text"),
        pytest.param("\ud800", "half a surrogate pair", id="half a surrogate pair"),
        pytest.param(b"x", "a bytes has no place in it", id="bytes"),
        pytest.param(NOW, "a datetime has no place in it", id="a time that is not written out"),
        pytest.param({1, 2}, "a set has no place in it", id="a set has no order"),
    ],
)
def test_what_has_no_single_form_is_refused(value, why):
    with pytest.raises(EntryRefusedError, match=re.escape(why)):
        encode(draft(codes=[{"deep": value}]))


@pytest.mark.parametrize("value", [2**53 - 1, -(2**53) + 1])
def test_the_largest_integers_pass(value):
    assert plain(value) == value


def test_a_type_that_is_not_registered_is_refused():
    with pytest.raises(EntryRefusedError, match="no such type is registered"):
        encode(draft(type_="job.guessed"))


def test_a_missing_field_is_named():
    with pytest.raises(EntryRefusedError, match="its body lacks 'codes'"):
        encode(draft(other=1))


def test_a_leaf_stays_below_what_a_transparency_log_can_hold():
    """Both sides of the limit, and the limit is kept with the place spliced in."""
    room = LEAF_BYTES - 128 - len(encode(draft(codes="")).event)
    largest = encode(draft(codes="x" * room))
    far = replace(genesis(), size=2**53, frontier=bytes(32))
    _, (link,) = MerkleChain().extend(far, [largest])

    assert len(link.leaf) <= LEAF_BYTES
    with pytest.raises(EntryRefusedError, match="bytes"):
        encode(draft(codes="x" * (room + 1)))


@pytest.mark.parametrize("type_", TYPES.values(), ids=lambda type_: type_.name)
def test_every_type_says_what_it_records(type_):
    assert re.fullmatch(r"[a-z]+\.[a-z]+(_[a-z]+)*", type_.name)
    assert type_.docs.endswith(".")
    assert type_.schema >= 1
    body = dict.fromkeys(type_.required, "x")
    assert msgspec.json.decode(encode(draft(type_=type_.name, **body)).event)["body"] == body
