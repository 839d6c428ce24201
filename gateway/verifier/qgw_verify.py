"""Verify evidence of a quantum governance gateway, offline: ledgers, evidence packs, receipts, whole archives.

This one file needs Python 3.11 or newer and the package `cryptography` 48 or newer, and nothing of the gateway: copy it
wherever you like, read it, and take it from another source than what you verify. What is checked, from the inside out:

* each entry has the hash stated beside it, names its place and the hash of the entry before, and all of them together
  have the Merkle root (RFC 6962) that a checkpoint names; or a proof of inclusion leads from an entry to that root;
* a checkpoint (C2SP tlog-checkpoint) is signed with Ed25519 and ML-DSA-44 by the pair of keys that its own entries
  announce, each pair signed by the one before, one of them named by the policy that you bring along;
* as many witnesses as your policy demands cosigned it (C2SP tlog-cosignature), since when you say;
* a pack's documents are those whose digests the proven entries hold.

Whoever has the ledger's keys can sign any history. What cannot be forged is the word of a witness from before: give the
checkpoints that a witness, or you yourself, kept (`--known`).
"""

import argparse
import gzip
import json
import re
import struct
import sys
import time
import zipfile
import zlib
from base64 import b64decode, b64encode
from binascii import hexlify
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from io import BytesIO
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

CODES: Final[Mapping[str, str]] = {
    "file-unreadable": "A file is none that can be verified, or is cut off.",
    "header-unreadable": "An export does not begin as one does.",
    "origin-differs": "It is another ledger than the one expected.",
    "line-unreadable": "A line of an export is no entry.",
    "entry-edited": "An entry does not have the hash stated beside it: its content was changed.",
    "entry-missing": "Entries are missing before this one: they were deleted or moved.",
    "entry-misplaced": "An entry stands after a later one, or twice: it was moved or inserted.",
    "entry-withheld": "A pack or receipt leaves out an entry that the ledger has of its job.",
    "chain-broken": "An entry names another predecessor than the one it has: one of the two was changed.",
    "not-canonical": "A leaf is not the one canonical form of the fields an entry has.",
    "tail-missing": "The ledger was longer: its newest entries were cut off.",
    "tail-added": "There are more entries than the header says.",
    "root-differs": "The entries do not have the Merkle root that a checkpoint names: history was changed.",
    "last-differs": "The newest entry is not the one that the header names.",
    "proof-broken": "A proof does not lead from its entry to the root of its checkpoint.",
    "checkpoint-unreadable": "A checkpoint is none, or has more than its three lines.",
    "checkpoint-unsigned": "A checkpoint lacks a signature of the ledger's keys, or a signature under it is false.",
    "key-refused": "The ledger announces keys that those before did not sign.",
    "key-unknown": "The ledger's keys are not those of the policy: somebody else may have signed.",
    "witnesses-missing": "No checkpoint was cosigned by as many witnesses as the policy demands.",
    "witnesses-old": "Witnesses saw the ledger longer ago than is allowed: newer entries may have been cut off.",
    "pruned-uncovered": "Bodies of entries are gone, and no entry of the ledger says that they were pruned.",
    "pruned-early": "Bodies of entries were pruned before the time for which they were to be kept.",
    "pack-edited": "A pack is not byte for byte what its manifest says.",
    "member-missing": "A pack lacks a document that it should have, and does not say why.",
    "member-unknown": "A pack has a document that nothing in the ledger speaks of.",
    "document-differs": "A document of a pack is not the one whose digest the ledger holds.",
}
"""What can be found, and what it means."""

HOLDS, FOUND, UNREADABLE, UNANCHORED = 0, 1, 2, 3
EXITS: Final = """exit status:
  0  everything holds, by keys and witnesses of the policy that you gave
  1  something does not hold; each finding is a line
  2  the command line is wrong, or a file cannot be read
  3  everything fits together, but no policy was given: whoever made it may have made all of it anew"""

LEDGER, PACK, RECEIPT, PROOF = "qgw.ledger/1", "qgw.evidence/1", "qgw.receipt/1", "c2sp.org/tlog-proof@v1"
FINDINGS_KEPT: Final = 1000
HASH_BYTES, ID_BYTES, TIME_BYTES = 32, 4, 8
LATEST: Final = 1 << 37
"""No signature states a later moment, in POSIX seconds: there is no calendar for it."""
LINE_BYTES: Final = 1 << 17
"""Longest line that is read: twice what an entry may have."""
PACK_BYTES: Final = 1 << 28
SHAPES_KEPT: Final = 64
BLOCK_HEIGHT: Final = 10
"""Leaves are hashed together by so many levels at once, because a call for each node would take half of the time."""


class BrokenError(Exception):
    """Something does not hold; `code` is one of `CODES`."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold."""

    file: str
    seq: int | None
    """The entry it was found at; `None` where it is about the whole."""
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Witnessed:
    """How far witnesses saw the ledger, and when the last one needed did (POSIX seconds)."""

    size: int
    at: int
    witnesses: tuple[str, ...]


# ── the tree ─────────────────────────────────────────────────────────────────────────────────────
def leaf_hash(leaf: bytes) -> bytes:
    """Hash an entry (RFC 6962)."""
    return sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two neighbours into their parent."""
    return sha256(b"\1" + left + right).digest()


class Tree:
    """A Merkle tree of which only the right edge is kept, so that its size does not matter."""

    def __init__(self) -> None:
        self.fresh: list[bytes] = []
        """Leaves that were not folded yet, fewer than a block."""
        self._edge: list[tuple[int, bytes]] = []

    def fold(self) -> None:
        """Take in a whole block of fresh leaves."""
        level = self.fresh
        while len(level) > 1:
            pair = iter(level)
            level = [sha256(b"\1" + left + right).digest() for left, right in zip(pair, pair, strict=True)]
        self._edge = _joined(self._edge, BLOCK_HEIGHT, level[0])
        self.fresh.clear()

    def root(self) -> bytes:
        """Compute the root of all leaves so far."""
        edge = list(self._edge)
        for leaf in self.fresh:
            edge = _joined(edge, 0, leaf)
        if not edge:
            return sha256().digest()
        _, root = edge.pop()
        for _, left in reversed(edge):
            root = node_hash(left, root)
        return root


def _joined(edge: list[tuple[int, bytes]], height: int, added: bytes) -> list[tuple[int, bytes]]:
    while edge and edge[-1][0] == height:
        added, height = node_hash(edge.pop()[1], added), height + 1
    return [*edge, (height, added)]


def proven_root(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Climb from a leaf hash to the root that its proof of inclusion leads to (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise BrokenError("proof-broken", f"a ledger of {size} entries has no entry {index}")
    number, last, computed = index, size - 1, leaf
    for each in path:
        if last == 0:
            raise BrokenError("proof-broken", f"the proof of entry {index} is too long")
        if number & 1 or number == last:
            computed = node_hash(each, computed)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            computed = node_hash(computed, each)
        number, last = number >> 1, last >> 1
    if last:
        raise BrokenError("proof-broken", f"the proof of entry {index} is too short")
    return computed


# ── keys, checkpoints and the policy ─────────────────────────────────────────────────────────────
ED25519, COSIGNATURE, ML_DSA_44 = 1, 4, 6
"""How a line is signed, in C2SP's numbers; the last two state a time."""
_PUBLIC_BYTES: Final = {ED25519: 32, COSIGNATURE: 32, ML_DSA_44: 1312}
_FIELDS: Final = {"ed25519": ED25519, "ml_dsa_44": ML_DSA_44}


