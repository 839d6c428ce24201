"""What a check can find, each with a stable code; `docs/runbooks/fsck.md` says what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "row-differs": "A column beside an entry says something else than the entry itself.",
        "tile-missing": "A full tile of the ledger's tree is not stored.",
        "tile-differs": "A stored tile is not what lies below it.",
        "pin-differs": "The checkpoint in the state directory is no beginning of this ledger.",
        "cosignature-orphaned": "A witness cosigned a checkpoint that is not stored.",
        "guard-missing": "A trigger that keeps what is recorded from being changed is not there, or switched off.",
        "object-differs": "A sealed object is not the one that its entry names.",
        "object-missing": "An entry names a sealed object that has no row.",
        "object-damaged": "A sealed object does not open.",
        "object-revived": "A sealed object is there again whose lock was erased: it came from a backup.",
        "payload-differs": "A payload opens and is not the one that the job was judged by.",
        "key-unreadable": "A project's key does not unwrap with this master key.",
        "job-missing": "The ledger permitted a job that has no row.",
        "job-differs": "A job's row says something else than the entry that permitted it.",
        "job-unrecorded": "A job has no attempt: nothing permitted it.",
        "attempt-unrecorded": "An attempt names an entry that is not there, or another one.",
        "outcome-missing": "A job has ended, and no entry says so.",
        "outcome-differs": "A job ended otherwise than its entry says.",
        "journal-unrecorded": "A line of the journal names an entry that is not there.",
        "books-differ": "A balance is not the sum of the journal.",
        "order-missing": "An entry orders an erasure that has no row, so nothing was erased by it.",
        "order-unrecorded": "An order to erase has no entry, or was changed: somebody wrote it past the ledger.",
        "order-undone": "An order to erase was not carried out.",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One thing that does not agree."""

    part: str
    """Which check found it."""
    code: str
    where: str
    """The entry, tile, job or object."""
    sentence: str


def damage(part: str, code: str, where: object, more: str = "") -> Damage:
    """Make a finding of what its code means."""
    meaning = CODES[code].rstrip(".")
    return Damage(part=part, code=code, where=str(where), sentence=f"{meaning}{more and ': '}{more}")
