"""What every transaction of the writer does, by statements that are compiled once and go straight to the driver.

What SQLAlchemy does for each statement and row is a third of the time of an insert of six rows, measured. For columns
that the drivers take as they are: text, bytes, numbers and truth values.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import Connection, CursorResult, Dialect, Insert, Select, Table, Update, insert

from gateway.store.upsert import upsert

_Statement: TypeAlias = Update | Select[Any]
_Values: TypeAlias = Callable[[Mapping[str, Any]], tuple[Any, ...]]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that name every column but a number the database counts itself."""
    if rows:
        statement, values = _inserting(connection.dialect, table)
        connection.exec_driver_sql(statement, [values(row) for row in rows])


def upsert_rows(
    connection: Connection, table: Table, changing: tuple[str, ...], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows that name every column; where the primary key exists, set the `changing` columns."""
    if rows:
        statement, values = _upserting(connection.dialect, table, changing)
        connection.exec_driver_sql(statement, [values(row) for row in rows])


def run(connection: Connection, statement: _Statement, values: Mapping[str, Any] | None = None) -> CursorResult[Any]:
    """Run a statement that is made once, with the values it has places for."""
    text, ordered = _prepared(connection.dialect, statement)
    return connection.exec_driver_sql(text, ordered(values or {}))


@cache
def _inserting(dialect: Dialect, table: Table) -> tuple[str, _Values]:
    return _compiled(dialect, insert(table), table)


@cache
def _upserting(dialect: Dialect, table: Table, changing: tuple[str, ...]) -> tuple[str, _Values]:
    return _compiled(dialect, upsert(dialect.name, table, changing), table)


def _compiled(dialect: Dialect, statement: Insert, table: Table) -> tuple[str, _Values]:
    counted = table.autoincrement_column
    names = [column.name for column in table.columns if column is not counted]
    compiled = statement.compile(dialect=dialect, column_keys=names)
    return str(compiled), itemgetter(*(compiled.positiontup or names))


@cache
def _prepared(dialect: Dialect, statement: _Statement) -> tuple[str, _Values]:
    compiled = statement.compile(dialect=dialect)
    names, brought = compiled.positiontup or (), compiled.params
    return str(compiled), lambda given: tuple(given[name] if name in given else brought[name] for name in names)
