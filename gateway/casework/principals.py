"""Principals: the people and services that may ask."""

from dataclasses import dataclass, replace

from gateway.casework.entries import OPERATOR, AdminEntries
from gateway.casework.names import UnknownNameError, checked_new
from gateway.domain.clock import Clock
from gateway.domain.ids import PrincipalId
from gateway.domain.principal import Principal, PrincipalKind
from gateway.domain.writes import RowWrite
from gateway.store import principals
from gateway.store.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Principals:
    """Creates, lists and changes principals."""

    database: Database
    entries: AdminEntries
    clock: Clock

    async def every(self) -> list[Principal]:
        """List all principals by name."""
        async with self.database.reading() as connection:
            return await principals.every(connection, self.entries.vault.principal_name)

    async def named(self, name: str) -> Principal:
        """Find one by name or id.

        Raises:
            UnknownNameError: there is none.
        """
        known = await self.every()
        found = next((each for each in known if name in {each.name, each.id}), None)
        if found is None:
            raise UnknownNameError("principal", name, (each.name for each in known))
        return found

    async def create(self, *, name: str, kind: PrincipalKind = PrincipalKind.PERSON, by: str = OPERATOR) -> Principal:
        """Make a new principal.

        Raises:
            NameRefusedError: the name could be mistaken.
            DuplicateNameError: the name is taken.
        """
        taken = [each.name for each in await self.every()]
        new = Principal(
            id=PrincipalId(self.entries.new_id()),
            name=checked_new("principal", name, taken),
            kind=kind,
            created_at=self.clock.now(),
        )
        await self._record("principal.created", new, by)
        return new

    async def change(self, name: str, *, disabled: bool, by: str = OPERATOR) -> Principal:
        """Disable a principal, which stops all its keys at once, or enable it again.

        Raises:
            UnknownNameError: there is none of that name.
        """
        known = await self.named(name)
        if known.disabled is disabled:
            return known
        changed = replace(known, disabled=disabled)
        await self._record("principal.changed", changed, by)
        return changed

    def row(self, who: Principal) -> RowWrite:
        """Prepare a principal's row, its name sealed."""
        vault = self.entries.vault
        return principals.write(who, vault.names.seal(vault.subject(who.id), who.name))

    async def _record(self, type_: str, who: Principal, by: str) -> None:
        await self.entries.record(
            type_,
            by=by,
            project_id=None,
            rows=(self.row(who),),
            body={"kind": who.kind.value, "disabled": who.disabled},
            people={"principal": (who.id, who.name)},
        )
