"""Checkpoints are signed only of what continues the last one, whoever forgot that one."""

import contextlib
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import text

from gateway.audit.entry import encode
from gateway.audit.keyring import Keyring
from gateway.audit.log_keys import sign
from gateway.audit.merkle import Frontier, MerkleChain
from gateway.audit.note import Note
from gateway.audit.pin import NAME, Pin, PinUnreadableError
from gateway.audit.proofs import check_consistency, check_inclusion
from gateway.audit.publish import CheckpointRefusedError, Checkpoints, NothingLostError, Pace
from gateway.audit.tiles import Tile, joined, split, tiles_of
from gateway.audit.tree import Tree, TreeUnavailableError
from gateway.domain.secret import Secret
from gateway.store import checkpoints, entries
from gateway.telemetry.witnesses import WitnessMetrics
from tests.notary import Scribe, pair
from tests.records import draft, genesis

ORIGIN = "test/ledger"


class Seeds:
    """A vault that makes a secret for each name, once."""

    def __init__(self):
        self.kept = {}

    async def secret(self, name):
        return self.kept.setdefault(name, Secret(name.encode().ljust(32)[:32]))


@pytest.fixture
def make(books, tmp_path):
    """Make a signer on the ledger of `books`, as another start of the gateway would."""
    seeds = Seeds()

    def signer(**changes):
        keyring = Keyring(
            database=books.database, ledger=books.ledger, secret=seeds.secret, clock=books.clock, origin=ORIGIN
        )
        parts = {
            "database": books.database,
            "tree": Tree(books.database),
            "keyring": keyring,
            "pin": Pin(tmp_path),
            "clock": books.clock,
            "metrics": WitnessMetrics(CollectorRegistry()),
            "pace": Pace(every=timedelta(seconds=10), entries=5),
        }
        made = Checkpoints(**(parts | changes))
        made.cleared = True
        return made

    return signer


@pytest.fixture
async def signer(make):
    made = make()
    await made.start()
    return made


async def write(books, count):
    for _ in range(count):
        await books.ledger.record(draft(codes={"n": 1}))


async def meddle(books, *statements):
    """Change the database as its owner can: past its triggers."""
    async with books.database.writing() as connection:
        if books.database.dialect == "postgresql":
            await connection.execute(text("SET session_replication_role = replica"))
        else:
            rows = await connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
            triggers = rows.all()
            for name, _ in triggers:
                await connection.execute(text(f"DROP TRIGGER {name}"))
        for statement, values in statements:
            await connection.execute(text(statement), values)
        if books.database.dialect == "postgresql":
            await connection.execute(text("SET session_replication_role = origin"))
        else:
            for _, sql in triggers:
                await connection.exec_driver_sql(sql)


async def put(books, scribe):
    """Let the database hold another ledger, complete and right in itself."""
    head, links = MerkleChain().extend(genesis(scribe.origin), [encode(each) for each in scribe.drafts])
    rows = [
        (
            "INSERT INTO audit_entry (seq, event_id, type, at, leaf, leaf_hash) VALUES (:s, :e, :t, :a, :l, :h)",
            {"s": link.seq, "e": each.event_id, "t": each.type, "a": "x", "l": link.leaf, "h": link.leaf_hash},
        )
        for each, link in zip(scribe.drafts, links, strict=True)
    ]
    moved = (
        "UPDATE audit_head SET size = :s, frontier = :f, last_hash = :l",
        {"s": head.size, "f": head.frontier, "l": head.last_hash},
    )
    await meddle(books, ("DELETE FROM audit_entry", {}), ("DELETE FROM audit_tile", {}), *rows, moved)


async def roll_back(books, size):
    """Restore the ledger's tables as they were at a size."""
    async with books.database.reading() as connection:
        kept = await entries.between(connection, start=0, stop=size)
    frontier = Frontier()
    for each in kept:
        frontier.append(each.leaf_hash)
    head = {"s": size, "f": frontier.to_bytes(), "l": kept[-1].leaf_hash}
    await meddle(
        books,
        ("DELETE FROM audit_entry WHERE seq >= :s", {"s": size}),
        ("DELETE FROM audit_checkpoint WHERE size > :s", {"s": size}),
        ("DELETE FROM audit_tile", {}),
        ("UPDATE audit_head SET size = :s, frontier = :f, last_hash = :l", head),
    )


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


async def test_without_the_pin_the_database_is_compared_with_itself(books, signer, make, tmp_path):
    await write(books, 9)
    await signer.sign()
    (tmp_path / NAME).unlink()

    again = make()
    await again.start()

    assert again.pin.read()[1].size == signer.newest.size


async def test_the_pin_of_another_ledger_is_refused(books, signer, make):
    other = Scribe.begin(3, origin="other/ledger")
    signer.pin.write(other.sign())

    with pytest.raises(CheckpointRefusedError, match="another ledger"):
        await make().start()


@pytest.mark.parametrize("content", [b"", b"torn", b"a\n1\n"])
async def test_a_pin_that_is_none_is_refused(books, signer, make, tmp_path, content):
    (tmp_path / NAME).write_bytes(content)

    with pytest.raises(PinUnreadableError):
        await make().start()


async def test_what_is_signed_is_pinned_before_it_is_stored(books, signer, monkeypatch):
    """A crash in between leaves a pin that the ledger continues, and nothing that was given out and forgotten."""

    async def crash(*_):
        raise RuntimeError("crash")

    await write(books, 3)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "add", crash)
        with contextlib.suppress(RuntimeError):
            await signer.sign()
    pinned = signer.pin.read()[1].size

    await write(books, 1)
    assert (await signer.sign()).size == pinned + 1


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
