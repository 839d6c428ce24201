"""Vendors: accounts, halts, and what makes a submission happen exactly once.

`job_answered` says whose answer left whole; `attempt` learns its mark, account and the search for a lost answer.
Revisions only go forward.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

LIVE = "state IN ('permitted', 'sending', 'forwarded')"


def upgrade() -> None:
    """Add columns, then tables, then replace the index that keeps one attempt of a job alive."""
    _columns()
    _tables()
    op.drop_index("uq_attempt_live", table_name="attempt")
    op.create_index(
        "uq_attempt_live",
        "attempt",
        ["job_id"],
        unique=True,
        sqlite_where=sa.text(LIVE),
        postgresql_where=sa.text(LIVE),
    )


def _columns() -> None:
    op.add_column("job", sa.Column("repeat_token", sa.String(length=128), nullable=True))
    op.add_column("job", sa.Column("work_digest", sa.String(length=64), server_default="", nullable=False))
    op.add_column("job", sa.Column("execution_calibration", sa.String(length=64), nullable=True))
    op.create_index("uq_job_repeat_token", "job", ["project_id", "principal_id", "repeat_token"], unique=True)
    op.add_column("attempt", sa.Column("mark", sa.String(length=40), server_default="", nullable=False))
    op.add_column("attempt", sa.Column("account_id", sa.String(length=64), nullable=True))
    op.add_column("attempt", sa.Column("sent_digest", sa.String(length=64), nullable=True))
    op.add_column("attempt", sa.Column("sent_at", sa.String(length=27), nullable=True))
    op.add_column("attempt", sa.Column("searches", sa.Integer(), server_default="0", nullable=False))
    op.create_index(op.f("ix_attempt_mark"), "attempt", ["mark"], unique=False)
    op.create_index(op.f("ix_attempt_vendor_job_id"), "attempt", ["vendor_job_id"], unique=False)
    op.add_column("session", sa.Column("echo", sa.Text(), server_default="{}", nullable=False))


def _tables() -> None:
    op.create_table(
        "job_answered",
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_answered_job_id")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_answered")),
    )
    op.create_table(
        "vendor_account",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("vendor", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=True),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("removed_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_vendor_account_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_account")),
        sa.UniqueConstraint("name", name=op.f("uq_vendor_account_name")),
    )
    op.create_index(op.f("ix_vendor_account_project_id"), "vendor_account", ["project_id"], unique=False)
    op.create_table(
        "halt",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("lifted_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_halt")),
    )
