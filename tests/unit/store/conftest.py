"""A running writer over an empty ledger, on each database."""

import pytest

from gateway.audit.merkle import MerkleChain
from gateway.store import entries
from gateway.store.commit import Writer
from tests.records import genesis


@pytest.fixture
async def writer(database):
    async with database.writing() as connection:
        await entries.create(connection, genesis())
    running = Writer(database, MerkleChain())
    await running.start()
    yield running
    await running.close()
