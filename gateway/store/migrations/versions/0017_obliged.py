"""What policy obliged the gateway to do about a job: `job.obliged`."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0014"


def upgrade() -> None:
    """Add the column; nothing was obliged about the jobs of before."""
    op.add_column("job", sa.Column("obliged", sa.Text(), server_default="{}", nullable=False))
