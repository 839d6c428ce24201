"""Erasing what belongs to a job, a principal or a project, for good: planned and shown first, then ordered.

What an order takes away cannot be opened from any copy of the database either, however old. What stays is the ledger:
digests, sizes, times and decisions, and the names of nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from gateway.casework.disposal import Disposal
from gateway.casework.entries import OPERATOR, AdminEntries
from gateway.casework.legal_holds import LegalHoldError
from gateway.casework.names import UnknownNameError, checked_reason
from gateway.casework.principals import Principals
from gateway.casework.projects import Projects
from gateway.domain.clock import Clock
from gateway.domain.errors import RefusedError
from gateway.domain.writes import RowWrite
from gateway.store import accounts, disposal, erasures, jobs, keys, legal_holds, objects, principals, projects
from gateway.store.engine import Database
from gateway.store.erasures import Order, Scope
from gateway.store.keys import StoredKey
from gateway.store.legal_holds import LegalHold
from gateway.vault import addresses, names
from gateway.vault.envelope import ObjectName
from gateway.vault.vault import erased_name


class ErasureRefusedError(RefusedError):
    """What is to be erased is still needed."""

    code = "erasure-refused"

    def __init__(self, jobs_under_way: int) -> None:
        super().__init__(
            f"{jobs_under_way} jobs of it have not ended; cancel them, or wait, and order the erasure again; "
            "nothing was erased"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an erasure would take away."""

    scope: Scope
    target: str
    name: str
    """What the target is called now."""
    project_id: str | None
    objects: int
    """Sealed objects that can still be opened, here or in a backup."""
    keys: int
    """Gateway keys that end with it."""
    hold: LegalHold | None
    """What forbids it."""
    jobs_under_way: int
    """Jobs that must end before."""
    ids: tuple[str, ...] = field(repr=False)
    addresses: tuple[str, ...] = field(repr=False)
    rows: tuple[RowWrite, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """Plans erasures and orders them."""

    database: Database
    entries: AdminEntries
    clock: Clock
    projects: Projects
    principals: Principals
    disposal: Disposal

    async def plan(self, scope: Scope, name: str) -> Plan:
        """Say what the erasure of a job, a principal or a project would take away.

        Raises:
            UnknownNameError: there is no such thing.
        """
        match scope:
            case Scope.PRINCIPAL:
                return await self._principal(name)
            case Scope.PROJECT:
                return await self._project(name)
            case _:
                return await self._job(name)

    async def order(self, scope: Scope, name: str, *, reason: str, by: str = OPERATOR) -> list[Order]:
        """Order an erasure and carry it out; gives the orders that wait for witnesses.

        Raises:
            UnknownNameError: there is no such thing.
            ReasonRefusedError: there is no reason, or it does not fit on a line.
            LegalHoldError: a legal hold keeps it.
            ErasureRefusedError: jobs of it have not ended.
        """
        told, plan = checked_reason(reason), await self.plan(scope, name)
        if plan.hold is not None:
            raise LegalHoldError(plan.hold)
        if plan.jobs_under_way:
            raise ErasureRefusedError(plan.jobs_under_way)
        order = Order(
            id=self.entries.new_id(),
            scope=plan.scope,
            target=plan.target,
            objects=plan.ids,
            addresses=plan.addresses,
            at=self.clock.now(),
        )
        person = plan.scope is Scope.PRINCIPAL
        target = self.entries.vault.subject(plan.target) if person else plan.target
        await self.entries.record(
            "erasure.ordered",
            by=by,
            project_id=plan.project_id,
            rows=(erasures.write(self.entries.vault.signed(order)), *plan.rows),
            body={"scope": plan.scope.value, "target": target, "objects": plan.objects, "reason": told},
            people={},
            event_id=order.id,
        )
        return await self.disposal.carry_out()

    async def _job(self, name: str) -> Plan:
        async with self.database.reading() as connection:
            job = await jobs.load(connection, name) or await jobs.by_id(connection, name)
            if job is None:
                raise UnknownNameError("job", name, ())
            held = await legal_holds.standing(connection)
            sealed = await objects.of(connection, [job.id, job.decision_id])
        return Plan(
            scope=Scope.JOB,
            target=job.id,
            name=job.client_job_id,
            project_id=job.project_id,
            objects=len(sealed),
            keys=0,
            hold=held.by(job=job.id, principal=job.principal_id, project=job.project_id),
            jobs_under_way=0 if job.status.final else 1,
            ids=(job.id, job.decision_id),
            addresses=_addresses(sealed),
            rows=(),
        )

    async def _principal(self, name: str) -> Plan:
        """Plan to forget who somebody is: the name, and the facts of every decision, which have it in them."""
        who = await self.principals.named(name)
        digest = self.entries.vault.subject(who.id)
        decisions = await self.disposal.decisions(digest)
        async with self.database.reading() as connection:
            held = await legal_holds.standing(connection)
            sealed = await objects.of(connection, decisions)
            waiting = await disposal.unfinished(connection, principal_id=who.id)
            mine = [each for each in await keys.every(connection) if each.key.principal_id == who.id]
            work = await disposal.jobs_of(connection, principal_id=who.id)
        gone = replace(who, name=erased_name(who.id), disabled=True)
        return Plan(
            scope=Scope.PRINCIPAL,
            target=who.id,
            name=who.name,
            project_id=None,
            objects=len(sealed),
            keys=len(mine),
            hold=held.by(principal=who.id)
            or _first(held.by(job=each) for each in work)
            or _first(held.by(project=project) for _, _, project in sealed),
            jobs_under_way=len(waiting) // 2,
            ids=tuple(decisions),
            addresses=(names.address(digest), *_addresses(sealed)),
            rows=(principals.write(gone, ""), *self._ended(mine)),
        )

    async def _project(self, name: str) -> Plan:
        project = await self.projects.named(name)
        async with self.database.reading() as connection:
            held = await legal_holds.standing(connection)
            hold = await disposal.hold_within(connection, held, project.id)
            kinds = [kind for owner, kind in await objects.kept_kinds(connection) if owner == project.id]
            counts = [await objects.count(connection, project.id, kind=kind) for kind in kinds]
            waiting = await disposal.unfinished(connection, project_id=project.id)
            mine = [each for each in await keys.every(connection) if each.key.project_id == project.id]
            used = [each for each in await accounts.every(connection) if each.account.project_id == project.id]
        now, gone = self.clock.now(), replace(project, name=erased_name(project.id), team="")
        return Plan(
            scope=Scope.PROJECT,
            target=project.id,
            name=project.name,
            project_id=project.id,
            objects=sum(counts),
            keys=len(mine),
            hold=held.by(project=project.id) or hold,
            jobs_under_way=len(waiting) // 2,
            ids=(),
            addresses=(addresses.of_project(project.id), names.address(self.entries.vault.subject(project.id))),
            rows=(
                projects.write(gone),
                *self._ended(mine),
                *(accounts.write(replace(each, removed_at=each.removed_at or now)) for each in used),
            ),
        )

    def _ended(self, mine: list[StoredKey]) -> list[RowWrite]:
        now = self.clock.now()
        ended = (replace(each.key, label="", revoked_at=each.key.revoked_at or now) for each in mine)
        return [keys.write(replace(each, key=key)) for each, key in zip(mine, ended, strict=True)]


def _addresses(sealed: list[tuple[str, str, str]]) -> tuple[str, ...]:
    named = (ObjectName(project_id=project, object_id=object_id, kind=kind) for object_id, kind, project in sealed)
    return tuple(map(addresses.address, named))


def _first(holds: Iterable[LegalHold | None]) -> LegalHold | None:
    return next((each for each in holds if each is not None), None)
