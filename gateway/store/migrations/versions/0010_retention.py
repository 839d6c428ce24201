"""Retention: orders to erase, legal holds, sealed names, and entries that may lose their bodies by such an order.

An entry still changes in no other way: hash, place and kind stay, and the ledger's own entries whole.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"

PRUNED = (
    "octet_length(NEW.leaf) = 0 AND NEW.seq = OLD.seq AND NEW.event_id = OLD.event_id AND NEW.type = OLD.type "
    "AND NEW.at = OLD.at AND NEW.leaf_hash = OLD.leaf_hash AND NEW.project_id IS NOT DISTINCT FROM OLD.project_id "
    "AND OLD.type NOT LIKE 'ledger.%' AND OLD.type NOT LIKE 'erasure.%' AND OLD.type NOT LIKE 'preservation.%' "
    "AND OLD.type NOT LIKE 'retention.%' "
    "AND EXISTS (SELECT 1 FROM erasure_order WHERE scope = 'entries' AND OLD.seq < stop)"
)
ORDER_CHANGED = (
    "OLD.done_at IS NOT NULL OR NEW.id <> OLD.id OR NEW.scope <> OLD.scope OR NEW.target <> OLD.target "
    "OR NEW.kinds <> OLD.kinds OR NEW.objects <> OLD.objects OR NEW.addresses <> OLD.addresses "
    "OR NEW.stop IS DISTINCT FROM OLD.stop OR NEW.at <> OLD.at OR NEW.mac <> OLD.mac"
)


def upgrade() -> None:
    """Add tables and column, then replace the trigger on entries in the database's own words."""
    _tables()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _sqlite() if sqlite else _postgresql():
        op.execute(sa.text(statement))


def _sqlite() -> list[str]:
    pruned = PRUNED.replace("octet_length", "length").replace("IS NOT DISTINCT FROM", "IS")
    changed = ORDER_CHANGED.replace("IS DISTINCT FROM", "IS NOT")
    append_only = "BEGIN SELECT RAISE(ABORT, '{table}: is append-only'); END"
    return [
        "DROP TRIGGER audit_entry_refuse_update",
        f"CREATE TRIGGER audit_entry_refuse_update BEFORE UPDATE ON audit_entry WHEN NOT ({pruned}) "
        + append_only.format(table="audit_entry"),
        f"CREATE TRIGGER erasure_order_refuse_update BEFORE UPDATE ON erasure_order WHEN {changed} "
        + append_only.format(table="erasure_order"),
        "CREATE TRIGGER erasure_order_refuse_delete BEFORE DELETE ON erasure_order "
        + append_only.format(table="erasure_order"),
        "CREATE TRIGGER erasure_order_refuse_replace BEFORE INSERT ON erasure_order "
        "WHEN EXISTS (SELECT 1 FROM erasure_order WHERE id = NEW.id) " + append_only.format(table="erasure_order"),
    ]


def _postgresql() -> list[str]:
    return [
        "CREATE FUNCTION refuse_but_pruning() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {PRUNED} THEN RETURN NEW; END IF; "
        "RAISE EXCEPTION '%: is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$",
        "DROP TRIGGER audit_entry_refuse_change ON audit_entry",
        "CREATE TRIGGER audit_entry_refuse_delete BEFORE DELETE ON audit_entry "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        "CREATE TRIGGER audit_entry_refuse_update BEFORE UPDATE ON audit_entry "
        "FOR EACH ROW EXECUTE FUNCTION refuse_but_pruning()",
        "CREATE TRIGGER erasure_order_refuse_delete BEFORE DELETE ON erasure_order "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER erasure_order_refuse_update BEFORE UPDATE ON erasure_order FOR EACH ROW "
        f"WHEN ({ORDER_CHANGED}) EXECUTE FUNCTION refuse_change()",
        "CREATE TRIGGER erasure_order_refuse_truncate BEFORE TRUNCATE ON erasure_order "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]


def _tables() -> None:
    op.add_column("principal", sa.Column("sealed_name", sa.Text(), nullable=True))
    op.create_table(
        "erasure_key",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.String(length=16), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_erasure_key_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_key")),
    )
    op.create_table(
        "erasure_order",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=128), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("objects", sa.Text(), nullable=False),
        sa.Column("addresses", sa.Text(), nullable=False),
        sa.Column("stop", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.Column("done_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_order")),
    )
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("lifted_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
