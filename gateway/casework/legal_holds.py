"""Legal holds: what must be kept, whatever the rules of retention say and whoever asks for its erasure."""

from dataclasses import dataclass, replace

from gateway.casework.entries import OPERATOR, AdminEntries
from gateway.casework.names import UnknownNameError, checked_reason
from gateway.casework.principals import Principals
from gateway.casework.projects import Projects
from gateway.domain.clock import Clock
from gateway.domain.errors import RefusedError
from gateway.store import jobs, legal_holds
from gateway.store.engine import Database
from gateway.store.legal_holds import Held, HoldScope, LegalHold


class LegalHoldError(RefusedError):
    """Somebody wants to erase what a legal hold keeps."""

    code = "legal-hold"

    def __init__(self, hold: LegalHold) -> None:
        super().__init__(
            f"the legal hold {hold.id} keeps this ({hold.reason}); nothing was erased, "
            "whoever ordered the hold must lift it first"
        )
        self.hold = hold


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHolds:
    """Sets, lists and lifts holds. Each stands by itself: of two on one project both must be lifted."""

    database: Database
    entries: AdminEntries
    clock: Clock
    projects: Projects
    principals: Principals

    async def every(self) -> list[LegalHold]:
        """List all holds, lifted ones too, oldest first."""
        async with self.database.reading() as connection:
            return await legal_holds.every(connection)

    async def standing(self) -> Held:
        """Read the holds that stand."""
        async with self.database.reading() as connection:
            return await legal_holds.standing(connection)

    async def set(self, scope: HoldScope, target: str = "", *, reason: str, by: str = OPERATOR) -> LegalHold:
        """Keep a job, what a principal did, a project or everything from now on.

        Raises:
            UnknownNameError: there is no such thing.
            ReasonRefusedError: there is no reason, or it does not fit on a line.
        """
        hold = LegalHold(
            id=self.entries.new_id(),
            scope=scope,
            target=await self._target(scope, target),
            reason=checked_reason(reason),
            at=self.clock.now(),
        )
        await self._record("preservation.ordered", hold, hold.reason, by)
        return hold

    async def lift(self, hold_id: str, *, reason: str, by: str = OPERATOR) -> LegalHold:
        """Let the rules apply again; lifting twice changes nothing.

        Raises:
            UnknownNameError: there is no such hold.
            ReasonRefusedError: there is no reason, or it does not fit on a line.
        """
        known, told = await self.every(), checked_reason(reason)
        found = next((each for each in known if each.id == hold_id), None)
        if found is None:
            raise UnknownNameError("legal hold", hold_id, (each.id for each in known if each.lifted_at is None))
        if found.lifted_at is not None:
            return found
        lifted = replace(found, lifted_at=self.clock.now())
        await self._record("preservation.lifted", lifted, told, by)
        return lifted

    async def _target(self, scope: HoldScope, target: str) -> str:
        match scope:
            case HoldScope.EVERYTHING:
                return ""
            case HoldScope.PROJECT:
                return (await self.projects.named(target)).id
            case HoldScope.PRINCIPAL:
                return (await self.principals.named(target)).id
            case HoldScope.JOB:
                async with self.database.reading() as connection:
                    record = await jobs.load(connection, target) or await jobs.by_id(connection, target)
                if record is None:
                    raise UnknownNameError("job", target, ())
                return record.id

    async def _record(self, type_: str, hold: LegalHold, reason: str, by: str) -> None:
        person = hold.scope is HoldScope.PRINCIPAL
        told = self.entries.vault.subject(hold.target) if person else hold.target
        await self.entries.record(
            type_,
            by=by,
            project_id=hold.target if hold.scope is HoldScope.PROJECT else None,
            rows=(legal_holds.write(hold),),
            body={"hold": hold.id, "scope": hold.scope.value, "target": told, "reason": reason},
            people={},
        )
