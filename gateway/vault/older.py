"""What was stored before there were locks: names are sealed, and wrapped keys put behind their locks.

Each piece is a transaction of its own and doing it again changes nothing. Backups made before still hold both as they
were: see docs/adr/0024.
"""

from typing import Final

from gateway.store import objects, principals, subjects
from gateway.store.engine import Database
from gateway.vault.envelope import LOCKED, locked
from gateway.vault.names import MARK
from gateway.vault.vault import Vault, name_of

PAGE: Final = 200


async def seal_names(database: Database, vault: Vault) -> None:
    """Seal every name that is stored as it is."""
    async with database.reading() as connection:
        people = await principals.unsealed(connection)
        others = await subjects.unsealed(connection, MARK)
    if others:
        await vault.remember(others)
    if people:
        names: dict[str, str] = {each.id: vault.names.seal(vault.subject(each.id), each.name) for each in people}
        async with database.writing() as connection:
            await principals.seal(connection, names)


async def lock_objects(database: Database, vault: Vault) -> int:
    """Put every wrapped key behind its lock; gives how many were not."""
    count = 0
    while True:
        async with database.reading() as connection:
            page = await objects.not_beginning_with(connection, LOCKED, PAGE)
        if not page:
            return count
        locks = {each: vault.lock(name_of(each)) for each in page}
        behind = [(each, lock and locked(name_of(each), lock, each.wrapped_dek)) for each, lock in locks.items()]
        async with database.writing() as connection:
            await objects.wrap_again(connection, behind)
        count += len(page)
