"""How the ledger stands: how far it is signed, how far witnesses have seen it, and what is wrong with that.

Read from the database, so that every replica tells the same. Nothing is verified here; that is `Proving.verify`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from gateway.audit.export import current
from gateway.audit.log_keys import KeyPair
from gateway.audit.merkle import Frontier
from gateway.casework.proving import Proving
from gateway.domain.chain import Head
from gateway.domain.clock import Clock
from gateway.store import checkpoints, entries
from gateway.store.checkpoints import StoredCheckpoint

LATE: Final = timedelta(minutes=15)
"""How long an entry may wait for a checkpoint, and a witness be silent, before somebody should look."""


class Tone(StrEnum):
    """How good a finding is."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One thing to say of the ledger."""

    tone: Tone
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessHealth:
    """One configured witness."""

    name: str
    size: int
    """How many entries the largest checkpoint covers that it cosigned."""
    behind: int
    at: datetime | None
    problem: str
    """What went wrong when it was asked last, as far as this process knows."""
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The ledger as it stands."""

    head: Head
    root: str
    """Merkle root of the head, hexadecimal."""
    signed: StoredCheckpoint | None
    published: StoredCheckpoint | None
    """The newest that enough witnesses cosigned."""
    required: int
    witnesses: tuple[WitnessHealth, ...]
    keys: tuple[KeyPair, ...]
    words: tuple[Word, ...]

    @property
    def tone(self) -> Tone:
        """Give the worst of it."""
        order = (Tone.BAD, Tone.WARN)
        return next((tone for tone in order if any(word.tone is tone for word in self.words)), Tone.GOOD)


async def look(proving: Proving, clock: Clock, *, problems: Mapping[str, str] | None = None) -> Health:
    """See how the ledger stands; `problems` is what only the process knows that asks witnesses."""
    log = proving.log
    head, now = await current(log.database), clock.now()
    async with log.database.reading() as connection:
        signed = await checkpoints.newest(connection)
        seen = await checkpoints.seen(connection)
        waits = await entries.at(connection, signed.size if signed else 0)
    published = await proving.published()
    witnesses = tuple(
        _witness(name, *seen.get(name, (0, None)), problem=(problems or {}).get(name, ""), head=head, now=now)
        for name in proving.witnesses
    )
    overdue = waits is not None and now - waits > LATE
    words = (
        *_signing(head, signed, overdue=overdue, refused=log.refused),
        *_witnessing(head, published, witnesses, required=proving.required, now=now),
    )
    return Health(
        head=head,
        root=Frontier.from_bytes(head.size, head.frontier).root().hex(),
        signed=signed,
        published=published,
        required=proving.required,
        witnesses=witnesses,
        keys=tuple((await log.keyring.history()).pairs),
        words=words,
    )


def _witness(name: str, size: int, at: datetime | None, *, problem: str, head: Head, now: datetime) -> WitnessHealth:
    late = at is None or now - at > LATE
    return WitnessHealth(name=name, size=size, behind=head.size - size, at=at, problem=problem, late=late)


def _signing(head: Head, signed: StoredCheckpoint | None, *, overdue: bool, refused: str | None) -> Iterator[Word]:
    size = signed.size if signed else 0
    if refused:
        yield Word(tone=Tone.BAD, text=f"nothing is signed any more: {refused}")
    elif overdue:
        yield Word(
            tone=Tone.BAD, text=f"{head.size - size} entries wait for a signed checkpoint longer than they should"
        )
    elif signed is None:
        yield Word(tone=Tone.WARN, text="no checkpoint was signed yet; the first follows within seconds of serving")
    else:
        yield Word(tone=Tone.GOOD, text=f"the first {size} of {head.size} entries are signed")


def _witnessing(
    head: Head,
    published: StoredCheckpoint | None,
    witnesses: tuple[WitnessHealth, ...],
    *,
    required: int,
    now: datetime,
) -> Iterator[Word]:
    if not witnesses:
        told = "no witness is configured: whoever holds the ledger's keys could write its history anew, unnoticed"
        yield Word(tone=Tone.WARN, text=told)
        return
    if required and published is None:
        yield Word(tone=Tone.BAD, text=f"no checkpoint was cosigned by {required} of {len(witnesses)} witnesses yet")
    elif published is not None and required:
        fresh = now - published.at <= LATE or published.size == head.size
        told = f"{required} of {len(witnesses)} witnesses cosigned the first {published.size} of {head.size} entries"
        yield Word(tone=Tone.GOOD if fresh else Tone.BAD, text=told)
    for witness in witnesses:
        if witness.problem:
            yield Word(tone=Tone.WARN, text=f"the witness {witness.name} did not cosign: {witness.problem}")
        elif witness.late:
            yield Word(tone=Tone.WARN, text=f"the witness {witness.name} has not seen the ledger lately")
