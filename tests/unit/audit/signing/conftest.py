"""A signer of checkpoints on a running ledger."""

from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from gateway.audit.keyring import Keyring
from gateway.audit.pin import Pin
from gateway.audit.publish import Checkpoints, Pace
from gateway.audit.tree import Tree
from gateway.domain.secret import Secret
from gateway.telemetry.witnesses import WitnessMetrics

ORIGIN = "test/ledger"


class Seeds:
    """A vault that makes a secret for each name, once."""

    def __init__(self):
        self.kept = {}

    async def secret(self, name):
        return self.kept.setdefault(name, Secret(name.encode().ljust(32)[:32]))


@pytest.fixture
def make(books, tmp_path):
    """Make a signer on the ledger of `books`, as another start of the gateway would."""
    seeds = Seeds()

    def signer(**changes):
        keyring = Keyring(
            database=books.database, ledger=books.ledger, secret=seeds.secret, clock=books.clock, origin=ORIGIN
        )
        parts = {
            "database": books.database,
            "tree": Tree(books.database),
            "keyring": keyring,
            "pin": Pin(tmp_path),
            "clock": books.clock,
            "metrics": WitnessMetrics(CollectorRegistry()),
            "pace": Pace(every=timedelta(seconds=10), entries=5),
        }
        made = Checkpoints(**(parts | changes))
        made.cleared = True
        return made

    return signer


@pytest.fixture
async def signer(make):
    made = make()
    await made.start()
    return made