@dataclass(frozen=True, slots=True)
class Key:
    """A public key with its name (C2SP vkey)."""

    name: str
    algorithm: int
    public: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "Key":
        """Read `name+id+key`; raises `ValueError` where it is none."""
        name, shown, encoded = text.split("+", 2)
        content = _base64(encoded)
        key = cls(name, content[0], content[1:])
        if len(key.public) != _PUBLIC_BYTES.get(key.algorithm) or key.id.hex() != shown or not name:
            raise ValueError("a key was cut or changed, or is of no kind that is known here")
        return key

    @property
    def id(self) -> bytes:
        """The four bytes by which signature lines name it."""
        return sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public).digest()[:ID_BYTES]

    def __str__(self) -> str:
        """Write `name+id+key`."""
        return f"{self.name}+{self.id.hex()}+{b64encode(bytes([self.algorithm]) + self.public).decode()}"

    def verify(self, signature: bytes, message: bytes, context: bytes = b"") -> None:
        """Check a signature; raises `InvalidSignature` or `ValueError` where it does not hold."""
        if self.algorithm == ML_DSA_44:
            MLDSA44PublicKey.from_public_bytes(self.public).verify(signature, message, context)
        else:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How a ledger stood when it had `size` entries, with the signatures under it, believed by nobody yet."""

    origin: str
    size: int
    root: bytes
    note: str = field(repr=False)
    """The whole signed note."""

    @classmethod
    def parse(cls, note: bytes) -> "Checkpoint":
        """Read a signed note; raises `BrokenError` where it is no checkpoint, or has extension lines."""
        try:
            text, blank, lines = note.decode().rpartition("\n\n")
            origin, size, root = text.split("\n")
            if not (blank and origin and re.fullmatch("0|[1-9][0-9]{0,18}", size) and len(_base64(root)) == HASH_BYTES):
                raise ValueError("it is not origin, size and root")  # noqa: TRY301  # one sentence for all of it
            checkpoint = cls(origin, int(size), _base64(root), note.decode())
            if not lines.endswith("\n") or not list(checkpoint.signatures()):
                raise ValueError("no signatures stand under it")  # noqa: TRY301
        except ValueError as error:
            raise BrokenError("checkpoint-unreadable", f"a checkpoint is none: {error}") from None
        return checkpoint

    @property
    def text(self) -> str:
        """What is signed."""
        return self.note[: self.note.rindex("\n\n") + 1]

    def signatures(self) -> Iterator[tuple[str, bytes, bytes]]:
        """Give name, id of the key and signature of each line; raises `ValueError` at one that is none."""
        for line in self.note[len(self.text) + 1 : -1].split("\n"):
            dash, name, encoded = line.split(" ")
            content = _base64(encoded)
            if dash != "\N{EM DASH}" or len(content) <= ID_BYTES:
                raise ValueError("a line under it is no signature")
            yield name, content[:ID_BYTES], content[ID_BYTES:]

    def signed_at(self, key: Key) -> int | None:
        """Say when a key signed it, 0 where such a key states no time and `None` where it did not sign at all."""
        found = [
            self._checked(key, content) for name, id_, content in self.signatures() if (name, id_) == (key.name, key.id)
        ]
        return max(found, default=None)

    def _checked(self, key: Key, content: bytes) -> int:
        at = 0 if key.algorithm == ED25519 else int.from_bytes(content[:TIME_BYTES])
        try:
            _must(at < LATEST)
            key.verify(content if key.algorithm == ED25519 else content[TIME_BYTES:], self._message(key, at))
        except (InvalidSignature, ValueError):
            told = f"the signature by {key.name} under the checkpoint of {self.size} entries is false"
            raise BrokenError("checkpoint-unsigned", told) from None
        return at

    def _message(self, key: Key, at: int) -> bytes:
        if key.algorithm == ED25519:
            return self.text.encode()
        if key.algorithm == COSIGNATURE:
            return f"cosignature/v1\ntime {at}\n{self.text}".encode()
        named = b"".join((_counted(key.name), struct.pack(">Q", at), _counted(self.origin)))
        return b"subtree/v1\n\0" + named + struct.pack(">QQ", 0, self.size) + self.root


@dataclass(slots=True)
class Policy:
    """Whose signatures count (C2SP tlog-policy)."""

    logs: list[Key] = field(default_factory=list)
    witnesses: dict[str, Key] = field(default_factory=dict)
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Policy":
        """Read a policy; raises `ValueError` where it is none."""
        policy = cls()
        for number, line in enumerate(text.split("\n"), start=1):
            words = line.split()
            if words and not words[0].startswith("#"):
                try:
                    policy._read(words)
                except (ValueError, IndexError):
                    raise ValueError(f"line {number} of the policy is not understood") from None
        publics = [key.public for key in (*policy.logs, *policy.witnesses.values())]
        if len(set(publics)) != len(publics):
            raise ValueError("the policy names a key twice, which would count twice")
        if len({key.name for key in policy.logs}) != 1 or policy.quorum is None:
            raise ValueError(
                "the policy must name the keys of one ledger, and a quorum (`quorum none` asks for no witness)"
            )
        return policy

    @property
    def origin(self) -> str:
        """The ledger that it is about."""
        return self.logs[0].name

    def _read(self, words: list[str]) -> None:
        known = {*self.witnesses, *self.groups}
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                self.logs.append(_of_kind(Key.parse(vkey), {ED25519, ML_DSA_44}))
            case ["witness", name, vkey] | ["witness", name, vkey, _] if name not in {"none", *known}:
                self.witnesses[name] = _of_kind(Key.parse(vkey), {COSIGNATURE, ML_DSA_44})
            case ["group", name, needed, *members] if name not in {"none", *known} and known.issuperset(members):
                count = {"any": 1, "all": len(members)}.get(needed) or int(needed)
                taken = {each for _, others in self.groups.values() for each in others}
                _must(1 <= count <= len(set(members) - taken) == len(members))
                self.groups[name] = (count, tuple(members))
            case ["quorum", name] if self.quorum is None and name in {"none", *known}:
                self.quorum = name
            case _:
                raise ValueError

    def met(self, cosigned: Collection[str], asked: str | None = None) -> bool:
        """Say whether these witnesses are enough."""
        name = self.quorum if asked is None else asked
        if name == "none":
            return True
        if name not in self.groups:
            return name in cosigned
        count, members = self.groups[name]
        return sum(self.met(cosigned, member) for member in members) >= count

    def witnessed(self, checkpoint: Checkpoint) -> Witnessed | None:
        """Say who cosigned, where that is enough; raises `BrokenError` at a false cosignature."""
        times = {name: at for name, key in self.witnesses.items() if (at := checkpoint.signed_at(key)) is not None}
        recent = sorted(times, key=times.__getitem__, reverse=True)
        for count in range(len(recent) + 1):
            if self.met(recent[:count]):
                # The last one that was needed: all of them saw the ledger then or later.
                at = times[recent[count - 1]] if count else 0
                return Witnessed(checkpoint.size, at, tuple(sorted(times)))
        return None


class KeyHistory:
    """Which pair of keys signs from which entry on: the ledger announces each, signed by the one before."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.pairs: list[tuple[int, tuple[Key, ...]]] = []

    def take(self, seq: int, event: Mapping[str, Any]) -> None:
        """Take in an entry, if it announces keys; raises `BrokenError` where it may not."""
        if event["type"] not in {"ledger.key_created", "ledger.key_rotated"}:
            return
        try:
            self._add(seq, event["body"], first=event["type"] == "ledger.key_created")
        except (InvalidSignature, ValueError, KeyError, TypeError, AttributeError):
            told = f"entry {seq} announces keys of the ledger that those before did not sign"
            raise BrokenError("key-refused", told) from None

    def _add(self, seq: int, body: Mapping[str, Any], *, first: bool) -> None:
        pair = tuple(_of_kind(Key.parse(body[name]), {algorithm}) for name, algorithm in _FIELDS.items())
        before = self.pairs[-1][1] if self.pairs else ()
        if pair == before:
            return  # two replicas announced the same pair
        generation = len(self.pairs) + 1
        _must(
            first is not bool(before)
            and body["generation"] == generation
            and {key.name for key in pair} == {self.origin}
        )
        after = " ".join(["after", *(key.id.hex() for key in before)]) if before else "first"
        lines = ["qgw.log-key/1", f"ledger {self.origin}", str(generation), after, *map(str, pair), ""]
        for side, keys in (("new", pair), ("old", before)):
            for key, name in zip(keys, _FIELDS, strict=bool(keys)):
                context = b"qgw.log-key/1" if key.algorithm == ML_DSA_44 else b""
                key.verify(_base64(body["signatures"][side][name]), "\n".join(lines).encode(), context)
        self.pairs.append((seq, pair))

    def check(self, checkpoint: Checkpoint, *, replaced: bool) -> None:
        """Make sure that the pair of its time signed a checkpoint; with `replaced` the one before may have, too.

        A witness that was not told of a new pair yet keeps the lines of the pair it knows, and no others.
        """
        pairs = [pair for seq, pair in self.pairs if seq < checkpoint.size]
        if not pairs:
            raise BrokenError("checkpoint-unsigned", "the ledger announces no keys before its checkpoint")
        chosen = pairs[-2:] if replaced else pairs[-1:]
        signed = [[checkpoint.signed_at(key) is not None for key in pair] for pair in chosen]
        if not any(map(all, signed)):
            told = f"the checkpoint of {checkpoint.size} entries is not signed by both keys that the ledger announces"
            raise BrokenError("checkpoint-unsigned", told)


