"""Connections: what granian counts of them below the application, and which of them carried a request.

A head that is malformed, too large or too slow is answered by granian itself, which tells of it only that there was
a connection. So connections are counted where they are taken and again where their first request arrives; the
difference died in between. What each number means: docs/reference/metrics.md.
"""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final, Self

Client = tuple[str, int]
"""Address and port of the other side."""
_CLOSING_SECONDS: Final = 1.0
"""How much later than its time limit a connection without requests is closed at most."""
_HEAD: Final = b"\xa1gMetrics\x8c"
"""CBOR for `{"Metrics": [`, with twelve elements to come, each of them `{"Abs": n}` or `{"Int": n}`."""
_NAME_BYTES: Final = len(b"\xa1cAbs")
_INLINE: Final = 24
"""CBOR's smaller integers stand in their first byte; from here on it says how many bytes follow."""
_COUNTS: Final = 12


class UnreadableCountsError(ValueError):
    """granian reports its counts in a form that this module does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What one of granian's workers has counted since it began."""

    open: int = 0
    """Connections that are open now."""
    taken: int = 0
    """Connections accepted; with TLS, those whose handshake succeeded."""
    failed: int = 0
    """Handshakes that failed or took too long; without TLS, connections that could not be accepted."""

    @classmethod
    def of(cls, message: bytes) -> Self:
        """Read one report, as `collect_metrics` in granian's `metrics.rs` writes it.

        Raises:
            UnreadableCountsError: it has another form, so that its numbers may mean anything.
        """
        if not message.startswith(_HEAD) or len(numbers := _numbers(message[len(_HEAD) :])) != _COUNTS:
            raise UnreadableCountsError
        return cls(open=numbers[1], taken=numbers[2], failed=numbers[3])


def _numbers(elements: bytes) -> list[int]:
    """Read the elements of the report; the sign of the few that have one is dropped."""
    numbers, at = [], 0
    while (at := at + _NAME_BYTES) < len(elements):
        number, at = elements[at] & 0x1F, at + 1
        if number >= _INLINE:
            width = 1 << number - _INLINE
            number, at = int.from_bytes(elements[at : at + width]), at + width
        numbers.append(number)
    return numbers


class Served:
    """Tells the first request on a connection from those that follow.

    A connection is known by its client's address and port. The listener closes one that is without a request for
    `idle_seconds`, so whoever comes from the same port later is on another connection.
    """

    def __init__(self, first: Callable[[], None], *, idle_seconds: float) -> None:
        self._first = first
        self._remembered = idle_seconds + _CLOSING_SECONDS
        self._until: OrderedDict[Client, float] = OrderedDict()

    def begin(self, client: Client) -> None:
        """Take note of a request, and call `first` if its connection had none before."""
        now = monotonic()
        if self._until.get(client, 0.0) < now:
            self._forget(now)
            self._first()
        self._until[client] = math.inf

    def end(self, client: Client) -> None:
        """Take note that it is answered; the connection is idle from now on."""
        self._until[client] = monotonic() + self._remembered
        self._until.move_to_end(client)

    def _forget(self, now: float) -> None:
        """Let go of closed connections; one with a request in flight keeps those behind it a little longer."""
        while self._until and next(iter(self._until.values())) < now:
            self._until.popitem(last=False)
