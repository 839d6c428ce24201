"""Budgets: limits, their balances, and a journal that says of every line whose it is and how much of everything.

Holds and journal lines are carried over: who paid is read from their jobs, as those were when they were permitted, and
from the team their project has now. The way back keeps all money; limits, balances and held session time are lost.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

IN_FORCE = "removed_at IS NULL"


def upgrade() -> None:
    """Rebuild the journal and the holds with what they held, then add the tables of limits."""
    _set_aside("journal", "ix_journal_job_id")
    _journal()
    op.execute(
        "INSERT INTO journal (id, job_id, project_id, action, amount_micros, currency, price_revision, seq, at, "
        "held_at, jobs, circuits, shots, qpu_milliseconds, session_seconds, native_unit, team, principal_id, key_id, "
        "upstream, backend) "
        "SELECT old.id, old.job_id, old.project_id, old.action, old.amount_micros, old.currency, old.price_revision, "
        "old.seq, old.at, coalesce(held.at, old.at), 1, coalesce(job.circuits, 0), coalesce(job.total_shots, 0), "
        "CASE WHEN job.kind = 'hardware' AND old.action = 'settle' "
        "THEN CAST(round(CAST(job.usage_seconds AS NUMERIC) * 1000) AS BIGINT) ELSE 0 END, 0, '', "
        "coalesce(project.team, ''), coalesce(job.principal_id, ''), coalesce(job.key_id, ''), "
        "coalesce(job.upstream, ''), coalesce(job.backend, '') "
        "FROM journal_before AS old LEFT JOIN job ON job.id = old.job_id "
        "LEFT JOIN project ON project.id = old.project_id "
        "LEFT JOIN journal_before AS held ON held.job_id = old.job_id AND held.action = 'hold' ORDER BY old.id"
    )
    _put_away("journal")
    _set_aside("hold", "ix_hold_project_id")
    _hold()
    op.execute(
        "INSERT INTO hold (job_id, project_id, state, at) SELECT old.job_id, old.project_id, old.state, "
        "coalesce(line.at, old.at) FROM hold_before AS old "
        "LEFT JOIN journal AS line ON line.job_id = old.job_id AND line.action = 'hold'"
    )
    op.drop_table("hold_before")
    _limits()


def downgrade() -> None:
    """Rebuild both as they were, and drop what limits were kept in."""
    for table in ("hold_line", "balance", "limit_version", "budget_limit"):
        op.drop_table(table)
    _set_aside("hold")
    _set_aside("journal", "ix_journal_job_id", "ix_journal_held_at")
    _journal_before()
    of_jobs = "job_id NOT IN (SELECT job_id FROM journal_before WHERE session_seconds > 0)"
    op.execute(
        "INSERT INTO journal (id, job_id, project_id, action, amount_micros, currency, price_revision, seq, at) "  # noqa: S608  # our own words
        "SELECT id, job_id, project_id, action, amount_micros, currency, price_revision, seq, at "
        f"FROM journal_before WHERE {of_jobs} ORDER BY id"
    )
    _hold_before()
    settled = "SELECT sum(amount_micros) FROM journal WHERE journal.job_id = old.job_id AND action"
    newest = "line.id = (SELECT max(id) FROM journal WHERE journal.job_id = old.job_id)"
    op.execute(
        "INSERT INTO hold (job_id, project_id, amount_micros, currency, state, price_revision, at) "  # noqa: S608  # our own words
        f"SELECT old.job_id, old.project_id, coalesce(CASE WHEN old.state = 'settled' "
        f"THEN ({settled} IN ('settle', 'correct')) ELSE ({settled} = 'hold') END, 0), "
        "line.currency, old.state, line.price_revision, line.at "
        f"FROM hold_before AS old JOIN journal AS line ON {newest}"
    )
    op.drop_table("hold_before")
    _put_away("journal")


def _set_aside(table: str, *indexes: str) -> None:
    """Make room for a table of the same name; on PostgreSQL the names of its indexes are everybody's."""
    for index in indexes:
        op.drop_index(index, table_name=table)
    op.rename_table(table, f"{table}_before")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER INDEX pk_{table} RENAME TO pk_{table}_before")


