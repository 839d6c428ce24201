"""Accounts at vendors as rows; their credentials are sealed objects and never come here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.writes import RowWrite
from gateway.ports.vendor import Account
from gateway.store.attempts import OPEN
from gateway.store.tables import attempt, vendor_account
from gateway.store.values import json_text, text_json, text_time, time_text


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAccount:
    """An account, and from when to when it is used."""

    account: Account
    created_at: datetime
    removed_at: datetime | None = None
    """From then on its credential is erased; the row stays, because jobs and entries name it."""


async def every(connection: AsyncConnection) -> list[StoredAccount]:
    """List all accounts, removed ones too, oldest first."""
    order = (vendor_account.c.created_at, vendor_account.c.id)
    return [_stored(row) for row in await connection.execute(select(vendor_account).order_by(*order))]


async def under_way(connection: AsyncConnection, account_id: str) -> int:
    """Count the attempts that only this account can still send, find or follow."""
    query = select(func.count()).where(attempt.c.account_id == account_id, attempt.c.state.in_(OPEN))
    return int((await connection.execute(query)).scalar_one())


def write(stored: StoredAccount) -> RowWrite:
    """Prepare an account's row, for the unit that records the change."""
    account = stored.account
    values = {
        "id": account.id,
        "vendor": account.vendor,
        "name": account.name,
        "project_id": account.project_id,
        "attributes": json_text(account.attributes),
        "version": account.version,
        "created_at": rfc3339(stored.created_at),
        "removed_at": time_text(stored.removed_at),
    }
    return RowWrite(table=vendor_account.name, values=values)


def _stored(row: Row[Any]) -> StoredAccount:
    account = Account(
        id=row.id,
        vendor=row.vendor,
        name=row.name,
        project_id=row.project_id,
        attributes=text_json(row.attributes),
        version=row.version,
    )
    return StoredAccount(
        account=account, created_at=parse_rfc3339(row.created_at), removed_at=text_time(row.removed_at)
    )
