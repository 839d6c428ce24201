"""When a limit's windows begin and end: calendar windows of a named zone, rolling ones, and those without an end.

Pure. Windows of one limit follow each other without a gap or an overlap, whatever daylight saving does: a day has 23
or 25 hours then, and a midnight that does not exist is the moment at which the clocks jumped over it.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.domain.budget import Period, Window
from gateway.domain.clock import rfc3339
from gateway.domain.errors import RefusedError

FOREVER: Final = ""
"""The key of the one window of `total` and `open`."""
PARTS: Final = 60
"""A rolling window is kept in so many parts; one that it only touches counts whole, so it never allows too much."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS: Final = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}
_DAYS: Final = {Period.DAY: 1, Period.WEEK: 7}
_ENDLESS: Final = frozenset({Period.TOTAL, Period.OPEN})


class ZoneUnknownError(RefusedError):
    """A limit names a time zone that this machine does not know."""

    code = "zone-unknown"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"this machine knows no time zone {name!r}; write an IANA name such as Europe/Berlin, "
            "or install the system's time zone data"
        )
        self.name = name


def bounds(window: Window, at: datetime) -> tuple[datetime | None, datetime | None]:
    """Give when the window of a moment began and when it ends, in UTC; `None` where it does not.

    A rolling window ends for nobody at once: what is in it leaves piece by piece.

    Raises:
        ZoneUnknownError: the window's zone is unknown here.
    """
    if window.period in _ENDLESS:
        return None, None
    if window.period is Period.ROLLING:
        return at - _length(window), None
    return _calendar(window, at)


def key(window: Window, at: datetime) -> str:
    """Name the window, or the part of a rolling window, in which a moment counts; later ones sort behind."""
    if window.period in _ENDLESS:
        return FOREVER
    begins = _part(window, at) if window.period is Period.ROLLING else _calendar(window, at)[0]
    return rfc3339(begins)


def oldest(window: Window, at: datetime) -> str:
    """Name the oldest key that counts at a moment: of a rolling window its oldest part, else its only one."""
    return key(window, at - _length(window)) if window.period is Period.ROLLING else key(window, at)


def leaves(window: Window, part: datetime) -> datetime:
    """Give when a part of a rolling window, named by its beginning, no longer counts."""
    return part + _width(window) + _length(window)


def cuts(window: Window, since: datetime, until: datetime) -> Iterator[tuple[str, datetime | None, datetime | None]]:
    """List the keys in which moments count from `since` to `until`, both counted, each with its bounds.

    Where a window is rolling `since` is looked back from, by its whole length.
    """
    if window.period in _ENDLESS:
        yield FOREVER, None, None
        return
    rolling = window.period is Period.ROLLING
    moment = since - _length(window) if rolling else since
    while moment <= until:
        begins = _part(window, moment) if rolling else _calendar(window, moment)[0]
        ends = begins + _width(window) if rolling else _calendar(window, moment)[1]
        yield rfc3339(begins), begins, ends
        moment = ends


def zone(name: str) -> tzinfo:
    """Look a time zone up by its IANA name.

    Raises:
        ZoneUnknownError: it is unknown here.
    """
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # A name may also be a folder of zones, or leave their directory.
        raise ZoneUnknownError(name) from None


def _calendar(window: Window, at: datetime) -> tuple[datetime, datetime]:
    local = zone(window.zone)
    first = _first_day(window, at.astimezone(local).date())
    # Where clocks were set back over midnight, a date is read twice; the window goes by its first midnight.
    while _midnight(following := _next(window, first), local) <= at:
        first = following
    return _midnight(first, local), _midnight(following, local)


def _first_day(window: Window, day: date) -> date:
    if window.period is Period.DAY:
        return day
    if window.period is Period.WEEK:
        return day - timedelta(days=day.weekday())
    return _months(day, -((day.month - window.fiscal_month) % _MONTHS[window.period]))


def _next(window: Window, first: date) -> date:
    if days := _DAYS.get(window.period):
        return first + timedelta(days=days)
    return _months(first, _MONTHS[window.period])


def _months(day: date, count: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, 1)


def _midnight(day: date, local: tzinfo) -> datetime:
    # Of a midnight that comes twice this is the first; one that does not exist becomes the moment of the jump.
    return datetime(day.year, day.month, day.day, tzinfo=local).astimezone(UTC)


def _part(window: Window, at: datetime) -> datetime:
    width = _width(window)
    return _EPOCH + (at - _EPOCH) // width * width


def _length(window: Window) -> timedelta:
    return timedelta(seconds=window.seconds or 0)


@cache
def _width(window: Window) -> timedelta:
    return timedelta(milliseconds=-(-(window.seconds or 1) * 1000 // PARTS))
