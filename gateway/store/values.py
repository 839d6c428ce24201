"""How times and JSON stand in a column."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from gateway.domain.clock import parse_rfc3339, rfc3339


def time_text(moment: datetime | None) -> str | None:
    """Write a moment, or nothing."""
    return None if moment is None else rfc3339(moment)


def text_time(text: str | None) -> datetime | None:
    """Read a moment, or nothing."""
    return None if text is None else parse_rfc3339(text)


def json_text(value: Mapping[str, Any] | list[str] | tuple[str, ...]) -> str:
    """Write JSON; map keys in order, so that equal values are equal text."""
    return msgspec.json.encode(value, order="sorted").decode()


def text_json(text: str) -> Any:
    """Read JSON back."""
    return msgspec.json.decode(text)
