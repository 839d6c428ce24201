"""The first schema: every table of `store/tables.py`, and the triggers that keep the ledger append-only.

The triggers are a second line of defence: they stop a mistaken statement, not somebody who owns the database.
A changed ledger is found by its Merkle root. Revisions only go forward.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

APPEND_ONLY = ("audit_entry", "journal")
REVIVAL = "OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NULL"
"""Rows are written whole, so a change prepared before a revocation would otherwise undo it."""


def upgrade() -> None:
    """Create tables, then triggers in the database's own words."""
    _tables()
    for statement in _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql():
        op.execute(sa.text(statement))


def _sqlite() -> list[str]:
    keys = {"audit_entry": "seq = NEW.seq OR event_id = NEW.event_id", "journal": "id = NEW.id"}
    return [
        *(
            statement
            for table in APPEND_ONLY
            for statement in (
                _refuse(table, "update", "UPDATE"),
                _refuse(table, "delete", "DELETE"),
                # INSERT OR REPLACE deletes without firing a delete trigger.
                _refuse(table, "replace", "INSERT", f"EXISTS (SELECT 1 FROM {table} WHERE {keys[table]})"),
            )
        ),
        _refuse("audit_head", "delete", "DELETE"),
        _refuse("audit_head", "replace", "INSERT", "EXISTS (SELECT 1 FROM audit_head)"),
        _refuse("audit_head", "rewind", "UPDATE", "NEW.size < OLD.size OR NEW.origin <> OLD.origin"),
        _refuse("api_key", "revival", "UPDATE", REVIVAL, why="a revoked key stays revoked"),
    ]


def _refuse(table: str, name: str, action: str, when: str = "TRUE", *, why: str = "is append-only") -> str:
    return (
        f"CREATE TRIGGER {table}_refuse_{name} BEFORE {action} ON {table} WHEN {when} "
        f"BEGIN SELECT RAISE(ABORT, '{table}: {why}'); END"
    )


def _postgresql() -> list[str]:
    tables = (*APPEND_ONLY, "audit_head")
    return [
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '%: %', TG_TABLE_NAME, coalesce(TG_ARGV[0], 'is append-only') "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$",
        *(
            f"CREATE TRIGGER {table}_refuse_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            for table in APPEND_ONLY
        ),
        *(
            f"CREATE TRIGGER {table}_refuse_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            for table in tables
        ),
        "CREATE TRIGGER audit_head_refuse_delete BEFORE DELETE ON audit_head "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        "CREATE TRIGGER audit_head_refuse_rewind BEFORE UPDATE ON audit_head FOR EACH ROW "
        "WHEN (NEW.size < OLD.size OR NEW.origin <> OLD.origin) EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER api_key_refuse_revival BEFORE UPDATE ON api_key FOR EACH ROW WHEN ({REVIVAL}) "
        "EXECUTE FUNCTION refuse_change('a revoked key stays revoked')",
    ]


