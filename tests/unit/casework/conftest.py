"""Administration over a real database and ledger, with a clock that stands still."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from gateway.audit.ledger import Ledger
from gateway.audit.merkle import MerkleChain
from gateway.casework.administration import Administration
from gateway.casework.inspection import Inspection
from gateway.casework.keys import Wish
from gateway.casework.projects import Terms
from gateway.identity.api_keys import Peppers
from gateway.identity.authenticate import Authenticator
from gateway.identity.signing import SigningPairs
from gateway.identity.tokens import Tokens
from gateway.ports.registry import Adapter
from gateway.store.commit import Writer
from gateway.store.engine import Database, migrate
from gateway.store.view import IdentityView
from gateway.vault.keys import FileKeyProvider, create_master_key
from gateway.vault.locks import Locks
from gateway.vault.vault import Vault
from tests.fakes.listing_vendor import AcmeSettings, adapter
from tests.unit.casework import archive as archive_module
from tests.unit.casework.archive import opened

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
ROLES = {"admin": (), "scientist": ()}
WISH = Wish(roles=("scientist",))


class Watch:
    """A clock that moves a second each time it is asked, so that everything has its own moment."""

    def __init__(self):
        self.moment = NOW

    def now(self):
        self.moment += timedelta(seconds=1)
        return self.moment


@dataclass
class Office:
    """Everything an administrator's test needs."""

    database: Database
    ledger: Ledger
    writer: Writer
    vault: Vault
    peppers: Peppers
    clock: Watch
    administration: Administration
    inspection: Inspection

    async def door(self):
        """Authenticate against what is stored now."""
        view = IdentityView(self.database, self.vault.principal_name)
        await view.refresh()
        tokens = Tokens(deriver=self.vault, clock=self.clock, issuer="test")
        pairs = SigningPairs(self.vault)
        return Authenticator(view=view, peppers=self.peppers, tokens=tokens, pairs=pairs, clock=self.clock)

    async def entries(self, type_):
        return await self.inspection.entries(type_=type_, limit=100)


@pytest.fixture
async def office(tmp_path):
    url = f"sqlite+aiosqlite:///{tmp_path / 'gateway.sqlite3'}"
    await migrate(url)
    database, clock = await Database.open(url), Watch()
    create_master_key(tmp_path / "master.key")
    vault = Vault(database, FileKeyProvider(tmp_path / "master.key"), clock, Locks.create(tmp_path / "erasure.key"))
    await vault.start()
    writer = Writer(database, MerkleChain())
    await writer.start()
    ledger = Ledger(writer, clock)
    await ledger.open("test", create=True)
    peppers = Peppers(vault)
    yield Office(
        database=database,
        ledger=ledger,
        writer=writer,
        vault=vault,
        peppers=peppers,
        clock=clock,
        administration=Administration(
            database=database,
            ledger=ledger,
            vault=vault,
            peppers=peppers,
            roles=ROLES,
            adapters={"acme": adapter(), "sim": Adapter(name="sim", settings=AcmeSettings, upstream=lambda *_: None)},
            clock=clock,
        ),
        inspection=Inspection(database, vault),
    )
    await writer.close()
    await database.close()


@pytest.fixture
async def alice(office):
    return await office.administration.principals.create(name="alice")


@pytest.fixture
async def chemistry(office):
    return await office.administration.projects.create(name="chemistry", terms=Terms(team="research"))


@pytest.fixture
async def issued(office, alice, chemistry):
    return await office.administration.keys.new(principal="alice", project="chemistry", wish=WISH)


@pytest.fixture
async def archive(database, tmp_path):
    """A deployment with work in it, once on each database."""
    made = await opened(database, tmp_path, archive_module.Watch())
    yield made
    await made.writer.close()
