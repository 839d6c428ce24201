"""Invoices and warnings: what vendors bill, what was told of limits, and which webhooks still have to hear it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "invoice",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("vendor", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=128), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("begins_at", sa.String(length=27), nullable=False),
        sa.Column("ends_at", sa.String(length=27), nullable=False),
        sa.Column("imported_at", sa.String(length=27), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("digest", name=op.f("uq_invoice_digest")),
    )
    op.create_index("uq_invoice_number", "invoice", ["vendor", "number"], unique=True)
    op.create_table(
        "invoice_line",
        sa.Column("invoice_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("vendor_job_id", sa.String(length=128), nullable=False),
        sa.Column("item", sa.String(length=128), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("used_at", sa.String(length=27), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("invoice_id", "number", name=op.f("pk_invoice_line")),
    )
    op.create_index(op.f("ix_invoice_line_vendor_job_id"), "invoice_line", ["vendor_job_id"], unique=False)
    op.create_table(
        "limit_warning",
        sa.Column("limit_id", sa.String(length=36), nullable=False),
        sa.Column("window_start", sa.String(length=27), nullable=False),
        sa.Column("allowed", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("threshold", sa.String(length=16), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("limit_id", "window_start", "allowed", "threshold", name=op.f("pk_limit_warning")),
    )
    op.create_table(
        "webhook_letter",
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("webhook", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.String(length=27), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "webhook", name=op.f("pk_webhook_letter")),
    )
    op.create_index(op.f("ix_webhook_letter_next_at"), "webhook_letter", ["next_at"], unique=False)


def downgrade() -> None:
    """Take them away again, with every invoice that was imported."""
    op.drop_table("webhook_letter")
    op.drop_table("limit_warning")
    op.drop_table("invoice_line")
    op.drop_table("invoice")