def _put_away(table: str) -> None:
    """Drop the append-only table set aside, go on counting where it ended, and guard the new one like it."""
    op.drop_table(f"{table}_before")
    if op.get_bind().dialect.name == "sqlite":
        for name, action, when in (
            ("update", "UPDATE", "TRUE"),
            ("delete", "DELETE", "TRUE"),
            # INSERT OR REPLACE deletes without firing a delete trigger.
            ("replace", "INSERT", f"EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)"),  # noqa: S608  # our own words
        ):
            op.execute(
                f"CREATE TRIGGER {table}_refuse_{name} BEFORE {action} ON {table} WHEN {when} "
                f"BEGIN SELECT RAISE(ABORT, '{table}: is append-only'); END"
            )
        return
    op.execute(
        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce(max(id), 1), count(*) > 0) FROM {table}"  # noqa: S608  # our own words
    )
    for name, action, each in (("change", "UPDATE OR DELETE", "ROW"), ("truncate", "TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER {table}_refuse_{name} BEFORE {action} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        )


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("job_id", sa.String(length=128), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("price_revision", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("held_at", sa.String(length=27), nullable=False),
        sa.Column("jobs", sa.BigInteger(), nullable=False),
        sa.Column("circuits", sa.BigInteger(), nullable=False),
        sa.Column("shots", sa.BigInteger(), nullable=False),
        sa.Column("qpu_milliseconds", sa.BigInteger(), nullable=False),
        sa.Column("session_seconds", sa.BigInteger(), nullable=False),
        sa.Column("estimate_micros", sa.BigInteger(), nullable=True),
        sa.Column("native_amount", sa.BigInteger(), nullable=True),
        sa.Column("native_unit", sa.String(length=32), nullable=False),
        sa.Column("team", sa.String(length=128), nullable=False),
        sa.Column("principal_id", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=12), nullable=False),
        sa.Column("upstream", sa.String(length=64), nullable=False),
        sa.Column("backend", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
    )
    op.create_index(op.f("ix_journal_job_id"), "journal", ["job_id"], unique=False)
    op.create_index(op.f("ix_journal_held_at"), "journal", ["held_at"], unique=False)


def _hold() -> None:
    op.create_table(
        "hold",
        sa.Column("job_id", sa.String(length=128), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_hold")),
        sqlite_with_rowid=False,
    )


def _limits() -> None:
    op.create_table(
        "budget_limit",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=128), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("soft_amount", sa.BigInteger(), nullable=True),
        sa.Column("period", sa.String(length=16), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("fiscal_month", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=True),
        sa.Column("upstream", sa.String(length=64), nullable=False),
        sa.Column("raises", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("removed_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_limit")),
    )
    op.create_index(
        "uq_budget_limit_name",
        "budget_limit",
        ["name"],
        unique=True,
        sqlite_where=sa.text(IN_FORCE),
        postgresql_where=sa.text(IN_FORCE),
    )
    op.create_table(
        "limit_version",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_limit_version_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limit_version")),
    )
    op.create_table(
        "balance",
        sa.Column("limit_id", sa.String(length=36), nullable=False),
        sa.Column("window_start", sa.String(length=27), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("limit_id", "window_start", name=op.f("pk_balance")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "hold_line",
        sa.Column("job_id", sa.String(length=128), nullable=False),
        sa.Column("limit_id", sa.String(length=36), nullable=False),
        sa.Column("window_start", sa.String(length=27), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "limit_id", name=op.f("pk_hold_line")),
        sqlite_with_rowid=False,
    )


def _journal_before() -> None:
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


def _hold_before() -> None:
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