# ── entries ──────────────────────────────────────────────────────────────────────────────────────
_LINE, _MIDDLE = b'{"hash":"', b'","leaf":'
_LEAF_AT: Final = len(_LINE) + 64 + len(_MIDDLE)
_TYPE_BYTES: Final = 48
"""Within so many bytes of its end an event of the ledger's own says its type."""
_SKEW: Final = timedelta(seconds=5)
_EVENT: Final = {"at", "body", "id", "project", "schema", "type"}
_TOKEN: Final = re.compile(rb'"[^"]*":|"[^"]*"|-?[0-9]+')
"""A field's name, a word or a number, of an entry without escapes."""


def _refused(_: str) -> NoReturn:
    raise ValueError


_decoder: Final = json.JSONDecoder(parse_float=_refused, parse_constant=_refused)
_encoder: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def decoded(leaf: bytes) -> dict[str, Any]:
    """Read an entry; raises `BrokenError` where it is not the one canonical form (RFC 8785) of an entry's fields."""
    try:
        # A key that came twice would be written once, and so the bytes would differ.
        entry = _decoder.decode(leaf.decode())
        whole = entry.keys() == {"event", "prev", "seq", "v"} and entry["event"].keys() == _EVENT
        if not whole or canonical(entry) != leaf:
            raise ValueError  # noqa: TRY301  # one sentence for all of it
    except (ValueError, AttributeError, RecursionError):
        raise BrokenError("not-canonical", "an entry is not canonical JSON of the fields it has") from None
    return dict(entry)


def canonical(value: Any) -> bytes:
    """Write JSON in its one canonical form; of ASCII keys and whole numbers that is RFC 8785's."""
    return _encoder.encode(value).encode()


class Shapes:
    """Shapes of entries that were read whole and found canonical.

    What differs from such an entry by plain words and whole numbers alone is canonical too, and a pattern says so in
    a fifth of the time. Anything else, such as words with escapes, is read whole.
    """

    def __init__(self) -> None:
        self._known: list[re.Pattern[bytes]] = []

    def fit(self, leaf: bytes) -> bool:
        """Say whether an entry has the shape of one that was canonical."""
        return any(shape.fullmatch(leaf) for shape in self._known)

    def learn(self, leaf: bytes) -> None:
        """Keep the shape of a canonical entry."""
        if b"\\" not in leaf and len(self._known) < SHAPES_KEPT:
            rest = map(re.escape, _TOKEN.split(leaf))
            tokens = map(_any_like, _TOKEN.findall(leaf))
            parts = chain.from_iterable(zip_longest(rest, tokens, fillvalue=b""))
            self._known.append(re.compile(b"".join(parts)))


def _any_like(token: bytes) -> bytes:
    """Write the pattern of what may stand for a token: names of fields for themselves only."""
    if token.endswith(b":"):
        return re.escape(token)
    return rb'"[ !#-\[\]-~]*"' if token.startswith(b'"') else rb"(?:0|-?[1-9][0-9]{0,17})"


@dataclass(frozen=True, slots=True)
class Head:
    """How a ledger stood at one size, as somebody says."""

    name: str
    size: int
    root: str
    last: str | None = None


class Pruned:
    """Entries whose bodies retention dropped: their hashes stay, and an entry of the ledger must have said so before.

    Bodies go oldest first, so the newest one that is gone tells: the prunings that reach behind it are compared with
    the moment of the first entry after it.
    """

    def __init__(self) -> None:
        self.count, self.first, self.newest, self.open = 0, -1, -1, False
        self._followed_at = ""
        self._told: list[tuple[int, datetime, int]] = []

    def begin(self, seq: int) -> None:
        """Take in a pruned entry."""
        self.first = self.first if self.count else seq
        self.count, self.newest, self.open = self.count + 1, seq, True

    def end(self, event: Mapping[str, Any]) -> None:
        """Take in an entry that was not; what prunings say is kept."""
        if self.open:
            self.open, self._followed_at = False, event["at"]
        if event["type"] == "ledger.pruned":
            body = event["body"]
            with suppress(KeyError, TypeError, ValueError):  # who says nothing of it covers nothing
                self._told.append((int(body["stop"]), datetime.fromisoformat(event["at"]), int(body["days"])))

    def check(self, *, keeps: int) -> None:
        """Raise `BrokenError` where bodies are gone that no pruning covers, by which they were kept so many days."""
        if not self.count:
            return
        covering = [each for each in self._told if each[0] > self.newest]
        if not covering or self.first == 0:
            told = f"{self.count} entries up to {self.newest} have no body, and no entry says that it was pruned"
            raise BrokenError("pruned-uncovered", told)
        followed = datetime.fromisoformat(self._followed_at) if self._followed_at else None
        if not any(
            days >= keeps and followed is not None and followed <= at - timedelta(days=days) + _SKEW
            for _, at, days in covering
        ):
            raise BrokenError("pruned-early", f"entries up to {self.newest} were pruned before their time")


