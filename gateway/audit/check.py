"""Whether the ledger in the database holds: all of it, or enough of it before a start."""

from collections.abc import AsyncIterator, Callable
from typing import Final

from gateway.audit.export import LedgerDamagedError, current, export, lines
from gateway.audit.verify import ExpectedHead, Report, Verifier
from gateway.audit.witnessed import Outsiders
from gateway.domain.chain import Head
from gateway.store.engine import Database

WHOLE_UP_TO: Final = 100_000
"""Ledgers up to this size are recomputed whole at every start: well under a second."""
NEWEST: Final = 10_000
"""How many links of a longer one are followed; `gateway audit verify` reads all."""


async def whole(
    database: Database,
    *,
    expected_head: ExpectedHead | None = None,
    strict: bool = True,
    outsiders: Callable[[Verifier], Outsiders] | None = None,
    not_before: int | None = None,
    keeps: int = 0,
) -> Report:
    """Verify every entry against the head in the database, and against what is known from elsewhere if given.

    Raises:
        LedgerDamagedError: the head itself is none.
        LedgerUnavailableError: there is no ledger.
    """
    verifier = Verifier(strict=strict, keeps=keeps)
    if expected_head is not None:
        verifier.expect("the expected head", expected_head)
    outside = outsiders(verifier) if outsiders else None
    async for _ in feed(database, verifier):
        pass
    return outside.report(not_before=not_before) if outside else verifier.report()


async def feed(database: Database, verifier: Verifier) -> AsyncIterator[int]:
    """Hand the whole ledger to a verifier, and say after each page how many entries it has had; raises as `whole`."""
    pages, fed = export(database), 0
    (header,) = await anext(pages)
    verifier.header(header)
    async for page in pages:
        verifier.feed(page)
        fed += len(page)
        yield fed


async def before_start(database: Database) -> None:
    """Check what a gateway is about to append to.

    Raises:
        LedgerDamagedError: it does not hold.
        LedgerUnavailableError: there is no ledger.
    """
    head = await current(database)
    report = await (whole(database, strict=False) if head.size <= WHOLE_UP_TO else _newest(database, head))
    if not report.ok:
        raise LedgerDamagedError(report.findings[0].sentence)


async def _newest(database: Database, head: Head) -> Report:
    start = head.size - NEWEST
    verifier = Verifier(strict=False, first=start)
    stored = ExpectedHead(size=head.size, last_hash=head.last_hash.hex())
    verifier.expect("the head in the database", stored)
    async for page in lines(database, start=start, stop=head.size):
        verifier.feed(page)
    return verifier.report()
