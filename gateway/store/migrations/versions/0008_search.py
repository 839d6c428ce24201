"""Search: the index of the ledger, how far it is, and what scheduled exports have taken away."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "audit_index",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("client_job_id", sa.Text(), nullable=True),
        sa.Column("vendor", sa.Text(), nullable=True),
        sa.Column("backend", sa.Text(), nullable=True),
        sa.Column("backend_asked", sa.Text(), nullable=True),
        sa.Column("ruling", sa.String(length=16), nullable=True),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("classification", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("fallback", sa.Boolean(), nullable=True),
        sa.Column("cost_micros", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("terms", sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_index")),
    )
    op.create_index(op.f("ix_audit_index_at"), "audit_index", ["at"], unique=False)
    op.create_index(op.f("ix_audit_index_job_id"), "audit_index", ["job_id"], unique=False)
    op.create_index(op.f("ix_audit_index_cost_micros"), "audit_index", ["cost_micros"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.create_index(
            "ix_audit_index_terms",
            "audit_index",
            ["terms"],
            postgresql_using="gin",
            postgresql_with={"gin_pending_list_limit": 256},
        )
    else:
        op.execute(
            "CREATE VIRTUAL TABLE audit_term USING fts5(terms, content='audit_index', content_rowid='seq', detail=none, "
            "columnsize=0, tokenize=\"ascii tokenchars '_'\")"
        )
    op.create_table(
        "audit_index_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_index_state_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_index_state")),
    )
    op.create_table(
        "audit_choice",
        sa.Column("field", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("field", "value", "project_id", name=op.f("pk_audit_choice")),
    )
    op.create_table(
        "audit_delivery",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("next_seq", sa.BigInteger(), nullable=False),
        sa.Column("stop_seq", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_audit_delivery")),
    )
