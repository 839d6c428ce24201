"""Tables of the console."""

from typing import Final

from sqlalchemy import Column, Index, String, Table, Text

from gateway.store import naming

console_session: Final = Table(
    "console_session",
    naming.metadata,
    Column("digest", String(64), primary_key=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("principal_id", String(64), nullable=False),
    Column("key_id", String(12)),
    Column("issuer", Text),
    Column("groups", Text, nullable=False),
    Column("created_at", String(27), nullable=False),
    Column("seen_at", String(27), nullable=False),
    Column("until", String(27), nullable=False),
    Column("ended_at", String(27)),
    Index(None, "until"),
)
"""Browsers that are signed in. The cookie itself is not here, only its SHA-256: who reads the table enters nowhere."""
