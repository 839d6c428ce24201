"""Insert-or-change, in the words of either database."""

from functools import cache

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.sql.dml import Insert


@cache
def upsert(dialect: str, table: Table, changing: tuple[str, ...]) -> Insert:
    """Insert a row; where its primary key exists, set the `changing` columns, or leave it when there are none."""
    statement = (sqlite_insert if dialect == "sqlite" else postgresql_insert)(table)
    key = list(table.primary_key.columns)
    if not changing:
        return statement.on_conflict_do_nothing(index_elements=key)
    return statement.on_conflict_do_update(
        index_elements=key, set_={name: statement.excluded[name] for name in changing}
    )
