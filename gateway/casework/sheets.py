"""Cells of CSV (RFC 4180) that a spreadsheet shows, and never runs."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

_FORMULA: Final = ("=", "+", "-", "@", "\t")


def lines(rows: Iterable[Sequence[Any]]) -> str:
    """Write rows. A text that a spreadsheet would run as a formula gets an apostrophe before it."""
    page = io.StringIO(newline="")
    csv.writer(page, lineterminator="\r\n").writerows([_cell(value) for value in row] for row in rows)
    return page.getvalue()


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    number = text.removeprefix("-").replace(".", "", 1).isdecimal()
    return f"'{text}" if text.startswith(_FORMULA) and not number else text
