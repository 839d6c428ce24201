"""Ledgers as their owner can change them: past the gateway, and past the triggers of the database."""

from sqlalchemy import text

from gateway.audit.entry import encode
from gateway.audit.merkle import Frontier, MerkleChain
from gateway.store import entries
from tests.records import draft, genesis


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
