"""The index follows the ledger, can be thrown away, and is compared with the ledger."""

import asyncio

import pytest
from sqlalchemy import text

from gateway.audit.leaf import read as index_read
from gateway.casework.index import Index
from gateway.domain.search import Filter, Scope
from gateway.store import entries, index


async def everything(library):
    return (await library.search.find(Filter(), Scope(), limit=500)).found


async def findings(library):
    return [(each.seq, each.code) async for each in library.search.index.check()]


async def test_an_index_made_anew_is_the_same(library):
    await library.permitted("j-1")
    await library.ended("j-1")
    await library.denied("budget/money")
    await library.search.index.follow()
    before = await everything(library)

    size = await library.search.index.rebuild()

    assert size == (await library.search.standing()).of
    assert await everything(library) == before
    assert await findings(library) == []


async def test_a_jobs_end_knows_its_beginning_across_batches(library, monkeypatch):
    monkeypatch.setattr("gateway.casework.index.AT_ONCE", 1)
    await library.permitted("j-1")
    end = await library.ended("j-1")
    await library.search.index.follow()

    assert await library.seqs(principal="alice", type="job.completed") == [end]


async def test_two_at_once_do_no_harm(library):
    """A command beside the gateway follows, too."""
    for number in range(30):
        await library.permitted(f"j-{number}")
    other = Index(database=library.search.database)

    await asyncio.gather(library.search.index.follow(), other.follow(), library.search.index.follow())
    await library.search.index.follow()

    standing = await library.search.standing()
    assert (standing.behind, len(await everything(library))) == (0, standing.of)
    assert await findings(library) == []


async def test_another_releases_index_is_made_anew(library, monkeypatch):
    await library.permitted("j-1")
    await library.search.index.follow()
    monkeypatch.setattr("gateway.casework.index.VERSION", 2)

    taken = await Index(database=library.search.database).follow()

    assert taken == (await library.search.standing()).of
    assert await findings(library) == []


async def test_how_far_it_is_behind_is_told(library):
    await library.search.index.follow()
    await library.permitted("j-1")

    assert (await library.search.find(Filter(), Scope())).indexed.behind == 1


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        pytest.param("DELETE FROM audit_index WHERE seq = :seq", "index-missing", id="a row was removed"),
        pytest.param("UPDATE audit_index SET vendor = 'aer' WHERE seq = :seq", "index-differs", id="a row was changed"),
        pytest.param("UPDATE audit_index SET terms = '' WHERE seq = :seq", "index-differs", id="terms were removed"),
    ],
)
async def test_a_tampered_index_is_found(library, statement, code):
    """Whoever hides an entry from searches does not hide it from a comparison."""
    seq = await library.permitted("j-1")
    await library.ended("j-1")
    await library.search.index.follow()
    async with library.search.database.writing() as connection:
        await connection.execute(text(statement), {"seq": seq})

    assert (seq, code) in await findings(library)


async def test_pruned_entries_are_found_no_more(library):
    """Retention empties them, and takes them out of the index in the same transaction."""
    gone = await library.ended("j-0", how="failed", reason="something private")
    kept = await library.permitted("j-1")
    await library.search.index.follow()

    async with library.search.database.writing() as connection:
        await index.forget(connection, [gone])

    assert await library.seqs(text="private") == []
    assert await library.seqs(type="job.*") == [kept]
    async with library.search.database.reading() as connection:
        assert len(await entries.between(connection, start=gone, stop=gone + 1)) == 1


async def test_what_cannot_be_read_is_passed_over(library, monkeypatch):
    """An entry that a verification would complain of must not stop the search of all others."""
    damaged = await library.permitted("j-1")
    kept = await library.permitted("j-2")
    monkeypatch.setattr(
        "gateway.casework.index.read",
        lambda leaf, read=index_read: None if b'"j-1"' in leaf else read(leaf),
    )

    assert await library.seqs(decision="permitted") == [kept]
    assert damaged < kept
    assert (await library.search.standing()).behind == 0