def _tables() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("event_id", name=op.f("uq_audit_entry_event_id")),
    )
    op.create_index(op.f("ix_audit_entry_project_id_seq"), "audit_entry", ["project_id", "seq"], unique=False)
    op.create_index(op.f("ix_audit_entry_type_seq"), "audit_entry", ["type", "seq"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("last_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("last_at", sa.String(length=27), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "calibration",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("backend", sa.String(length=128), nullable=False),
        sa.Column("taken_at", sa.String(length=27), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_calibration")),
    )
    op.create_index(op.f("ix_calibration_backend_taken_at"), "calibration", ["backend", "taken_at"], unique=False)
    op.create_table(
        "hold",
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("price_revision", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_hold")),
    )
    op.create_index(op.f("ix_hold_project_id"), "hold", ["project_id"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("client_job_id", sa.String(length=128), nullable=False),
        sa.Column("dialect", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("principal_id", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=12), nullable=False),
        sa.Column("program", sa.String(length=64), nullable=False),
        sa.Column("asked_backend", sa.String(length=128), nullable=False),
        sa.Column("backend", sa.String(length=128), nullable=False),
        sa.Column("upstream", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("fallback_reason", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("started_at", sa.String(length=27), nullable=True),
        sa.Column("finished_at", sa.String(length=27), nullable=True),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("session_id", sa.String(length=128), nullable=True),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("max_execution_seconds", sa.BigInteger(), nullable=True),
        sa.Column("circuits", sa.Integer(), nullable=False),
        sa.Column("total_shots", sa.BigInteger(), nullable=False),
        sa.Column("estimated_seconds", sa.String(length=32), nullable=False),
        sa.Column("usage_seconds", sa.String(length=32), nullable=False),
        sa.Column("calibration_digest", sa.String(length=64), nullable=True),
        sa.Column("decision_id", sa.String(length=36), nullable=False),
        sa.Column("payload_digest", sa.String(length=64), nullable=False),
        sa.Column("program_digest", sa.String(length=64), nullable=False),
        sa.Column("stages", sa.Text(), nullable=False),
        sa.Column("echo", sa.Text(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("client_job_id", name=op.f("uq_job_client_job_id")),
    )
    op.create_index(
        op.f("ix_job_project_id_principal_id_created_at"),
        "job",
        ["project_id", "principal_id", "created_at"],
        unique=False,
    )
    op.create_index(op.f("ix_job_session_id"), "job", ["session_id"], unique=False)
    op.create_index(op.f("ix_job_status"), "job", ["status"], unique=False)
    op.create_table(
        "journal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("price_revision", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
    )
    op.create_index(op.f("ix_journal_job_id"), "journal", ["job_id"], unique=False)
    op.create_table(
        "policy_revision",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("first_used_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_policy_revision")),
    )
    op.create_table(
        "principal",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_principal")),
        sa.UniqueConstraint("name", name=op.f("uq_principal_name")),
    )
    op.create_table(
        "project",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("team", sa.String(length=128), nullable=False),
        sa.Column("classification_floor", sa.String(length=16), nullable=False),
        sa.Column("workload_class", sa.String(length=16), nullable=False),
        sa.Column("simulator_consent", sa.Boolean(), nullable=False),
        sa.Column("backends", sa.Text(), nullable=True),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("name", name=op.f("uq_project_name")),
    )
    op.create_table(
        "sealed_object",
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("wrapped_dek", sa.LargeBinary(), nullable=True),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext_digest", sa.String(length=64), nullable=False),
        sa.Column("plaintext_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("object_id", "kind", name=op.f("pk_sealed_object")),
    )
    op.create_index(op.f("ix_sealed_object_project_id"), "sealed_object", ["project_id"], unique=False)
    op.create_table(
        "session",
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("principal_id", sa.String(length=64), nullable=False),
        sa.Column("dialect", sa.String(length=32), nullable=False),
        sa.Column("backend", sa.String(length=128), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("accepting_jobs", sa.Boolean(), nullable=False),
        sa.Column("max_ttl_seconds", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("closed_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
    )
    op.create_table(
        "subject_name",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_subject_name")),
    )
    op.create_table(
        "tenant_key",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kek_id", sa.String(length=64), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "version", name=op.f("pk_tenant_key")),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("principal_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=128), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("classification", sa.String(length=16), nullable=True),
        sa.Column("simulator_consent", sa.Boolean(), nullable=True),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("pepper_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("not_before", sa.String(length=27), nullable=False),
        sa.Column("expires_at", sa.String(length=27), nullable=False),
        sa.Column("revoked_at", sa.String(length=27), nullable=True),
        sa.Column("last_used_day", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], name=op.f("fk_api_key_principal_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_api_key_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
    )
    op.create_index(op.f("ix_api_key_principal_id"), "api_key", ["principal_id"], unique=False)
    op.create_index(op.f("ix_api_key_project_id"), "api_key", ["project_id"], unique=False)
    op.create_table(
        "attempt",
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("upstream", sa.String(length=64), nullable=False),
        sa.Column("backend", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("fallback", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("vendor_job_id", sa.String(length=128), nullable=True),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_attempt_job_id")),
        sa.PrimaryKeyConstraint("job_id", "attempt", name=op.f("pk_attempt")),
    )
    op.create_index(op.f("ix_attempt_state"), "attempt", ["state"], unique=False)
    op.create_index(
        "uq_attempt_live",
        "attempt",
        ["job_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('permitted', 'forwarded')"),
        postgresql_where=sa.text("state IN ('permitted', 'forwarded')"),
    )
