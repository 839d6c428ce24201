"""The tree is RFC 6962's, whoever computes it."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from gateway.audit.merkle import Frontier, FrontierError, MerkleChain, leaf_hash, node_hash
from tests.records import genesis, leaf

# The reference data of the Certificate Transparency implementations: leaves, and the root after each.
VECTORS = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
]


def grown(leaves):
    frontier = Frontier()
    for each in leaves:
        frontier.append(leaf_hash(each))
    return frontier


def defined(hashes):
    """The tree hash as RFC 6962, section 2.1 defines it: split at the largest power of two below the size."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(defined(hashes[:split]), defined(hashes[split:]))


def test_the_empty_tree_is_the_hash_of_nothing():
    assert Frontier().root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_reference_vectors_hold():
    frontier = Frontier()
    for entry, root in VECTORS:
        frontier.append(leaf_hash(bytes.fromhex(entry)))
        assert frontier.root().hex() == root


def test_every_small_tree_is_the_one_the_rfc_defines():
    hashes = [leaf_hash(bytes([number])) for number in range(200)]
    frontier = Frontier()
    for size, each in enumerate(hashes, start=1):
        frontier.append(each)
        assert frontier.root() == defined(hashes[:size])


@given(st.lists(st.integers(0, 70), min_size=1, max_size=8))
def test_portions_of_any_size_make_the_tree_of_their_leaves(portions):
    """Verification adds many at once, the writer what came in together."""
    hashes = [leaf_hash(number.to_bytes(2)) for number in range(sum(portions))]
    frontier, rest = Frontier(), iter(hashes)
    for portion in portions:
        frontier.extend(islice(rest, portion))

    assert frontier.size == len(hashes)
    assert Frontier.from_bytes(frontier.size, frontier.to_bytes()).root() == frontier.root()
    assert not hashes or frontier.root() == defined(hashes)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=80))
def test_another_implementation_agrees(leaves):
    other = InmemoryTree(algorithm="sha256")
    for each in leaves:
        other.append_entry(each)

    assert grown(leaves).root() == other.get_root()


@given(size=st.integers(0, 300), more=st.integers(1, 30))
def test_a_frontier_goes_on_where_it_was_stored(size, more):
    """The writer keeps no tree: only these bytes, between one transaction and the next."""
    leaves = [b"%d" % number for number in range(size + more)]
    stored = grown(leaves[:size])

    read = Frontier.from_bytes(size, stored.to_bytes())
    for each in leaves[size:]:
        read.append(leaf_hash(each))

    assert read.root() == grown(leaves).root()
    assert read.to_bytes() == grown(leaves).to_bytes()


@pytest.mark.parametrize(("size", "data"), [(1, b""), (0, bytes(32)), (3, bytes(32)), (2, bytes(31)), (-1, b"")])
def test_stored_bytes_that_fit_no_tree_are_refused(size, data):
    with pytest.raises(FrontierError):
        Frontier.from_bytes(size, data)


def test_a_chain_grown_in_batches_is_the_chain_grown_at_once():
    leaves = [leaf(number=number) for number in range(50)]
    chain = MerkleChain()
    at_once, links = chain.extend(genesis(), leaves)
    head, batches = genesis(), []
    for start in range(0, 50, 7):
        head, batch = chain.extend(head, leaves[start : start + 7])
        batches += batch

    assert (head, batches) == (at_once, links)
    assert links[7].leaf.endswith(b',"prev":"%b","seq":7,"v":1}' % links[6].leaf_hash.hex().encode())


def test_a_stored_leaf_is_recognised_by_its_event():
    one, other = leaf(number=1), leaf(number=2)
    _, (link,) = MerkleChain().extend(genesis(), [one])

    assert MerkleChain().holds(link.leaf, one)
    assert not MerkleChain().holds(link.leaf, other)
