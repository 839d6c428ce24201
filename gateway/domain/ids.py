"""Identifiers. `job_id` is ours and internal; `client_job_id` is the only id a client ever sees."""

import re
from datetime import datetime
from typing import NewType

JobId = NewType("JobId", str)
"""UUIDv7 text: sorts by creation, internal and in the ledger."""
ClientJobId = NewType("ClientJobId", str)
"""In the shape of the dialect it was minted for."""
PrincipalId = NewType("PrincipalId", str)
ProjectId = NewType("ProjectId", str)
KeyId = NewType("KeyId", str)

WIRE_ID = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._:-]{1,128}\Z")
"""What an id in a URL may look like; dot segments are refused."""


def uuid7(moment: datetime, entropy: bytes) -> str:
    """Build a UUIDv7 (RFC 9562) from a moment and 10 random bytes.

    Raises:
        ValueError: `entropy` is not 10 bytes.
    """
    if len(entropy) != 10:  # noqa: PLR2004  # 80 bits: 74 random and 6 overwritten by version and variant
        raise ValueError("a UUIDv7 takes 10 random bytes")
    milliseconds = int(moment.timestamp() * 1000)
    raw = bytearray(milliseconds.to_bytes(6, "big") + entropy)
    raw[6] = raw[6] & 0x0F | 0x70
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
