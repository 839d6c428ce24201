"""Changing a body as policy obliges. Loaded by entry point inside worker processes only, beside the dialect's reader.

The worker reads and measures what an editor gives back: its circuits must be the same, whatever they are called.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from gateway.domain import changes as kinds
from gateway.domain.changes import Change, Changes, Edited
from gateway.domain.circuit import ProgramFacts
from gateway.ports.reader import Program, UnreadableError

UNKEPT = "unkept"
"""Problem code of a change that a body has no room for, or that cannot be made without changing what is computed."""


class Editor(Protocol):
    """Changes one dialect's bodies."""

    name: str

    def edit(self, body: bytes, program: Program, facts: ProgramFacts, changes: Changes) -> Edited:
        """Make every change that is asked for; what is so already is left alone, and no change.

        Args:
            body: as the dialect's reader has just read it.
            program: what the reader made of it.
            facts: what was measured of that.
            changes: what to do.

        Raises:
            UnreadableError: `unkept`: one of the changes cannot be made; then nothing may be sent.
        """
        ...


def unkept(message: str) -> UnreadableError:
    """Say why a change cannot be made."""
    return UnreadableError(UNKEPT, message)


def check_whole(changes: Changes, shots: int, vendor: str) -> None:
    """Refuse to send a circuit as it is that policy wants in parts.

    Raises:
        UnreadableError: `unkept`: this vendor's jobs run every circuit once.
    """
    if changes.parts(shots) > 1:
        raise unkept(f"a job of {vendor}'s cannot run its circuits in parts of {changes.part_shots} shots")


_LEAKS: Final = {
    kinds.METADATA: "its metadata was",
    kinds.NAMES: "its names, labels and comments were",
    kinds.TAGS: "its tags were",
}


# ── what was done, in the same words whoever's body it was ───────────────────────────────────────
def capped(place: str, shots: int) -> Change:
    """Say that circuits run less often than was asked."""
    return Change(kind=kinds.CAP_SHOTS, place=place, words=f"no circuit runs more than {shots} times")


def split(place: str, shots: int) -> Change:
    """Say that circuits were sent in parts."""
    words = f"circuits were sent in parts of at most {shots} shots, and their results put together again"
    return Change(kind=kinds.SPLIT_SHOTS, place=place, words=words)


def stripped(place: str, leak: str) -> Change:
    """Say that something was left out."""
    return Change(kind=kinds.STRIP, place=place, words=f"{_LEAKS[leak]} left out of what was sent")


def relabelled(place: str) -> Change:
    """Say that registers go by other names."""
    words = "its classical registers were sent under other names"
    return Change(kind=kinds.RELABEL_REGISTERS, place=place, words=words)


def hidden(place: str) -> Change:
    """Say that the vendor treats it as private."""
    return Change(kind=kinds.FORCE_PRIVATE, place=place, words="its vendor was told to treat it as private")


def tagged(place: str, tags: Sequence[str]) -> Change:
    """Say which tags it was given."""
    return Change(kind=kinds.ADD_TAGS, place=place, words=f"it was tagged {', '.join(tags)}")
