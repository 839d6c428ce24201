"""JSON as two parsers cannot disagree about it, and values of the types they must have.

Every refusal names a place in the document and quotes nothing of it.
"""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from gateway.domain import strict_json
from gateway.ports.reader import UnreadableError

T = TypeVar("T")

_NAMES: Mapping[type, str] = {dict: "an object", list: "a list", str: "text"}


def loads(body: bytes) -> Any:
    """Parse strictly.

    Raises:
        UnreadableError: `malformed`.
    """
    try:
        return strict_json.loads(body)
    except strict_json.MalformedJsonError as error:
        raise UnreadableError("malformed", error.message) from None


def expect(value: Any, kind: type[T], where: str) -> T:
    """Insist on the JSON type of a value.

    Raises:
        UnreadableError: `malformed`.
    """
    if not isinstance(value, kind):
        raise UnreadableError("malformed", f"{where} must be {_NAMES[kind]}")
    return value


def only(value: Mapping[str, Any], known: Collection[str], where: str) -> Mapping[str, Any]:
    """Insist that an object has no field beside those known: an ignored one would change what is meant.

    Raises:
        UnreadableError: `malformed`.
    """
    if value.keys() - set(known):
        allowed = ", ".join(sorted(known))
        raise UnreadableError("malformed", f"{where} has a field that is not known; known are {allowed}")
    return value


def whole_number(value: Any, where: str, *, code: str, least: int = 0, most: int = 2**53 - 1) -> int:
    """Insist on an integer; `true` and `1.0` are none.

    Raises:
        UnreadableError: with the given `code`.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise UnreadableError(code, f"{where} must be a whole number from {least} to {most}")
    return value


def finite(value: Any, where: str) -> float:
    """Insist on a number that a float can hold.

    Raises:
        UnreadableError: `gate`.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnreadableError("gate", f"{where} must be a number")
    try:
        return float(value)
    except OverflowError:
        raise UnreadableError("gate", f"{where} must be a number a float can hold") from None
