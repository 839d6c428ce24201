"""The way out to vendors: accounts from memory, credentials opened for one call, the wire, and the ledger.

A credential's openings are counted by account and purpose and recorded once a minute; a crash loses at most the last
minute's counts. An account that was rotated or removed elsewhere is noticed when its old credential does not open.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

import structlog

from gateway.audit.ledger import Ledger
from gateway.domain.backend import Calibration
from gateway.domain.clock import Clock, rfc3339
from gateway.domain.errors import UnavailableError
from gateway.domain.secret import Secret
from gateway.domain.writes import EntryDraft
from gateway.enforcement.archive import CalibrationArchive
from gateway.enforcement.entries import Entries
from gateway.ports.operations import ListCalibrations
from gateway.ports.vendor import Account, VendorAnswer, VendorRequest, VendorUnreachableError
from gateway.store import calibrations
from gateway.store.engine import Database
from gateway.store.view import AccountView
from gateway.telemetry import events
from gateway.vault.credentials import Credentials
from gateway.vault.vault import ErasedError
from gateway.vendors.errors import VendorAccountError

_PURPOSES: Final = 32
"""Told apart for each account in a minute; an adapter that invents more has the rest counted together."""
log = structlog.get_logger(__name__)


class Sender(Protocol):
    """One vendor's HTTP session."""

    async def send(self, request: VendorRequest) -> VendorAnswer:
        """Send one request and give its complete answer."""
        ...


@dataclass(slots=True)
class _Use:
    """How often an account's credential was opened since it was last recorded."""

    account: Account
    since: datetime
    purposes: Counter[str] = field(default_factory=Counter)

    def count(self, purpose: str, times: int = 1) -> None:
        known = purpose in self.purposes or (len(self.purposes) < _PURPOSES and purpose.isascii())
        self.purposes[purpose if known else "other"] += times


@dataclass(slots=True, kw_only=True)
class HouseOutside:
    """What every vendor's upstream may use of the house; implements `ports.upstream.Outside`."""

    view: AccountView
    credentials: Credentials
    sessions: Mapping[str, Sender] = field(repr=False)
    """By vendor."""
    database: Database
    ledger: Ledger
    entries: Entries
    clock: Clock
    leads: Callable[[], bool] = lambda: True
    """Says whether this replica records what all of them see."""
    archive: CalibrationArchive = field(default_factory=CalibrationArchive)
    used: dict[str, _Use] = field(default_factory=dict)
    """What is not recorded yet, by account id."""

    def account(self, vendor: str, project_id: str | None) -> Account | None:
        """Give a project's own account, else the one for everybody."""
        return self.view.account(vendor, project_id)

    def account_by_id(self, account_id: str) -> Account | None:
        """Give an account, also one that was removed; then its credential does not open."""
        return self.view.by_id(account_id)

    def accounts(self, vendor: str) -> Sequence[Account]:
        """List a vendor's live accounts."""
        return self.view.live(vendor)

    async def credential(self, account: Account, purpose: str) -> Mapping[str, Secret]:
        """Open an account's newest credential for one purpose, and count it.

        Raises:
            VendorAccountError: the account was removed.
        """
        secrets = await self._open(account)
        use = self.used.setdefault(account.id, _Use(account, self.clock.now()))
        use.count(purpose)
        return secrets

    async def send(self, vendor: str, request: VendorRequest) -> VendorAnswer:
        """Send one request over the vendor's own session.

        Raises:
            VendorUnreachableError: there is no such session, or no connection: nothing left.
            AnswerLostError: something left, and no usable answer came.
        """
        session = self.sessions.get(vendor)
        if session is None:
            raise VendorUnreachableError(f"{vendor} is not asked: no connection to it is set up")
        return await session.send(request)

    async def tell(self, event: str, body: Mapping[str, Any], *, calibration: Calibration | None = None) -> None:
        """Record an event, with the snapshot it speaks of; while the ledger takes none it is logged and dropped.

        Every replica asks for snapshots, because each rests its decisions on them; one records what they bring.
        """
        if not self.leads() and event.startswith("calibration."):
            await self._keep(calibration)
            return
        try:
            await self.ledger.record(self.entries.draft(event, None, body), rows=self.archive.rows(calibration))
        except UnavailableError:
            log.warning(events.ENTRY_MISSED, code=event)
            return
        self.archive.stored(calibration)

    async def kept(self, backend: str, limit: int) -> Sequence[Calibration]:
        """Read a backend's newest stored snapshots; none where the database does not answer."""
        wanted = ListCalibrations(backend=backend, after=None, before=None, limit=limit, offset=0)
        try:
            async with self.database.reading() as connection:
                found, _ = await calibrations.search(connection, wanted)
        except UnavailableError:
            return ()
        return found

    async def _keep(self, calibration: Calibration | None) -> None:
        """Store a snapshot whose entry the leader writes."""
        if rows := self.archive.rows(calibration):
            try:
                await self.ledger.keep(*rows)
            except UnavailableError:
                log.warning(events.ENTRY_MISSED, code="calibration.recorded")
                return
            self.archive.stored(calibration)

    async def flush(self) -> None:
        """Record how often credentials were opened, an entry for each account, and begin to count anew.

        Raises:
            UnavailableError: some are not written; their counts are kept for the next time.
        """
        used, self.used = self.used, {}
        while used:
            account_id, use = next(iter(used.items()))
            try:
                await self.ledger.record(self._entry(use))
            except UnavailableError:
                self._give_back(used)
                raise
            del used[account_id]

    def _entry(self, use: _Use) -> EntryDraft:
        body = {
            "account": use.account.id,
            "vendor": use.account.vendor,
            "since": rfc3339(use.since),
            "purposes": dict(sorted(use.purposes.items())),
        }
        return self.entries.draft("credential.used", use.account.project_id, body)

    def _give_back(self, used: Mapping[str, _Use]) -> None:
        for account_id, old in used.items():
            if newer := self.used.get(account_id):
                for purpose, times in newer.purposes.items():
                    old.count(purpose, times)
            self.used[account_id] = old

    async def _open(self, account: Account) -> Mapping[str, Secret]:
        try:
            return await self.credentials.open(account)
        except ErasedError:
            # Another process rotated or removed it since memory was refreshed.
            await self.view.refresh()
        newest = self.view.by_id(account.id) or account
        try:
            return await self.credentials.open(newest)
        except ErasedError:
            raise VendorAccountError(
                f"the account at {account.vendor} that this job belongs to was removed; ask an administrator"
            ) from None
