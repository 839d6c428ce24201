"""A running ledger on each database, and an export of a short one in memory."""

from dataclasses import dataclass

import msgspec
import pytest

from gateway.audit.ledger import Ledger
from gateway.audit.merkle import Frontier, MerkleChain
from gateway.audit.verify import ExpectedHead, Header, entry_line
from gateway.store.commit import Writer
from gateway.store.engine import Database
from tests.records import StillClock, genesis, leaf


@dataclass
class Books:
    """A ledger with what it is made of."""

    ledger: Ledger
    writer: Writer
    database: Database
    clock: StillClock


@pytest.fixture
async def books(database):
    writer, clock = Writer(database, MerkleChain()), StillClock()
    await writer.start()
    ledger = Ledger(writer, clock)
    await ledger.open("test/ledger", create=True)
    yield Books(ledger, writer, database, clock)
    await writer.close()


class Bundle:
    """An export, line by line, and the head somebody noted down when it was made."""

    def __init__(self, size):
        self.head, links = MerkleChain().extend(genesis(), [leaf(number=number) for number in range(size)])
        self.leaves = [link.leaf for link in links]
        self.hashes = [link.leaf_hash for link in links]
        self.noted = ExpectedHead(size=size, root=self.root, last_hash=self.hashes[-1].hex(), origin=self.head.origin)

    @property
    def root(self):
        frontier = Frontier()
        for each in self.hashes:
            frontier.append(each)
        return frontier.root().hex()

    def lines(self):
        header = Header(last=self.hashes[-1].hex(), origin=self.head.origin, root=self.root, size=len(self.leaves))
        return [
            msgspec.json.encode(header) + b"\n",
            *(entry_line(each.hex().encode(), content) for each, content in zip(self.hashes, self.leaves, strict=True)),
        ]


@pytest.fixture
def bundle():
    return Bundle(20)
