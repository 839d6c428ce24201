"""Accounts at vendors: whose they are, and their credentials, from the first sealing to the last erasing.

The ledger tells of an account by its id, as it does in permits, and of everything else by digests. Rotating keeps
the account and erases the old credential in the same transaction: jobs under way are asked about with the new one
from then on, and a credential that is replaced because it leaked cannot be opened a moment longer. Rotate here
before the vendor ends the old one, and nothing is interrupted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, TypedDict, Unpack

from gateway.casework.entries import OPERATOR, AdminEntries
from gateway.casework.forms import Form
from gateway.casework.names import UnknownNameError, checked_new
from gateway.casework.projects import Projects
from gateway.domain.clock import Clock
from gateway.domain.errors import RefusedError
from gateway.domain.secret import Secret
from gateway.domain.writes import SealedWrite
from gateway.ports.registry import Adapter
from gateway.ports.vendor import Account
from gateway.store import accounts
from gateway.store.accounts import StoredAccount
from gateway.store.engine import Database
from gateway.store.values import json_text
from gateway.vault.credentials import Credentials, kind


class AccountRemovedError(RefusedError):
    """The account's credential was erased for good."""

    code = "account-removed"

    def __init__(self, name: str) -> None:
        super().__init__(f"the account {name!r} was removed and its credential erased; add another under another name")
        self.name = name


