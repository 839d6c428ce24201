"""The tables of money and quotas: a part of the page that `tables` is, under the same rules."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, String, Table, Text, text

from gateway.store.naming import metadata

# ── money ────────────────────────────────────────────────────────────────────────────────────────
hold = Table(
    "hold",
    metadata,
    Column("job_id", String(128), primary_key=True),
    Column("project_id", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", String(27), nullable=False),
    sqlite_with_rowid=False,
)
journal = Table(
    "journal",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("job_id", String(128), nullable=False, index=True),
    Column("project_id", String(64), nullable=False),
    Column("action", String(16), nullable=False),
    Column("amount_micros", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("price_revision", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", String(27), nullable=False),
    Column("held_at", String(27), nullable=False, index=True),
    Column("jobs", BigInteger, nullable=False),
    Column("circuits", BigInteger, nullable=False),
    Column("shots", BigInteger, nullable=False),
    Column("qpu_milliseconds", BigInteger, nullable=False),
    Column("session_seconds", BigInteger, nullable=False),
    Column("estimate_micros", BigInteger),
    Column("native_amount", BigInteger),
    Column("native_unit", String(32), nullable=False),
    Column("team", String(128), nullable=False),
    Column("principal_id", String(64), nullable=False),
    Column("key_id", String(12), nullable=False),
    Column("upstream", String(64), nullable=False),
    Column("backend", String(128), nullable=False),
)
budget_limit = Table(
    "budget_limit",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("level", String(16), nullable=False),
    Column("target", String(128), nullable=False),
    Column("unit", String(32), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("soft_amount", BigInteger),
    Column("period", String(16), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("fiscal_month", Integer, nullable=False),
    Column("seconds", BigInteger),
    Column("upstream", String(64), nullable=False),
    Column("raises", Text, nullable=False),
    Column("created_at", String(27), nullable=False),
    Column("removed_at", String(27)),
    Index(
        "uq_budget_limit_name",
        "name",
        unique=True,
        sqlite_where=text("removed_at IS NULL"),
        postgresql_where=text("removed_at IS NULL"),
    ),
)
limit_version = Table(
    "limit_version",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", String(32), nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)
"""Changes with every change of a limit, in its transaction: who has read a version need not read its limits again."""
balance = Table(
    "balance",
    metadata,
    Column("limit_id", String(36), primary_key=True),
    Column("window_start", String(27), primary_key=True),
    Column("held", BigInteger, nullable=False),
    Column("settled", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Derived from the journal, and kept beside it so that a limit is asked and taken from in one statement."""
hold_line = Table(
    "hold_line",
    metadata,
    Column("job_id", String(128), primary_key=True),
    Column("limit_id", String(36), primary_key=True),
    Column("window_start", String(27), nullable=False),
    Column("held", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Which balances a hold moved, so that whatever becomes of it moves the same ones."""

# ── invoices and warnings ────────────────────────────────────────────────────────────────────────
invoice = Table(
    "invoice",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("vendor", String(64), nullable=False),
    Column("number", String(128), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("begins_at", String(27), nullable=False),
    Column("ends_at", String(27), nullable=False),
    Column("imported_at", String(27), nullable=False),
    Column("lines", Integer, nullable=False),
    Index("uq_invoice_number", "vendor", "number", unique=True),
)
invoice_line = Table(
    "invoice_line",
    metadata,
    # Without a foreign key: lines come before their invoice, which makes them count.
    Column("invoice_id", String(36), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("vendor_job_id", String(128), nullable=False, index=True),
    Column("item", String(128), nullable=False),
    Column("amount_micros", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("used_at", String(27), nullable=False),
    Column("description", Text, nullable=False),
)
limit_warning = Table(
    "limit_warning",
    metadata,
    Column("limit_id", String(36), primary_key=True),
    Column("window_start", String(27), primary_key=True),
    Column("allowed", BigInteger, primary_key=True, autoincrement=False),
    Column("threshold", String(16), primary_key=True),
    Column("event_id", String(36), nullable=False),
    Column("at", String(27), nullable=False),
)
webhook_letter = Table(
    "webhook_letter",
    metadata,
    Column("event_id", String(36), primary_key=True),
    Column("webhook", String(64), primary_key=True),
    Column("body", Text, nullable=False),
    Column("created_at", String(27), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", String(27), index=True),
    Column("state", String(16), nullable=False),
)
