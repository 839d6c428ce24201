"""With which keys the ledger's checkpoints are signed, and since when: the ledger itself says so.

A pair of keys, Ed25519 and ML-DSA-44, is announced by an entry: the first by `ledger.key_created`, which it signs
itself, each further one by `ledger.key_rotated`, signed by the pair before and by the new one. A checkpoint is signed
by the pair that its own entries announce last. So whoever knows one pair knows all of them, offline.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import msgspec

from gateway.audit.checkpoint import Checkpoint, SigningKey, signers, verify_bytes
from gateway.audit.note import Algorithm, Note, NoteError, Signature, VerifierKey, decoded, encoded

CREATED: Final = "ledger.key_created"
ROTATED: Final = "ledger.key_rotated"
MARK: Final = b'"type":"ledger.key_'
"""In every leaf that announces keys, and in hardly any other."""
_CONTEXT: Final = b"qgw.log-key/1"
_FIELDS: Final = {Algorithm.ED25519: "ed25519", Algorithm.ML_DSA_44: "ml_dsa_44"}
Signing: TypeAlias = tuple[SigningKey, ...]


class LogKeyError(NoteError):
    """An entry announces keys that nobody who signed before stands behind."""


class _Event(msgspec.Struct, frozen=True):
    type: str
    body: dict[str, Any]


class _Leaf(msgspec.Struct, frozen=True):
    event: _Event


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """One generation of keys; both sign every checkpoint."""

    generation: int
    ed25519: VerifierKey
    ml_dsa_44: VerifierKey

    @property
    def keys(self) -> tuple[VerifierKey, VerifierKey]:
        """Give both."""
        return self.ed25519, self.ml_dsa_44

    def check(self, note: Note, checkpoint: Checkpoint) -> None:
        """Make sure that both keys signed a checkpoint.

        Raises:
            NoteError: one did not, or its signature does not hold.
        """
        found = signers(note, checkpoint, self.keys)
        for key in self.keys:
            if key not in found:
                whose = f"the ledger's {_FIELDS[key.algorithm]} key of generation {self.generation}"
                raise NoteError(f"it is not signed by {whose}; both keys of a generation must sign")


def public(generation: int, signing: Signing) -> KeyPair:
    """Give the public halves of a pair."""
    ed25519, ml_dsa_44 = (key.public for key in signing)
    return KeyPair(generation=generation, ed25519=ed25519, ml_dsa_44=ml_dsa_44)


def announcement(origin: str, generation: int, new: Signing, *, before: Signing = ()) -> dict[str, Any]:
    """Write the body of the entry that announces a pair, signed by it and by the one before."""
    keys = tuple(key.public for key in new)
    message = _statement(origin, generation, keys, tuple(key.public for key in before))
    signed = {"new": _signed(new, message)} | ({"old": _signed(before, message)} if before else {})
    return {"generation": generation, **{_FIELDS[key.algorithm]: str(key) for key in keys}, "signatures": signed}


class KeyHistory:
    """Every pair of a ledger so far, each checked as it is taken in."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._pairs: list[tuple[int, KeyPair]] = []

    @property
    def pairs(self) -> Sequence[KeyPair]:
        """All pairs, oldest first."""
        return [pair for _, pair in self._pairs]

    def at(self, size: int) -> KeyPair | None:
        """Give the pair that signs a checkpoint of so many entries; none before the first was announced."""
        announced = [pair for seq, pair in self._pairs if seq < size]
        return announced[-1] if announced else None

    def check(self, note: Note, checkpoint: Checkpoint, *, replaced: bool = False) -> None:
        """Make sure that a checkpoint is signed by the pair that its own entries announce last.

        With `replaced` the pair before may have signed instead: a witness that was not told of a new pair yet keeps
        the lines of the pair it knows, and no others.

        Raises:
            NoteError: it is not, or they announce none.
        """
        pair = self.at(checkpoint.size)
        if pair is None:
            raise NoteError("the ledger announces no keys before it")
        try:
            pair.check(note, checkpoint)
        except NoteError:
            before = [each for each in self.pairs if each.generation == pair.generation - 1]
            if not replaced or not before:
                raise
            before[0].check(note, checkpoint)

    def take(self, seq: int, leaf: bytes) -> None:
        """Take in an entry, if it announces keys.

        Raises:
            LogKeyError: it does so without the signatures that it needs.
        """
        try:
            event = msgspec.json.decode(leaf, type=_Leaf).event
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        if event.type in {CREATED, ROTATED}:
            try:
                self._add(seq, event.type, event.body)
            except (NoteError, KeyError, TypeError, AttributeError) as error:
                why = str(error) if isinstance(error, NoteError) else "a field is missing or wrong"
                raise LogKeyError(f"entry {seq} announces keys of the ledger, but {why}") from None

    def _add(self, seq: int, type_: str, body: Mapping[str, Any]) -> None:
        pair = KeyPair(
            generation=body["generation"],
            ed25519=_key(body, Algorithm.ED25519, self.origin),
            ml_dsa_44=_key(body, Algorithm.ML_DSA_44, self.origin),
        )
        last = self._pairs[-1][1] if self._pairs else None
        if pair == last:
            return  # two replicas announced the same pair
        if (type_ == CREATED) != (last is None) or pair.generation != (last.generation if last else 0) + 1:
            raise LogKeyError("they do not come next after those before")
        before = last.keys if last else ()
        message = _statement(self.origin, pair.generation, pair.keys, before)
        for side, keys in (("new", pair.keys), ("old", before)):
            for key in keys:
                verify_bytes(key, decoded(body["signatures"][side][_FIELDS[key.algorithm]]), message, _context(key))
        self._pairs.append((seq, pair))


def sign(checkpoint: Checkpoint, keys: Signing, *, at: int) -> Note:
    """Sign a checkpoint with every key given."""
    made: tuple[Signature, ...] = tuple(key.sign(checkpoint, at=at) for key in keys)
    return Note(str(checkpoint), made)


def _statement(origin: str, generation: int, keys: Sequence[VerifierKey], before: Sequence[VerifierKey]) -> bytes:
    """Write what both pairs sign; never the text of a checkpoint, whose second line is a number."""
    after = " ".join(["after", *(key.id.hex() for key in before)]) if before else "first"
    return "\n".join(["qgw.log-key/1", f"ledger {origin}", str(generation), after, *map(str, keys), ""]).encode()


def _signed(keys: Signing, message: bytes) -> dict[str, str]:
    return {_FIELDS[key.algorithm]: encoded(key.sign_bytes(message, _context(key.public))) for key in keys}


def _context(key: VerifierKey) -> bytes:
    return _CONTEXT if key.algorithm is Algorithm.ML_DSA_44 else b""


def _key(body: Mapping[str, Any], algorithm: Algorithm, origin: str) -> VerifierKey:
    key = VerifierKey.parse(body[_FIELDS[algorithm]])
    if key.algorithm is not algorithm or key.name != origin:
        raise LogKeyError("a key has another name or algorithm than it says")
    return key
