"""What was measured lately, so that the same bytes of one project are not read twice.

Measuring depends on nothing but the bytes and the rules for their texts, so facts stay true for as long as they are
kept. Only what was measured whole is kept: a payload that could not be read, or hit a limit, costs its sender a turn
every time.
Projects share nothing, as they share no worker. Bounded in number, and by what one program may take.
"""

from collections import OrderedDict
from hashlib import sha256
from typing import Final, TypeAlias

from gateway.domain.circuit import ProgramFacts

SMALL_BYTES: Final = 64 * 1024
"""Larger payloads are not kept: hashing them would hold up the event loop."""
SMALL_CIRCUITS: Final = 32
"""Programs of more circuits are not kept: their facts take much memory."""

Payload: TypeAlias = tuple[str, str, bytes, bytes]
"""Project, reader, SHA-256 of the body, and of the rules by which its texts are looked through."""


class Memory:
    """Facts of the payloads measured last; which ones, decides who asked for them last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._facts: OrderedDict[Payload, ProgramFacts] = OrderedDict()

    def payload(self, *, project: str, reader: str, body: bytes, rules: bytes = b"") -> Payload | None:
        """Name a payload; `None` when it is none to keep."""
        return (project, reader, sha256(body).digest(), rules) if self._most and len(body) <= SMALL_BYTES else None

    def recall(self, payload: Payload | None) -> ProgramFacts | None:
        """Give the facts of a payload, if they are still known."""
        if payload is None or payload not in self._facts:
            return None
        self._facts.move_to_end(payload)
        return self._facts[payload]

    def keep(self, payload: Payload | None, facts: ProgramFacts) -> None:
        """Keep the facts of a payload; those that nobody asked for the longest make room."""
        if payload is None or len(facts.circuits) > SMALL_CIRCUITS:
            return
        self._facts[payload] = facts
        while len(self._facts) > self._most:
            self._facts.popitem(last=False)
