"""Counts submissions that arrive again with the same key and body, as SDKs retry after a lost answer.

This only counts, for the outcome entry: whether a repeat may be merged is another matter.
"""

from collections import OrderedDict


class Repeats:
    """A bounded memory of recent submissions; the oldest are forgotten first."""

    def __init__(self, capacity: int = 20_000) -> None:
        self._capacity = capacity
        self._seen: OrderedDict[tuple[str, str], int] = OrderedDict()

    def note(self, key_id: str, body_digest: str) -> bool:
        """Count one arrival; true when the same came before."""
        seen = self._seen.pop((key_id, body_digest), 0)
        self._seen[key_id, body_digest] = seen + 1
        if len(self._seen) > self._capacity:
            self._seen.popitem(last=False)
        return seen > 0

    def of(self, key_id: str, body_digest: str) -> int:
        """How often it came again after the first time."""
        return max(self._seen.get((key_id, body_digest), 1) - 1, 0)
