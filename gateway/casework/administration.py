"""Administration: everything an administrator changes, for the command line and the admin interface alike.

Principals, projects, keys, accounts at vendors, halts, limits, invoices. Every change is one entry of the ledger and
the rows it speaks of, durable together. `by` is the id of the principal who acts; without one it is the operator of
the machine.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Final

from gateway.audit.ledger import Ledger
from gateway.casework.budgets import Budgets
from gateway.casework.entries import AdminEntries
from gateway.casework.halts import Halts
from gateway.casework.invoices import Invoices
from gateway.casework.keys import IssuedKey, Keys, Wish
from gateway.casework.principals import Principals
from gateway.casework.projects import Projects, Terms
from gateway.casework.spending import Spending
from gateway.casework.stranded import Stranded
from gateway.casework.trials import Trials
from gateway.casework.vendors import VendorAccounts
from gateway.domain.clock import Clock
from gateway.domain.errors import RefusedError
from gateway.domain.principal import PrincipalKind
from gateway.identity.api_keys import Peppers
from gateway.ports.registry import Adapter
from gateway.store.engine import Database
from gateway.vault.credentials import Credentials
from gateway.vault.vault import Vault

FIRST_PRINCIPAL: Final = "admin"
FIRST_PROJECT: Final = "default"
KEY_LIFETIME: Final = timedelta(days=90)


class AlreadyInitialisedError(RefusedError):
    """The first key was issued before; a second one would be a way in."""

    code = "already-initialised"

    def __init__(self) -> None:
        super().__init__(
            "this deployment has its first key already; make another with `gateway keys new`, "
            "or rotate that one with `gateway keys rotate`"
        )


class Administration:
    """Everything an administrator changes."""

    def __init__(
        self,
        *,
        database: Database,
        ledger: Ledger,
        vault: Vault,
        peppers: Peppers,
        roles: Collection[str],
        adapters: Mapping[str, Adapter],
        clock: Clock,
        key_lifetime: timedelta = KEY_LIFETIME,
    ) -> None:
        entries = AdminEntries(ledger=ledger, vault=vault, clock=clock)
        self.principals = Principals(database=database, entries=entries, clock=clock)
        self.projects = Projects(database=database, entries=entries, clock=clock)
        self.keys = Keys(
            database=database,
            entries=entries,
            clock=clock,
            peppers=peppers,
            principals=self.principals,
            projects=self.projects,
            roles=roles,
            lifetime=key_lifetime,
        )
        credentials = Credentials(vault)
        self.vendors = VendorAccounts(
            database=database,
            entries=entries,
            clock=clock,
            projects=self.projects,
            credentials=credentials,
            adapters=adapters,
        )
        self.trials = Trials(entries=entries, credentials=credentials, clock=clock)
        self.halts = Halts(database=database, entries=entries, clock=clock, projects=self.projects, adapters=adapters)
        asked = {name for name, each in adapters.items() if each.vendor is not None or each.upstream is not None}
        self.stranded = Stranded(database=database, entries=entries, clock=clock, asked=asked)
        self.budgets = Budgets(
            database=database,
            entries=entries,
            clock=clock,
            projects=self.projects,
            principals=self.principals,
            keys=self.keys,
            adapters=adapters,
        )
        self.spending = Spending(database=database, clock=clock, projects=self.projects, principals=self.principals)
        self.invoices = Invoices(database=database, entries=entries, clock=clock, adapters=adapters)

    async def first_admin(self, *, roles: Sequence[str] = ("admin",)) -> IssuedKey:
        """Issue the first key of a deployment, to a first principal in a first project.

        A crash in between leaves a principal or project without a key, and running it again goes on there.

        Raises:
            AlreadyInitialisedError: the first key was issued before.
            UnknownRoleError: policy knows no such role.
        """
        if FIRST_PRINCIPAL not in {each.name for each in await self.principals.every()}:
            await self.principals.create(name=FIRST_PRINCIPAL, kind=PrincipalKind.PERSON)
        if FIRST_PROJECT not in {each.name for each in await self.projects.every()}:
            await self.projects.create(name=FIRST_PROJECT, terms=Terms(simulator_consent=True))
        if await self.keys.every():
            raise AlreadyInitialisedError
        wish = Wish(roles=tuple(roles), label="first key, made by gateway init")
        return await self.keys.new(principal=FIRST_PRINCIPAL, project=FIRST_PROJECT, wish=wish)
