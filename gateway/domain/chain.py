"""Where the ledger stands, and one entry's place in it. Digests are SHA-256, as raw bytes."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The ledger in a few hundred bytes: enough to append to it, and to know its Merkle root."""

    origin: str
    """The ledger's name, fixed when it is created."""
    size: int
    """How many entries it has; the next entry's `seq`."""
    frontier: bytes = field(repr=False)
    """Roots of the perfect subtrees, largest first, 32 bytes each (RFC 6962)."""
    last_hash: bytes = field(repr=False)
    """The newest entry's leaf hash; 32 zero bytes while there is none."""
    last_at: datetime
    """The latest `at` of any entry so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One leaf in its place: what the ledger stores and hashes."""

    seq: int
    leaf: bytes = field(repr=False)
    leaf_hash: bytes = field(repr=False)
    """SHA-256(0x00 || leaf)."""
