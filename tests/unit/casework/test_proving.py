"""An entry is proven step by step, the whole ledger as one watches, and what does not hold is said."""

import pytest

from gateway.audit.merkle import node_hash
from gateway.casework.proving import NotSignedYetError, ProofFailedError, VerifyingError


@pytest.fixture
async def signed(archive):
    """A ledger of some entries, all of them signed."""
    for number in range(9):
        await archive.project(f"lab-{number}")
    await archive.sign()
    return archive


async def leaf_hash(archive, seq):
    return bytes.fromhex((await archive.inspection.entry(seq)).leaf_hash)


async def test_each_step_of_a_proof_leads_to_the_next_up_to_the_signed_root(signed):
    size = signed.log.newest.size
    for seq in range(size):
        proof = await signed.proving.inclusion(seq, await leaf_hash(signed, seq))

        reached, spanned = proof.leaf_hash, (seq, seq + 1)
        for step in proof.path:
            assert step.above == (node_hash(step.hash, reached) if step.left else node_hash(reached, step.hash))
            assert step.spanned == (min(spanned[0], step.entries[0]), max(spanned[1], step.entries[1]))
            reached, spanned = step.above, step.spanned
        assert (reached, spanned) == (proof.checkpoint.root, (0, size))


async def test_an_entry_that_is_not_signed_yet_has_no_proof(signed):
    await signed.project("too late")

    with pytest.raises(NotSignedYetError, match="one follows in seconds"):
        await signed.proving.inclusion(signed.log.newest.size, bytes(32))


async def test_an_entry_that_was_changed_is_not_proven(signed):
    with pytest.raises(ProofFailedError, match="entry 3 is not proven"):
        await signed.proving.inclusion(3, await leaf_hash(signed, 4))


async def test_a_verification_says_how_far_it_is_and_ends_with_a_report(signed):
    steps = [step async for step in signed.proving.verify()]

    assert [step.percent for step in steps] == [0, 100, 100]
    assert steps[-1].report.ok
    assert steps[-1].report.entries == signed.log.newest.size
    assert steps[-1].report.checkpoints == 1
    assert all(step.report is None for step in steps[:-1])


async def test_one_verification_runs_at_a_time_and_the_next_may_after_it(signed):
    proving = signed.proving
    running = proving.verify()
    await anext(running)

    with pytest.raises(VerifyingError):
        await anext(proving.verify())
    await running.aclose()

    assert [step async for step in proving.verify()][-1].report.ok
