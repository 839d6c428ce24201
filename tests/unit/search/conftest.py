"""A ledger of a few days on each database, searched by who may see what."""

import pytest

from gateway.audit.ledger import Ledger
from gateway.audit.merkle import MerkleChain
from gateway.casework.administration import Administration
from gateway.casework.index import Index
from gateway.casework.inspection import Inspection
from gateway.casework.search import Search
from gateway.identity.api_keys import Peppers
from gateway.store.commit import Writer
from gateway.vault.keys import FileKeyProvider, create_master_key
from gateway.vault.locks import Locks
from gateway.vault.vault import Vault
from tests.records import StillClock
from tests.unit.search.library import Library


@pytest.fixture
async def library(database, tmp_path):
    """An empty ledger with two projects and two people, and its search."""
    clock = StillClock()
    create_master_key(tmp_path / "master.key")
    vault = Vault(database, FileKeyProvider(tmp_path / "master.key"), clock, Locks.create(tmp_path / "erasure.key"))
    await vault.start()
    writer = Writer(database, MerkleChain())
    await writer.start()
    ledger = Ledger(writer, clock)
    await ledger.open("test", create=True)
    administration = Administration(
        database=database,
        ledger=ledger,
        vault=vault,
        peppers=Peppers(vault),
        roles={"scientist": ()},
        adapters={},
        clock=clock,
    )
    search = Search(
        database=database,
        index=Index(database=database),
        vault=vault,
        principals=administration.principals,
        projects=administration.projects,
        inspection=Inspection(database, vault),
        source="test",
    )
    yield await Library.open(clock=clock, ledger=ledger, vault=vault, administration=administration, search=search)
    await writer.close()
