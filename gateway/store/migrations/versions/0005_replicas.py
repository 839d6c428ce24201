"""Replicas: who serves, who owns each open attempt, which answers were lost, and shared rates.

Attempts that are open when this runs belong to nobody, so that the first replica to come takes them up.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the tables, and the owner of an attempt."""
    op.create_table(
        "replica",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("seat", sa.String(length=128), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("started_at", sa.String(length=27), nullable=False),
        sa.Column("beat_at", sa.String(length=27), nullable=False),
        sa.Column("expires_at", sa.String(length=27), nullable=False),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replica")),
    )
    op.create_table(
        "rate_bucket",
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("filled_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rate_bucket")),
    )
    op.create_table(
        "job_lost",
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("taken_by", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_lost")),
    )
    op.add_column("attempt", sa.Column("owner", sa.String(length=36), server_default="", nullable=False))
    op.create_index(op.f("ix_job_key_id_work_digest"), "job", ["key_id", "work_digest"], unique=False)


def downgrade() -> None:
    """Take them away again; stop all replicas before."""
    op.drop_index(op.f("ix_job_key_id_work_digest"), table_name="job")
    op.drop_column("attempt", "owner")
    op.drop_table("job_lost")
    op.drop_table("rate_bucket")
    op.drop_table("replica")
