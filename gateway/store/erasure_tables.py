"""Tables of retention: what was ordered to be erased, what must be kept, and which erasure key belongs here."""

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, String, Table, Text

from gateway.store import naming

erasure_key: Final = Table(
    "erasure_key",
    naming.metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("fingerprint", String(16), nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)
erasure_order: Final = Table(
    "erasure_order",
    naming.metadata,
    Column("id", String(36), primary_key=True),
    Column("scope", String(16), nullable=False),
    Column("target", String(128), nullable=False),
    Column("kinds", Text, nullable=False),
    Column("objects", Text, nullable=False),
    Column("addresses", Text, nullable=False),
    Column("stop", BigInteger),
    Column("at", String(27), nullable=False),
    Column("mac", String(64), nullable=False),
    Column("done_at", String(27)),
)
"""Named by its ledger entry, without which it is not there. Triggers let nothing of it change but `done_at`, and let an
entry lose its body only below the `stop` of one."""
legal_hold: Final = Table(
    "legal_hold",
    naming.metadata,
    Column("id", String(36), primary_key=True),
    Column("scope", String(16), nullable=False),
    Column("target", String(128), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", String(27), nullable=False),
    Column("lifted_at", String(27)),
)
