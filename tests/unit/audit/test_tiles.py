"""Tiles have the names and shapes of C2SP tlog-tiles."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit.merkle import leaf_hash
from gateway.audit.proofs import Node
from gateway.audit.tiles import Tile, TileNameError, hash_in, holding, joined, tiles_of


def test_the_specifications_tree_of_seventy_thousand_has_its_tiles():
    tiles = list(tiles_of(70_000))

    assert Counter((tile.level, tile.width == 256) for tile in tiles) == {
        (0, True): 273,
        (0, False): 1,
        (1, True): 1,
        (1, False): 1,
        (2, False): 1,
    }
    assert {str(tile) for tile in tiles if tile.width < 256} == {"0/273.p/112", "1/001.p/17", "2/000.p/1"}


def test_a_tree_of_one_full_tile_has_a_narrow_one_above():
    assert list(map(str, tiles_of(256))) == ["0/000", "1/000.p/1"]


def test_long_numbers_are_taken_apart():
    assert str(Tile(0, 1234067)) == "0/x001/x234/067"
    assert Tile.parse("0/x001/x234/067") == Tile(0, 1234067)


@given(level=st.integers(0, 63), number=st.integers(0, 10**18), width=st.integers(1, 256))
def test_a_name_is_read_as_it_was_written(level, number, width):
    tile = Tile(level, number, width)

    assert Tile.parse(str(tile)) == tile


@pytest.mark.parametrize(
    "name",
    [
        *("", "0", "0/", "00/000", "64/000", "0/1", "0/0000", "0/001/002", "0/x000/001", "0/x001/2", "-1/000"),
        *("0/000.p/0", "0/000.p/256", "0/000.p/01", "0/000.p", "0/000/", "0/00\N{ARABIC-INDIC DIGIT ZERO}", "0/000\n"),
    ],
)
def test_what_names_no_tile_is_refused(name):
    with pytest.raises(TileNameError):
        Tile.parse(name)


@given(size=st.integers(1, 2000), data=st.data())
def test_the_hash_of_every_subtree_is_in_its_tile(size, data):
    height = data.draw(st.integers(0, size.bit_length() - 1))
    node = Node(height, data.draw(st.integers(0, (size >> height) - 1)))
    hashes = [leaf_hash(b"%d" % number) for number in range(size)]
    tile = holding(node, size)
    span = 256**tile.level
    start = tile.number * 256
    content = b"".join(joined(hashes[at * span : (at + 1) * span]) for at in range(start, start + tile.width))

    assert tile in set(tiles_of(size))
    assert hash_in(content, node) == joined(hashes[node.number << height : (node.number + 1) << height])
    assert tile.end <= size