class Export:
    """Follows an export line by line, in constant memory."""

    def __init__(self, find: Callable[..., None], *, strict: bool) -> None:
        self._find, self._strict = find, strict
        self.heads: list[Head] = []
        self.of_ledger: Callable[[int, Mapping[str, Any]], None] = _nobody
        """Told place and event of every entry about the ledger itself."""
        self.of_all: Callable[[int, bytes], None] | None = None
        """Told place and leaf of every entry, if anybody wants them."""
        self.entries = 0
        self.pruned = Pruned()
        self._shapes = Shapes()
        self._tree = Tree()
        self._seq, self._previous = 0, b"0" * 64
        self._stood: dict[int, tuple[str, str]] = {}

    def read(self, lines: Iterable[bytes]) -> None:
        """Check entry lines, in order. Written out in one loop, because it decides how long an audit takes.

        The type of an event is its last field, so that the few entries that matter here are found by place.
        """
        tree, stops, block = self._tree, {head.size + 1 for head in self.heads}, 1 << BLOCK_HEIGHT
        fresh, every = tree.fresh, self._check_form if self._strict else self.of_all
        seq, previous, pruned, count = self._seq, self._previous, self.pruned, self.entries
        for count, line in enumerate(lines, 1):
            if count in stops:
                self._stand(count - 1, previous)
            digest = sha256(b"\0" + line[_LEAF_AT:-2]).digest()
            name = hexlify(digest)
            end = b',"prev":"%b","seq":%d,"v":1}}\n' % (previous, seq)
            if line.endswith(end) and line.startswith(b'{"hash":"%b","leaf":' % name):
                if line.find(b'"ledger.', -len(end) - _TYPE_BYTES) > 0 or pruned.open:
                    self._notice(seq, line[_LEAF_AT:-2])
                if every is not None:
                    every(seq, line[_LEAF_AT:-2])
                seq, previous = seq + 1, name
            else:
                self._seq, self._previous = seq, previous
                digest = self._examine(line)
                seq, previous = self._seq, self._previous
            fresh.append(digest)
            if len(fresh) == block:
                tree.fold()
        self._seq, self._previous, self.entries = seq, previous, count

    def _notice(self, seq: int, leaf: bytes) -> None:
        """Look at the few entries that say something of the ledger itself, or end a range of pruned ones."""
        try:
            event = decoded(leaf)["event"]
            self.pruned.end(event)
            self.of_ledger(seq, event)
        except BrokenError as error:
            self._find(error.code, f"entry {seq}: {error}", seq)

    def root(self) -> bytes:
        """Compare with every head, and give the root of all entries."""
        self._stand(self.entries, self._previous)
        for head in self.heads:
            self._compare(head)
        return self._tree.root()

    def _stand(self, size: int, previous: bytes) -> None:
        self._stood[size] = (self._tree.root().hex(), previous.decode())

    def _examine(self, line: bytes) -> bytes:
        """Say what is wrong with a line, and find the way back into the chain; gives the hash it has in the tree."""
        stated, leaf = line[len(_LINE) : len(_LINE) + 64], line[_LEAF_AT:-2]
        if re.fullmatch(rb'\{"hash":"[0-9a-f]{64}","pruned":%d\}\n' % self._seq, line):
            return self._skip(stated)
        if not re.fullmatch(b"[0-9a-f]{64}", stated) or line != b"%b%b%b%b}\n" % (_LINE, stated, _MIDDLE, leaf):
            return self._unreadable()
        place = re.search(rb',"prev":"([0-9a-f]{64})","seq":(0|[1-9][0-9]{0,18}),"v":1}$', leaf)
        if place is None:
            return self._unreadable()
        seq, digest = int(place[2]), leaf_hash(leaf)
        self._judge_place(seq, place[1])
        if digest.hex().encode() != stated:
            self._find("entry-edited", f"entry {seq} does not have the hash that is stated beside it", seq)
        if seq >= self._seq:
            self._seq, self._previous = seq + 1, stated
        return digest

    def _unreadable(self) -> bytes:
        self._find("line-unreadable", f"where entry {self._seq} should be, there is no entry", self._seq)
        self._seq, self._previous = self._seq + 1, b""
        return bytes(HASH_BYTES)

    def _skip(self, stated: bytes) -> bytes:
        """Take an entry whose body was pruned: chain and tree go on with its hash."""
        self.pruned.begin(self._seq)
        self._seq, self._previous = self._seq + 1, stated
        return bytes.fromhex(stated.decode())

    def _judge_place(self, seq: int, previous: bytes) -> None:
        if seq > self._seq:
            self._find("entry-missing", f"{seq - self._seq} entries are missing before entry {seq}", self._seq)
        elif seq < self._seq:
            self._find("entry-misplaced", f"entry {seq} stands after entry {self._seq - 1}", seq)
        elif self._previous and previous != self._previous:
            self._find(
                "chain-broken", f"entry {seq} does not follow the entry before it: one of the two was changed", seq
            )

    def _check_form(self, seq: int, leaf: bytes) -> None:
        if not self._shapes.fit(leaf):
            try:
                decoded(leaf)
            except BrokenError as error:
                self._find(error.code, f"entry {seq}: {error}", seq)
            else:
                self._shapes.learn(leaf)
        if self.of_all is not None:
            self.of_all(seq, leaf)

    def _compare(self, head: Head) -> None:
        if self._seq < head.size:
            told = f"the ledger ends after {self._seq} entries, {head.name} says {head.size}: its tail was cut off"
            self._find("tail-missing", told, self._seq)
            return
        root, last = self._stood.get(head.size, ("", ""))
        if head.root != root:
            told = f"the first {head.size} entries do not have the root that {head.name} names: some were changed"
            self._find("root-differs", told)
        if head.last is not None and self._seq > head.size:
            self._find("tail-added", f"there are {self._seq} entries, {head.name} says {head.size}", head.size)
        elif head.last not in {None, last}:
            self._find("last-differs", f"the newest entry is not the one that {head.name} names", head.size - 1)


# ── what a pack says in other words than the ledger ──────────────────────────────────────────────
_FIRST: Final = ("job.permitted", "job.denied", "reservation.refused")
_LAST: Final = ("job.completed", "job.failed", "job.cancelled", "job.closed")
_ASKED: Final = (
    *("principal", "key", "dialect", "program", "backend_asked", "classification", "session", "payload"),
    *("circuits", "options_not_applied"),
)
_RAN: Final = ("attempt", "backend", "upstream", "execution_kind", "fallback", "reason", "cost", "calibration")
Entries = Sequence[Mapping[str, Any]]
"""Leaves as JSON has them, oldest first."""


def story(entries: Entries) -> dict[str, Any]:
    """Tell what became of one job, from its entries and nothing else: `story.json` of a pack is exactly this."""
    asked, *_ = (entry["event"] for entry in entries if entry["event"]["type"] in _FIRST)
    ended = [entry["event"] for entry in entries if entry["event"]["type"] in _LAST]
    body = asked["body"]
    return {
        "job": body.get("job_id"),
        "client_job_id": body.get("client_job_id"),
        "project": asked["project"],
        "asked": {"at": asked["at"], **{name: body[name] for name in _ASKED if name in body}},
        "decision": {**body["decision"], "allowed": "deny" not in body, "deny": body.get("deny", [])},
        "placement": body.get("placement"),
        "quote": body.get("quote"),
        "calibrations": [digest for digest in _named(entries, ("calibration", "execution_calibration")) if digest],
        "outcomes": [
            {"type": event["type"], "at": event["at"], **{name: event["body"].get(name) for name in _RAN}}
            for event in ended
        ],
        "entries": [{"seq": each["seq"], "type": each["event"]["type"], "at": each["event"]["at"]} for each in entries],
    }


