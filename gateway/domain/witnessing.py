"""How far witnesses have seen the ledger: what policy may ask before something risky takes effect."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """The newest checkpoint that one witness cosigned."""

    witness: str
    size: int
    at: datetime
    """When the witness says it saw it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessing:
    """The newest checkpoint that enough witnesses cosigned, beside the newest there is."""

    required: int
    """How many must cosign a checkpoint before it is published; 0 demands none."""
    configured: int
    signed_size: int
    """Entries that the newest signed checkpoint covers."""
    cosigned_size: int
    """Entries that the newest checkpoint with enough cosignatures covers; 0 while there is none."""
    cosigned_at: datetime | None
    """The oldest moment that a cosignature of it states, of the newest `required` ones."""
    refused: str | None = None
    """Why nothing is signed any more, in a sentence."""
    by: tuple[Cosigned, ...] = ()
    """What each witness cosigned last, by name; only checkpoints that are remembered count."""

    def age_seconds(self, now: datetime) -> int | None:
        """Give how long ago enough witnesses saw the ledger whole; `None` where they never did."""
        return None if self.cosigned_at is None else max(0, int((now - self.cosigned_at).total_seconds()))
