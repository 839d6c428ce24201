"""Table of jobs that wait for a second person."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text

from gateway.store.naming import metadata

approval: Final = Table(
    "approval",
    metadata,
    Column("job_id", ForeignKey("job.id"), primary_key=True),
    Column("project_id", String(64), nullable=False),
    Column("principal_id", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("demands", Text, nullable=False),
    Column("backend", String(128), nullable=False),
    Column("amount_micros", BigInteger),
    Column("currency", String(8), nullable=False),
    Column("event_id", String(36), nullable=False),
    Column("asked_at", String(27), nullable=False),
    Column("expires_at", String(27), nullable=False),
    Column("by", String(64)),
    Column("roles", Text),
    Column("reason", Text),
    Column("at", String(27)),
    Index(None, "state", "asked_at"),
)
"""One row for each request. It moves from state to state, and only from the one that its change was made from."""
