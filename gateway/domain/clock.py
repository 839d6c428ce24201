"""Time as a value that is handed in: rooms ask a `Clock`, tests hold one still."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where a room gets the time from."""

    def now(self) -> datetime:
        """Give the current time, aware and in UTC."""
        ...


class SystemClock:
    """The machine's own clock; only `wiring` and the command line make one."""

    def now(self) -> datetime:
        """Give the current time, aware and in UTC."""
        return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """Write an aware moment as RFC 3339 in UTC with microseconds and `Z`."""
    universal = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return universal.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def parse_rfc3339(text: str) -> datetime:
    """Read RFC 3339; a moment without a zone is UTC, as IBM's SDK sends it.

    Raises:
        ValueError: `text` is no date and time.
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
