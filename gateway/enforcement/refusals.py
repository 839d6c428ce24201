"""Refused requests leave a trace without letting anyone fill the ledger.

A refusal of a known key is an entry of its own, up to a number per key and minute; what is over, and all
that nobody authenticated, is counted and written as one `requests.refused` entry a minute. A crash loses
at most the last minute's counts; the metrics had them.
"""

from collections import Counter
from dataclasses import dataclass, field

import structlog

from gateway.audit.ledger import Ledger
from gateway.domain.errors import GatewayError, UnavailableError
from gateway.domain.principal import Caller
from gateway.enforcement.entries import Entries
from gateway.telemetry import events

log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Refusals:
    """Counts refusals and writes them down at a bounded rate."""

    ledger: Ledger
    entries: Entries
    per_minute: int
    written: Counter[str] = field(default_factory=Counter)
    """Entries of this minute, by key id."""
    counted: Counter[str] = field(default_factory=Counter)
    """What got no entry of its own this minute, by error code."""

    async def note(self, caller: Caller | None, error: GatewayError, *, dialect: str, operation: str) -> None:
        """Record one refusal; never raises, because the caller is refused either way."""
        if caller is None or self.written[caller.key.id] >= self.per_minute:
            self.counted[error.code] += 1
            return
        self.written[caller.key.id] += 1
        draft = self.entries.by("request.refused", caller, dialect=dialect, operation=operation, code=error.code)
        try:
            await self.ledger.record(draft)
        except UnavailableError:
            self.counted[error.code] += 1
            log.warning(events.ENTRY_MISSED, code=error.code)

    async def flush(self) -> None:
        """Write the minute's counts as one entry and begin a new minute.

        Raises:
            UnavailableError: not written; the counts are kept for the next time.
        """
        self.written.clear()
        if not self.counted:
            return
        counts, self.counted = self.counted, Counter()
        try:
            await self.ledger.record(
                self.entries.draft("requests.refused", None, {"codes": dict(sorted(counts.items()))})
            )
        except UnavailableError:
            self.counted.update(counts)
            raise
