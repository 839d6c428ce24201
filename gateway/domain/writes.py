"""Frozen writes: rooms prepare them, `store.commit.Writer` alone applies them, in one transaction.

A `Unit` is all or nothing: one savepoint of one batch. Order inside it is fixed by the writer, not by
the room that made it: ledger entry, sealed and erased objects, hold, job, session, outbox, rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.domain.backend import ExecutionKind
from gateway.domain.budget import Charge, Payer
from gateway.domain.job import JobRecord, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDraft:
    """A ledger entry before it has a place; `audit.entry` checks and encodes it."""

    event_id: str
    """UUIDv7, chosen before anything is sealed; unique, so that a retried batch writes once."""
    type: str
    """`noun.past_participle` from the registry in `audit.entry`."""
    at: datetime
    project_id: str | None
    """Whose entry it is; `None` for the deployment's own."""
    body: Mapping[str, Any]
    """ASCII keys, text, integers below 2**53, booleans, null, lists and maps of these. Never a float."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """An encoded entry, ready for the chain."""

    event_id: str
    type: str
    at: datetime
    project_id: str | None
    event: bytes = field(repr=False)
    """Canonical JSON of the event; the writer splices `prev`, `seq` and `v` around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedWrite:
    """One sealed object: ciphertext and its wrapped key. `object_id` and `kind` are in its context."""

    object_id: str
    kind: str
    """`payload`, `facts`, `result`, `policy` …"""
    project_id: str
    key_version: int
    wrapped_dek: bytes
    ciphertext: bytes = field(repr=False)
    ciphertext_digest: str
    """SHA-256 of the ciphertext, hexadecimal; also in the entry, so that log and ciphertext bind each other."""
    plaintext_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldWrite:
    """What is reserved for one job, or what became of it; applied with its journal line."""

    job_id: str
    """A session's time is held under the session's id."""
    project_id: str
    action: str
    """`hold`, then `settle` or `release`; afterwards `correct`, for a bill that came late or changed."""
    charge: Charge
    """With `hold` the most it can be, with `settle` and `correct` what it is in all, with `release` what was held."""
    payer: Payer
    estimate_micros: int | None = None
    """What it will probably cost; held is what it may cost at most."""
    price_revision: str
    at: datetime
    held_at: datetime
    """When it was held: decides in which windows it counts, however late the bill comes."""
    native: tuple[int, str] | None = None
    """The amount in the vendor's own unit: shots, credits, seconds in billed steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxWrite:
    """One attempt that may be forwarded once; the row is closed in the transaction of its outcome."""

    job_id: str
    attempt: int
    upstream: str
    backend: str
    kind: ExecutionKind
    fallback: bool
    reason: str
    lease_until: datetime
    """Until then the process that holds the permit is given time to forward it; later others may claim it."""
    mark: str = ""
    """By which the vendor's job is found again; empty for a simulator."""
    account_id: str | None = None
    sent_digest: str | None = None
    """SHA-256 of the body as it will be sent."""
    owner: str = ""
    """The replica that may forward it; empty where there is only one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptUpdate:
    """What became of an open attempt: forwarded under a vendor's id, or closed; a closed one stays closed."""

    job_id: str
    attempt: int
    state: str
    """`sending`, `forwarded`, `done`, `abandoned`."""
    vendor_job_id: str | None
    """`None` keeps what is known."""
    sent_at: datetime | None = None
    """With `sending`: from now on nobody knows whether the vendor has it, until an answer or a search says so."""
    searched: bool = False
    """Whether a search found nothing; counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimWrite:
    """Somebody takes over an attempt that was permitted and perhaps never forwarded; refused if another was faster."""

    job_id: str
    attempt: int
    claims: int
    """How often it had been claimed when it was read."""
    lease_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEdit:
    """What its caller changes about a job, at whichever replica; never touches how it runs."""

    job_id: str
    tags: tuple[str, ...] | None = None
    """`None` leaves them."""
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWrite:
    """A plain insert-or-replace of one row of an administrative table, such as a key or a project."""

    table: str
    values: Mapping[str, Any] = field(repr=False)
    before: Mapping[str, Any] | None = field(default=None, repr=False)
    """What a change was made from, where its table refuses a change of something newer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What must become true together. `leaf` is absent only for changes the ledger does not record."""

    leaf: Leaf | None = None
    sealed: tuple[SealedWrite, ...] = ()
    erased: tuple[str, ...] = ()
    """Ids of objects whose keys are erased, all kinds of each."""
    erased_kinds: tuple[tuple[str, str], ...] = ()
    """Object id and kind of each single object whose key is erased; its other kinds stay."""
    hold: HoldWrite | None = None
    job: JobRecord | None = None
    """How it runs; its tags, and whether it is hidden, change by `edit` alone once it exists."""
    edit: JobEdit | None = None
    session: Session | None = None
    outbox: OutboxWrite | None = None
    attempt: AttemptUpdate | None = None
    claim: ClaimWrite | None = None
    rows: tuple[RowWrite, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """Where a unit's entry stands now; durable when the writer returns it."""

    seq: int
    leaf_hash: str
    """SHA-256(0x00 || leaf), hexadecimal."""
    event_id: str
