"""Looks through the documents that a job left, and takes out what rules take out. Runs in a worker process.

A document is not read and written again, which would change its numbers: the texts in it are found where they stand,
and only those that hold something are replaced. What nobody took anything out of stays as the vendor sent it, byte for
byte. Packed arrays are no texts.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from gateway.circuits.scan import Look, seen
from gateway.circuits.texts import MOST_CHARACTERS
from gateway.domain.leaks import ResultAction, ResultLeak, Screened

_TOKEN: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
"""A text as JSON writes it."""
_NO_TEXT: Final = re.compile(rb'"(?:[A-Za-z0-9+/=_-]{257,}|0x[0-9a-f]*|[01 ]*|.{0,3})"', re.DOTALL)
"""Packed arrays, outcomes of shots, and what is too short to say anything."""


def screen(documents: Mapping[str, bytes], rules: Sequence[Look]) -> Screened:
    """Look through every document."""
    leaks: list[ResultLeak] = []
    redacted: dict[str, bytes] = {}
    unread: list[str] = []
    for name, body in documents.items():
        texts = _texts(body)
        if texts is None:
            unread.append(name)
            continue
        found = _found(texts.values(), rules)
        leaks += [ResultLeak(rule=rule, document=name, count=count) for rule, count in sorted(found.items())]
        changed = _redacted(body, texts, [look for look in rules if look.rule.id in found])
        if changed != body:
            redacted[name] = changed
    return Screened(leaks=tuple(leaks), redacted=redacted, unread=tuple(unread))


def _texts(body: bytes) -> dict[bytes, str] | None:
    """Find every text of a document, by the bytes that write it; `None` where it cannot be read, or holds too many."""
    tokens = dict.fromkeys(_TOKEN.findall(body)) if _is_json(body) else {body: None}
    try:
        texts = {token: _read(token) for token in tokens if not _NO_TEXT.fullmatch(token)}
    except ValueError:
        return None
    return texts if sum(map(len, texts.values())) <= MOST_CHARACTERS else None


def _is_json(body: bytes) -> bool:
    return body.lstrip()[:1] in {b"{", b"[", b'"'}


def _read(token: bytes) -> str:
    if token[:1] != b'"':
        return token.decode()
    return str(json.loads(token, strict=False)) if b"\\" in token else token[1:-1].decode()


def _found(texts: Iterable[str], rules: Sequence[Look]) -> Counter[str]:
    listed = list(texts)
    return +Counter({look.rule.id: sum(map(look.count, listed)) for look in seen(listed, rules)})


def _redacted(body: bytes, texts: Mapping[bytes, str], rules: Sequence[Look]) -> bytes:
    """Write a mark in the place of whatever a rule takes out."""
    taking = [look for look in rules if look.rule.results is ResultAction.REDACT]
    if not taking:
        return body
    changed = {token: new for token, text in texts.items() if (new := _without(text, taking)) != text}
    if not _is_json(body):
        return changed[body].encode() if body in changed else body
    return _TOKEN.sub(lambda match: _written(changed[match[0]]) if match[0] in changed else match[0], body)


def _without(text: str, rules: Sequence[Look]) -> str:
    for look in rules:
        # The longest first: a shorter one may be part of it.
        for span in sorted(set(_spans(look, text)), key=len, reverse=True):
            text = text.replace(span, f"[redacted: {look.rule.id}]")
    return text


def _spans(look: Look, text: str) -> Iterator[str]:
    return (span for span in look.spans(text) if span)


def _written(text: str) -> bytes:
    return json.dumps(text).encode()
