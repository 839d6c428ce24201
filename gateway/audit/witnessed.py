"""Verification against what outsiders saw: checkpoints, the keys that signed them, and the witnesses that cosigned.

Whoever holds the log's keys can sign any history, but cannot make witnesses cosign it. So a checkpoint that enough
witnesses cosigned, and that came from elsewhere (`known`), shows every change: edits, cuts, forks, rollbacks, signed
again or not. Checkpoints that came with the ledger itself show all of that up to the last cosigned one; that nothing
was cut off behind it, only its age tells. No database, no network.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import msgspec

from gateway.audit.checkpoint import Checkpoint, signers
from gateway.audit.log_keys import MARK, KeyHistory, LogKeyError
from gateway.audit.note import Note, NoteError
from gateway.audit.trust import Trust
from gateway.audit.verify import ExpectedHead, Report, Verifier, Witnessed


class _Line(msgspec.Struct, frozen=True):
    checkpoint: str


@dataclass(frozen=True, slots=True)
class _Given:
    """A checkpoint that a ledger is compared with."""

    note: Note
    checkpoint: Checkpoint
    name: str
    known: bool
    """Whether it came from elsewhere."""


def notes_in(content: bytes) -> Iterator[bytes]:
    """Take a file of checkpoints apart: one note as it is served, or a JSON line for each.

    Raises:
        NoteError: it is neither.
    """
    if not content.startswith(b"{"):
        yield content
        return
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            yield msgspec.json.decode(line, type=_Line).checkpoint.encode()
        except (msgspec.DecodeError, UnicodeError):
            raise NoteError(f"line {number} is no checkpoint") from None


def note_line(note: str) -> bytes:
    """Write one checkpoint's line of an export."""
    return msgspec.json.encode({"checkpoint": note}) + b"\n"


def verify(
    lines: Iterable[bytes],
    trust: Trust,
    *,
    checkpoints: Iterable[bytes] = (),
    known: Iterable[bytes] = (),
    not_before: int | None = None,
    strict: bool = True,
) -> Report:
    """Verify an export against what outsiders say of it; `not_before` as `Outsiders.report` takes it."""
    verifier = Verifier(strict=strict)
    outsiders = Outsiders(trust, verifier, checkpoints=checkpoints, known=known)
    rest = iter(lines)
    verifier.header(next(rest, b""))
    verifier.feed(rest)
    return outsiders.report(not_before=not_before)


class Outsiders:
    """Adds to a verifier what outsiders say; before its first line."""

    def __init__(
        self,
        trust: Trust,
        verifier: Verifier,
        *,
        checkpoints: Iterable[bytes] = (),
        known: Iterable[bytes] = (),
    ) -> None:
        self._trust, self._verifier = trust, verifier
        self._history = KeyHistory(trust.origin)
        self._given: list[_Given] = []
        for content in checkpoints:
            self._expect(content, "the ledger's own checkpoint", known=False)
        for content in known:
            self._expect(content, "the checkpoint from elsewhere", known=True)
        verifier.expect("the policy", ExpectedHead(size=0, origin=trust.origin))
        verifier.watch(MARK, self._announced)

    def report(self, *, not_before: int | None = None) -> Report:
        """Close the verification; enough witnesses must have seen the ledger since `not_before`, in POSIX seconds."""
        self._check_keys()
        newest: Witnessed | None = None
        for given in self._given:
            seen = self._witnessed(given) if self._signed(given) else None
            if seen is not None and (newest is None or (seen.size, seen.at) > (newest.size, newest.at)):
                newest = seen
        if newest is None and not self._trust.met(()):
            told = "no checkpoint was cosigned by as many witnesses as are demanded"
            self._verifier.find(None, "witnesses-missing", told)
        elif not_before is not None and (newest is None or newest.at < not_before):
            told = "enough witnesses last saw the ledger before the moment that was asked for"
            self._verifier.find(None, "witnesses-old", f"{told}: newer entries may have been cut off")
        return replace(self._verifier.report(), checkpoints=len(self._given), witnessed=newest)

    def _expect(self, content: bytes, whose: str, *, known: bool) -> None:
        try:
            note = Note.parse(content)
            checkpoint = Checkpoint.parse(note.text)
        except NoteError as error:
            self._verifier.find(None, "checkpoint-unreadable", f"{whose} is none: {error}")
            return
        name = f"{whose} of {checkpoint.size} entries"
        self._given.append(_Given(note, checkpoint, name, known))
        head = ExpectedHead(size=checkpoint.size, root=checkpoint.root.hex(), origin=checkpoint.origin)
        self._verifier.expect(name, head)

    def _announced(self, seq: int, leaf: bytes) -> None:
        try:
            self._history.take(seq, leaf)
        except LogKeyError as error:
            self._verifier.find(seq, "key-refused", str(error))

    def _check_keys(self) -> None:
        """One pair that is known is enough: those before and after it are signed by it."""
        if not any(set(pair.keys) <= set(self._trust.logs) for pair in self._history.pairs):
            told = "the ledger announces no pair of keys that the policy names"
            self._verifier.find(None, "key-unknown", f"{told}; compare the policy with one from another source")

    def _signed(self, given: _Given) -> bool:
        try:
            self._history.check(given.note, given.checkpoint, replaced=given.known)
        except NoteError as error:
            self._verifier.find(None, "checkpoint-unsigned", f"{given.name}: {error}")
            return False
        return True

    def _witnessed(self, given: _Given) -> Witnessed | None:
        """Say who cosigned, where that is enough; a cosignature that does not hold is none."""
        times: dict[str, int] = {}
        for name, key in self._trust.witnesses.items():
            try:
                found = signers(given.note, given.checkpoint, [key])
            except NoteError as error:
                self._verifier.find(None, "checkpoint-unsigned", f"{given.name}: {error}")
            else:
                times.update((name, at) for at in found.values())
        recent = sorted(times, key=times.__getitem__, reverse=True)
        for count in range(len(recent) + 1):
            if self._trust.met(recent[:count]):
                # The last one that was needed: all of them saw the ledger then or later.
                at = times[recent[count - 1]] if count else 0
                return Witnessed(size=given.checkpoint.size, at=at, witnesses=tuple(sorted(times)))
        return None
