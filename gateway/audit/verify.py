"""Offline verification of a ledger, line by line in constant memory. Knows no database and no key.

Every entry must follow the one before (`seq`, `prev`), hash to what is stated beside it, and be canonical
JSON; all of them together must have the expected Merkle root. An edit, a deletion, a reordering or an
insertion shows in the entries themselves. A cut tail, or a history written anew from some entry on, shows
only against a head from elsewhere: give `expected_head` where one was noted down, or `audit.witnessed` the
checkpoints that witnesses cosigned. Entries that retention emptied keep their hashes, and must have been
announced: `audit.pruned`.
"""

import re
from binascii import hexlify, unhexlify
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Never, TypeAlias

import msgspec

from gateway.audit import pruned
from gateway.audit.merkle import LEAF_TAIL, NOTHING_BEFORE, Frontier, leaf_hash

FORMAT: Final = "qgw.ledger/1"
FINDINGS: Final = 1000
"""How many findings are kept; more would tell nothing new."""

LINE_START: Final = b'{"hash":"'
LINE_MIDDLE: Final = b'","leaf":'
LEAF_AT: Final = len(LINE_START) + 64 + len(LINE_MIDDLE)
"""Where in a line the leaf begins: a hash has 64 hexadecimal digits."""
CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "header-unreadable": "The file does not begin as an export does.",
        "origin-differs": "It is another ledger than the one expected.",
        "line-unreadable": "A line is no entry.",
        "entry-edited": "An entry does not have the hash stated beside it: its content was changed.",
        "entry-missing": "Entries are missing before this one: they were deleted or moved.",
        "entry-misplaced": "An entry stands after a later one, or twice: it was moved or inserted.",
        "chain-broken": "An entry names another predecessor than the one it has: one of the two was changed.",
        "pruned-uncovered": "Entries are empty, and none says that they were pruned: somebody hid what they told.",
        "pruned-early": "Entries were emptied before they were as old as announced, or as an auditor demands.",
        "not-canonical": "A leaf is not the one canonical form of the fields an entry has.",
        "tail-missing": "The ledger was longer: its newest entries were cut off.",
        "tail-added": "There are more entries than the header says.",
        "root-differs": "The entries do not have the Merkle root that a head names: history was changed.",
        "last-differs": "The newest entry is not the one that a head names.",
        "checkpoint-unreadable": "A checkpoint is none, or has more than its three lines.",
        "checkpoint-unsigned": "A checkpoint is not signed by both keys that the ledger announces for it.",
        "key-refused": "The ledger announces keys that those before did not sign.",
        "key-unknown": "The ledger's keys are not those that were expected: somebody else may have signed.",
        "witnesses-missing": "No checkpoint was cosigned by as many witnesses as are demanded.",
        "witnesses-old": "Witnesses saw the ledger longer ago than is allowed: newer entries may have been cut off.",
    }
)
"""What verification can find, and what it means; the reference page is made from it."""

_HEADER: Final = "the header"
_PRUNED: Final = re.compile(rb'\{"hash":"([0-9a-f]{64})","pruned":(0|[1-9][0-9]{0,18})\}\n')
_PRUNED_BYTES: Final = len(pruned.line(b"0" * 64, 10**18))
"""Longer lines are not looked at twice."""
_START: Final = LINE_START + b"%b" + LINE_MIDDLE
_END: Final = LEAF_TAIL + b"}\n"
_OWN: Final = b'"type":"ledger.'
"""In every leaf that tells of the ledger itself: its keys, and what was pruned."""
_TYPE_BYTES: Final = 160
"""A canonical leaf names its type no further from the end; searching whole lines took a third of the time."""
_AT_ONCE: Final = 1024
"""Hashes that go into the tree together."""
_Read: TypeAlias = tuple[bytes, bytes]
"""Hash and leaf of a line; each is empty where there is none."""


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="format", tag=FORMAT):
    """First line of an export: which ledger, how many entries, the hash of the newest, the Merkle root of all."""

    last: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    origin: str
    root: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    size: Annotated[int, msgspec.Meta(ge=0)]


class _Place(msgspec.Struct, frozen=True):
    """What a leaf says of its own place; the rest is not decoded."""

    seq: int
    prev: str


class _Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fields of every event, in canonical order."""

    at: str
    body: dict[str, Any]
    id: str
    project: str | None
    schema: int
    type: str


class _Leaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fields of every leaf, in canonical order."""

    event: _Event
    prev: str
    seq: int
    v: Literal[1]


class _FloatError(Exception):
    """A leaf has a number that has no single canonical form."""


def _no_float(_text: str) -> Never:
    raise _FloatError


