"""A declared change of one place of a received body on its way to a vendor. Whatever is not declared is not changed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WireEdit:
    """One place, before and after."""

    pointer: str
    """JSON pointer into the body (RFC 6901), or `header:<name>`."""
    old_digest: str | None
    """SHA-256 of the old value's JSON, hexadecimal; `None` where there was nothing."""
    new: str
    """The new value's JSON, as it stands in the ledger: edits carry nothing secret."""
    why: str
    """`account`, `mark`, `bucket`, `session`, `label`, `limit`, `obliged` or `translated`."""
