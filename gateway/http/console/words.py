"""How the console tells of entries: a few words for each type, and how good the news is. Facts stay as they are."""

from collections.abc import Mapping
from typing import Final

from gateway.audit.entry import TYPES

_TONES: Final[Mapping[str, str]] = {
    "job.denied": "bad",
    "reservation.refused": "bad",
    "request.refused": "bad",
    "requests.refused": "bad",
    "job.failed": "bad",
    "approval.requested": "warn",
    "approval.rejected": "bad",
    "job.completed": "good",
    "job.cancelled": "warn",
    "attempt.lost": "warn",
    "attempt.abandoned": "warn",
    "attempt.claimed": "warn",
    "attempt.repeated": "warn",
    "halt.set": "warn",
    "limit.crossed": "warn",
    "limit.burning": "warn",
    "selftest.failed": "bad",
    "ledger.restored": "bad",
    "vendor.degraded": "warn",
    "orphan.found": "warn",
    "calibration.missed": "warn",
}
"""Types whose colour says more than a plain one; their words say it, too."""


def title(type_: str) -> str:
    """Give a type of entry as words: `job.cancel_requested` is "Job cancel requested"."""
    return type_.replace(".", " ").replace("_", " ").capitalize()


def tone(type_: str) -> str:
    """Say how good news an entry is, in the words of the badge."""
    return _TONES.get(type_, "plain")


def meaning(type_: str) -> str:
    """Say when such an entry is written; nothing for a type that a newer gateway wrote."""
    known = TYPES.get(type_)
    return known.docs if known else ""
