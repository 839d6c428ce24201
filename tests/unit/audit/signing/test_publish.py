"""Checkpoints are signed only of what continues the last one, whoever forgot that one."""

import pytest

from gateway.audit.log_keys import sign
from gateway.audit.note import Note
from gateway.audit.pin import Pin
from gateway.audit.proofs import check_consistency, check_inclusion
from gateway.audit.publish import CheckpointRefusedError, NothingLostError
from gateway.audit.tiles import Tile, joined, split, tiles_of
from gateway.audit.tree import Tree, TreeUnavailableError
from gateway.store import checkpoints, entries
from tests.notary import Scribe, pair
from tests.records import draft
from tests.unit.audit.signing.histories import meddle, put, roll_back, write


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────
async def test_the_first_pair_is_announced_before_it_signs(books, signer):
    history = await signer.keyring.history()
    stored = await signer.sign()

    assert [pair.generation for pair in history.pairs] == [1]
    note = Note.parse(stored.note.encode())
    history.pairs[0].check(note, signer.pin.read()[1])


async def test_a_replaced_pair_signs_along_for_a_month(books, signer):
    await signer.keyring.rotate()
    both = Note.parse((await signer.sign()).note.encode())
    books.clock.advance(31 * 24 * 3600)
    await write(books, 1)
    one = Note.parse((await signer.sign()).note.encode())

    history = await signer.keyring.history()
    assert {line.key_id for line in both.signatures} == {key.id for pair in history.pairs for key in pair.keys}
    assert {line.key_id for line in one.signatures} == {key.id for key in history.pairs[1].keys}


# ── when ─────────────────────────────────────────────────────────────────────────────────────────
async def test_a_checkpoint_is_due_after_seconds_or_entries(books, signer):
    await signer.run()
    first = signer.newest.size
    await write(books, 1)
    await signer.run()
    assert signer.newest.size == first

    books.clock.advance(10)
    await signer.run()
    assert signer.newest.size == first + 1

    await write(books, 5)
    await signer.run()
    assert signer.newest.size == first + 6

    books.clock.advance(3600)
    await signer.run()
    assert signer.newest.size == first + 6


async def test_nothing_new_is_signed_before_witnesses_were_asked(books, signer, make):
    await signer.sign()
    again = make()
    await again.start()
    again.cleared = False
    await write(books, 9)

    await again.run()
    assert again.newest.size == signer.newest.size

    again.cleared = True
    await again.run()
    assert again.newest.size == signer.newest.size + 9


async def test_only_the_leader_signs_and_every_replica_remembers(books, signer, make, tmp_path):
    other = make(pin=Pin(tmp_path / "other"), leads=lambda: False)
    (tmp_path / "other").mkdir()
    await other.start()
    await write(books, 9)
    await other.run()
    assert other.newest is None

    await signer.sign()
    await other.run()

    assert other.pin.read()[1] == signer.pin.read()[1]


# ── the tree ─────────────────────────────────────────────────────────────────────────────────────
async def test_tiles_and_proofs_are_those_of_the_entries(books, signer):
    scribe = Scribe.begin(599)
    await put(books, scribe)
    tree, size = Tree(books.database), scribe.size
    await tree.grow(size)

    assert await tree.root(size) == scribe.root()
    assert await tree.root(300) == scribe.root(300)
    hashes = scribe.hashes
    assert split(await tree.tile(Tile(0, 1))) == hashes[256:512]
    assert split(await tree.tile(Tile(0, 2, 88))) == hashes[512:600]
    assert split(await tree.tile(Tile(1, 0, 2))) == [joined(hashes[:256]), joined(hashes[256:512])]
    assert len({str(each) for each in tiles_of(size)}) == 4
    for old in (1, 255, 256, 257, 511, 599):
        check_consistency(old, scribe.root(old), size, scribe.root(), await tree.consistency(old, size))
        check_inclusion(hashes[old], old, size=size, root=scribe.root(), proof=await tree.inclusion(old, size))


async def test_proofs_stay_when_entries_are_gone(books, signer):
    """What retention may drop: entries of full tiles."""
    scribe = Scribe.begin(519)
    await put(books, scribe)
    tree, proof = Tree(books.database), scribe.inclusion(3)
    await tree.grow(scribe.size)
    await meddle(books, ("DELETE FROM audit_entry WHERE seq < 512", {}))

    assert await tree.inclusion(3, scribe.size) == proof
    assert await Tree(books.database).root(scribe.size) == scribe.root()


