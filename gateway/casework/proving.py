"""What proves the stored ledger: whose signatures count, checkpoints, an entry's place, and all of it together.

For whoever asks this gateway. A prover who trusts nobody takes an export away and runs `gateway audit verify` on it.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.audit import check
from gateway.audit.checkpoint import Checkpoint, signers
from gateway.audit.export import current
from gateway.audit.merkle import node_hash
from gateway.audit.note import Note, NoteError, VerifierKey
from gateway.audit.proofs import ProofError, Range, check_inclusion, inclusion_ranges
from gateway.audit.publish import Checkpoints
from gateway.audit.trust import Trust, policy
from gateway.audit.verify import Finding, Report, Verifier
from gateway.audit.witnessed import Outsiders
from gateway.domain.errors import RefusedError, UnavailableError
from gateway.store import checkpoints as stored_checkpoints
from gateway.store import tiles
from gateway.store.checkpoints import StoredCheckpoint

PAGE: Final = 1000


class NotSignedYetError(UnavailableError):
    """An entry is newer than the checkpoint that is given out."""

    code = "not-signed-yet"

    def __init__(self, seq: int) -> None:
        super().__init__(f"entry {seq} is newer than the newest checkpoint that is given out; one follows in seconds")
        self.seq = seq


class ProofFailedError(RefusedError):
    """An entry is not, as it is stored, in what was signed."""

    code = "proof-failed"

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(
            f"entry {seq} is not proven: {why}; verify the whole ledger, and keep a copy of it as evidence"
        )
        self.seq = seq


class VerifyingError(UnavailableError):
    """The whole ledger is being verified for somebody else just now."""

    code = "verification-running"

    def __init__(self) -> None:
        super().__init__("the ledger is being verified for somebody else; ask again in a moment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """One hash of a proof, and what becomes of it on the way up."""

    hash: bytes
    entries: Range
    """`start <= seq < stop`: the entries it stands for."""
    left: bool
    """Whether it stands before what is being proven."""
    above: bytes
    """Hash of the two together."""
    spanned: Range
    """The entries that `above` stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """An entry's place in what a checkpoint names, step by step from the entry to the root; checked as it was made."""

    seq: int
    leaf_hash: bytes
    path: tuple[Sibling, ...]
    checkpoint: Checkpoint
    stored: StoredCheckpoint
    witnesses: tuple[str, ...]
    """Names of those whose cosignature under the checkpoint holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a verification is; with its last one comes the report."""

    checked: int
    size: int
    report: Report | None = None

    @property
    def percent(self) -> int:
        """Give the part of the entries that was checked."""
        return 100 * self.checked // self.size if self.size else 100

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What does not hold; known at the end."""
        return self.report.findings if self.report else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proving:
    """Proves one ledger."""

    log: Checkpoints
    witnesses: Mapping[str, Sequence[VerifierKey]]
    """Verifier keys of each configured witness."""
    required: int
    """How many of them must have cosigned a checkpoint before it is given out."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    """Held by the one verification at a time."""

    async def policy(self) -> str:
        """Write whose signatures count, as this deployment is set up (C2SP tlog-policy)."""
        history = await self.log.keyring.history()
        keys = [key for pair in history.pairs for key in pair.keys]
        return policy(keys, self.witnesses, self.required)

    async def trust(self) -> Trust | None:
        """Give the same to be verified with; nothing while the ledger announces no keys."""
        return Trust.parse(await self.policy()) if (await self.log.keyring.history()).pairs else None

    async def notes(self) -> AsyncIterator[bytes]:
        """Give every kept checkpoint with its cosignatures, oldest first."""
        since = 0
        while True:
            async with self.log.database.reading() as connection:
                page = await stored_checkpoints.every(connection, since=since, limit=PAGE)
            for each in page:
                yield each.whole.encode()
            if len(page) < PAGE:
                return
            since = page[-1].size + 1

    async def published(self) -> StoredCheckpoint | None:
        """Give the newest checkpoint that as many witnesses cosigned as the settings demand."""
        async with self.log.database.reading() as connection:
            return await stored_checkpoints.newest(connection, cosigned_by=self.required)

    async def seen(self, seq: int, *, by: int) -> bool:
        """Say whether so many witnesses cosigned a checkpoint that has an entry; signatures and proof are checked."""
        async with self.log.database.reading() as connection:
            stored = await stored_checkpoints.newest(connection, cosigned_by=by)
            leaf_hash = await tiles.leaf_hashes(connection, start=seq, stop=seq + 1)
        if stored is None or stored.size <= seq:
            return False
        try:
            return len((await self._proven(seq, leaf_hash, stored)).witnesses) >= by
        except (ProofError, NoteError):
            return False

    async def inclusion(self, seq: int, leaf_hash: bytes) -> Inclusion:
        """Prove an entry's place in the published checkpoint, and that the ledger's own keys signed that.

        Raises:
            NotSignedYetError: no checkpoint that is given out has it yet.
            ProofFailedError: the stored tree does not lead from the entry to a root that was signed.
        """
        stored = await self.published()
        if stored is None or stored.size <= seq:
            raise NotSignedYetError(seq)
        try:
            return await self._proven(seq, leaf_hash, stored)
        except (ProofError, NoteError) as error:
            raise ProofFailedError(seq, str(error)) from None

    async def _proven(self, seq: int, leaf_hash: bytes, stored: StoredCheckpoint) -> Inclusion:
        note = Note.parse(stored.whole.encode())
        checkpoint = Checkpoint.parse(note.text)
        (await self.log.keyring.history()).check(note, checkpoint)
        proof = await self.log.tree.inclusion(seq, checkpoint.size)
        check_inclusion(leaf_hash, seq, size=checkpoint.size, root=checkpoint.root, proof=proof)
        return Inclusion(
            seq=seq,
            leaf_hash=leaf_hash,
            path=tuple(_climbed(seq, leaf_hash, inclusion_ranges(seq, checkpoint.size), proof)),
            checkpoint=checkpoint,
            stored=stored,
            witnesses=tuple(name for name, keys in self.witnesses.items() if signers(note, checkpoint, keys)),
        )

    async def verify(self) -> AsyncGenerator[Progress, None]:
        """Verify every entry against the head, the checkpoints and whose signatures count, and say how far it is.

        Raises:
            VerifyingError: another one is under way in this process; it takes all the time there is.
            LedgerDamagedError: the head itself is none.
        """
        if self.turn.locked():
            raise VerifyingError
        async with self.turn:
            verifier, trust = Verifier(), await self.trust()
            own = [note async for note in self.notes()]
            outsiders = Outsiders(trust, verifier, checkpoints=own) if trust is not None else None
            checked, size = 0, (await current(self.log.database)).size
            yield Progress(checked=checked, size=size)
            async for checked in check.feed(self.log.database, verifier):
                yield Progress(checked=checked, size=max(size, checked))
            report = outsiders.report() if outsiders else verifier.report()
            yield Progress(checked=checked, size=checked, report=report)


def _climbed(seq: int, leaf_hash: bytes, ranges: Iterable[Range], proof: Iterable[bytes]) -> Iterable[Sibling]:
    computed, (start, stop) = leaf_hash, (seq, seq + 1)
    for each, hash_ in zip(ranges, proof, strict=True):
        left = each[0] < start
        computed = node_hash(hash_, computed) if left else node_hash(computed, hash_)
        start, stop = min(start, each[0]), max(stop, each[1])
        yield Sibling(hash=hash_, entries=each, left=left, above=computed, spanned=(start, stop))
