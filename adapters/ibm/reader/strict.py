"""JSON as two parsers cannot disagree about it, and the bounds on what is decoded from inside it.

Refused: duplicate keys, NaN and infinities, trailing data, deep nesting. Every refusal names a place in the
document and quotes nothing of it. Sizes in bytes.
"""

import base64
import binascii
import json
import math
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, TypeVar

from gateway.ports.reader import UnreadableError

T = TypeVar("T")

MAX_NESTING = 64
_NAMES: Mapping[type, str] = {dict: "an object", list: "a list", str: "text"}


def loads(body: bytes | str) -> Any:
    """Parse strictly.

    Raises:
        UnreadableError: `malformed`.
    """
    try:
        text = body if isinstance(body, str) else body.decode()
        document = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite_number
        )
        if "\\ud" in text or "\\uD" in text:
            # Half a surrogate pair has no encoding, and would fail whoever writes it later.
            json.dumps(document, ensure_ascii=False).encode()
    except RecursionError:
        raise UnreadableError("malformed", f"the body is nested deeper than {MAX_NESTING} levels") from None
    except ValueError as error:
        raise UnreadableError("malformed", _json_problem(error)) from None
    _refuse_depth(document)
    return document


def expect(value: Any, kind: type[T], where: str) -> T:
    """Insist on the JSON type of a value.

    Raises:
        UnreadableError: `malformed`.
    """
    if not isinstance(value, kind):
        raise UnreadableError("malformed", f"{where} must be {_NAMES[kind]}")
    return value


def whole_number(value: Any, where: str, *, code: str, least: int, most: int = 2**53 - 1) -> int:
    """Insist on an integer; `true` and `1.0` are none.

    Raises:
        UnreadableError: with the given `code`.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise UnreadableError(code, f"{where} must be a whole number from {least} to {most}")
    return value


def finite(value: Any, where: str, *, code: str) -> float:
    """Insist on a finite number.

    Raises:
        UnreadableError: with the given `code`.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnreadableError(code, f"{where} must be a number")
    try:
        return float(value)
    except OverflowError:
        raise UnreadableError(code, f"{where} must be a number a float can hold") from None


class Budget:
    """What one submission may still unpack; compressed data is unpacked within it or not at all."""

    def __init__(self, allowed_bytes: int) -> None:
        self._allowed = self._left = allowed_bytes

    def spend(self, size_bytes: int, where: str) -> None:
        """Account for data that was not compressed.

        Raises:
            UnreadableError: `too-large`.
        """
        self._left -= size_bytes
        if self._left < 0:
            raise UnreadableError(
                "too-large", f"the body unpacks to more than {self._allowed} bytes, at {where}; split the job"
            )

    def decode(self, text: str, where: str) -> bytes:
        """Decode Base64.

        Raises:
            UnreadableError: `malformed`, or `too-large`.
        """
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise UnreadableError("malformed", f"{where} is not Base64") from None
        self.spend(len(raw), where)
        return raw

    def inflate(self, text: str, where: str) -> bytes:
        """Decode Base64 and unpack zlib, never past the budget.

        Raises:
            UnreadableError: `malformed`, or `too-large`.
        """
        stream = zlib.decompressobj()
        try:
            raw = stream.decompress(self.decode(text, where), max(self._left, 0) + 1)
        except zlib.error:
            raise UnreadableError("malformed", f"{where} is not zlib data") from None
        self.spend(len(raw), where)
        if not stream.eof or stream.unused_data:
            raise UnreadableError("malformed", f"{where} is cut short or followed by other data")
        return raw


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("an object names a key twice")
    return members


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")


def _finite_number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large for a float")
    return number


def _json_problem(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"the body is not JSON, line {error.lineno} column {error.colno}"
    if isinstance(error, UnicodeError):
        return "the body is not UTF-8 text"
    return f"the body is not strict JSON: {error}" if str(error) in _SENTENCES else "the body is not strict JSON"


_SENTENCES = frozenset(
    {"an object names a key twice", "NaN and Infinity are no JSON", "a number is too large for a float"}
)
"""What of a parser's complaint may be repeated: our own words alone."""


def _refuse_depth(document: Any) -> None:
    level: list[Any] = [document]
    for _ in range(MAX_NESTING):
        level = [child for value in level for child in _children(value) if isinstance(child, dict | list)]
        if not level:
            return
    raise UnreadableError("malformed", f"the body is nested deeper than {MAX_NESTING} levels")


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
