"""The rules of a witness (C2SP tlog-witness): it cosigns what continues the last checkpoint it cosigned, nothing else.

Stricter than it must be in two ways: every key of a ledger's set must have signed, and a checkpoint with extension
lines is refused, because not every cosignature covers them.
"""

import re
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from typing import Final

from gateway.audit.checkpoint import Checkpoint, signers
from gateway.audit.merkle import HASH_BYTES
from gateway.audit.note import Note, NoteError, Signature, decoded, lines_of
from gateway.audit.proofs import LONGEST, ProofError, check_consistency
from gateway.domain.clock import Clock
from gateway.witness.state import KeySet, State

_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})")
_TEXT: Final = "text/plain; charset=utf-8"
_SIZE: Final = "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer."""

    status: HTTPStatus
    body: str
    content_type: str = _TEXT


class _RefusedError(Exception):
    """A request ends with this answer."""

    def __init__(self, status: HTTPStatus, body: str, content_type: str = _TEXT) -> None:
        super().__init__(body)
        self.reply = Reply(status, body + "\n", content_type)


class Witness:
    """Answers for one witness; any number of threads may ask."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state, self._clock = state, clock
        # Comparing with what was seen and replacing it must be one step, or an older request rolls back a newer one.
        self._one_at_a_time = Lock()

    def add_checkpoint(self, body: bytes) -> Reply:
        """Answer `POST add-checkpoint`."""
        try:
            old, proof, note, checkpoint = _parsed(body)
            note = self._believed(note, checkpoint)
            with self._one_at_a_time:
                return self._cosign(old, proof, note, checkpoint)
        except _RefusedError as refused:
            return refused.reply

    def newest(self, log_id: str) -> Reply:
        """Answer with the last cosigned checkpoint of the ledger whose name has this SHA-256: for auditors."""
        note = self._state.seen_by_id(log_id) if re.fullmatch("[0-9a-f]{64}", log_id) else None
        if note is None:
            return Reply(HTTPStatus.NOT_FOUND, "no checkpoint of such a ledger was seen\n")
        return Reply(HTTPStatus.OK, str(note))

    def who(self) -> Reply:
        """Answer with the verifier keys of this witness, a line each."""
        return Reply(HTTPStatus.OK, "".join(f"{key.public}\n" for key in self._state.keys))

    def _believed(self, note: Note, checkpoint: Checkpoint) -> Note:
        """Give the note with the ledger's own signatures and no others."""
        sets = self._state.keys_of(checkpoint.origin)
        if not sets:
            raise _RefusedError(HTTPStatus.NOT_FOUND, "this ledger is not watched here")
        for keys in sets:
            if signed := _signed(note, checkpoint, keys):
                return Note(note.text, signed)
        raise _RefusedError(HTTPStatus.FORBIDDEN, "the checkpoint is not signed by the keys known of this ledger")

    def _cosign(self, old: int, proof: list[bytes], note: Note, checkpoint: Checkpoint) -> Reply:
        seen = self._state.seen(checkpoint.origin)
        last = Checkpoint.parse(seen.text) if seen else Checkpoint(origin=checkpoint.origin, size=0, root=b"")
        conflict = _RefusedError(HTTPStatus.CONFLICT, str(last.size), _SIZE)
        if old != last.size or (seen and old == checkpoint.size and last.root != checkpoint.root):
            raise conflict
        try:
            check_consistency(old, last.root, checkpoint.size, checkpoint.root, proof)
        except ProofError as error:
            raise _RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
        at = int(self._clock.now().timestamp())
        cosigned = tuple(key.sign(checkpoint, at=at) for key in self._state.keys)
        # Before anybody has the cosignature: after a crash this must know what it said.
        self._state.remember(checkpoint.origin, Note(note.text, (*note.signatures, *cosigned)))
        return Reply(HTTPStatus.OK, lines_of(cosigned))


def _parsed(body: bytes) -> tuple[int, list[bytes], Note, Checkpoint]:
    head, blank, note = body.partition(b"\n\n")
    first, *lines = head.decode("ascii", "replace").split("\n")
    match = _OLD.fullmatch(first)
    if match is None or not blank or len(lines) > LONGEST:
        raise _bad("a request is `old <size>`, a proof of at most 63 hashes, a blank line and a checkpoint")
    try:
        proof = list(map(decoded, lines))
        parsed = Note.parse(note)
        checkpoint = Checkpoint.parse(parsed.text)
    except NoteError as error:
        raise _bad(str(error)) from None
    if any(len(each) != HASH_BYTES for each in proof) or int(match[1]) > checkpoint.size:
        raise _bad("a hash has 32 bytes, and the old size is not larger than the checkpoint's")
    return int(match[1]), proof, parsed, checkpoint


def _bad(why: str) -> _RefusedError:
    return _RefusedError(HTTPStatus.BAD_REQUEST, why)


def _signed(note: Note, checkpoint: Checkpoint, keys: KeySet) -> tuple[Signature, ...]:
    """Give the lines of the keys; none unless every one signed."""
    try:
        if len(signers(note, checkpoint, keys)) < len(set(keys)):
            return ()
    except NoteError:
        return ()
    return tuple(each for each in note.signatures if any(each.by(key) for key in keys))
