"""Golden exchanges: one request each, and the shape of its answer. They are replayed in order of their files' names.

`{name}` in a request stands for something that an earlier answer gave, or that the caller knows. An exchange whose
names are not all known is left out and said so. Nothing here is secret: credentials come from the environment.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from tests.contracts.shapes import Shape, deviations

FOLDER = Path(__file__).parents[1] / "golden" / "exchanges"
_NAME = re.compile(r"\{([a-z_]+)\}")
_PATIENCE_SECONDS = 120.0


class NotAnsweredError(Exception):
    """There was no answer to compare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and what answers it."""

    name: str
    about: str
    service: str
    """Which of a vendor's hosts, such as `api` or `iam`."""
    method: str
    path: str
    body: Any = None
    form: bool = False
    signed: bool = True
    """Whether the caller shows who it is."""
    costs: bool = False
    """Whether it may cost something, or leaves something behind."""
    gives: Mapping[str, str] = field(default_factory=dict)
    """Names for later exchanges, and where each stands in the answer."""
    until: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Asked again until the word at a place is one of these."""
    status: int = 200
    shape: Shape = None

    def needs(self) -> set[str]:
        """Name what must be known before."""
        return set(_NAME.findall(self.path + json.dumps(self.body)))

    def filled(self, known: Mapping[str, str]) -> tuple[str, Any]:
        """Give path and body with every name replaced."""
        path = _NAME.sub(lambda found: quote(known[found[1]], safe=""), self.path)
        return path, _filled(self.body, known)


class Caller(Protocol):
    """Sends requests to one endpoint, with whatever proves who asks."""

    known: dict[str, str]

    def send(self, exchange: Exchange, path: str, body: Any) -> tuple[int, Any]:
        """Send one request; gives the status, and the body read as JSON, `None` when there is none.

        Raises:
            NotAnsweredError: no answer, or no JSON.
        """
        ...


def load(vendor: str) -> list[Exchange]:
    """Read a vendor's exchanges, in order."""
    files = sorted((FOLDER / vendor).glob("*.json"))
    return [Exchange(name=path.stem, **json.loads(path.read_text("utf-8"))) for path in files]


def replay(
    exchanges: Sequence[Exchange], caller: Caller, *, submit: bool
) -> Iterator[tuple[Exchange, list[str] | None]]:
    """Ask everything that may be asked; gives what deviates, `None` for what was left out."""
    for exchange in exchanges:
        if (exchange.costs and not submit) or not exchange.needs() <= caller.known.keys():
            yield exchange, None
            continue
        try:
            status, body = asked(exchange, caller)
        except NotAnsweredError as error:
            yield exchange, [str(error)]
            continue
        told = [] if status == exchange.status else [f"status {status} instead of {exchange.status}"]
        yield exchange, told or list(deviations(body, exchange.shape))


def asked(exchange: Exchange, caller: Caller) -> tuple[int, Any]:
    """Ask, again and again where an end is waited for, and remember what the answer gives."""
    path, body = exchange.filled(caller.known)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        status, answer = caller.send(exchange, path, body)
        ended = all(_at(answer, place) in words for place, words in exchange.until.items())
        if status != exchange.status or ended or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    found = {name: _at(answer, place) for name, place in exchange.gives.items()}
    caller.known.update({name: str(value) for name, value in found.items() if value is not None})
    return status, answer


def _at(value: Any, place: str) -> Any:
    """Follow a path; a step `key=word` is the first element of a list that has it."""
    for step in place.strip("/").split("/"):
        key, equals, word = step.partition("=")
        if isinstance(value, list) and equals:
            value = next((each for each in value if str(each.get(key, "")).startswith(word)), None)
        elif isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _filled(value: Any, known: Mapping[str, str]) -> Any:
    match value:
        case str():
            return _NAME.sub(lambda found: known[found[1]], value)
        case dict():
            return {key: _filled(each, known) for key, each in value.items()}
        case list():
            return [_filled(each, known) for each in value]
        case _:
            return value
