"""What principals, projects and labels may be called, and how a wrong name is refused."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final

from gateway.domain.errors import RefusedError

_NAME: Final = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9 ._@+-]{0,62}[a-zA-Z0-9])?")
_LABEL_LENGTH: Final = 128
_REASON_LENGTH: Final = 200
_LISTED: Final = 20
"""So many names are listed; of more the nearest."""
_NEAREST: Final = 5


class NameRefusedError(RefusedError):
    """A name that could be mistaken, mistyped or misread."""

    code = "name-refused"

    def __init__(self, noun: str, name: str) -> None:
        super().__init__(
            f"{name[:80]!r} is no name for a {noun}: use 1 to 64 letters, digits, spaces and . _ @ + -, "
            "beginning and ending with a letter or digit"
        )
        self.noun, self.name = noun, name


class LabelRefusedError(RefusedError):
    """A label that would not fit, or not show, on one line."""

    code = "label-refused"

    def __init__(self) -> None:
        super().__init__(f"the label is too long or not printable; use at most {_LABEL_LENGTH} printable characters")


class DuplicateNameError(RefusedError):
    """The name is taken."""

    code = "name-taken"

    def __init__(self, noun: str, name: str) -> None:
        super().__init__(f"there is a {noun} called {name!r} already; choose another name, or change that one")
        self.noun, self.name = noun, name


class UnknownNameError(RefusedError):
    """There is nothing of that name in this deployment."""

    code = "name-unknown"

    def __init__(self, noun: str, name: str, known: Iterable[str]) -> None:
        super().__init__(f"there is no {noun} {name[:80]!r}; {told(name, sorted(known))}")
        self.noun, self.name = noun, name


def told(name: str, known: Sequence[str]) -> str:
    """List what there is; of many what is most like the wrong name."""
    if len(known) <= _LISTED:
        return f"known: {', '.join(known) or 'none yet'}"
    near = get_close_matches(name, known, n=_NEAREST, cutoff=0)
    return f"{len(known)} are known, the nearest: {', '.join(near)}"


def checked_name(noun: str, name: str) -> str:
    """Give the name back.

    Raises:
        NameRefusedError: it is not a name.
    """
    if not _NAME.fullmatch(name):
        raise NameRefusedError(noun, name)
    return name


def checked_label(label: str) -> str:
    """Give a free text of one short line back; an empty one is allowed.

    Raises:
        LabelRefusedError: too long, or with line breaks or control characters.
    """
    if len(label) > _LABEL_LENGTH or not label.isprintable():
        raise LabelRefusedError
    return label


def checked_new(noun: str, name: str, taken: Iterable[str]) -> str:
    """Give a new name back.

    Raises:
        NameRefusedError: it is not a name.
        DuplicateNameError: it differs from a known one by nothing, or only by upper and lower case.
    """
    checked_name(noun, name)
    if name.casefold() in {other.casefold() for other in taken}:
        raise DuplicateNameError(noun, name)
    return name


class ReasonRefusedError(RefusedError):
    """What stays in the ledger for good needs a reason that fits on a line."""

    code = "reason-refused"

    def __init__(self) -> None:
        super().__init__(
            f"give a reason of 1 to {_REASON_LENGTH} printable characters, without anybody's name; the ledger keeps it"
        )


def checked_reason(reason: str) -> str:
    """Give a reason back, without the spaces around it.

    Raises:
        ReasonRefusedError: there is none, or it does not fit on a line.
    """
    told = reason.strip()
    if not told or len(told) > _REASON_LENGTH or not told.isprintable():
        raise ReasonRefusedError
    return told