def provenance(entries: Entries) -> dict[str, Any]:
    """Tell the same as W3C PROV-JSON: `prov.json` of a pack is exactly this."""
    graph = _Graph()
    for entry in entries:
        event = entry["event"]
        if event["type"] in _FIRST:
            _tell_decision(graph, entry["seq"], event)
        elif event["type"] == "job.forwarded":
            _tell_attempt(graph, event, started=event["at"])
        elif event["type"] in _LAST:
            _tell_outcome(graph, event)
    return graph.document


class _Graph:
    """A PROV-JSON document as it grows."""

    def __init__(self) -> None:
        self.document: dict[str, dict[str, Any]] = {"prefix": {"qgw": "urn:quantum-governance-gateway:"}}

    def put(self, kind: str, name: str, **attributes: Any) -> str:
        """Add an entity, activity or agent, or more of what is known about one; gives its name."""
        known = self.document.setdefault(kind, {}).setdefault(f"qgw:{name}", {})
        known.update({key.replace("__", ":"): value for key, value in attributes.items() if value is not None})
        return f"qgw:{name}"

    def relate(self, relation: str, **ends: str) -> None:
        """Say how two of them belong together."""
        told = {f"prov:{role}": name for role, name in ends.items()}
        known = self.document.setdefault(relation, {})
        if told not in known.values():
            known[f"_:{relation}{len(known) + 1}"] = told


def _tell_decision(graph: _Graph, seq: int, event: Mapping[str, Any]) -> None:
    body, decision = event["body"], event["body"]["decision"]
    who = graph.put("agent", f"principal/{body['principal']}", prov__type="prov:Person")
    gateway = graph.put("agent", "gateway", prov__type="prov:SoftwareAgent")
    engine = {"qgw__engine": decision["engine"], "qgw__allowed": "deny" not in body}
    decided = graph.put("activity", f"decision/{decision['id']}", prov__endTime=event["at"], **engine)
    entry = graph.put("entity", f"entry/{seq}", prov__type="qgw:LedgerEntry", qgw__event=event["type"])
    payload = graph.put("entity", f"payload/{body['payload']['digest']}", qgw__bytes=body["payload"]["bytes"])
    used = {"facts": decision["facts_digest"], "policy": decision["policy_revision"], "data": decision["data_revision"]}
    used |= {"circuits": (body.get("circuits") or {}).get("digest"), "calibration": body.get("calibration")}
    for name in (payload, *(graph.put("entity", f"{kind}/{digest}") for kind, digest in used.items() if digest)):
        graph.relate("used", activity=decided, entity=name)
    graph.relate("wasGeneratedBy", entity=entry, activity=decided)
    graph.relate("wasAttributedTo", entity=payload, agent=who)
    graph.relate("wasAssociatedWith", activity=decided, agent=gateway)
    graph.relate("actedOnBehalfOf", delegate=gateway, responsible=who)
    if "job_id" in body and "attempt" in body:
        attempt = _tell_attempt(graph, event)
        graph.relate("wasInformedBy", informed=attempt, informant=decided)
        graph.relate("used", activity=attempt, entity=payload)


def _tell_attempt(graph: _Graph, event: Mapping[str, Any], *, started: str | None = None) -> str:
    body = event["body"]
    name = graph.put("activity", f"attempt/{body['job_id']}/{body['attempt']}", prov__startTime=started)
    if upstream := body.get("upstream"):
        agent = graph.put("agent", f"upstream/{upstream}", prov__type="prov:Organization")
        graph.relate("wasAssociatedWith", activity=name, agent=agent)
    return name


def _tell_outcome(graph: _Graph, event: Mapping[str, Any]) -> None:
    body = event["body"]
    attempt = _tell_attempt(graph, event)
    told = {f"qgw__{name}": body.get(name) for name in ("backend", "execution_kind", "reason")}
    graph.put("activity", attempt.removeprefix("qgw:"), prov__endTime=event["at"], qgw__outcome=event["type"], **told)
    if digest := body.get("execution_calibration"):
        graph.relate("used", activity=attempt, entity=graph.put("entity", f"calibration/{digest}"))
    for kind, sealed in (body.get("documents") or {}).items():
        name = graph.put("entity", f"document/{sealed['digest']}", qgw__kind=kind, prov__type="qgw:SealedDocument")
        graph.relate("wasGeneratedBy", entity=name, activity=attempt)


def _named(entries: Entries, fields: Sequence[str]) -> list[str]:
    """Collect what the bodies of entries say in some fields, each once, in order."""
    found = [entry["event"]["body"].get(name) for entry in entries for name in fields]
    return list(dict.fromkeys(each for each in found if each is not None))


# ── proofs, receipts and packs ───────────────────────────────────────────────────────────────────
@dataclass(slots=True)
class Proven:
    """Entries that proofs lead from to one checkpoint."""

    checkpoint: Checkpoint
    entries: list[Mapping[str, Any]]
    history: KeyHistory
    job: str = ""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Documents that a pack does not have, and why, in its maker's words."""

    @classmethod
    def of(cls, given: Iterable[tuple[bytes, bytes]]) -> "Proven":
        """Check entries with their proofs (C2SP tlog-proof); raises `BrokenError` at the first that does not hold."""
        proven: Proven | None = None
        for leaf, proof in given:
            head, _, note = proof.partition(b"\n\n")
            checkpoint = Checkpoint.parse(note)
            proven = proven or cls(checkpoint, [], KeyHistory(checkpoint.origin))
            if checkpoint.note != proven.checkpoint.note:
                raise BrokenError("proof-broken", "two proofs lead to two checkpoints")
            proven.take(decoded(leaf), leaf_hash(leaf), head.decode("ascii", "replace").split("\n"))
        if proven is None:
            raise BrokenError("proof-broken", "there is no entry with a proof")
        return proven

    def take(self, entry: Mapping[str, Any], digest: bytes, lines: Sequence[str]) -> None:
        """Take an entry in; they come oldest first."""
        seq, size = entry["seq"], self.checkpoint.size
        last = self.entries[-1]["seq"] if self.entries else -1
        if lines[:2] != [PROOF, f"index {seq}"] or seq <= last:
            raise BrokenError("proof-broken", f"entry {seq} is at another place than its proof says")
        try:
            path = [_base64(line) for line in lines[2:]]
        except ValueError:
            raise BrokenError("proof-broken", f"the proof of entry {seq} is unreadable") from None
        if proven_root(digest, seq, size, path) != self.checkpoint.root:
            raise BrokenError("proof-broken", f"the proof does not lead from entry {seq} to the root of {size} entries")
        self.history.take(seq, entry["event"])
        self.entries.append(entry)

    def about(self, job: str) -> Entries:
        """Give the entries of a job; raises `BrokenError` where others than those and the keys' are here."""
        self.job = job
        told = [entry for entry in self.entries if not entry["event"]["type"].startswith("ledger.key_")]
        for entry in told:
            body = entry["event"]["body"]
            if job not in {body.get("job_id"), body.get("decision", {}).get("id")}:
                raise BrokenError("document-differs", f"entry {entry['seq']} is not about the job {job}")
        if not any(entry["event"]["type"] in _FIRST for entry in told):
            raise BrokenError("member-missing", "the entry that tells of the decision is not there")
        return told


_RECEIPT: Final = {"format", "job", "client_job_id", "size", "pending", "entries"}


