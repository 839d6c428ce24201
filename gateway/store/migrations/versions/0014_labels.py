"""Labels that circuits were given."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "circuit_label",
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.Column("fixed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("rank BETWEEN 0 AND 3", name=op.f("ck_circuit_label_rank_known")),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_circuit_label")),
    )
