"""Where in the tree of locks an object's lock is: by project, kind, day and object, as 40 hexadecimal digits.

Neighbours are erased together at little cost: a project is one part of the tree, and so is what a project kept of one
kind until some day. The day is the one in the object's id (UUIDv7); an id without one counts as of day 0.
"""

import re
from collections.abc import Collection, Iterator
from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import Final

from gateway.vault.envelope import ObjectName

LENGTH: Final = 40
_PROJECT, _KIND, _DAY, _OBJECT = 16, 8, 4, 12
_FIRST_DAY: Final = date(1970, 1, 1)
_DAY_MILLISECONDS: Final = 86_400_000
_LAST_DAY: Final = 0xFFFF
"""In the year 2149."""
_KEPT: Final = 4096
"""Kinds of projects whose beginning is kept: every object that is sealed or opened asks for one."""
_UUID7: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def address(name: ObjectName) -> str:
    """Give the address of an object's lock."""
    return of_kind(name.project_id, name.kind) + _within(name.object_id)


def of_project(project_id: str) -> str:
    """Give how the addresses of all of a project's locks begin."""
    return _digits("project", project_id, _PROJECT)


@lru_cache(_KEPT)
def of_kind(project_id: str, kind: str) -> str:
    """Give how the addresses of a project's locks of one kind begin."""
    return of_project(project_id) + _digits("kind", kind, _KIND)


def lapsed(project_id: str, kind: str, *, before: int, kept: Collection[str] = ()) -> list[str]:
    """Cover what a project has of one kind from before a day, but for some objects; as few prefixes as can be."""
    spared = {_within(object_id) for object_id in kept}
    return [of_kind(project_id, kind) + place for place in _cover("", before, spared)]


def number(day: date) -> int:
    """Number a day of UTC, from 1970 on."""
    return (day - _FIRST_DAY).days


def first_id(day: int) -> str:
    """Give a text that sorts behind every UUIDv7 from before a day, and not behind any later one."""
    digits = (day * _DAY_MILLISECONDS).to_bytes(6, "big").hex()
    return f"{digits[:8]}-{digits[8:]}"


def _cover(place: str, before: int, spared: Collection[str]) -> Iterator[str]:
    first = int(place[:_DAY].ljust(_DAY, "0"), 16)
    last = int(place[:_DAY].ljust(_DAY, "f"), 16)
    if first >= before:
        return
    below = [each for each in spared if each.startswith(place)]
    if last < before and not below:
        yield place
    elif len(place) < _DAY + _OBJECT:
        for digit in "0123456789abcdef":
            yield from _cover(place + digit, before, below)


def _within(object_id: str) -> str:
    day = int(object_id[:8] + object_id[9:13], 16) // _DAY_MILLISECONDS if _UUID7.fullmatch(object_id) else 0
    return min(day, _LAST_DAY).to_bytes(_DAY // 2, "big").hex() + _digits("object", object_id, _OBJECT)


def _digits(label: str, text: str, length: int) -> str:
    return sha256(f"qgw/lock/{label}/{text}".encode()).hexdigest()[:length]
