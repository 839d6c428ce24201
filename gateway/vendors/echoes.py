"""What a vendor's errors repeat of what it was sent is withheld: they go into answers, records, logs and the ledger.

A credential comes back in the words of an API that says which key it does not know; a payload in the words of one
that says what it could not read. Names and short values stay, or nobody could tell what to mend.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl

from gateway.ports.vendor import VendorAnswer, VendorRequest

WITHHELD: Final = b"[withheld]"
_ERROR: Final = 400
_LONGEST_ERROR: Final = 4096
"""Bytes of an error that are looked at and kept; nobody shows more of it."""
_LARGEST_BODY: Final = 1024 * 1024
"""A larger body is not compared: then the vendor's words are withheld whole."""
_SECRET_BYTES: Final = 8
_TEXT_BYTES: Final = 12
"""So much of a credential, or of a text, in a row is no chance."""
_PUBLIC: Final = frozenset({"accept", "content-type", "ibm-api-version", "x-amz-date", "x-amz-content-sha256"})
"""Headers that hold nothing of an account."""
_PARTS: Final = re.compile(r"[\s,;=/]+")
_SCOPE: Final = re.compile(r"[a-z]{2}-[a-z]+-\d|aws4_request|SignedHeaders|Signature|Credential|AWS4-HMAC-SHA256")
"""Words of a signature that are no secret: a region may be what an error is about."""


def without_echo(request: VendorRequest, answer: VendorAnswer) -> VendorAnswer:
    """Withhold in an error what was in its request; any other answer stays as it is."""
    if answer.status < _ERROR:
        return answer
    if len(request.body) > _LARGEST_BODY:
        return replace(answer, body=b"")
    words = answer.body[:_LONGEST_ERROR]
    for sought, least in ((_shown(request), _SECRET_BYTES), (_texts(request.body), _TEXT_BYTES)):
        words = _withheld(words, sought, least)
    return replace(answer, body=words)


def without_texts(words: str, body: bytes) -> str:
    """Withhold in a vendor's words about a job the texts of what was sent."""
    if len(body) > _LARGEST_BODY:
        return ""
    return _withheld(words.encode(), _texts(body), _TEXT_BYTES).decode("utf-8", "replace")


def _shown(request: VendorRequest) -> bytes:
    """Give what proves who asks: the words of its headers, and the fields of a form."""
    values = [value for name, value in request.headers.items() if name.lower() not in _PUBLIC]
    words = [word for value in values for word in _PARTS.split(value) if not _SCOPE.fullmatch(word)]
    fields = [value for _, value in parse_qsl(request.body.decode("utf-8", "replace"))] if _is_form(request) else []
    return _joined((*words, *fields))


def _is_form(request: VendorRequest) -> bool:
    kinds = (value for name, value in request.headers.items() if name.lower() == "content-type")
    return any("form" in kind for kind in kinds)


def _texts(body: bytes) -> bytes:
    """Give every text inside a JSON body; what is no JSON is one text."""
    try:
        return _joined(_strings(json.loads(body)))
    except (ValueError, RecursionError):
        return body


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from _strings(each)
        case list():
            for each in value:
                yield from _strings(each)


def _joined(texts: Iterable[str]) -> bytes:
    return b"\0".join(text.encode("utf-8", "replace") for text in texts)


def _withheld(words: bytes, sought: bytes, least: int) -> bytes:
    """Replace every run of so many bytes and more that stands in `sought`."""
    kept, start = bytearray(), 0
    while start < len(words):
        end = start + least
        if end > len(words) or words[start:end] not in sought:
            kept.append(words[start])
            start += 1
            continue
        while end < len(words) and words[start : end + 1] in sought:
            end += 1
        kept += WITHHELD
        start = end
    return bytes(kept)
