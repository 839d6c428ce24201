"""Enforcement levels: overrides, break-glass, stopped rollouts, and shadow revisions."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "policy_override",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("rule", sa.String(length=128), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=True),
        sa.Column("principal_id", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("until", sa.String(length=27), nullable=False),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_override")),
    )
    op.create_index(op.f("ix_policy_override_until"), "policy_override", ["until"], unique=False)
    op.create_table(
        "break_glass",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("requested_by", sa.String(length=64), nullable=False),
        sa.Column("requested_at", sa.String(length=27), nullable=False),
        sa.Column("lapses_at", sa.String(length=27), nullable=False),
        sa.Column("confirmed_by", sa.String(length=64), nullable=True),
        sa.Column("until", sa.String(length=27), nullable=True),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_break_glass")),
    )
    op.create_index(op.f("ix_break_glass_until"), "break_glass", ["until"], unique=False)
    op.create_table(
        "rollout_stop",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("rule", sa.String(length=128), nullable=False),
        sa.Column("denied", sa.BigInteger(), nullable=False),
        sa.Column("decided", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("resumed_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollout_stop")),
    )
    op.create_table(
        "policy_shadow",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("policy_revision", sa.String(length=64), nullable=False),
        sa.Column("data_revision", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("stopped_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_shadow")),
    )
    op.create_table(
        "shadow_count",
        sa.Column("shadow_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("rule", sa.String(length=128), nullable=False),
        sa.Column("decisions", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shadow_id"], ["policy_shadow.id"], name=op.f("fk_shadow_count_shadow_id_policy_shadow")
        ),
        sa.PrimaryKeyConstraint("shadow_id", "kind", "rule", name=op.f("pk_shadow_count")),
    )
    op.create_table(
        "shadow_example",
        sa.Column("shadow_id", sa.String(length=36), nullable=False),
        sa.Column("decision_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shadow_id"], ["policy_shadow.id"], name=op.f("fk_shadow_example_shadow_id_policy_shadow")
        ),
        sa.PrimaryKeyConstraint("shadow_id", "decision_id", name=op.f("pk_shadow_example")),
    )
