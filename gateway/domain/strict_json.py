"""JSON as strict as a signature needs it: what two parsers could read differently is refused.

The standard parser keeps the last of two equal keys, invents `NaN`, guesses encodings and recurses until
it fails. A body that policy judged must mean the same to whoever gets it next, so all of these end here.
"""

import json
import math
import re
from array import array
from collections import Counter
from itertools import accumulate
from typing import Any, Never

from gateway.domain.errors import RefusedError

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_STEP = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NO_BRACKET = bytes(set(range(256)) - set(b"[{]}"))
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
_SHORT_TOKEN = re.compile(r"[A-Za-z0-9_.-]{1,40}")


class MalformedJsonError(RefusedError):
    """A body that is not JSON, or JSON that two parsers could read differently."""

    code = "malformed-json"

    def __init__(self, problem: str) -> None:
        super().__init__(f"the body is not strict JSON: {problem}; send one UTF-8 JSON document (RFC 8259)")
        self.problem = problem


def loads(body: bytes, *, depth: int = 64) -> Any:
    """Parse one document; objects with equal keys, NaN, infinities and deep nesting are refused.

    `depth` is how many arrays and objects may stand inside each other.

    Raises:
        MalformedJsonError: anything but one strict document; the message quotes no value of it.
    """
    text = _text(body)
    _check_depth(body, depth)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_float=_finite,
            parse_int=_integer,
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as error:
        raise MalformedJsonError(f"{_reason(error)} at byte {_offset(text, error.pos)}") from None
    if _SURROGATE_ESCAPE.search(body):
        _check_unicode(value)
    return value


def _text(body: bytes) -> str:
    if not body:
        raise MalformedJsonError("it is empty")
    try:
        return body.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise MalformedJsonError(f"no UTF-8 at byte {error.start}") from None


def _check_depth(body: bytes, limit: int) -> None:
    # Before parsing, because the parser itself recurses. All of it runs in C: a body may be large and hostile.
    steps = array("b", _STRING.sub(b"", body).translate(_STEP, _NO_BRACKET))
    if max(accumulate(steps), default=0) > limit:
        raise MalformedJsonError(f"nested deeper than {limit}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise MalformedJsonError(f"key {_shown(twice)} stands twice")
    return members


def _shown(key: str) -> str:
    return repr(key) if _SHORT_TOKEN.fullmatch(key) else "of one object"


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise MalformedJsonError("a number is too large for a double")
    return number


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise MalformedJsonError("an integer has too many digits") from None


def _no_constant(name: str) -> Never:
    raise MalformedJsonError(f"{name} is no JSON value")


def _reason(error: json.JSONDecodeError) -> str:
    return "data after the document" if error.msg == "Extra data" else error.msg.lower().removesuffix(" at")


def _offset(text: str, position: int) -> int:
    return len(text[:position].encode("utf-8", "surrogatepass"))


def _check_unicode(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedJsonError("a text holds half a surrogate pair") from None
