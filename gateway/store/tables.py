"""Every table on one page; those of money have the next one. Migrations must lead here; a test compares them.

Append-only tables (`audit_entry`, `journal`) are kept so by triggers, and the one row of `audit_head` may
only move forward. An entry may lose its body below an order to prune, and nothing else. Times are RFC 3339 text in
UTC, so that both databases order and show them alike. Maps are JSON text written by the row's own module.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from gateway.store import (
    approval_tables,
    console_tables,
    erasure_tables,
    label_tables,
    leniency_tables,
    money_tables,
    naming,
    search_tables,
)

SCHEMA_VERSION: Final = "0017"
"""The revision in `store/migrations` that leads to this page."""

metadata = naming.metadata
"""Of all tables, those on the other pages too."""
PAGES: Final = (
    *(approval_tables, console_tables, erasure_tables, label_tables, leniency_tables),
    *(money_tables, search_tables),
)
"""The other pages; a table is known once its page was imported."""

# ── the ledger ───────────────────────────────────────────────────────────────────────────────────
audit_entry = Table(
    "audit_entry",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("event_id", String(36), nullable=False, unique=True),
    Column("type", String(64), nullable=False),
    Column("at", String(27), nullable=False),
    Column("project_id", String(64)),
    Column("leaf", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary(32), nullable=False),
    Index(None, "type", "seq"),
    Index(None, "project_id", "seq"),
)
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("origin", String(255), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("last_hash", LargeBinary(32), nullable=False),
    Column("last_at", String(27), nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)
audit_tile = Table(
    "audit_tile",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("hashes", LargeBinary, nullable=False),
)
"""Full tiles of the ledger's tree: made from the entries, never changed, and all that proofs need without those."""
audit_checkpoint = Table(
    "audit_checkpoint",
    metadata,
    Column("size", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    Column("at", String(27), nullable=False, index=True),
)
audit_cosignature = Table(
    "audit_cosignature",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("witness", String(64), primary_key=True),
    Column("lines", Text, nullable=False),
    Column("at", String(27), nullable=False),
)
subject_name = Table(
    "subject_name",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("name", Text, nullable=False),
)

# ── identity ─────────────────────────────────────────────────────────────────────────────────────
principal = Table(
    "principal",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(128), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("created_at", String(27), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("sealed_name", Text),
)
project = Table(
    "project",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(128), nullable=False, unique=True),
    Column("team", String(128), nullable=False),
    Column("classification_floor", String(16), nullable=False),
    Column("workload_class", String(16), nullable=False),
    Column("simulator_consent", Boolean, nullable=False),
    Column("backends", Text),
    Column("created_at", String(27), nullable=False),
)
api_key = Table(
    "api_key",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("principal_id", ForeignKey("principal.id"), nullable=False, index=True),
    Column("project_id", ForeignKey("project.id"), nullable=False, index=True),
    Column("label", String(128), nullable=False),
    Column("roles", Text, nullable=False),
    Column("classification", String(16)),
    Column("simulator_consent", Boolean),
    Column("mac", LargeBinary(32), nullable=False),
    Column("pepper_version", Integer, nullable=False),
    Column("created_at", String(27), nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("not_before", String(27), nullable=False),
    Column("expires_at", String(27), nullable=False),
    Column("revoked_at", String(27)),
    Column("last_used_day", String(10)),
)

# ── the vault ────────────────────────────────────────────────────────────────────────────────────
tenant_key = Table(
    "tenant_key",
    metadata,
    Column("project_id", String(64), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("kek_id", String(64), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", String(27), nullable=False),
)
sealed_object = Table(
    "sealed_object",
    metadata,
    Column("object_id", String(64), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("project_id", String(64), nullable=False, index=True),
    Column("key_version", Integer, nullable=False),
    Column("wrapped_dek", LargeBinary),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("ciphertext_digest", String(64), nullable=False),
    Column("plaintext_bytes", BigInteger, nullable=False),
)

# ── policy and calibration, content-addressed ────────────────────────────────────────────────────
policy_revision = Table(
    "policy_revision",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("first_used_at", String(27), nullable=False),
)
calibration = Table(
    "calibration",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("backend", String(128), nullable=False),
    Column("taken_at", String(27), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index(None, "backend", "taken_at"),
)

# ── jobs ─────────────────────────────────────────────────────────────────────────────────────────
job = Table(
    "job",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("client_job_id", String(128), nullable=False, unique=True),
    Column("dialect", String(32), nullable=False),
    Column("project_id", String(64), nullable=False),
    Column("principal_id", String(64), nullable=False),
    Column("key_id", String(12), nullable=False),
    Column("program", String(64), nullable=False),
    Column("asked_backend", String(128), nullable=False),
    Column("backend", String(128), nullable=False),
    Column("upstream", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("fallback_reason", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("reason_code", Integer),
    Column("created_at", String(27), nullable=False),
    Column("started_at", String(27)),
    Column("finished_at", String(27)),
    Column("tags", Text, nullable=False),
    Column("session_id", String(128), index=True),
    Column("private", Boolean, nullable=False),
    Column("max_execution_seconds", BigInteger),
    Column("circuits", Integer, nullable=False),
    Column("total_shots", BigInteger, nullable=False),
    Column("estimated_seconds", String(32), nullable=False),
    Column("usage_seconds", String(32), nullable=False),
    Column("calibration_digest", String(64)),
    Column("decision_id", String(36), nullable=False),
    Column("payload_digest", String(64), nullable=False),
    Column("program_digest", String(64), nullable=False),
    Column("stages", Text, nullable=False),
    Column("echo", Text, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("repeat_token", String(128)),
    Column("work_digest", String(64), nullable=False, server_default=""),
    Column("execution_calibration", String(64)),
    Column("obliged", Text, nullable=False, server_default="{}"),
    Index(None, "project_id", "principal_id", "created_at"),
    Index(None, "key_id", "work_digest"),
    Index(None, "status"),
    # One token of one principal is one job, whatever the code above believes.
    Index("uq_job_repeat_token", "project_id", "principal_id", "repeat_token", unique=True),
)
job_answered = Table(
    "job_answered",
    metadata,
    Column("job_id", ForeignKey("job.id"), primary_key=True),
    Column("at", String(27), nullable=False),
)
job_lost = Table(
    "job_lost",
    metadata,
    Column("job_id", String(36), primary_key=True),
    Column("at", String(27), nullable=False),
    Column("taken_by", String(36)),
)
job_stop = Table(
    "job_stop",
    metadata,
    Column("job_id", ForeignKey("job.id"), primary_key=True),
    Column("source", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", String(27), nullable=False),
)
attempt = Table(
    "attempt",
    metadata,
    Column("job_id", ForeignKey("job.id"), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("upstream", String(64), nullable=False),
    Column("backend", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("fallback", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("event_id", String(36), nullable=False),
    Column("state", String(16), nullable=False),
    Column("vendor_job_id", String(128)),
    Column("claims", Integer, nullable=False),
    Column("lease_until", String(27)),
    Column("mark", String(40), nullable=False, server_default=""),
    Column("account_id", String(64)),
    Column("sent_digest", String(64)),
    Column("sent_at", String(27)),
    Column("searches", Integer, nullable=False, server_default="0"),
    Column("owner", String(36), nullable=False, server_default=""),
    Index(None, "state"),
    Index(None, "mark"),
    Index(None, "vendor_job_id"),
    # At most one permit of a job is live, whatever the code above believes.
    Index(
        "uq_attempt_live",
        "job_id",
        unique=True,
        sqlite_where=text("state IN ('permitted', 'sending', 'forwarded')"),
        postgresql_where=text("state IN ('permitted', 'sending', 'forwarded')"),
    ),
)
session = Table(
    "session",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("project_id", String(64), nullable=False),
    Column("principal_id", String(64), nullable=False),
    Column("dialect", String(32), nullable=False),
    Column("backend", String(128), nullable=False),
    Column("mode", String(16), nullable=False),
    Column("accepting_jobs", Boolean, nullable=False),
    Column("max_ttl_seconds", Integer, nullable=False),
    Column("created_at", String(27), nullable=False),
    Column("closed_at", String(27)),
    Column("echo", Text, nullable=False, server_default="{}"),
)

# ── replicas ─────────────────────────────────────────────────────────────────────────────────────
replica = Table(
    "replica",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("seat", String(128), nullable=False),
    Column("address", String(255), nullable=False),
    Column("started_at", String(27), nullable=False),
    Column("beat_at", String(27), nullable=False),
    Column("expires_at", String(27), nullable=False),
    Column("ended_at", String(27)),
)
rate_bucket = Table(
    "rate_bucket",
    metadata,
    Column("name", String(160), primary_key=True),
    Column("tokens", BigInteger, nullable=False),
    Column("filled_at", String(27), nullable=False),
)

# ── vendors ──────────────────────────────────────────────────────────────────────────────────────
vendor_account = Table(
    "vendor_account",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("vendor", String(64), nullable=False),
    Column("name", String(128), nullable=False, unique=True),
    Column("project_id", ForeignKey("project.id"), index=True),
    Column("attributes", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", String(27), nullable=False),
    Column("removed_at", String(27)),
)
halt = Table(
    "halt",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("scope", String(16), nullable=False),
    Column("target", String(128), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", String(27), nullable=False),
    Column("lifted_at", String(27)),
)

APPEND_ONLY = (audit_entry, money_tables.journal)
"""Tables whose rows are never updated or deleted; triggers refuse it."""
