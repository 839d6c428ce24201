"""Whether a body that was changed is still the same work: looked at where it was changed, before anything is sent.

A circuit may go by other names and in several parts. Its parts together are that circuit, as often as policy lets it
run, and in the place where it stood.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gateway.domain.changes import Changes, Parts
from gateway.domain.circuit import CircuitFacts, ProgramFacts
from gateway.domain.restoring import grouped
from gateway.ports.editor import unkept
from gateway.ports.reader import Item, UnreadableError

_SEED: Final = 0
"""Whatever it is: the parameter sets of what can be sent in parts were given, and not drawn."""


def checked(before: ProgramFacts, after: ProgramFacts, changes: Changes, parts: Parts) -> ProgramFacts:
    """Give the facts of a changed body, with the digest of the program as its client wrote it.

    Raises:
        UnreadableError: `unkept`: it is not the same work any more.
    """
    if not parts and after.digest != before.digest:
        raise _other()
    if parts:
        _check_parts(before, after, changes, parts)
    return replace(after, digest=before.digest)


def check_values(items: Sequence[Item], parts: Parts) -> None:
    """Look at the parameter sets of what is sent: those of all parts of a circuit are the same.

    Raises:
        UnreadableError: `unkept`: they are not.
    """
    for sent in grouped(items, parts) if parts else ():
        if len({_values(item) for item in sent}) > 1:
            raise _other()


def _values(item: Item) -> bytes:
    return bytes(item.bind(_SEED).values.tobytes())


def _check_parts(before: ProgramFacts, after: ProgramFacts, changes: Changes, parts: Parts) -> None:
    try:
        sent = list(grouped(after.circuits, parts))
    except ValueError:
        raise _other() from None
    if len(parts) != len(before.circuits):
        raise _other()
    for circuit, told, found in zip(before.circuits, parts, sent, strict=True):
        if not _is_whole(circuit, found, changes) or [each.shots for each in found] != list(told):
            raise _other()


def _is_whole(circuit: CircuitFacts, found: Sequence[CircuitFacts], changes: Changes) -> bool:
    """Say whether parts are one circuit with all its parameter sets and shots, and none of them is too large."""
    alike = all((each.digest, each.bindings) == (circuit.digest, circuit.bindings) for each in found)
    whole = sum(each.shots for each in found) == changes.allowed(circuit.shots)
    return alike and whole and len(found) == changes.parts(circuit.shots)


def _other() -> UnreadableError:
    return unkept("its circuits would not be the same any more")
