"""How administrative changes reach the ledger: entry and rows become true together or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any, Final

from gateway.audit.ledger import Ledger
from gateway.domain.clock import Clock
from gateway.domain.ids import uuid7
from gateway.domain.job import JobRecord
from gateway.domain.writes import AttemptUpdate, EntryDraft, HoldWrite, RowWrite, SealedWrite
from gateway.store import subjects
from gateway.vault.vault import Vault

OPERATOR: Final = "operator"
"""Who acts when no principal does: whoever may run the command line on the gateway's machine."""
GATEWAY: Final = "gateway"
"""Who acts when the gateway does something by itself, such as to warn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminEntries:
    """Writes one administrative change with its entry. People and keys appear as digests."""

    ledger: Ledger
    vault: Vault
    clock: Clock

    def new_id(self) -> str:
        """Mint a UUIDv7 for a principal, a project or an event."""
        return uuid7(self.clock.now(), token_bytes(10))

    async def record(
        self,
        type_: str,
        *,
        by: str,
        project_id: str | None,
        rows: Sequence[RowWrite],
        body: Mapping[str, Any],
        people: Mapping[str, tuple[str, str]],
        sealed: Sequence[SealedWrite] = (),
        erased: Sequence[str] = (),
        erased_kinds: Sequence[tuple[str, str]] = (),
        hold: HoldWrite | None = None,
        job: JobRecord | None = None,
        attempt: AttemptUpdate | None = None,
        event_id: str | None = None,
    ) -> None:
        """Make a change and its entry durable.

        Args:
            type_: of the entry, from the ledger's registry.
            by: id of the principal who acts, or `OPERATOR`, or `GATEWAY`.
            project_id: whose entry it is.
            rows: what changes.
            body: what else the entry says.
            people: field of the body to the id and the name of its subject.
            sealed: objects that are kept from now on.
            erased: ids of objects that cannot be opened any more.
            erased_kinds: the same of single kinds of them.
            hold: what happens to money with it.
            job: what it becomes with it.
            attempt: what becomes of its attempt.
            event_id: of the entry, where somebody must know it before; else a new one.

        Raises:
            UnavailableError: nothing changed.
            RefusedError: the rows contradict what is stored; nothing changed.
        """
        named = {**people, "by": (by, by)}
        digests = {field: self.vault.subject(subject_id) for field, (subject_id, _) in named.items()}
        # The actor was named when it was created; only the operator and the gateway, who never are, must be named here.
        told = {field: name for field, (_, name) in named.items() if field != "by" or by in {OPERATOR, GATEWAY}}
        draft = EntryDraft(
            event_id=event_id or self.new_id(),
            type=type_,
            at=self.clock.now(),
            project_id=project_id,
            body={**body, **digests},
        )
        await self.ledger.record(
            draft,
            rows=(*rows, *(self._name(digests[field], name) for field, name in told.items())),
            sealed=tuple(sealed),
            erased=tuple(erased),
            erased_kinds=tuple(erased_kinds),
            hold=hold,
            job=job,
            attempt=attempt,
        )

    def _name(self, digest: str, name: str) -> RowWrite:
        return subjects.write(digest, self.vault.names.seal(digest, name))