def receipt(content: bytes) -> tuple[Proven, Entries]:
    """Check a receipt; gives what it proves, and the entries of its job."""
    told = _parsed(content)
    try:
        given = [(each["leaf"].encode(), each["proof"].encode()) for each in told["entries"]]
        job = str(told["job"])
    except (KeyError, TypeError, AttributeError):
        raise BrokenError("file-unreadable", "a receipt has no entries with proofs") from None
    proven = Proven.of(given)
    entries = proven.about(job)
    about = {"format": RECEIPT, "job": job, "client_job_id": story(entries)["client_job_id"]}
    if told != {**told, **about, "size": proven.checkpoint.size} or told.keys() != _RECEIPT:
        raise BrokenError("document-differs", "the receipt says something else than its entries")
    return proven, entries


CARRIED: Final = {"README.txt", "qgw_verify.py", "trust-policy"}
"""Members of a pack that prove nothing: take them from another source when it matters."""
DERIVED: Final[Mapping[str, Callable[[Entries], dict[str, Any]]]] = {"story.json": story, "prov.json": provenance}


def pack(content: bytes) -> tuple[Proven, Entries]:
    """Check an evidence pack, every byte of it; gives what it proves, and the entries of its job."""
    members = _unpacked(content)
    manifest = _parsed(members.pop("manifest.json", b""))
    hashes = {name: sha256(each).hexdigest() for name, each in members.items()}
    if manifest.get("format") != PACK or manifest.get("files") != hashes:
        differing = sorted({name for name, _ in hashes.items() ^ (manifest.get("files") or {}).items()})
        raise BrokenError(
            "pack-edited", f"members are not those of the manifest: {', '.join(differing) or 'its format'}"
        )
    leaves = sorted(name for name in members if re.fullmatch(r"entries/[0-9]{12}\.json", name))
    proofs = [name.removesuffix("json") + "tlog-proof" for name in leaves]
    if missing := [name for name in proofs if name not in members]:
        raise BrokenError("member-missing", f"{missing[0]} is not there")
    proven = Proven.of((members.pop(leaf), members.pop(proof)) for leaf, proof in zip(leaves, proofs, strict=True))
    proven.missing = dict(manifest.get("missing") or {})
    told = proven.about(str(manifest.get("job")))
    if members.pop("checkpoint", b"").decode("utf-8", "replace") != proven.checkpoint.note:
        raise BrokenError("document-differs", "the checkpoint is not the one that the proofs lead to")
    about = {"format": PACK, "job": proven.job, "ledger": proven.checkpoint.origin, "size": proven.checkpoint.size}
    if manifest != {**about, "missing": proven.missing, "files": hashes}:
        raise BrokenError("document-differs", "the manifest says something else than what it is about")
    _check_documents(members, told, proven.missing)
    return proven, told


def _check_documents(members: Mapping[str, bytes], told: Entries, missing: Mapping[str, str]) -> None:
    """Compare every document with what the proven entries say of it."""
    rest = {name: content for name, content in members.items() if name not in CARRIED}
    for name, derive in DERIVED.items():
        if rest.pop(name, None) != canonical(derive(told)):
            raise BrokenError("document-differs", f"{name} does not tell what the entries say")
    for name, expected in documents(told).items():
        mine = {path: rest.pop(path) for path in list(rest) if path == name or path.startswith(f"{name}/")}
        if not mine and name not in missing:
            raise BrokenError("member-missing", f"{name} is not there, and the manifest does not say why")
        if mine and _digest(name, mine) != expected:
            raise BrokenError("document-differs", f"{name} is not the one whose digest the ledger holds")
    if rest:
        raise BrokenError("member-unknown", f"nothing in the ledger speaks of {min(rest)}")


def documents(told: Entries) -> dict[str, str]:
    """Name the documents that the entries of a job speak of, with their digests."""
    bodies = [entry["event"]["body"] for entry in told]
    decision = next(body["decision"] for body in bodies if "decision" in body)
    named = {"facts.json": decision["facts_digest"], "policy/rego": decision["policy_revision"]}
    named |= {"policy/data": decision["data_revision"]}
    named |= {f"calibration/{each}.json": each for each in _named(told, ("calibration", "execution_calibration"))}
    for body in bodies:
        if body.get("quote"):
            named["prices.json"] = body["quote"]["price_revision"]
        if body.get("provenance"):
            named["provenance.json"] = body["provenance"]["digest"]
    return {name: digest for name, digest in named.items() if digest}


def _digest(name: str, files: Mapping[str, bytes]) -> str:
    """Compute the digest by which entries name a document; a tree of files has the hash of its files' hashes."""
    if name.startswith("policy/"):
        hashes = (f"{path.removeprefix(f'{name}/')} {sha256(content).hexdigest()}" for path, content in files.items())
        return sha256("\n".join(sorted(hashes)).encode()).hexdigest()
    return sha256(files[name]).hexdigest()


def packed(members: Mapping[str, bytes]) -> bytes:
    """Write a pack: a zip file of which every byte follows from its members, so that none can differ unnoticed.

    Members stand in order, uncompressed, with the first moment that a zip file can tell.
    """
    body, directory = BytesIO(), BytesIO()
    for name, content in sorted(members.items()):
        path = name.encode("ascii")
        shared = struct.pack(
            "<HHHHHLLLHH", 20, 0, 0, 0, 33, zlib.crc32(content), len(content), len(content), len(path), 0
        )
        directory.write(
            b"PK\1\2" + struct.pack("<H", 20) + shared + struct.pack("<HHHLL", 0, 0, 0, 0, body.tell()) + path
        )
        body.write(b"PK\3\4" + shared + path + content)
    size, start = directory.tell(), body.tell()
    end = b"PK\5\6" + struct.pack("<HHHHLLH", 0, 0, len(members), len(members), size, start, 0)
    return body.getvalue() + directory.getvalue() + end


def _unpacked(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(BytesIO(content)) as opened:
            if sum(each.file_size for each in opened.infolist()) > len(content):
                raise ValueError  # noqa: TRY301  # one sentence for all of it
            members = {each.filename: opened.read(each) for each in opened.infolist()}
            same = packed(members) == content
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, zlib.error, EOFError, RuntimeError):
        raise BrokenError("pack-edited", "the file is damaged, or was not packed by a gateway") from None
    if not same:
        raise BrokenError("pack-edited", "the file has more or other bytes than its members")
    return members


# ── one verification ─────────────────────────────────────────────────────────────────────────────
@dataclass(slots=True)
class _Note:
    """A checkpoint to compare with, and where it came from."""

    checkpoint: Checkpoint
    file: str
    outside: bool
    """Whether it came from elsewhere than the ledger's own export."""


@dataclass(slots=True)
class Report:
    """What a verification came to."""

    findings: list[Finding] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """What was verified, a sentence for each file."""
    entries: int = 0
    witnessed: Witnessed | None = None