_strict: Final = msgspec.json.Decoder(_Leaf, float_hook=_no_float)
_canonical: Final = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that does not hold."""

    seq: int | None
    """The entry it was found at; `None` where it is about the whole."""
    code: str
    """Stable; one of `CODES`."""
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedHead:
    """What is known of the ledger from elsewhere: how it stood when it had `size` entries."""

    size: int
    root: str | None = None
    """Its Merkle root then, hexadecimal."""
    last_hash: str | None = None
    """The hash of its newest entry then, hexadecimal."""
    origin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """How far outsiders saw the ledger: up to here nobody can have changed it, whatever keys were stolen."""

    size: int
    at: int
    """When, in POSIX seconds, by the clock of the witness that completed the quorum."""
    witnesses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a verification came to."""

    entries: int
    """How many entry lines were read."""
    root: str
    """Merkle root over them, hexadecimal: compare it with what others hold."""
    findings: tuple[Finding, ...]
    pruned: int = 0
    """How many of them retention emptied: their hashes are proven, what they told is gone."""
    checkpoints: int = 0
    """How many signed checkpoints were compared."""
    witnessed: Witnessed | None = None

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return not self.findings


def verify(lines: Iterable[bytes], *, expected_head: ExpectedHead | None = None, strict: bool = True) -> Report:
    """Verify an export: its header line, then its entries in order.

    Args:
        lines: as `audit.export` writes them, each with its line break.
        expected_head: a head known from elsewhere; the export may have grown since.
        strict: also decode every leaf and insist on its canonical form; takes about twice as long.
    """
    verifier = Verifier(strict=strict)
    if expected_head is not None:
        verifier.expect("the expected head", expected_head)
    rest = iter(lines)
    verifier.header(next(rest, b""))
    verifier.feed(rest)
    return verifier.report()


def entry_line(stated_hash: bytes, leaf: bytes) -> bytes:
    """Write one entry's line of an export; the hash is hexadecimal."""
    return b'{"hash":"%b","leaf":%b}\n' % (stated_hash, leaf)


