"""Small changes of a JSON object as text: whatever is not changed keeps its bytes.

The text must be strict JSON whose outermost value is an object; the dialect has seen to that. Changes are
gathered first and made together, so the document is scanned once, however large it is.
"""

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

_GAP: Final = re.compile(r"[ \t\n\r]*")
_DECODER: Final = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class _Span:
    """Where a member or an element stands; an element begins with its value."""

    begin: int
    value: int
    end: int


class Splices:
    """One document, and the changes to be made in it."""

    def __init__(self, body: bytes) -> None:
        self._text = body.decode("utf-8")
        self._members, self._brace = self._scanned(_gap(self._text, 0), named=True)
        self._names = {json.loads(self._text[each.begin : _key_end(self._text, each)]): each for each in self._members}
        self._changes: list[tuple[int, int, str]] = []

    def old(self, name: str) -> str | None:
        """Give a member's value as it stands, or `None` when there is no such member."""
        span = self._names.get(name)
        return None if span is None else self._text[span.value : span.end]

    def elements(self, name: str) -> list[str]:
        """Give the elements of a list as they stand; none when there is no such member."""
        return [self._text[each.value : each.end] for each in self._list(name)]

    def put(self, name: str, new: str) -> None:
        """Give a member another value, or add it as the last one."""
        if (span := self._names.get(name)) is not None:
            self._changes.append((span.value, span.end, new))
        else:
            comma = "," if self._members else ""
            self._changes.append((self._brace, self._brace, f"{comma}{json.dumps(name)}:{new}"))

    def put_element(self, name: str, index: int, new: str) -> None:
        """Give an element of a list another value, or add it as the last one."""
        elements, end = self._list(name), self._names[name].end - 1
        if index < len(elements):
            self._changes.append((elements[index].value, elements[index].end, new))
        else:
            self._changes.append((end, end, f",{new}" if elements else new))

    def drop(self, name: str) -> None:
        """Take a member out, together with one comma."""
        place = self._members.index(self._names[name])
        span = self._members[place]
        if place + 1 < len(self._members):
            self._changes.append((span.begin, self._members[place + 1].begin, ""))
        else:
            begin = self._members[place - 1].end if place else span.begin
            self._changes.append((begin, span.end, ""))

    def done(self) -> bytes:
        """Make all changes."""
        text = self._text
        for begin, end, new in sorted(self._changes, reverse=True):
            text = text[:begin] + new + text[end:]
        return text.encode("utf-8")

    def _list(self, name: str) -> list[_Span]:
        span = self._names.get(name)
        return [] if span is None else self._scanned(span.value, named=False)[0]

    def _scanned(self, at: int, *, named: bool) -> tuple[list[_Span], int]:
        """Find what stands in the object or list that opens here, and where it closes."""
        text, found = self._text, []
        at = _gap(text, at + 1)
        while text[at] not in "]}":
            value = _gap(text, _gap(text, _value_end(text, at)) + 1) if named else at
            end = _value_end(text, value)
            found.append(_Span(at, value, end))
            at = _gap(text, end)
            if text[at] == ",":
                at = _gap(text, at + 1)
        return found, at


def digest(text: str) -> str:
    """Give the SHA-256 of a value's JSON as it stands."""
    return sha256(text.encode("utf-8")).hexdigest()


def _gap(text: str, at: int) -> int:
    found = _GAP.match(text, at)
    return at if found is None else found.end()


def _value_end(text: str, at: int) -> int:
    return int(_DECODER.raw_decode(text, at)[1])


def _key_end(text: str, member: _Span) -> int:
    return _value_end(text, member.begin)
