"""A secret is a type that cannot be printed, logged, compared by `==` or put into JSON by accident."""

import hmac
from typing import Never, Self


class Secret:
    """Bytes that only `reveal()` gives out; every other way to show them shows stars."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    @classmethod
    def of(cls, text: str) -> Self:
        """Wrap text as UTF-8; lone surrogates become `?`, so a hostile header cannot raise here."""
        return cls(text.encode("utf-8", "replace"))

    def reveal(self) -> bytes:
        """Give the bytes out; call it only where they are used, never where they are kept."""
        return self._value

    def matches(self, other: bytes) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self._value, other)

    def __repr__(self) -> str:
        """Show stars."""
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        """Refuse: equality of secrets leaks time."""
        raise TypeError("compare secrets with matches()")

    __hash__ = None  # type: ignore[assignment]  # a secret is no dictionary key

    def __reduce__(self) -> Never:
        """Refuse to be pickled or copied into another process."""
        raise TypeError("a secret does not leave its process")
