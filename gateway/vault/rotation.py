"""Rotation of the master key: every tenant key is wrapped again, no sealed object changes."""

from gateway.domain.errors import RefusedError
from gateway.ports.key_provider import KeyProvider
from gateway.store import tenant_keys
from gateway.store.engine import Database
from gateway.vault.tenants import unwrapped, wrapped


class ForeignTenantKeyError(RefusedError):
    """A tenant key was wrapped by a master key that is neither the old nor the new one."""

    code = "foreign-tenant-key"

    def __init__(self, kek_id: str, *, old: str, new: str) -> None:
        super().__init__(
            f"a tenant key was wrapped by {kek_id}, the old master key is {old} and the new one {new}; "
            "nothing was changed, find the master key that is missing"
        )
        self.kek_id = kek_id


async def rewrap_tenant_keys(database: Database, *, old: KeyProvider, new: KeyProvider) -> int:
    """Wrap every tenant key by a new master key; gives how many changed.

    One transaction: a crash leaves all under the old key or all under the new one. Running it again changes
    nothing. Stop the gateway first: a running one still wraps by the old key. The old key is destroyed only
    once no backup holds rows wrapped by it.

    Raises:
        ForeignTenantKeyError: some key belongs to a third master key.
        UnavailableError: a provider refused.
    """
    changed = 0
    async with database.writing() as connection:
        for row in await tenant_keys.every(connection):
            if row.kek_id == new.id:
                continue
            if row.kek_id != old.id:
                raise ForeignTenantKeyError(row.kek_id, old=old.id, new=new.id)
            key = unwrapped(old, row)
            again = wrapped(new, key, project_id=row.project_id, version=row.version, created_at=row.created_at)
            await tenant_keys.rewrap(connection, again)
            changed += 1
    return changed
