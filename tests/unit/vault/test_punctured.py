"""A punctured key derives what it did before, but for what was punctured: that it never derives again."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from gateway.vault.punctured import PuncturedKey

LENGTH = 6
ADDRESS = st.text("0123456789abcdef", min_size=LENGTH, max_size=LENGTH)
PREFIX = st.text("0123456789abcdef", max_size=LENGTH)


@given(addresses=st.sets(ADDRESS, min_size=1, max_size=20), prefixes=st.lists(PREFIX.filter(bool), max_size=6))
def test_exactly_what_was_punctured_is_forgotten(addresses, prefixes):
    key = PuncturedKey.new()
    before = {address: key.derive(address) for address in addresses}

    for prefix in prefixes:
        key.puncture(prefix)

    gone = {address for address in addresses if address.startswith(tuple(prefixes))}
    assert {address: key.derive(address) for address in addresses} == {
        address: None if address in gone else lock for address, lock in before.items()
    }


@given(prefixes=st.lists(PREFIX.filter(bool), min_size=1, max_size=6))
def test_no_node_is_left_from_which_the_forgotten_could_be_computed(prefixes):
    key = PuncturedKey.new()

    for prefix in prefixes:
        key.puncture(prefix)

    places = [place for place, _ in key.items()]
    assert not any(prefix.startswith(place) or place.startswith(prefix) for prefix in prefixes for place in places)
    assert not any(a != b and b.startswith(a) for a in places for b in places)


def test_locks_are_those_of_the_construction():
    """A second implementation: SHA-256 down the digits. Stored objects depend on it for good."""
    root = bytes(range(32))
    node = root
    for digit in "0af":
        node = sha256(b"qgw/lock/1/%b%b" % (node, digit.encode())).digest()

    assert PuncturedKey({"": root}).derive("0af") == node
    assert node.hex() == "f113bebded24ae763e59746fbf0bcae32854bee3ead0cb521648077733e40f81"


def test_all_that_was_punctured_piece_by_piece_leaves_nothing_behind():
    """A day whose every object was erased costs no more than the day."""
    key = PuncturedKey.new()
    for digit in "0123456789abcdef":
        key.puncture("a" + digit)

    assert sorted(place for place, _ in key.items()) == sorted(set("0123456789abcdef") - {"a"})


def test_puncturing_twice_changes_nothing():
    key = PuncturedKey.new()

    assert key.puncture("ab")
    assert not key.puncture("ab")
    assert not key.puncture("abc")
    assert key.puncture("a")
    assert len(key) == 15


def test_all_can_be_forgotten():
    key = PuncturedKey.new()

    assert key.puncture("")
    assert len(key) == 0
    assert key.derive("abcdef") is None
