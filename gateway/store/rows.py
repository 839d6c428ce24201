"""Administrative rows: which tables a `RowWrite` may touch, and what happens to a row that exists."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from sqlalchemy import Connection, Insert, Table, insert

from gateway.domain.writes import RowWrite
from gateway.store import approvals, circuit_labels, limits
from gateway.store.approval_tables import approval
from gateway.store.console_tables import console_session
from gateway.store.erasure_tables import erasure_order, legal_hold
from gateway.store.label_tables import circuit_label
from gateway.store.leniency_tables import break_glass, policy_override, policy_shadow, rollout_stop
from gateway.store.money_tables import budget_limit, invoice, invoice_line, limit_warning, webhook_letter
from gateway.store.tables import (
    api_key,
    calibration,
    halt,
    job_stop,
    policy_revision,
    principal,
    project,
    subject_name,
    tenant_key,
    vendor_account,
)
from gateway.store.upsert import upsert

_LENIENT: Final = (policy_override, break_glass, rollout_stop, policy_shadow)
REPLACED: Final = (
    *(principal, project, api_key, subject_name, vendor_account, halt, console_session, legal_hold),
    *_LENIENT,
)
"""Written again whole when they change. In this order, because a key refers to the first two."""
KEPT: Final = (tenant_key, policy_revision, calibration, job_stop, invoice, invoice_line, webhook_letter)
"""Never changed by a second write: named by their content, the key to what is already sealed, or said already."""
ONCE: Final = (limit_warning, erasure_order)
"""Written once: a second write of the same row is refused, and its unit with it."""

_OWN: Final[Mapping[Table, Callable[[Connection, Iterable[RowWrite]], None]]] = {
    budget_limit: limits.put,
    circuit_label: circuit_labels.put,
    approval: approvals.put,
}
"""Written by their own rules."""

_TABLES: Final = {table.name: table for table in (*REPLACED, *_OWN, *KEPT, *ONCE)}


class RowNotAllowedError(ValueError):
    """A unit writes to a table or column that administrative rows do not have; a defect of ours."""


def check(write: RowWrite) -> None:
    """Refuse rows of any other table.

    Raises:
        RowNotAllowedError: the table is not on the list, or has no such column.
    """
    table = _TABLES.get(write.table)
    if table is None:
        raise RowNotAllowedError(f"{write.table!r} is not written as a plain row")
    if unknown := set(write.values) - set(table.columns.keys()):
        raise RowNotAllowedError(f"{write.table} has no column {min(unknown)!r}")


def put(connection: Connection, writes: Iterable[RowWrite]) -> None:
    """Insert rows, table by table in the fixed order; an existing row is replaced or kept."""
    groups: defaultdict[tuple[str, tuple[str, ...]], list[RowWrite]] = defaultdict(list)
    for write in writes:
        groups[write.table, tuple(sorted(write.values))].append(write)
    for name, table in _TABLES.items():
        for (group, columns), alike in groups.items():
            if group == name and table in _OWN:
                _OWN[table](connection, alike)
            elif group == name:
                values = [dict(each.values) for each in alike]
                connection.execute(_statement(connection.dialect.name, table, columns), values)


def _statement(dialect: str, table: Table, columns: tuple[str, ...]) -> Insert:
    return insert(table) if table in ONCE else upsert(dialect, table, _changing(table, columns))


def _changing(table: Table, columns: tuple[str, ...]) -> tuple[str, ...]:
    if table in KEPT:
        return ()
    return tuple(name for name in columns if name not in table.primary_key.columns)
