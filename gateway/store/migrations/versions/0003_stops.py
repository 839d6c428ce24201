"""Stops: `job_stop` keeps the wish that a job be stopped, until it has ended.

Revisions only go forward.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "job_stop",
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_stop_job_id")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_stop")),
    )
