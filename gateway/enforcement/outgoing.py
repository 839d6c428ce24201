"""What goes out under a permit: the order for an upstream, made the same way before the permit and after a crash."""

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from gateway.audit.ledger import Outgoing
from gateway.circuits.sandbox import Sandbox
from gateway.domain.backend import Backend, Calibration
from gateway.domain.circuit import ProgramFacts
from gateway.domain.errors import RefusedError
from gateway.domain.job import JobRecord
from gateway.domain.marks import mark
from gateway.domain.principal import Caller
from gateway.domain.submission import Submission
from gateway.domain.wire_edit import WireEdit
from gateway.ports.upstream import Attempt, Order
from gateway.ports.vendor import Prepared
from gateway.routing.fleet import Fleet
from gateway.store.attempts import AttemptRow
from gateway.vault.vault import Vault

SENT: Final = "sent"
"""Kind of the sealed body that is run instead of the received one: for another place, or as policy obliges."""


class NotTranslatableError(RefusedError):
    """The job may go to a place that speaks another language than it was written in, and cannot be put into it."""

    code = "not-translatable"

    def __init__(self, *, dialect: str, upstream: str) -> None:
        super().__init__(
            f"a job in the words of {dialect} was placed at {upstream}, which cannot read it; "
            "submit it with that vendor's SDK, or ask for a backend of your own"
        )


class SentBodyChangedError(RefusedError):
    """What would go out now is not what the permit's entry says went out; sending it could be another job."""

    code = "sent-body-changed"

    def __init__(self) -> None:
        super().__init__(
            "the body or account that would be used now differs from what was permitted, so it is not sent again; "
            "look for the job at the vendor by its mark, and submit the work again if it is not there"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """Builds orders, and puts them into the target's language where that is another one."""

    fleet: Fleet
    vault: Vault
    sandbox: Sandbox
    encoders: frozenset[str]
    """Upstreams whose words programs can be put into."""

    async def written(self, caller: Caller, submission: Submission, backend: Backend) -> bytes:
        """Put a program into the words of the place where it will run.

        Raises:
            NotTranslatableError: nothing here speaks both languages.
            UnreadablePayloadError: it cannot be said in those words.
        """
        if backend.upstream not in self.encoders:
            raise NotTranslatableError(dialect=submission.dialect, upstream=backend.upstream)
        return await self.sandbox.translate(
            reader=submission.dialect,
            body=submission.body,
            encoder=backend.upstream,
            backend=backend,
            project_id=caller.project.id,
            principal_id=caller.principal.id,
        )

    def order(
        self,
        job: JobRecord,
        received: bytes,
        facts: ProgramFacts,
        calibration: Calibration | None,
        *,
        written: bytes | None,
        attempt: int = 1,
    ) -> Order:
        """Make the order for one attempt, prepared for its upstream; `written` is the program in that one's words.

        Raises:
            UnavailableError: it could not go now.
        """
        upstream = self.fleet.upstreams[job.upstream]
        order = Order(
            reader=job.dialect if written is None else upstream.dialect or job.dialect,
            body=received if written is None else written,
            program=job.program,
            facts=facts,
            principal_id=job.principal_id,
            max_seconds=job.max_execution_seconds,
            calibration=calibration,
        )
        prepared = upstream.prepare(job.id, attempt, job.project_id, job.backend, order)
        if prepared is not None and written is not None:
            why = "translated" if is_rewritten(job, upstream.dialect) else "obliged"
            prepared = replace(prepared, edits=(_whole(received, written, why), *prepared.edits))
        return replace(order, prepared=prepared)

    async def order_again(self, job: JobRecord, row: AttemptRow) -> Order:
        """Make an attempt's order once more after a crash, from what was sealed.

        Raises:
            SentBodyChangedError: it would not be the same, byte for byte and account for account.
            UnavailableError: it could not go now.
        """
        order = await self._remade(job, row.attempt)
        if order.prepared is not None and not _is_same(order.prepared, row):
            raise SentBodyChangedError
        return order

    async def order_next(self, job: JobRecord, row: AttemptRow) -> Order:
        """Make the order of the attempt after one that never arrived; raises as `order_again` does.

        Only its mark is new, and the account where that was replaced: the entry of its own permit says so.
        """
        before = await self._remade(job, row.attempt)
        moved = before.prepared is not None and before.prepared.account_id != row.account_id
        if before.prepared is not None and not moved and not _is_same(before.prepared, row):
            raise SentBodyChangedError
        return await self._remade(job, row.attempt + 1)

    async def _remade(self, job: JobRecord, attempt: int) -> Order:
        received = await self.vault.open(object_id=job.id, kind="payload")
        written = await self._sealed(job)
        # What was changed in its own words is measured as changed; what was translated has the measures of its own.
        changed = written is not None and not is_rewritten(job, self.fleet.upstreams[job.upstream].dialect)
        facts = await self.sandbox.measure(
            reader=job.dialect,
            body=written if written is not None and changed else received,
            project_id=job.project_id,
            principal_id=job.principal_id,
        )
        # A vendor that cannot be asked just now lists no backends; that is no reason to give the job up.
        berth = self.fleet.find(job.backend)
        calibration = None if berth is None else berth.calibration(job.created_at)
        return self.order(job, received, facts, calibration, written=written, attempt=attempt)

    async def attempt(self, job: JobRecord, row: AttemptRow) -> Attempt:
        """Describe an attempt to its upstream, for a search or to follow it."""
        written = await self._sealed(job)
        return Attempt(
            job_id=job.id,
            attempt=row.attempt,
            project_id=job.project_id,
            backend=row.backend,
            account_id=row.account_id,
            permitted_at=job.created_at,
            sent_at=row.sent_at,
            body=await self.vault.open(object_id=job.id, kind="payload") if written is None else written,
        )

    async def _sealed(self, job: JobRecord) -> bytes | None:
        """Open what is run instead of what came, because it was written anew or changed; `None` where nothing is."""
        upstream = self.fleet.upstreams.get(job.upstream)
        if upstream is None or not (job.obliged.words or is_rewritten(job, upstream.dialect)):
            return None
        return await self.vault.open(object_id=job.id, kind=SENT)


def is_rewritten(job: JobRecord, dialect: str | None) -> bool:
    """Say whether a job runs in other words than it came in: another vendor's, or ours for other hardware.

    Args:
        job: where it was placed, and why.
        dialect: whose bodies that place takes; `None` takes all of them as they are.
    """
    return dialect is not None and (dialect != job.dialect or bool(job.fallback_reason))


def _is_same(prepared: Prepared, row: AttemptRow) -> bool:
    return prepared.account_id == row.account_id and sha256(prepared.body).hexdigest() == row.sent_digest


def _whole(received: bytes, written: bytes, why: str) -> WireEdit:
    return WireEdit(
        pointer="",
        old_digest=sha256(received).hexdigest(),
        new=f'"{sha256(written).hexdigest()}"',
        why=why,
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