class Audit:
    """Verifies files against a policy and against each other."""

    def __init__(self, policy: Policy | None, *, not_before: int = 0, keeps: int = 0, strict: bool = False) -> None:
        self._policy, self._not_before, self._keeps, self._strict = policy, not_before, keeps, strict
        self.report = Report()
        self._notes: list[_Note] = []
        self._jobs: dict[str, tuple[str, set[int], int]] = {}
        """File, known entries and size of the checkpoint of each job that a pack or receipt is about."""
        self._file = ""

    def find(self, code: str, sentence: str, seq: int | None = None) -> None:
        """Add a finding."""
        if len(self.report.findings) < FINDINGS_KEPT:
            self.report.findings.append(Finding(self._file, seq, code, sentence))

    def know(self, name: str, content: bytes, *, outside: bool) -> None:
        """Take in checkpoints: a note as it is served, or a JSON line for each."""
        self._file = name
        for note in _notes_in(content):
            try:
                self._know(Checkpoint.parse(note), outside=outside)
            except BrokenError as error:
                self.find(error.code, str(error))

    def _know(self, checkpoint: Checkpoint, *, outside: bool) -> None:
        if self._policy is not None and checkpoint.origin != self._policy.origin:
            told = f"a checkpoint is of the ledger {checkpoint.origin!r}, the policy of {self._policy.origin!r}"
            self.find("origin-differs", told)
        else:
            self._notes.append(_Note(checkpoint, self._file, outside))

    def document(self, name: str, content: bytes) -> None:
        """Verify a pack or a receipt."""
        self._file = name
        try:
            proven, told = pack(content) if content.startswith(b"PK") else receipt(content)
            self._check_trust(proven.history, proven.checkpoint)
            self._expect(proven.checkpoint, self._witnessed(proven.checkpoint))
        except BrokenError as error:
            self.find(error.code, str(error))
            return
        except (KeyError, TypeError, AttributeError, ValueError):
            self.find("file-unreadable", "it has not the form of a pack or receipt")
            return
        self._know(proven.checkpoint, outside=True)
        seqs = {entry["seq"] for entry in told}
        self._jobs[proven.job] = (name, seqs, proven.checkpoint.size)
        self.report.entries += len(proven.entries)
        self.report.told.append(f"{name}: {_sentence(proven, told)}")
        self.report.told += [f"{name}: without {each}: {why}" for each, why in sorted(proven.missing.items())]

    def _expect(self, checkpoint: Checkpoint, seen: Witnessed | None) -> None:
        """Demand that enough witnesses saw what is proven, lately enough."""
        if self._policy is None:
            return
        if seen is None:
            told = f"the checkpoint of {checkpoint.size} entries lacks the witnesses that the policy demands"
            raise BrokenError("witnesses-missing", told)
        self._see(seen)
        if seen.at < self._not_before:
            raise BrokenError("witnesses-old", "enough witnesses last saw the ledger before the moment asked for")

    def _see(self, seen: Witnessed) -> None:
        self.report.witnessed = _later(self.report.witnessed, seen)

    def _witnessed(self, checkpoint: Checkpoint) -> Witnessed | None:
        return None if self._policy is None else self._policy.witnessed(checkpoint)

    def _check_trust(self, history: KeyHistory, checkpoint: Checkpoint) -> None:
        """Make sure that the ledger's own keys signed, and that the policy knows one pair of them."""
        if self._policy is not None:
            if checkpoint.origin != self._policy.origin:
                told = f"it is of the ledger {checkpoint.origin!r}, the policy of {self._policy.origin!r}"
                raise BrokenError("origin-differs", told)
            if not any(set(pair) <= set(self._policy.logs) for _, pair in history.pairs):
                raise BrokenError("key-unknown", "the ledger announces no pair of keys that the policy names")
        history.check(checkpoint, replaced=False)

    def pass_over(self, path: Path) -> None:
        """Say of a file in an archive that it was not verified; one that is called like evidence should have been."""
        self._file = str(path)
        if path.suffix in _EVIDENCE:
            self.find("file-unreadable", "it is called like evidence, and is none")
        else:
            self.report.told.append(f"{path}: not evidence, not looked at")

    def ledger(self, name: str, lines: gzip.GzipFile | BinaryIO) -> None:
        """Verify an export, with all checkpoints that are known."""
        self._file = name
        header = _header(lines.readline(LINE_BYTES))
        if header is None:
            self.find("header-unreadable", f"the first line is no header of a {LEDGER} export")
            return
        export = Export(self.find, strict=self._strict)
        export.heads.append(Head("the header", header["size"], header["root"], header["last"]))
        for note in self._notes:
            checkpoint = note.checkpoint
            if checkpoint.origin != header["origin"]:
                self.find("origin-differs", f"it is of another ledger than the checkpoint in {note.file}")
            named = f"the checkpoint of {checkpoint.size} entries in {note.file}"
            export.heads.append(Head(named, checkpoint.size, checkpoint.root.hex()))
        history = KeyHistory(header["origin"])
        export.of_ledger = history.take
        if self._jobs:
            export.of_all = self._belongs
        export.read(iter(partial(lines.readline, LINE_BYTES), b""))
        root = export.root()
        self._try(lambda: export.pruned.check(keeps=self._keeps))
        self._close(history, header["origin"])
        self.report.entries += export.entries
        self.report.told.append(f"{name}: {export.entries} entries of {header['origin']}, Merkle root {root.hex()}")
        if export.pruned.count:
            self.report.told.append(f"{name}: {export.pruned.count} entries were pruned; their hashes are proven")

    def _try(self, check: Callable[[], None]) -> None:
        try:
            check()
        except BrokenError as error:
            self.find(error.code, str(error))

    def _belongs(self, seq: int, leaf: bytes) -> None:
        """Notice an entry of a job whose pack or receipt should have had it."""
        for job in re.findall(rb'"job_id":"([^"]{1,64})"', leaf):
            file, seqs, size = self._jobs.get(job.decode("ascii", "replace"), ("", set(), 0))
            if seq < size and seq not in seqs:
                self.find("entry-withheld", f"{file} leaves out entry {seq}, which is of its job", seq)

    def _close(self, history: KeyHistory, origin: str) -> None:
        """Check the signatures under all checkpoints, once the whole ledger has told which keys count."""
        if self._policy is not None and origin != self._policy.origin:
            self.find("origin-differs", f"it is of the ledger {origin!r}, the policy of {self._policy.origin!r}")
        elif self._policy is not None and not any(set(pair) <= set(self._policy.logs) for _, pair in history.pairs):
            self.find("key-unknown", "the ledger announces no pair of keys that the policy names")
        seen: Witnessed | None = None
        for note in self._notes:
            self._file = note.file
            try:
                history.check(note.checkpoint, replaced=note.outside)
                now = self._witnessed(note.checkpoint)
            except BrokenError as error:
                self.find(error.code, str(error))
            else:
                seen = _later(seen, now)
        self._judge(seen)

    def _judge(self, seen: Witnessed | None) -> None:
        if self._policy is None:
            return
        if seen is not None:
            self._see(seen)
        if seen is None and not self._policy.met(()):
            self.find("witnesses-missing", "no checkpoint has the cosignatures that the policy demands")
        elif self._not_before and (seen is None or seen.at < self._not_before):
            self.find("witnesses-old", "enough witnesses last saw the ledger before the moment asked for")


def _later(one: Witnessed | None, other: Witnessed | None) -> Witnessed | None:
    """Give the one who saw more, or the same later."""
    return max(filter(None, (one, other)), key=lambda each: (each.size, each.at), default=None)


def _sentence(proven: Proven, told: Entries) -> str:
    """Say in one line what a pack or receipt proves."""
    about = story(told)
    ended = [f"{each['type']} on {each['backend']} ({each['execution_kind']})" for each in about["outcomes"]]
    kind = "permitted" if about["decision"]["allowed"] else "refused"
    return (
        f"job {proven.job}, {kind} at {about['asked']['at']}, {', '.join(ended) or 'no outcome yet'}; "
        f"{len(told)} entries proven in the first {proven.checkpoint.size} of {proven.checkpoint.origin}"
    )


