"""Reading the whole ledger out, so that others can prove it without us.

An export is JSON lines. The first line says which ledger it is, how many entries follow and their Merkle
root: `{"format":"qgw.ledger/1","origin":"…","root":"<hex>","size":N}`. Every further line is one entry, from
`seq` 0 on: `{"hash":"<hex>","leaf":{"event":{…},"prev":"<hex>","seq":N,"v":1}}`, where `hash` is
SHA-256(0x00 || leaf) over the leaf's bytes exactly as they stand there, and `prev` is the `hash` of the line
before. Lines end with a single line feed. `audit.verify` checks all of it without the database.
"""

from collections.abc import AsyncIterator

import msgspec

from gateway.audit.merkle import Frontier
from gateway.audit.verify import Header, entry_line
from gateway.domain.chain import Head
from gateway.store import entries
from gateway.store.apply import LedgerUnavailableError
from gateway.store.engine import Database


async def export(database: Database) -> AsyncIterator[list[bytes]]:
    """Give the ledger as it stands now: the header line first, then its entries, a page of lines at a time.

    Raises:
        LedgerUnavailableError: there is no ledger.
    """
    async with database.reading() as connection:
        head = await entries.head(connection)
    if head is None:
        raise LedgerUnavailableError("it was never created, run `gateway init`")
    yield [_header_line(head)]
    async for page in lines(database, start=0, stop=head.size):
        yield page


async def lines(database: Database, *, start: int, stop: int) -> AsyncIterator[list[bytes]]:
    """Give the lines of the entries `start <= seq < stop`, a page at a time."""
    async for page in entries.pages(database, start=start, stop=stop):
        yield [entry_line(entry.leaf_hash.hex().encode(), entry.leaf) for entry in page]


def _header_line(head: Head) -> bytes:
    root = Frontier.from_bytes(head.size, head.frontier).root().hex()
    return msgspec.json.encode(Header(origin=head.origin, size=head.size, root=root), order="sorted") + b"\n"
