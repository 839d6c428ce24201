"""What goes out under a permit: the order for an upstream, made the same way before the permit and after a crash."""

from dataclasses import dataclass, replace
from hashlib import sha256

from gateway.audit.ledger import Outgoing
from gateway.circuits.sandbox import Sandbox
from gateway.domain.backend import Calibration
from gateway.domain.circuit import ProgramFacts
from gateway.domain.errors import RefusedError
from gateway.domain.job import JobRecord
from gateway.domain.marks import mark
from gateway.domain.wire_edit import WireEdit
from gateway.ports.upstream import Attempt, Order, Upstream
from gateway.routing.fleet import Fleet
from gateway.store.attempts import AttemptRow
from gateway.vault.vault import Vault


class NotTranslatableError(RefusedError):
    """The job may go to a place that speaks another language than it was written in, and cannot be put into it."""

    code = "not-translatable"

    def __init__(self, *, dialect: str, upstream: str) -> None:
        super().__init__(
            f"a job in the words of {dialect} was placed at {upstream}, which cannot read it; "
            "submit it with that vendor's SDK, or ask for a backend of your own"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """Builds orders, and puts them into the target's language where that is another one."""

    fleet: Fleet
    vault: Vault
    sandbox: Sandbox
    encoders: frozenset[str]
    """Upstreams whose words programs can be put into."""

    async def order(
        self,
        job: JobRecord,
        body: bytes,
        facts: ProgramFacts,
        calibration: Calibration | None,
        *,
        attempt: int = 1,
    ) -> Order:
        """Make the order for one attempt, prepared for its upstream.

        Raises:
            NotTranslatableError: the upstream speaks another language, and nothing can translate.
            UnavailableError: it could not go now.
        """
        upstream = self.fleet.upstreams[job.upstream]
        order = Order(
            reader=job.dialect,
            body=body,
            program=job.program,
            facts=facts,
            principal_id=job.principal_id,
            max_seconds=job.max_execution_seconds,
            calibration=calibration,
        )
        if _is_elsewhere(job, upstream):
            order = await self._translated(job, order, upstream.dialect)
        prepared = upstream.prepare(job.id, attempt, job.project_id, job.backend, order)
        if prepared is not None and order.body is not body:
            prepared = replace(prepared, edits=(_translation(body, order.body), *prepared.edits))
        return replace(order, prepared=prepared)

    async def _translated(self, job: JobRecord, order: Order, dialect: str | None) -> Order:
        """Put a program into the words of the place where it will run."""
        if dialect is None or job.upstream not in self.encoders:
            raise NotTranslatableError(dialect=job.dialect, upstream=job.upstream)
        body = await self.sandbox.translate(
            reader=job.dialect,
            body=order.body,
            encoder=job.upstream,
            backend=self.fleet.get(job.backend).backend,
            project_id=job.project_id,
            principal_id=job.principal_id,
        )
        return replace(order, reader=dialect, body=body)

    async def order_again(self, job: JobRecord, *, attempt: int) -> Order:
        """Make it after a crash, from what was sealed."""
        body = await self.vault.open(object_id=job.id, kind="payload")
        facts = await self.sandbox.measure(
            reader=job.dialect, body=body, project_id=job.project_id, principal_id=job.principal_id
        )
        # A vendor that cannot be asked just now lists no backends; that is no reason to give the job up.
        berth = self.fleet.find(job.backend)
        calibration = None if berth is None else berth.calibration(job.created_at)
        return await self.order(job, body, facts, calibration, attempt=attempt)

    async def attempt(self, job: JobRecord, row: AttemptRow) -> Attempt:
        """Describe an attempt to its upstream, for a search or to follow it."""
        return Attempt(
            job_id=job.id,
            attempt=row.attempt,
            project_id=job.project_id,
            backend=row.backend,
            account_id=row.account_id,
            permitted_at=job.created_at,
            body=await self.vault.open(object_id=job.id, kind="payload"),
        )


def _is_elsewhere(job: JobRecord, upstream: Upstream) -> bool:
    """Say whether a job runs on other hardware than it was written for, so that it must be written anew."""
    if upstream.dialect is None:
        return False
    return upstream.dialect != job.dialect or (job.backend != job.asked_backend and bool(job.fallback_reason))


def _translation(received: bytes, written: bytes) -> WireEdit:
    return WireEdit(
        pointer="",
        old_digest=sha256(received).hexdigest(),
        new=f'"{sha256(written).hexdigest()}"',
        why="translated",
    )


def outgoing(job: JobRecord, order: Order, *, attempt: int = 1) -> Outgoing | None:
    """Tell what an attempt's row must hold; nothing where the received body itself runs."""
    if order.prepared is None:
        return None
    return Outgoing(
        mark=mark(job.id, attempt),
        account_id=order.prepared.account_id,
        sent_digest=sha256(order.prepared.body).hexdigest(),
    )
