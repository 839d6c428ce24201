"""What is asked of the ledger, and what an entry is found by: terms, which both databases look up alike.

A term is either a fact (`fact("vendor", "ibm")`: `_` and a digest) or a word of a reason, which has no `_` in it: so
nobody can write a reason that makes an entry look like another tenant's. Costs are integer micros.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Final

from gateway.domain.backend import ExecutionKind
from gateway.domain.classification import Classification

_WORD: Final = re.compile(r"[^\W_]+")
_LONGEST_WORD: Final = 48
_FACT_DIGITS: Final = 16
_OCTAVES: Final = 54
"""Of costs that a ledger entry can hold."""


class Ruling(StrEnum):
    """How a submission was decided."""

    PERMITTED = "permitted"
    DENIED = "denied"
    """By policy."""
    REFUSED = "refused"
    """By a budget or quota, after policy had allowed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which entries are meant: all that is given must hold."""

    since: datetime | None = None
    until: datetime | None = None
    """Exclusive."""
    types: tuple[str, ...] = ()
    """Event codes, `job.denied`, or those of one noun, `job.*`; any of them."""
    principal: str | None = None
    """Name, id or digest."""
    key: str | None = None
    """Id of a gateway key."""
    project: str | None = None
    """Name or id."""
    job: str | None = None
    """Its client's id or ours."""
    vendor: str | None = None
    """Where a job went; of one that went nowhere, whose dialect it spoke."""
    backend: str | None = None
    """Asked for, or used."""
    ruling: Ruling | None = None
    rule: str | None = None
    """A policy rule that denied, warned, or kept a job from another place; of denials only one that denied."""
    code: str | None = None
    """Error code of a refusal."""
    classification: Classification | None = None
    kind: ExecutionKind | None = None
    fallback: bool | None = None
    cost_from: int | None = None
    cost_to: int | None = None
    """Micros, inclusive."""
    currency: str | None = None
    text: str | None = None
    """Words that all occur in its reasons; `word*` is any that begins so."""
    synthetic: bool | None = None
    """Whether the self-test's own work is shown among the rest; asked for by its project or job it always is."""

    @property
    def of_people(self) -> bool:
        """Say whether the self-test's own work is left out."""
        return not self.synthetic and self.project is None and self.job is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a reader may see at all."""

    project_ids: frozenset[str] | None = None
    """Only entries of these projects; `None` is the whole deployment."""
    subject: str | None = None
    """Only what this person or service did, by digest."""
    reader: str | None = None
    """Who looks, by id; `None` where the gateway itself does, for somebody who was recorded when it was set up."""

    @property
    def everything(self) -> bool:
        """Say whether nothing is kept from this reader."""
        return self.project_ids is None and self.subject is None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedEntry:
    """One entry as the index has it: digests and ids, never a name."""

    seq: int
    at: str
    """RFC 3339, as in the leaf."""
    type: str
    event_id: str
    project_id: str | None = None
    subject: str | None = None
    """Who did it; of what the gateway did about a job, whose job it is."""
    key: str | None = None
    job_id: str | None = None
    client_job_id: str | None = None
    vendor: str | None = None
    backend: str | None = None
    backend_asked: str | None = None
    ruling: str | None = None
    rules: tuple[str, ...] = ()
    code: str | None = None
    classification: str | None = None
    kind: str | None = None
    fallback: bool | None = None
    cost_micros: int | None = None
    """Quoted, where a job was decided; settled, where it ended."""
    currency: str | None = None
    reason: str = ""
    terms: tuple[str, ...] = field(default=(), repr=False)
    """Sorted, each once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """How far the index is."""

    size: int
    of: int
    """Entries of the ledger."""

    @property
    def behind(self) -> int:
        """Give how many entries it lacks."""
        return max(0, self.of - self.size)


@lru_cache(maxsize=8192)
def fact(field_: str, value: str) -> str:
    """Give the term of a fact."""
    return "_" + sha256(f"{field_}\0{value}".encode()).hexdigest()[:_FACT_DIGITS]


def words(text: str) -> tuple[str, ...]:
    """Take the words out of a text, as they are stored and asked for."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return tuple(word[:_LONGEST_WORD] for word in _WORD.findall(plain))


def asked_words(text: str) -> tuple[str, ...]:
    """Read the words somebody looks for; one that ends with `*` keeps it."""
    found: list[str] = []
    for part in text.split():
        several = words(part)
        found += several[:-1]
        found += [f"{word}*" if part.endswith("*") else word for word in several[-1:]]
    return tuple(found)


def magnitude(micros: int) -> str:
    """Give the octave of a cost, by which entries of about that cost are found."""
    return str(max(micros, 0).bit_length())


def magnitudes(lowest: int | None, highest: int | None) -> tuple[str, ...]:
    """Give the octaves of a span of costs."""
    return tuple(
        str(each)
        for each in range((lowest or 0).bit_length(), _OCTAVES if highest is None else highest.bit_length() + 1)
    )
