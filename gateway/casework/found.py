"""What a search gives: entries with names, a page of them, and what there is to choose from."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from gateway.domain.clock import parse_rfc3339
from gateway.domain.search import Indexed, IndexedEntry, Ruling


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One entry, as far as the index tells of it, with names."""

    seq: int
    at: datetime
    type: str
    """The event's stable code."""
    event_id: str
    project_id: str | None
    project: str | None
    subject: str | None
    """Digest of who did it; of what the gateway did about a job, whose job it is."""
    principal: str | None
    """Their name, unless it was erased."""
    key: str | None
    job_id: str | None
    client_job_id: str | None
    vendor: str | None
    backend: str | None
    backend_asked: str | None
    ruling: Ruling | None
    rules: tuple[str, ...]
    code: str | None
    classification: str | None
    kind: str | None
    fallback: bool | None
    cost_micros: int | None
    """Quoted, where a job was decided; settled, where it ended."""
    currency: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What was found, and where it goes on."""

    found: tuple[Found, ...]
    cursor: str | None
    """For the next page of the same filter and order; nothing where this was the last."""
    indexed: Indexed


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Which values occur in what a reader may see."""

    types: tuple[str, ...]
    vendors: tuple[str, ...]
    backends: tuple[str, ...]
    rules: tuple[str, ...]
    codes: tuple[str, ...]
    classifications: tuple[str, ...]
    kinds: tuple[str, ...]
    projects: tuple[tuple[str, str], ...]
    """Id and name."""


_COPIED: Final = tuple(each.name for each in fields(Found) if each.name not in {"at", "ruling", "project", "principal"})


def named(entry: IndexedEntry, people: Mapping[str, str], owners: Mapping[str, str]) -> Found:
    """Put names to an entry; `people` by digest, `owners` by id of a project."""
    return Found(
        **{name: getattr(entry, name) for name in _COPIED},
        at=parse_rfc3339(entry.at),
        ruling=Ruling(entry.ruling) if entry.ruling else None,
        project=owners.get(entry.project_id or ""),
        principal=people.get(entry.subject or ""),
    )
