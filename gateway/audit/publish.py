"""Signing the ledger's checkpoints: only what grew out of the last one that was signed.

Before each signature the tree as stored must have the root that the head names, and contain the last signed tree. What
was signed is pinned outside the database before anybody sees it: a database restored from a backup, or written anew,
then contradicts the pin, and nothing is signed. Who restores both together is told by a witness that saw more.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import structlog

from gateway.audit import log_keys
from gateway.audit.checkpoint import Checkpoint
from gateway.audit.export import current
from gateway.audit.keyring import Keyring
from gateway.audit.merkle import Frontier
from gateway.audit.note import Note
from gateway.audit.pin import Pin
from gateway.audit.proofs import ProofError, check_consistency
from gateway.audit.tree import Tree, TreeUnavailableError
from gateway.domain.chain import Head
from gateway.domain.clock import Clock
from gateway.domain.errors import GatewayError, RefusedError
from gateway.store import checkpoints
from gateway.store.checkpoints import StoredCheckpoint
from gateway.store.engine import Database
from gateway.telemetry import events
from gateway.telemetry.witnesses import WitnessMetrics

log = structlog.get_logger(__name__)


class CheckpointRefusedError(RefusedError):
    """The ledger does not continue what was signed before, so nothing more is signed."""

    code = "checkpoint-refused"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"no checkpoint is signed: {why}; find the newest database, or see docs/runbooks/checkpoint-refused.md"
        )
        self.why = why


class NothingLostError(RefusedError):
    """There is no loss to go on after."""

    code = "nothing-lost"

    def __init__(self) -> None:
        super().__init__("the ledger has every entry that was signed, as far as is known here; nothing was changed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """When the next checkpoint is due."""

    every: timedelta
    """So long after the last one, if there are new entries."""
    entries: int
    """Or as soon as there are so many."""


def _always() -> bool:
    return True


@dataclass(kw_only=True)
class Checkpoints:
    """Signs checkpoints of one ledger; one process does so at a time, every one keeps the pin."""

    database: Database
    tree: Tree
    keyring: Keyring
    pin: Pin
    clock: Clock
    metrics: WitnessMetrics
    pace: Pace
    leads: Callable[[], bool] = _always
    refused: str | None = None
    """Why nothing is signed any more; until the next start."""
    newest: StoredCheckpoint | None = None
    cleared: bool = False
    """Whether witnesses were asked what they saw last; before that nothing new is signed."""

    async def start(self) -> None:
        """Compare the ledger with what was signed last, here and in the database.

        Raises:
            CheckpointRefusedError: it does not continue it.
            PinUnreadableError: what was signed last cannot be read.
        """
        await self.keyring.ensure()
        await self._follow()

    async def run(self) -> None:
        """Sign a checkpoint if one is due and this process is the one to do so."""
        if self.refused:
            return
        try:
            await self._follow()
            if self.leads() and (self.cleared or self.newest is None):
                await self._sign_if_due()
        except TreeUnavailableError as error:
            self.refuse(f"the stored tree lacks the tile {error.tile}")
        except CheckpointRefusedError as error:
            self.refuse(error.why)

    async def sign(self) -> StoredCheckpoint:
        """Sign a checkpoint of the ledger as it stands now; the newest one where nothing was added since.

        Raises:
            CheckpointRefusedError: it does not continue what was signed last.
        """
        head = await current(self.database)
        if self.newest is not None and self.newest.size == head.size:
            return self.newest
        return await self._sign(head)

    async def close(self) -> None:
        """Sign what came last before an orderly stop, so that nobody changes it meanwhile; never raises a refusal."""
        if self.leads() and self.cleared and not self.refused:
            with suppress(GatewayError):
                await self.sign()

    def refuse(self, why: str) -> None:
        """Sign nothing more, and say so once."""
        if self.refused is None:
            log.error(events.CHECKPOINT_REFUSED, message=why)
        self.refused = why
        self.metrics.refused()

    async def restore(self, reason: str) -> Checkpoint:
        """Go on with a ledger that lost its newest entries, after an entry that says so and names what was signed.

        The pin is removed last: a crash before leaves the entry, and a second one when this is done again.

        Raises:
            CheckpointRefusedError: the ledger did not lose its tail alone; nothing was done.
            NothingLostError: it continues what was signed.
        """
        pinned, head = self.pin.read(), await current(self.database)
        if pinned is None or pinned[1].size <= head.size:
            raise NothingLostError
        async with self.database.reading() as connection:
            stored = await checkpoints.newest(connection)
        if stored is not None:
            await self._compare(Checkpoint.parse(Note.parse(stored.note.encode()).text), head, "the database")
        await self.keyring.record("ledger.restored", {"lost": str(pinned[1]), "reason": reason})
        self.pin.put_aside()
        return pinned[1]

    async def _follow(self) -> None:
        """Take in what was signed last, by this process or another, after checking that the ledger continues it."""
        async with self.database.reading() as connection:
            stored = await checkpoints.newest(connection)
        if stored is not None and self.newest is not None and stored.size == self.newest.size:
            return
        pinned = self.pin.read()
        head = await current(self.database)
        if pinned is not None:
            await self._compare(pinned[1], head, "the state directory")
        if stored is not None:
            note = Note.parse(stored.note.encode())
            await self._compare(Checkpoint.parse(note.text), head, "the database")
            if pinned is None or pinned[1].size < stored.size:
                self.pin.write(note)
        self.newest = stored or self.newest

    async def _sign_if_due(self) -> None:
        head, now = await current(self.database), self.clock.now()
        last = self.newest
        added = head.size - (last.size if last else 0)
        if added and (last is None or added >= self.pace.entries or now - last.at >= self.pace.every):
            await self._sign(head)

    async def _sign(self, head: Head) -> StoredCheckpoint:
        pinned = self.pin.read()
        root = await self._root(head)
        if pinned is not None:
            await self._compare(pinned[1], head, "the state directory")
        checkpoint, at = Checkpoint(origin=head.origin, size=head.size, root=root), self.clock.now()
        note = log_keys.sign(checkpoint, await self.keyring.signing(head.size), at=int(at.timestamp()))
        signed = StoredCheckpoint(size=head.size, note=str(note), at=at)
        # The pin first: whoever reads a checkpoint can rely on its being remembered.
        self.pin.write(note)
        async with self.database.writing() as connection:
            await checkpoints.add(connection, signed)
            if at.minute == 0:
                await checkpoints.thin_out(connection, at)
        self.newest = signed
        self.metrics.signed(head.size)
        log.debug(events.CHECKPOINT_SIGNED, size=head.size)
        return signed

    async def _root(self, head: Head) -> bytes:
        """Give the root that head and tree agree on."""
        await self.tree.grow(head.size)
        root = await self.tree.root(head.size)
        if root != Frontier.from_bytes(head.size, head.frontier).root():
            raise CheckpointRefusedError(f"the stored hashes of {head.size} entries do not have the root of the head")
        return root

    async def _compare(self, known: Checkpoint, head: Head, where: str) -> None:
        if known.origin != head.origin:
            raise CheckpointRefusedError(f"{where} holds the last checkpoint of another ledger, {known.origin!r}")
        if known.size > head.size:
            raise CheckpointRefusedError(
                f"{known.size} entries were signed, as {where} knows, and the database has {head.size}: it was rolled "
                "back, as by restoring a backup"
            )
        root = await self._root(head)
        try:
            proof = await self.tree.consistency(known.size, head.size)
            check_consistency(known.size, known.root, head.size, root, proof)
        except ProofError:
            raise CheckpointRefusedError(
                f"the first {known.size} entries are not those that were signed, as {where} knows: history was changed"
            ) from None
