"""Filters as people write them: query parameters, form fields and options are the same words everywhere."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from gateway.casework import amounts
from gateway.domain.backend import ExecutionKind
from gateway.domain.budget import Unit
from gateway.domain.classification import Classification
from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.errors import RefusedError
from gateway.domain.search import Filter, Ruling

_LONGEST: Final = 512
_EARLIEST, _LATEST = 1970, 9000
_ANSWERS: Final[Mapping[str, bool]] = {"yes": True, "no": False}


class SearchRefusedError(RefusedError):
    """The ledger was searched for something that it is not searched by."""

    code = "search-refused"


def wanted(given: Mapping[str, Sequence[str]]) -> Filter:
    """Read a filter; blank values say nothing.

    Raises:
        SearchRefusedError: an unknown word, or a value that means nothing; the message names it.
    """
    values = {name: [each.strip() for each in several if each.strip()] for name, several in given.items()}
    read = {name: _read(name, several) for name, several in values.items() if several}
    found = Filter(**dict(read.values()))
    if found.since and found.until and found.until <= found.since:
        raise SearchRefusedError("the span of time ends before it begins; `until` is exclusive")
    return found


def asked(filter_: Filter) -> tuple[tuple[str, str], ...]:
    """Write a filter as the pairs of a query string."""
    pairs: list[tuple[str, str]] = []
    for name, (field, _, _) in _FIELDS.items():
        value = getattr(filter_, field)
        if field == "types":
            pairs += [(name, each) for each in value]
        elif value is not None:
            pairs.append((name, _written(value)))
    return tuple(pairs)


def _read(name: str, several: Sequence[str]) -> tuple[str, Any]:
    if name not in _FIELDS:
        raise SearchRefusedError(f"entries are not searched by {name[:40]!r}; only by {', '.join(NAMES)}")
    field, reading, _ = _FIELDS[name]
    if any(len(each) > _LONGEST for each in several):
        raise SearchRefusedError(f"{name} is longer than {_LONGEST} characters")
    if field == "types":
        return field, tuple(dict.fromkeys(code.strip() for each in several for code in each.split(",") if code.strip()))
    if len(several) > 1:
        raise SearchRefusedError(f"{name} was given {len(several)} times; give it once")
    return field, reading(name, several[0])


def _text(_: str, value: str) -> str:
    return value


def _moment(name: str, value: str) -> datetime:
    try:
        moment = parse_rfc3339(value)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or not _EARLIEST <= moment.year <= _LATEST:
        raise SearchRefusedError(f"{name} is no time; write 2026-11-01 or 2026-11-01T12:00:00Z")
    return moment


def _one_of(kinds: Callable[[str], Any], known: Sequence[str]) -> Callable[[str, str], Any]:
    def reading(name: str, value: str) -> Any:
        if value not in known:
            raise SearchRefusedError(f"{name} is one of {', '.join(known)}, not {value[:40]!r}")
        return kinds(value)

    return reading


def _money(name: str, value: str) -> int:
    try:
        return amounts.parse(value, Unit.MONEY, "XXX")
    except RefusedError as error:
        raise SearchRefusedError(f"{name}: {error.message}") from None


def _written(value: Any) -> str:
    match value:
        case datetime():
            return rfc3339(value)
        case bool():
            return "yes" if value else "no"
        case int():
            return amounts.show(value, Unit.MONEY)
        case _:
            return str(value)


_CHOICE: Final = {each: _one_of(each, [one.value for one in each]) for each in (Ruling, Classification, ExecutionKind)}
_YES_OR_NO: Final = _one_of(_ANSWERS.__getitem__, list(_ANSWERS))
_FIELDS: Final[Mapping[str, tuple[str, Callable[[str, str], Any], str]]] = {
    "type": ("types", _text, "Event codes, such as `job.denied`, or all of a noun, `job.*`; several with commas."),
    "since": ("since", _moment, "From here on: a date or a moment (RFC 3339, UTC)."),
    "until": ("until", _moment, "Until before here."),
    "principal": ("principal", _text, "Who did it: name, id, or the digest of somebody who was erased."),
    "key": ("key", _text, "With which key: its id."),
    "project": ("project", _text, "Whose: name or id."),
    "job": ("job", _text, "Which job: the id that the SDK shows, or ours."),
    "vendor": ("vendor", _text, "Where it went; of what went nowhere, whose dialect it spoke."),
    "backend": ("backend", _text, "Asked for, or used."),
    "decision": ("ruling", _CHOICE[Ruling], "`permitted`, `denied` by policy, or `refused` by a budget."),
    "rule": (
        "rule",
        _text,
        "A policy rule that denied, warned, or kept a job from another place; with decision `denied`, one that denied.",
    ),
    "code": ("code", _text, "Error code of a refusal, such as `key-revoked`."),
    "classification": ("classification", _CHOICE[Classification], "How sensitive: `public` to `restricted`."),
    "kind": ("kind", _CHOICE[ExecutionKind], "`hardware` or `simulator`."),
    "fallback": ("fallback", _YES_OR_NO, "Whether it ran elsewhere: `yes`, `no`."),
    "cost_from": ("cost_from", _money, "Cost of at least so much, as a decimal."),
    "cost_to": ("cost_to", _money, "Cost of at most so much."),
    "currency": ("currency", _text, "Cost in this currency (ISO 4217)."),
    "synthetic": ("synthetic", _YES_OR_NO, "Whether the self-test's own work is shown, too: `yes`, `no`."),
    "text": ("text", _text, "Words that all occur in its reasons; `word*` is any that begins so."),
}
NAMES: Final = tuple(_FIELDS)
"""What entries are searched by."""
WORDS: Final[Mapping[str, str]] = {name: words for name, (_, _, words) in _FIELDS.items()}
"""What each means, for whoever writes a filter."""
