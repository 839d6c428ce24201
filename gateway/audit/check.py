"""Whether the ledger in the database holds: all of it, or enough of it before a start."""

from typing import Final

from gateway.audit.export import export, lines
from gateway.audit.verify import ExpectedHead, Report, Verifier
from gateway.domain.chain import Head
from gateway.domain.errors import RefusedError
from gateway.store import entries
from gateway.store.apply import LedgerUnavailableError
from gateway.store.engine import Database

WHOLE_UP_TO: Final = 100_000
"""Ledgers up to this size are recomputed whole at every start: well under a second."""
NEWEST: Final = 10_000
"""How many links of a longer one are followed; `gateway audit verify` reads all."""


class LedgerDamagedError(RefusedError):
    """The stored ledger does not hold, so nothing is appended to it."""

    code = "ledger-damaged"

    def __init__(self, found: str) -> None:
        super().__init__(
            f"the stored ledger does not hold: {found}; nothing is appended to it. Keep a copy of the database as "
            "evidence, run `gateway audit verify`, then restore a backup whose ledger holds"
        )
        self.found = found


async def whole(database: Database, *, expected_head: ExpectedHead | None = None, strict: bool = True) -> Report:
    """Verify every entry against the head in the database, and against one from elsewhere if given.

    Raises:
        LedgerUnavailableError: there is no ledger.
    """
    verifier = Verifier(expected_head=expected_head, strict=strict)
    pages = export(database)
    (header,) = await anext(pages)
    verifier.header(header)
    async for page in pages:
        verifier.feed(page)
    return verifier.report()


async def before_start(database: Database) -> None:
    """Check what a gateway is about to append to.

    Raises:
        LedgerDamagedError: it does not hold.
        LedgerUnavailableError: there is no ledger.
    """
    async with database.reading() as connection:
        head = await entries.head(connection)
    if head is None:
        raise LedgerUnavailableError("it was never created, run `gateway init`")
    report = await (whole(database, strict=False) if head.size <= WHOLE_UP_TO else _newest(database, head))
    if not report.ok:
        raise LedgerDamagedError(report.findings[0].sentence)


async def _newest(database: Database, head: Head) -> Report:
    start = head.size - NEWEST
    verifier = Verifier(first=start, expected_head=ExpectedHead(size=head.size, last_hash=head.last_hash.hex()))
    async for page in lines(database, start=start, stop=head.size):
        verifier.feed(page)
    return verifier.report()
