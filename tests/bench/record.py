"""What was measured last of every path, kept as JSON beside the page that is written from it.

A whole run takes more than an hour. So each path is published by itself, with its own day and circumstances.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tests.bench.outcome import Outcome

RECORD = Path(__file__).with_name("published.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One path's outcome, and where and when it was found."""

    day: str
    machine: Mapping[str, str]
    outcome: Outcome


def today(outcome: Outcome, machine: Mapping[str, str]) -> Measured:
    """Date an outcome."""
    return Measured(day=datetime.now(UTC).date().isoformat(), machine=machine, outcome=outcome)


def load(path: Path = RECORD) -> dict[str, Measured]:
    """Read what was published, by title."""
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Measured]) if path.exists() else {}


def keep(measured: Mapping[str, Measured], path: Path = RECORD) -> None:
    """Put new outcomes in the place of older ones of the same title."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(load(path) | dict(measured)), indent=2) + b"\n")
