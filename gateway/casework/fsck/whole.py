"""`fsck`: everything that is stored against everything else, in one pass over the ledger. It changes nothing.

What verification proves of the ledger comes first, because all other checks lean on entries. Memory stays the same but
for 16 bytes for each job that ended.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from gateway.audit.export import LedgerDamagedError
from gateway.casework.budgets import Budgets
from gateway.casework.fsck import jobs, ledger, vault
from gateway.casework.fsck.finding import Damage
from gateway.casework.index import Index
from gateway.casework.proving import Proving
from gateway.store import damage
from gateway.store.damage import EntryRow
from gateway.store.engine import Database
from gateway.vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Fsck:
    """Checks one deployment."""

    database: Database
    vault: Vault
    proving: Proving
    index: Index
    budgets: Budgets

    async def check(self) -> AsyncIterator[Damage]:
        """Give everything that does not agree, as it is found."""
        told = jobs.Told()
        for check in (
            self._verified(),
            ledger.tree(self.database, self.proving.log),
            ledger.marginal(self.database),
            self._entries(told),
            jobs.ended(self.database, told),
            jobs.rows(self.database, self.budgets),
            vault.keys(self.database, self.vault),
            vault.objects(self.database, self.vault),
            vault.orders(self.database, self.vault),
            self._index(),
        ):
            async for found in check:
                yield found

    async def _entries(self, told: jobs.Told) -> AsyncIterator[Damage]:
        """Go through the ledger once, for everybody who asks what entries tell."""
        async for page in self._pages():
            for found in ledger.rows(page):
                yield found
            for check in (vault.named(self.database, page), jobs.permitted(self.database, page, told)):
                async for found in check:
                    yield found

    async def _index(self) -> AsyncIterator[Damage]:
        async for each in self.index.check():
            yield Damage(part="index", code=each.code, where=f"entry {each.seq}", sentence=each.sentence)

    async def _verified(self) -> AsyncIterator[Damage]:
        try:
            async for progress in self.proving.verify():
                for each in progress.report.findings if progress.report else ():
                    where = "the ledger" if each.seq is None else f"entry {each.seq}"
                    yield Damage(part="ledger", code=each.code, where=where, sentence=each.sentence)
        except LedgerDamagedError as error:
            yield Damage(part="ledger", code=error.code, where="the head", sentence=error.message)

    async def _pages(self) -> AsyncIterator[list[EntryRow]]:
        since = 0
        while True:
            async with self.database.reading() as connection:
                page = await damage.entries(connection, since=since)
            if not page:
                return
            since = page[-1].seq + 1
            yield page