class AccountBusyError(RefusedError):
    """Jobs run at the vendor that only this account can follow, and stop."""

    code = "account-busy"

    def __init__(self, name: str, jobs: int) -> None:
        super().__init__(
            f"{jobs} jobs under way were sent, or will be, through the account {name!r}; without it nobody learns what "
            "became of them: wait or cancel them, or remove it by force"
        )
        self.name, self.jobs = name, jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account to be added, without its secrets."""

    vendor: str
    name: str
    project: str | None = None
    """Name or id; `None` is everybody without an account of their own."""
    attributes: Mapping[str, str] = field(default_factory=dict)


class _Objects(TypedDict, total=False):
    sealed: tuple[SealedWrite, ...]
    erased: tuple[str, ...]
    erased_kinds: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorAccounts:
    """Adds, lists, rotates and removes accounts."""

    database: Database
    entries: AdminEntries
    clock: Clock
    projects: Projects
    credentials: Credentials
    adapters: Mapping[str, Adapter] = field(repr=False)

    async def every(self, *, vendor: str | None = None, project: str | None = None) -> list[StoredAccount]:
        """List accounts, removed ones too, oldest first: of all, of one vendor, of one project.

        Raises:
            UnknownNameError: there is no such project.
        """
        async with self.database.reading() as connection:
            known = await accounts.every(connection)
        if project is not None:
            owner = await self.projects.named(project)
            known = [each for each in known if each.account.project_id == owner.id]
        return [each for each in known if vendor in {None, each.account.vendor}]

    async def named(self, name: str) -> StoredAccount:
        """Find one that was not removed, by name or id.

        Raises:
            UnknownNameError: there is none.
            AccountRemovedError: it was removed.
        """
        known = await self.every()
        found = next((each for each in known if name in {each.account.name, each.account.id}), None)
        if found is None:
            live = (each.account.name for each in known if each.removed_at is None)
            raise UnknownNameError("vendor account", name, live)
        if found.removed_at is not None:
            raise AccountRemovedError(found.account.name)
        return found

    def adapter(self, vendor: str) -> Adapter:
        """Give the installed adapter that asks a vendor.

        Raises:
            UnknownNameError: there is none.
        """
        known = {name: each for name, each in self.adapters.items() if each.vendor is not None}
        if vendor not in known:
            raise UnknownNameError("vendor", vendor, known)
        return known[vendor]

    def form(self, vendor: str) -> Form:
        """Say what an account at a vendor needs; raises as `adapter` does."""
        return Form.of(self.adapter(vendor))

    async def draft(self, new: NewAccount) -> Account:
        """Check everything about a new account but its secrets.

        Raises:
            UnknownNameError: there is no such vendor or project.
            NameRefusedError: the name could be mistaken.
            DuplicateNameError: the name is taken; that of a removed account stays so, because entries name it.
            AccountRefusedError: the adapter refuses the attributes.
        """
        form = self.form(new.vendor)
        owner = None if new.project is None else await self.projects.named(new.project)
        taken = [each.account.name for each in await self.every()]
        return Account(
            id=self.entries.new_id(),
            vendor=new.vendor,
            name=checked_new("vendor account", new.name, taken),
            project_id=None if owner is None else owner.id,
            attributes=form.checked_attributes(new.attributes),
            version=1,
        )

    async def add(self, new: NewAccount, secrets: Mapping[str, Secret], *, by: str = OPERATOR) -> StoredAccount:
        """Seal a credential and let jobs use it. A project's newest account is the one that new jobs go through.

        Raises:
            UnknownNameError, NameRefusedError, DuplicateNameError: as `draft` does.
            AccountRefusedError: the adapter refuses the attributes or the secrets.
        """
        account = await self.draft(new)
        sealed = await self.credentials.seal(account, self.form(new.vendor).checked_secrets(secrets))
        stored = StoredAccount(account=account, created_at=self.clock.now())
        await self._record("vendor.account_added", stored, by, _credential(sealed), sealed=(sealed,))
        return stored

    async def rotate(self, name: str, secrets: Mapping[str, Secret], *, by: str = OPERATOR) -> StoredAccount:
        """Replace a credential. The old one is erased at once; the account and its jobs stay.

        Raises:
            UnknownNameError, AccountRemovedError: there is none of that name.
            AccountRefusedError: the adapter refuses the secrets.
        """
        old = await self.named(name)
        checked = self.form(old.account.vendor).checked_secrets(secrets)
        rotated = replace(old, account=replace(old.account, version=old.account.version + 1))
        sealed = await self.credentials.seal(rotated.account, checked)
        outdated = (old.account.id, kind(old.account))
        await self._record(
            "vendor.account_rotated", rotated, by, _credential(sealed), sealed=(sealed,), erased_kinds=(outdated,)
        )
        return rotated

    async def remove(self, name: str, *, force: bool = False, by: str = OPERATOR) -> StoredAccount:
        """Erase a credential for good. By force, jobs that were sent with it are given up to the vendor.

        Raises:
            UnknownNameError, AccountRemovedError: there is none of that name.
            AccountBusyError: jobs under way need it, and no force is used.
        """
        known = await self.named(name)
        async with self.database.reading() as connection:
            jobs = await accounts.under_way(connection, known.account.id)
        if jobs and not force:
            raise AccountBusyError(known.account.name, jobs)
        removed = replace(known, removed_at=self.clock.now())
        await self._record("vendor.account_removed", removed, by, {"jobs_under_way": jobs}, erased=(known.account.id,))
        return removed

    async def _record(
        self, type_: str, stored: StoredAccount, by: str, more: Mapping[str, Any], **objects: Unpack[_Objects]
    ) -> None:
        account = stored.account
        await self.entries.record(
            type_,
            by=by,
            project_id=account.project_id,
            rows=(accounts.write(stored),),
            body={**_told(account), **more},
            people={"name": (account.id, account.name)},
            **objects,
        )


def _told(account: Account) -> dict[str, Any]:
    """Give what the ledger says of an account: that it is this one, not what it is."""
    return {
        "account": account.id,
        "vendor": account.vendor,
        "version": account.version,
        "attributes": sha256(json_text(account.attributes).encode()).hexdigest(),
    }


def _credential(write: SealedWrite) -> dict[str, Any]:
    sealed = {"object": write.object_id, "digest": write.ciphertext_digest, "key_version": write.key_version}
    return {"credential": sealed}