async def test_a_tile_that_is_not_there_is_said_so(books, signer):
    with pytest.raises(TreeUnavailableError):
        await signer.tree.tile(Tile(0, 0, 200))


# ── refusing ─────────────────────────────────────────────────────────────────────────────────────
async def test_a_backup_is_refused_at_the_start(books, signer, make):
    """The database was restored, the state directory was not."""
    await write(books, 20)
    await signer.sign()
    await roll_back(books, 12)

    with pytest.raises(CheckpointRefusedError, match="rolled back"):
        await make().start()


async def test_a_backup_that_grew_again_is_refused(books, signer, make):
    """The same size and more, another history: signing it would be a fork."""
    await write(books, 20)
    await signer.sign()
    await roll_back(books, 12)
    books.clock.advance(5)
    await write(books, 30)

    with pytest.raises(CheckpointRefusedError, match="history was changed"):
        await make().start()


async def test_a_backup_restored_under_a_running_gateway_is_not_signed(books, signer):
    await write(books, 20)
    await signer.run()
    await roll_back(books, 12)
    before = signer.pin.read()

    await signer.run()

    with pytest.raises(CheckpointRefusedError):
        await signer.sign()
    assert signer.pin.read() == before


@pytest.mark.parametrize("change", [lambda scribe: scribe.drafts.pop(7), lambda scribe: scribe.drafts.reverse()])
async def test_a_history_written_anew_is_not_signed(books, signer, make, change):
    """Chain, tree and head are right in themselves; the pin knows better."""
    scribe = Scribe(keys=pair("x"), drafts=[draft(codes={"n": number}) for number in range(30)])
    await put(books, scribe)
    signer.pin.write(sign(scribe.checkpoint(20), pair("x"), at=1))
    change(scribe)
    await put(books, scribe)

    with pytest.raises(CheckpointRefusedError, match="history was changed"):
        await make(keyring=_Quiet()).start()


class _Quiet:
    """Keys that are there already."""

    async def ensure(self):
        pass


async def test_a_head_that_is_not_that_of_the_entries_is_not_signed(books, signer):
    await write(books, 9)
    await meddle(books, ("UPDATE audit_entry SET leaf_hash = :h WHERE seq = 3", {"h": bytes(32)}))

    await signer.run()

    assert "do not have the root" in signer.refused


# ── going on after a loss ────────────────────────────────────────────────────────────────────────
async def test_a_loss_is_written_into_the_ledger_before_it_goes_on(books, signer, make):
    await write(books, 20)
    await signer.sign()
    lost = signer.pin.read()[1]
    await roll_back(books, 12)
    again = make()

    assert await again.restore("the disk burnt down") == lost
    await again.start()
    await again.sign()

    async with books.database.reading() as connection:
        (found,) = await entries.search(connection, since=0, limit=9, type_="ledger.restored")
    assert b"burnt down" in found.leaf
    assert b"%d" % lost.size in found.leaf


async def test_nothing_is_restored_where_nothing_was_lost(books, signer):
    await signer.sign()

    with pytest.raises(NothingLostError):
        await signer.restore("a mistake")


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────
async def test_old_checkpoints_are_thinned_out_to_one_a_day(books, signer):
    for _ in range(6):
        await write(books, 1)
        await signer.sign()
        books.clock.advance(12 * 3600)
    async with books.database.writing() as connection:
        await checkpoints.cosign(connection, 2, "w", "lines\n", books.clock.now())
        await checkpoints.thin_out(connection, books.clock.now())
        kept = await checkpoints.every(connection)

    # Six within three days and a half: two days whole, and the last one of each day before.
    old = [each.at.date() for each in kept if books.clock.now() - each.at > checkpoints.KEPT_ALL]
    assert len(old) == len(set(old))
    assert len(kept) < 6
    assert all(not each.cosignatures for each in kept if each.size == 2)


async def test_an_orderly_stop_signs_what_came_last(books, signer):
    """Otherwise the newest entries could be changed while nothing runs."""
    await signer.sign()
    await write(books, 1)

    await signer.close()

    assert signer.pin.read()[1].size == signer.newest.size
    async with books.database.reading() as connection:
        assert (await entries.head(connection)).size == signer.newest.size


async def test_a_stop_after_a_refusal_signs_nothing(books, signer):
    await signer.sign()
    before = signer.pin.read()
    await write(books, 1)
    signer.refuse("a witness saw more")

    await signer.close()

    assert signer.pin.read() == before
