"""Fits together what signs the ledger's checkpoints, and what takes them to witnesses."""

from contextlib import AsyncExitStack
from datetime import timedelta

from gateway.audit.collect import Peer, Witnesses
from gateway.audit.keyring import Keyring
from gateway.audit.ledger import Ledger
from gateway.audit.pin import Pin
from gateway.audit.publish import Checkpoints, Pace
from gateway.audit.tree import Tree
from gateway.domain.clock import Clock
from gateway.settings import Settings
from gateway.store.engine import Database
from gateway.telemetry.metrics import Metrics
from gateway.vault.vault import Vault
from gateway.vendors.http import VendorSession
from gateway.wiring.house import House


def checkpoints(
    settings: Settings, database: Database, vault: Vault, ledger: Ledger, clock: Clock, metrics: Metrics
) -> Checkpoints:
    """Make what signs; nothing is read yet."""
    chosen = settings.ledger
    return Checkpoints(
        database=database,
        tree=Tree(database),
        keyring=Keyring(database=database, ledger=ledger, secret=vault.secret, clock=clock, origin=chosen.origin),
        pin=Pin(settings.state_dir),
        clock=clock,
        metrics=metrics.witnesses,
        pace=Pace(every=timedelta(seconds=chosen.checkpoint_seconds), entries=chosen.checkpoint_entries),
    )


def witnesses(house: House, stack: AsyncExitStack) -> Witnesses:
    """Make what asks witnesses; each is reached like a vendor: no redirect, TLS, bounded answers."""
    peers = []
    for name, each in house.settings.witnesses.items():
        session = VendorSession(f"witness {name}", each.http)
        stack.push_async_callback(session.close)
        peers.append(Peer(name=name, url=each.url, keys=each.verifier_keys, send=session.send))
    required = house.settings.witnesses_required
    return Witnesses(log=house.checkpoints, peers=tuple(peers), required=required, clock=house.clock)
