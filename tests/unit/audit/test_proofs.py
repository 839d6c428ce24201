"""Proofs are RFC 6962's: every true one is accepted, every other one refused, and another implementation agrees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree, verify_consistency, verify_inclusion

from gateway.audit.merkle import Frontier, leaf_hash
from gateway.audit.proofs import (
    ProofError,
    check_consistency,
    check_inclusion,
    consistency_ranges,
    inclusion_ranges,
    tree_hash,
)
from gateway.audit.tiles import joined
from tests.unit.audit.test_merkle import VECTORS

LEAVES = [leaf_hash(b"%d" % number) for number in range(140)]
REFERENCE = [leaf_hash(bytes.fromhex(entry)) for entry, _ in VECTORS]


def over(hashes):
    return lambda node: joined(hashes[node.number << node.height : (node.number + 1) << node.height])


def root(size, hashes=LEAVES):
    frontier = Frontier()
    for each in hashes[:size]:
        frontier.append(each)
    return frontier.root()


def inclusion(index, size, hashes=LEAVES):
    return [tree_hash(over(hashes), *each) for each in inclusion_ranges(index, size)]


def consistency(old, size, hashes=LEAVES):
    return [tree_hash(over(hashes), *each) for each in consistency_ranges(old, size)]


# Proofs of the reference data of the Certificate Transparency implementations.
PATHS = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
GROWTH = {
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


@pytest.mark.parametrize(("which", "path"), PATHS.items(), ids=str)
def test_the_reference_inclusion_proofs_are_made(which, path):
    assert [each.hex() for each in inclusion(*which, REFERENCE)] == path


@pytest.mark.parametrize(("which", "path"), GROWTH.items(), ids=str)
def test_the_reference_consistency_proofs_are_made(which, path):
    assert [each.hex() for each in consistency(*which, REFERENCE)] == path


def test_every_proof_of_every_small_tree_holds():
    for size in range(1, 71):
        for index in range(size):
            check_inclusion(LEAVES[index], index, size=size, root=root(size), proof=inclusion(index, size))
        for old in range(size + 1):
            check_consistency(old, root(old), size, root(size), consistency(old, size))


def mutations(proof):
    """Every way to change a proof by one thing."""
    for place in range(len(proof)):
        yield [*proof[:place], bytes(32), *proof[place + 1 :]]
        yield [*proof[:place], *proof[place + 1 :]]
        yield [*proof[:place], proof[place], proof[place], *proof[place + 1 :]]
        if place and proof[place] != proof[place - 1]:
            yield [*proof[: place - 1], proof[place], proof[place - 1], *proof[place + 1 :]]
    yield [*proof, bytes(32)]
    yield [bytes(32), *proof]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 33, 64, 70])
def test_every_changed_inclusion_proof_is_refused(size):
    for index in range(size):
        for changed in mutations(inclusion(index, size)):
            with pytest.raises(ProofError):
                check_inclusion(LEAVES[index], index, size=size, root=root(size), proof=changed)
        for other in {0, size - 1, size // 2} - {index}:
            with pytest.raises(ProofError):
                check_inclusion(LEAVES[index], other, size=size, root=root(size), proof=inclusion(index, size))


@pytest.mark.parametrize("size", [2, 3, 7, 8, 33, 64, 70])
def test_every_changed_consistency_proof_is_refused(size):
    for old in range(1, size):
        true = consistency(old, size)
        for changed in mutations(true):
            with pytest.raises(ProofError):
                check_consistency(old, root(old), size, root(size), changed)
        for wrong in (bytes(32), root(size)):
            with pytest.raises(ProofError):
                check_consistency(old, wrong, size, root(size), true)
            if wrong != root(size):
                with pytest.raises(ProofError):
                    check_consistency(old, root(old), size, wrong, true)


def test_nothing_is_proven_of_trees_that_cannot_be():
    with pytest.raises(ProofError):
        inclusion_ranges(3, 3)
    with pytest.raises(ProofError):
        consistency_ranges(4, 3)
    with pytest.raises(ProofError):
        check_inclusion(LEAVES[0], 0, size=0, root=root(0), proof=[])
    with pytest.raises(ProofError):
        check_consistency(5, root(5), 4, root(4), [])
    with pytest.raises(ProofError, match="not the same"):
        check_consistency(5, root(5), 5, root(4), [])


@given(size=st.integers(1, 120), data=st.data())
def test_another_implementation_proves_the_same(size, data):
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    other = InmemoryTree(algorithm="sha256")
    for number in range(size):
        other.append_entry(b"%d" % number)

    assert other.get_root(size) == root(size)
    theirs = other.prove_inclusion(index + 1, size)
    verify_inclusion(LEAVES[index], root(size), theirs)
    # Its path begins with the leaf itself.
    assert theirs.path[1:] == inclusion(index, size)
    verify_consistency(root(old), root(size), other.prove_consistency(old, size))
