"""The kill switch as operators use it: set, lifted, listed. What it does is `enforcement.halts`'s."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.casework.entries import OPERATOR, AdminEntries
from gateway.casework.names import UnknownNameError
from gateway.casework.projects import Projects
from gateway.domain.clock import Clock
from gateway.domain.errors import RefusedError
from gateway.domain.halt import Halt, Scope
from gateway.ports.registry import Adapter
from gateway.store import halts
from gateway.store.engine import Database

_LONGEST: Final = 200


class HaltReasonError(RefusedError):
    """A halt without a reason that fits on a line; everybody whom it stops reads it."""

    code = "halt-reason"

    def __init__(self) -> None:
        super().__init__(
            f"a halt needs a reason of 1 to {_LONGEST} printable characters; everybody whom it stops reads it"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Halts:
    """Sets, lists and lifts halts. Each stands by itself: two on one project are lifted one by one."""

    database: Database
    entries: AdminEntries
    clock: Clock
    projects: Projects
    adapters: Mapping[str, Adapter] = field(repr=False)

    async def every(self) -> list[Halt]:
        """List all halts, lifted ones too, oldest first."""
        async with self.database.reading() as connection:
            return await halts.every(connection)

    async def set(self, scope: Scope, target: str = "", *, reason: str, by: str = OPERATOR) -> Halt:
        """Stop a project (by name or id), a vendor or simulator, or everything, from now on.

        Raises:
            UnknownNameError: there is no such project or vendor.
            HaltReasonError: there is no reason, or it does not fit on a line.
        """
        if not reason.strip() or len(reason) > _LONGEST or not reason.isprintable():
            raise HaltReasonError
        halt = Halt(
            id=self.entries.new_id(),
            scope=scope,
            target=await self._target(scope, target),
            reason=reason.strip(),
            at=self.clock.now(),
            lifted_at=None,
        )
        await self._record("halt.set", halt, by)
        return halt

    async def lift(self, halt_id: str, *, by: str = OPERATOR) -> Halt:
        """Let work go on; lifting twice changes nothing. What was cancelled stays so.

        Raises:
            UnknownNameError: there is no such halt.
        """
        known = await self.every()
        found = next((each for each in known if each.id == halt_id), None)
        if found is None:
            raise UnknownNameError("halt", halt_id, (each.id for each in known if each.lifted_at is None))
        if found.lifted_at is not None:
            return found
        lifted = replace(found, lifted_at=self.clock.now())
        await self._record("halt.lifted", lifted, by)
        return lifted

    async def _target(self, scope: Scope, target: str) -> str:
        match scope:
            case Scope.ALL:
                return ""
            case Scope.PROJECT:
                return (await self.projects.named(target)).id
            case Scope.VENDOR:
                known = [name for name, each in self.adapters.items() if each.vendor or each.upstream]
                if target not in known:
                    raise UnknownNameError("vendor", target, known)
                return target

    async def _record(self, type_: str, halt: Halt, by: str) -> None:
        told = {"halt": halt.id, "scope": halt.scope.value, "target": halt.target, "reason": halt.reason}
        await self.entries.record(
            type_,
            by=by,
            project_id=halt.target if halt.scope is Scope.PROJECT else None,
            rows=(halts.write(halt),),
            body=told,
            people={},
        )
