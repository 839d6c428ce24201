"""The index of the ledger: a part of the page that `tables` is, under the same rules. The ledger has all of it, too.

What entries are looked up by are the terms in one column. On PostgreSQL it is a `tsvector` with a GIN index; on SQLite
a full-text table lies over it, `audit_term`, without positions and sizes, which nothing asks for. A migration makes it.
"""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, String, Table, Text
from sqlalchemy.dialects.postgresql import TSVECTOR

from gateway.store.naming import metadata

audit_index = Table(
    "audit_index",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", String(27), nullable=False, index=True),
    Column("type", String(64), nullable=False),
    Column("event_id", String(36), nullable=False),
    Column("project_id", Text),
    Column("subject", Text),
    Column("key", Text),
    Column("job_id", Text, index=True),
    Column("client_job_id", Text),
    Column("vendor", Text),
    Column("backend", Text),
    Column("backend_asked", Text),
    Column("ruling", String(16)),
    Column("rules", Text, nullable=False),
    Column("code", Text),
    Column("classification", Text),
    Column("kind", Text),
    Column("fallback", Boolean),
    Column("cost_micros", BigInteger, index=True),
    Column("currency", Text),
    Column("reason", Text, nullable=False),
    Column("terms", Text().with_variant(TSVECTOR(), "postgresql"), nullable=False),
    # Every search reads what waits to be sorted into the index, so only a little may wait.
    Index(
        "ix_audit_index_terms", "terms", postgresql_using="gin", postgresql_with={"gin_pending_list_limit": 256}
    ).ddl_if(dialect="postgresql"),
)
audit_index_state = Table(
    "audit_index_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)
"""How many entries are in the index, and which release's way of reading them made it."""
audit_choice = Table(
    "audit_choice",
    metadata,
    Column("field", String(32), primary_key=True),
    Column("value", Text, primary_key=True),
    Column("project_id", Text, primary_key=True),
)
"""Which values occur in whose entries, for readers to choose from; entries of no project have an empty one."""
audit_delivery = Table(
    "audit_delivery",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("next_seq", BigInteger, nullable=False),
    Column("stop_seq", BigInteger),
    Column("at", String(27), nullable=False),
    Column("problem", Text, nullable=False),
)
"""How far each scheduled export and each webhook that hears of entries is, and where the piece under way ends."""
