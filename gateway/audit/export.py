"""Reading the whole ledger out, so that others can prove it without us.

An export is JSON lines. The first says which ledger it is, how many entries follow, the hash of the newest
and their Merkle root: `{"format":"qgw.ledger/1","last":"<hex>","origin":"…","root":"<hex>","size":N}`. Every
further line is one entry, from `seq` 0 on:
`{"hash":"<hex>","leaf":{"event":{…},"prev":"<hex>","seq":N,"v":1}}`, where `hash` is SHA-256(0x00 || leaf)
over the leaf's bytes exactly as they stand there, and `prev` is the `hash` of the line before (of the first:
64 zeros). Of an entry that retention emptied only `{"hash":"<hex>","pruned":N}` is left, which an entry of type
`ledger.pruned` must have announced. Lines end with a single line feed. `audit.verify` checks all of it without the
database.
"""

from collections.abc import AsyncIterator

import msgspec

from gateway.audit import pruned
from gateway.audit.merkle import Frontier, FrontierError
from gateway.audit.verify import Header, entry_line
from gateway.domain.chain import Head
from gateway.domain.errors import RefusedError
from gateway.store import entries
from gateway.store.apply import LedgerUnavailableError
from gateway.store.engine import Database
from gateway.store.entries import StoredEntry


class LedgerDamagedError(RefusedError):
    """The stored ledger does not hold, so nothing is appended to it."""

    code = "ledger-damaged"

    def __init__(self, found: str) -> None:
        super().__init__(
            f"the stored ledger does not hold: {found}; nothing is appended to it. Keep a copy of the database as "
            "evidence, run `gateway audit verify`, then restore a backup whose ledger holds"
        )
        self.found = found


async def current(database: Database) -> Head:
    """Read where the ledger stands.

    Raises:
        LedgerUnavailableError: there is no ledger.
    """
    async with database.reading() as connection:
        head = await entries.head(connection)
    if head is None:
        raise LedgerUnavailableError("it was never created, run `gateway init`")
    return head


async def export(database: Database) -> AsyncIterator[list[bytes]]:
    """Give the ledger as it stands now: the header line first, then its entries, a page of lines at a time.

    Raises:
        LedgerUnavailableError: there is no ledger.
        LedgerDamagedError: the head is none.
    """
    head = await current(database)
    yield [_header_line(head)]
    async for page in lines(database, start=0, stop=head.size):
        yield page


async def lines(database: Database, *, start: int, stop: int) -> AsyncIterator[list[bytes]]:
    """Give the lines of the entries `start <= seq < stop`, a page at a time."""
    async for page in entries.pages(database, start=start, stop=stop):
        yield [_line(entry) for entry in page]


def _line(entry: StoredEntry) -> bytes:
    stated = entry.leaf_hash.hex().encode()
    return pruned.line(stated, entry.seq) if entry.pruned else entry_line(stated, entry.leaf)


def _header_line(head: Head) -> bytes:
    try:
        root = Frontier.from_bytes(head.size, head.frontier).root().hex()
    except FrontierError as error:
        raise LedgerDamagedError(f"the head in the database contradicts itself, {error}") from None
    header = Header(last=head.last_hash.hex(), origin=head.origin, root=root, size=head.size)
    return msgspec.json.encode(header, order="sorted") + b"\n"
