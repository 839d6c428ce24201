"""Whatever happens in whatever order, the books hold: the machine of `books_machine` on both databases."""

import shutil

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from gateway.store.tables import metadata
from tests.unit.store.books_machine import Books

QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def test_the_books_hold_on_sqlite(tmp_path, migrated_sqlite):
    def fresh():
        for old in tmp_path.glob("books.db*"):
            old.unlink()
        path = tmp_path / "books.db"
        shutil.copy(migrated_sqlite, path)
        return f"sqlite+aiosqlite:///{path}"

    run_state_machine_as_test(
        lambda: Books(fresh),
        settings=settings(max_examples=20, stateful_step_count=25, suppress_health_check=QUIET),
    )


@pytest.mark.tool("postgresql")
def test_the_books_hold_on_postgresql(postgresql, migrated_postgresql):
    """Shorter: the same statements, on the server that several processes share."""

    def fresh():
        tables = ", ".join(metadata.tables)
        postgresql.run_sql(f"SET session_replication_role = replica; TRUNCATE {tables}", migrated_postgresql)
        return postgresql.url(migrated_postgresql)

    run_state_machine_as_test(
        lambda: Books(fresh),
        settings=settings(max_examples=5, stateful_step_count=20, suppress_health_check=QUIET),
    )