class Verifier:
    """Takes lines in any number of portions; `first` is the entry to begin with, whose predecessor is not known.

    `keeps` is for how many days an auditor demands that entries be kept whole.
    """

    def __init__(self, *, strict: bool = True, first: int = 0, keeps: int = 0) -> None:
        self._heads: list[tuple[str, ExpectedHead]] = []
        self._watched: tuple[bytes, Callable[[int, bytes], None]] | None = None
        self._strict = strict
        self._first = self._seq = first
        """`_seq` is the place of the entry that should come next."""
        self._previous = b"" if first else hexlify(NOTHING_BEFORE)
        """The hash that the next entry should name, hexadecimal; empty where it is not known."""
        self._frontier = Frontier()
        self._fresh: list[bytes] = []
        """Hashes that are not in the tree yet."""
        self._stood: dict[int, tuple[str, str | None]] = {}
        """Root and newest hash at the sizes that heads speak of."""
        self._findings: list[Finding] = []
        self._prunings = pruned.Prunings(keeps)

    def expect(self, name: str, head: ExpectedHead) -> None:
        """Compare with a head too; `name` says in findings whose it is. Before the first line."""
        self._heads.append((name, head))

    def watch(self, mark: bytes, told: Callable[[int, bytes], None]) -> None:
        """Tell place and leaf of every entry of the ledger's own that has these bytes in it."""
        self._watched = mark, told

    def header(self, line: bytes) -> None:
        """Read the header line: what the export says of itself."""
        try:
            stated = msgspec.json.decode(line, type=Header)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._find(None, "header-unreadable", f"the first line is no header of a {FORMAT} export")
            return
        for name, head in self._heads:
            if head.origin not in {None, stated.origin}:
                told = f"the export is of the ledger {stated.origin!r}, {name} of {head.origin!r}"
                self._find(None, "origin-differs", told)
        self.expect(_HEADER, ExpectedHead(size=stated.size, root=stated.root, last_hash=stated.last))

    def feed(self, lines: Iterable[bytes]) -> None:
        """Check entry lines, in order. The usual entry is taken right here: it decides how long an audit takes."""
        sizes = {head.size - self._first for _, head in self._heads}
        fresh, strict, size, prunings = self._fresh, self._strict, self._frontier.size, self._prunings
        for line in lines:
            if size in sizes:
                self._note()
            leaf = line[LEAF_AT:-2]
            digest = sha256(b"\x00" + leaf).digest()
            name = hexlify(digest)
            if line.startswith(_START % name) and line.endswith(_END % (self._previous, self._seq)):
                self._seq += 1
                self._previous = name
            else:
                digest, leaf = self._skip(line) or self._examine(line)
            if digest:
                size += 1
                fresh.append(digest)
                if len(fresh) == _AT_ONCE:
                    self._grow()
            if leaf:
                if leaf.find(_OWN, -_TYPE_BYTES) >= 0 or prunings.open:
                    self._notice(leaf)
                if strict:
                    self._check_form(leaf)
        self._grow()

    def report(self) -> Report:
        """Compare the whole with the heads, and give what was found, in ledger order."""
        self._note()
        for name, head in self._heads:
            self._compare(name, head)
        if (found := self._prunings.finding()) is not None:
            self._find(*found)
        root = self._frontier.root().hex()
        return Report(
            entries=self._frontier.size, root=root, findings=tuple(self._findings), pruned=self._prunings.count
        )

    def _grow(self) -> None:
        self._frontier.extend(self._fresh)
        self._fresh.clear()

    def _note(self) -> None:
        self._grow()
        newest = self._previous.decode() or None
        self._stood[self._first + self._frontier.size] = (self._frontier.root().hex(), newest)

    def _notice(self, leaf: bytes) -> None:
        """Look at the few entries that tell of the ledger itself, or stand behind emptied ones."""
        if self._prunings.open:
            self._prunings.end(leaf)
        if leaf.find(pruned.MARK, -_TYPE_BYTES) >= 0:
            self._prunings.announce(leaf)
        if self._watched is not None and self._watched[0] in leaf:
            self._watched[1](self._seq - 1, leaf)

    def _skip(self, line: bytes) -> _Read | None:
        """Take an entry that retention emptied; its hash goes into chain and tree."""
        if len(line) > _PRUNED_BYTES or (match := _PRUNED.fullmatch(line)) is None:
            return None
        stated, seq = match[1], int(match[2])
        self._judge_place(_Place(seq=seq, prev=self._previous.decode()))
        self._follow_from(seq, stated)
        self._prunings.empty(seq)
        return unhexlify(stated), b""

    def _examine(self, line: bytes) -> _Read:
        """Say what is wrong with an entry, and find the way back into the chain."""
        stated, leaf = line[len(LINE_START) : LEAF_AT - len(LINE_MIDDLE)], line[LEAF_AT:-2]
        try:
            place = msgspec.json.decode(leaf, type=_Place)
        except (msgspec.DecodeError, UnicodeDecodeError):
            place = None
        if place is None or entry_line(stated, leaf) != line:
            self._find(self._seq, "line-unreadable", f"where entry {self._seq} should be, there is no entry")
            self._seq, self._previous = self._seq + 1, b""
            return b"", b""
        digest = leaf_hash(leaf)
        self._judge_place(place)
        if digest.hex().encode() != stated:
            self._find(place.seq, "entry-edited", f"entry {place.seq} does not have the hash that is stated beside it")
        self._follow_from(place.seq, stated)
        return digest, leaf

    def _judge_place(self, place: "_Place") -> None:
        if place.seq > self._seq:
            several = f"entries {self._seq} to {place.seq - 1} are"
            gap = f"entry {self._seq} is" if place.seq == self._seq + 1 else several
            self._find(self._seq, "entry-missing", f"{gap} missing before entry {place.seq}")
        elif place.seq < self._seq:
            self._find(place.seq, "entry-misplaced", f"entry {place.seq} stands after entry {self._seq - 1}")
        elif self._previous and place.prev.encode() != self._previous:
            told = f"entry {place.seq} does not follow the entry before it: one of the two was changed"
            self._find(place.seq, "chain-broken", told)

    def _follow_from(self, seq: int, stated: bytes) -> None:
        """Expect what follows an entry; after a misplaced one, what was expected before it came."""
        self._previous = b""
        if seq >= self._seq:
            self._seq = seq + 1
            with suppress(ValueError):
                self._previous = hexlify(unhexlify(stated))

    def _check_form(self, leaf: bytes) -> None:
        try:
            canonical = _canonical.encode(_strict.decode(leaf)) == leaf
        except (msgspec.MsgspecError, UnicodeDecodeError, _FloatError):
            canonical = False
        if not canonical:
            told = f"entry {self._seq - 1} is not canonical JSON of the fields an entry has"
            self._find(self._seq - 1, "not-canonical", told)

    def _compare(self, name: str, head: ExpectedHead) -> None:
        if self._seq < head.size:
            told = f"the ledger ends after {self._seq} entries, {name} says {head.size}: its tail was cut off"
            self._find(self._seq, "tail-missing", told)
            return
        if name == _HEADER and self._seq > head.size:
            self._find(head.size, "tail-added", f"there are {self._seq} entries, {name} says {head.size}")
        root, newest = self._stood.get(head.size, (None, None))
        if head.root not in {None, root}:
            told = f"the first {head.size} entries do not have the Merkle root that {name} names: some were changed"
            self._find(None, "root-differs", told)
        if newest is not None and head.last_hash not in {None, newest}:
            told = f"the newest of the first {head.size} entries is not the one that {name} names"
            self._find(head.size - 1, "last-differs", told)

    def find(self, seq: int | None, code: str, sentence: str) -> None:
        """Add what somebody else found."""
        self._find(seq, code, sentence)

    def _find(self, seq: int | None, code: str, sentence: str) -> None:
        assert code in CODES
        if len(self._findings) < FINDINGS:
            self._findings.append(Finding(seq=seq, code=code, sentence=sentence))
