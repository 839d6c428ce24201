"""Entries as others take them: JSON lines, CSV, CloudEvents 1.0 and OCSF.

A line of `jsonl` has an entry's hash and leaf exactly as the ledger's own export has them, so that a proof of
inclusion can be checked against it, and beside them what the index tells (`found`), which nothing proves. The other
formats are for programs that watch and count.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Final

import msgspec

from gateway.audit.leaf import read
from gateway.audit.verify import entry_line
from gateway.casework import amounts, ocsf, sheets
from gateway.casework.found import Found
from gateway.domain.budget import Unit
from gateway.domain.clock import rfc3339

_PLACES: Final = 20
"""Digits of a place in the ledger, so that texts sort like numbers."""


class Form(StrEnum):
    """How entries are written."""

    JSONL = "jsonl"
    CSV = "csv"
    CLOUDEVENTS = "cloudevents"
    OCSF = "ocsf"

    @property
    def media_type(self) -> str:
        """Say what a file of it is."""
        return "text/csv; charset=utf-8" if self is Form.CSV else "application/x-ndjson"

    @property
    def suffix(self) -> str:
        """Give the end of its files' names."""
        return "csv" if self is Form.CSV else "jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """One entry with all there is of it."""

    found: Found
    leaf: bytes
    leaf_hash: bytes

    @property
    def body(self) -> Mapping[str, Any]:
        """Give what the entry says."""
        leaf = read(self.leaf)
        return {} if leaf is None else leaf.event.body


def opening(form: Form) -> bytes:
    """Give what comes before the first entry."""
    return sheets.lines([_COLUMNS]).encode() if form is Form.CSV else b""


def written(form: Form, entries: Iterable[Whole], *, source: str) -> bytes:
    """Write entries, a line for each; `source` is the ledger's name."""
    if form is Form.CSV:
        return sheets.lines(_row(each) for each in entries).encode()
    if form is Form.JSONL:
        return b"".join(_line(each) for each in entries)
    event = events(form, source)
    return b"".join(msgspec.json.encode(event(each)) + b"\n" for each in entries)


def events(form: Form, source: str) -> Callable[[Whole], Mapping[str, Any]]:
    """Give how an entry becomes an event of a format that has events."""
    if form is Form.OCSF:
        return lambda each: ocsf.event(each.found, each.body, each.leaf_hash.hex(), source)
    return lambda each: _cloud_event(each, source)


def shown(found: Found) -> dict[str, Any]:
    """Give an entry as answers show it: moments as text, money as decimals."""
    cost = None if found.cost_micros is None else amounts.show(found.cost_micros, Unit.MONEY)
    told = {**asdict(found), "at": rfc3339(found.at), "cost": cost}
    del told["cost_micros"]
    return told


def _line(entry: Whole) -> bytes:
    proven = entry_line(entry.leaf_hash.hex().encode(), entry.leaf)
    return b'%b,"found":%b}\n' % (proven.removesuffix(b"}\n"), msgspec.json.encode(shown(entry.found)))


def _row(entry: Whole) -> list[Any]:
    told = shown(entry.found) | {"rules": " ".join(entry.found.rules), "hash": entry.leaf_hash.hex()}
    return [told[column] for column in _COLUMNS]


def _cloud_event(entry: Whole, source: str) -> dict[str, Any]:
    found = entry.found
    return {
        "specversion": "1.0",
        "id": found.event_id,
        "source": source,
        "type": f"qgw.{found.type}",
        "subject": found.job_id or f"entry/{found.seq}",
        "time": rfc3339(found.at),
        "datacontenttype": "application/json",
        "sequence": f"{found.seq:0{_PLACES}}",
        "data": {**shown(found), "body": entry.body, "hash": entry.leaf_hash.hex()},
    }


_COLUMNS: Final = (
    *(("cost" if each.name == "cost_micros" else each.name) for each in fields(Found)),
    "hash",
)
