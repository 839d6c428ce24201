"""The mark by which a vendor's job is found again: ours, unique per attempt, and telling the vendor nothing."""

from hashlib import sha256
from typing import Final

PREFIX: Final = "qgw-"
_DIGITS: Final = 32


def mark(job_id: str, attempt: int) -> str:
    """Give the mark of one attempt: `qgw-` and 32 hexadecimal digits, always the same ones."""
    return PREFIX + sha256(f"{job_id}/{attempt}".encode()).hexdigest()[:_DIGITS]
