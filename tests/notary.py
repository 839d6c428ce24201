"""Ledgers with keys and witnesses, in memory and in a directory: what is signed, proven and attacked in tests."""

from dataclasses import dataclass, field
from hashlib import sha256

import msgspec

from gateway.audit import log_keys
from gateway.audit.checkpoint import Checkpoint, SigningKey
from gateway.audit.entry import encode
from gateway.audit.merkle import Frontier, MerkleChain
from gateway.audit.note import Algorithm, Note, encoded, signatures
from gateway.audit.proofs import consistency_ranges, inclusion_ranges, tree_hash
from gateway.audit.tiles import joined
from gateway.audit.trust import Trust, policy
from gateway.audit.verify import Header, entry_line
from gateway.domain.secret import Secret
from gateway.witness.cosign import Witness
from gateway.witness.state import State
from tests.records import NOW, StillClock, draft, genesis

ORIGIN = "test/ledger"


def pair(seed, origin=ORIGIN):
    """A pair of log keys, the same for the same seed."""
    return tuple(
        SigningKey(origin, algorithm, Secret(sha256(f"{seed}/{algorithm}".encode()).digest()))
        for algorithm in (Algorithm.ED25519, Algorithm.ML_DSA_44)
    )


@dataclass
class Scribe:
    """A ledger that is written, signed and exported; whoever holds it holds its keys."""

    origin: str = ORIGIN
    keys: tuple = field(default_factory=lambda: pair("first"))
    drafts: list = field(default_factory=list)

    @classmethod
    def begin(cls, entries=0, *, origin=ORIGIN, seed="first"):
        scribe = cls(origin=origin, keys=pair(seed, origin))
        scribe.announce(log_keys.CREATED, log_keys.announcement(origin, 1, scribe.keys))
        return scribe.write(entries)

    def announce(self, type_, body):
        self.drafts.append(draft(type_, **body))

    def write(self, entries, word="entry"):
        self.drafts += [draft(codes={word: len(self.drafts) + number}) for number in range(entries)]
        return self

    def rotate(self, seed):
        generation = sum(each.type.startswith("ledger.key_") for each in self.drafts) + 1
        new = pair(seed, self.origin)
        self.announce(log_keys.ROTATED, log_keys.announcement(self.origin, generation, new, before=self.keys))
        self.keys = new

    def copy(self):
        return Scribe(self.origin, self.keys, list(self.drafts))

    @property
    def size(self):
        return len(self.drafts)

    @property
    def links(self):
        return MerkleChain().extend(genesis(self.origin), [encode(each) for each in self.drafts])[1]

    @property
    def hashes(self):
        return [link.leaf_hash for link in self.links]

    def root(self, size=None):
        frontier = Frontier()
        for each in self.hashes[:size]:
            frontier.append(each)
        return frontier.root()

    def checkpoint(self, size=None):
        return Checkpoint(origin=self.origin, size=self.size if size is None else size, root=self.root(size))

    def sign(self, size=None, keys=None):
        return log_keys.sign(self.checkpoint(size), keys or self.keys, at=int(NOW.timestamp()))

    def export(self):
        links = self.links
        header = Header(last=links[-1].leaf_hash.hex(), origin=self.origin, root=self.root().hex(), size=len(links))
        return [
            msgspec.json.encode(header) + b"\n",
            *(entry_line(link.leaf_hash.hex().encode(), link.leaf) for link in links),
        ]

    def consistency(self, old, size=None):
        hashes = self.hashes
        return [tree_hash(of(hashes), *each) for each in consistency_ranges(old, self.size if size is None else size)]

    def inclusion(self, index, size=None):
        hashes = self.hashes
        return [tree_hash(of(hashes), *each) for each in inclusion_ranges(index, self.size if size is None else size)]

    def trust(self, *observers, required=1):
        """Whom an auditor believes who knew this ledger before anything happened to it."""
        witnesses = {f"w{number}": observer.keys for number, observer in enumerate(observers)}
        return Trust.parse(policy([key.public for key in self.keys], witnesses, required if observers else 0))


def of(hashes):
    """Hashes of perfect subtrees over leaf hashes."""
    return lambda node: joined(hashes[node.number << node.height : (node.number + 1) << node.height])


class Observer:
    """A witness with its directory, asked without a network."""

    def __init__(self, directory, name="witness.test/one"):
        self.state, self.clock = State.create(directory, name), StillClock()
        self.witness = Witness(self.state, self.clock)

    @property
    def keys(self):
        return [key.public for key in self.state.keys]

    def watch(self, scribe):
        self.state.watch(scribe.origin, tuple(key.public for key in scribe.keys))
        return self

    def ask(self, scribe, note=None, *, old=None, proof=None):
        """Send what the scribe's log would send."""
        note = note or scribe.sign()
        size = Checkpoint.parse(note.text).size
        old = self.size(scribe.origin) if old is None else old
        proof = (scribe.consistency(old, size) if old <= size else []) if proof is None else proof
        body = f"old {old}\n{''.join(f'{encoded(each)}' + chr(10) for each in proof)}\n{note}"
        return self.witness.add_checkpoint(body.encode())

    def cosign(self, scribe, size=None):
        """Give the note with this witness's lines, which must be given."""
        note = scribe.sign(size)
        reply = self.ask(scribe, note)
        assert reply.status == 200, reply
        return Note(note.text, (*note.signatures, *signatures(reply.body)))

    def size(self, origin=ORIGIN):
        seen = self.state.seen(origin)
        return Checkpoint.parse(seen.text).size if seen else 0
