"""How sensitive a job is. The label comes from project, key and job tags and can only be raised."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final


class Classification(StrEnum):
    """Four steps, least sensitive first."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"

    @property
    def rank(self) -> int:
        """Position on the ladder, 0 is public."""
        return _RANKS[self]


_RANKS: Final[Mapping[Classification, int]] = {label: rank for rank, label in enumerate(Classification)}


def highest(labels: Iterable[Classification | None]) -> Classification:
    """Give the most sensitive label; `None` says nothing, no label at all is public."""
    known = [label for label in labels if label is not None]
    return max(known, key=lambda label: label.rank, default=Classification.PUBLIC)