def _header(line: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(line)
        hashes = (told["root"], told["last"])
        _must(told["format"] == LEDGER and type(told["size"]) is int and type(told["origin"]) is str)
        _must(len(told) == len(("format", "last", "origin", "root", "size")))
        _must(all(re.fullmatch("[0-9a-f]{64}", each) for each in hashes))
    except (ValueError, KeyError, TypeError):
        return None
    return dict(told)


def _notes_in(content: bytes) -> Iterator[bytes]:
    if not content.startswith(b"{"):
        yield content
        return
    for line in content.splitlines():
        try:
            yield str(_parsed(line).get("checkpoint")).encode("utf-8", "replace")
        except BrokenError:
            yield line  # which is no checkpoint either, and is then found not to be


# ── files and the command line ───────────────────────────────────────────────────────────────────
_EVIDENCE: Final = {".jsonl", ".json", ".zip", ".gz"}


def files_in(paths: Iterable[Path]) -> dict[str, list[Path]]:
    """Sort files, and those of directories, by what their first bytes say they are."""
    found: dict[str, list[Path]] = {"documents": [], "notes": [], "ledgers": [], "other": []}
    for path in paths:
        path.stat()  # what is not there is an error, not an empty archive
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                found[_kind(file)].append(file)
    return found


def _kind(path: Path) -> str:
    with _opened(path) as stream:
        start = stream.read(4096)
    if start.startswith(b"PK\3\4"):
        return "documents"
    if start.startswith(b"{"):
        if re.search(rb'^[^\n]*"format":"qgw\.ledger/', start):
            return "ledgers"
        if start.startswith(b'{"checkpoint":"'):
            return "notes"
        return "documents" if re.search(rb'"format":\s*"qgw\.receipt/', _whole(path)) else "other"
    return "notes" if "\n\n\N{EM DASH} ".encode() in start else "other"


def _opened(path: Path) -> gzip.GzipFile | BinaryIO:
    with path.open("rb") as stream:
        packed_ = stream.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed_ else path.open("rb", buffering=1 << 20)


def _whole(path: Path) -> bytes:
    with _opened(path) as stream:
        content = stream.read(PACK_BYTES + 1)
    if len(content) > PACK_BYTES:
        raise OSError(f"{path} is larger than {PACK_BYTES} bytes")
    return content


def run(audit: Audit, paths: Sequence[Path], *, checkpoints: Sequence[Path], known: Sequence[Path]) -> None:
    """Verify files; checkpoints first, so that whole ledgers are compared with all of them in one reading."""
    found = files_in(paths)
    for path in (*found["notes"], *checkpoints):
        audit.know(str(path), _whole(path), outside=False)
    for path in known:
        audit.know(str(path), _whole(path), outside=True)
    for path in found["documents"]:
        audit.document(str(path), _whole(path))
    for path in found["ledgers"]:
        with _opened(path) as lines:
            audit.ledger(str(path), lines)
    for path in found["other"]:
        if path in paths:
            raise OSError(f"{path} is no ledger, pack, receipt or checkpoint")
        audit.pass_over(path)
    if not found["ledgers"] and not found["documents"]:
        raise OSError("there is nothing to verify in it: give a ledger, a pack or a receipt")


def main(arguments: Sequence[str] | None = None) -> int:
    """Be the program."""
    given = _parser().parse_args(arguments)
    if given.findings:
        print("\n".join(f"{code:24}{meaning}" for code, meaning in CODES.items()))  # noqa: T201  # it is the answer
        return HOLDS
    try:
        policy = Policy.parse(given.policy.read_text("utf-8")) if given.policy else None
        not_before = int(time.time()) - given.within if given.within else 0
        audit = Audit(policy, not_before=not_before, keeps=given.keeps, strict=given.canonical)
        run(audit, given.paths, checkpoints=given.checkpoints, known=given.known)
    except (OSError, ValueError, zlib.error, EOFError, BrokenError) as error:
        print(f"qgw_verify: {error}", file=sys.stderr)  # noqa: T201
        return UNREADABLE
    status = FOUND if audit.report.findings else HOLDS if policy else UNANCHORED
    print(_json(audit.report, status) if given.json else _text(audit.report, status))  # noqa: T201
    return status


def _parser() -> argparse.ArgumentParser:
    about, _, more = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="qgw_verify.py",
        description=about,
        epilog=f"{more}\n{EXITS}",
        formatter_class=argparse.RawTextHelpFormatter,
    )
    add = parser.add_argument
    add(
        "paths",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="ledgers (.jsonl, .gz), packs, receipts, or directories of them",
    )
    add("--policy", type=Path, help="whose signatures count (C2SP tlog-policy): from another source than FILE")
    add("--checkpoints", type=Path, action="append", default=[], metavar="NOTES", help="the ledger's own checkpoints")
    add(
        "--known",
        type=Path,
        action="append",
        default=[],
        metavar="NOTE",
        help="a checkpoint that a witness, or you, kept",
    )
    add("--within", type=int, metavar="SECONDS", help="witnesses must have seen the ledger so lately")
    add("--keeps", type=int, default=0, metavar="DAYS", help="what was pruned must have been kept for so long")
    add("--canonical", action="store_true", help="also insist on every entry's canonical form (takes twice as long)")
    add("--json", action="store_true", help="answer in JSON, for scripts")
    add("--findings", action="store_true", help="list what can be found and what it means, and do nothing else")
    return parser


def _text(report: Report, status: int) -> str:
    lines = [*report.told, *(f"{each.code}: {each.file}: {each.sentence}" for each in report.findings)]
    if (seen := report.witnessed) is not None and seen.witnesses:
        at = datetime.fromtimestamp(seen.at, tz=UTC)
        lines.append(f"{', '.join(seen.witnesses)} saw the first {seen.size} entries at {at:%Y-%m-%d %H:%M:%S}Z")
    elif status == HOLDS:
        lines.append("no witness saw any of it: whoever holds the ledger's keys could have written all of it anew")
    verdict = {
        HOLDS: "HOLDS",
        FOUND: f"DOES NOT HOLD: {len(report.findings)} findings",
        UNANCHORED: "FITS TOGETHER, but nothing from outside was compared: give --policy, from another source",
    }
    return "\n".join([*lines, verdict[status]])


def _json(report: Report, status: int) -> str:
    return json.dumps({"ok": status == HOLDS, "status": status, **asdict(report)}, indent=2)


# ── small parts ──────────────────────────────────────────────────────────────────────────────────
def _base64(text: str) -> bytes:
    """Read base64 in its one canonical form; raises `ValueError`."""
    content = b64decode(text, validate=True)
    if b64encode(content).decode() != text:
        raise ValueError("that is not canonical base64")
    return content


def _counted(name: str) -> bytes:
    return bytes([len(name.encode())]) + name.encode()


def _of_kind(key: Key, kinds: Collection[int]) -> Key:
    _must(key.algorithm in kinds)
    return key


def _nobody(_: int, __: Mapping[str, Any]) -> None:
    """Tell nobody."""


def _must(holds: bool) -> None:  # noqa: FBT001  # reads as a sentence
    if not holds:
        raise ValueError


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _must(len({name for name, _ in pairs}) == len(pairs))
    return dict(pairs)


def _parsed(content: bytes) -> dict[str, Any]:
    """Read a JSON object without duplicate keys; raises `BrokenError`."""
    try:
        told = json.loads(content, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise BrokenError("file-unreadable", "a JSON document is damaged")
    return told


if __name__ == "__main__":
    sys.exit(main())
