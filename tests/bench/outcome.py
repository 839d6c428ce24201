"""What a benchmark found: quantities with one value per run, and budgets judged by the median of their runs."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One quantity, measured once per run."""

    what: str
    unit: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The value that is published."""
        return statistics.median(self.values)

    @property
    def spread(self) -> str:
        """The lowest and the highest run, so that a reader sees how far to trust the median."""
        return f"{number(min(self.values))} to {number(max(self.values))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What was promised about one path, and what was found."""

    promise: str
    found: Series
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool:
        """Whether the median keeps the promise."""
        low = self.at_least is None or self.at_least <= self.found.median
        return low and (self.at_most is None or self.found.median <= self.at_most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything one benchmark found."""

    series: tuple[Series, ...]
    budgets: tuple[Budget, ...]
    note: str
    """How it was measured, and what a reader must know to believe it."""


def ratio(what: str, above: Sequence[float], below: Sequence[float], unit: str = "times") -> Series:
    """Divide run by run: both sides of an interleaved run saw the same machine."""
    return Series(what=what, unit=unit, values=tuple(a / b for a, b in zip(above, below, strict=True)))


def number(value: float) -> str:
    """Write a number with three significant digits, for people."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{value:,.{max(0, digits)}f}" if digits >= 0 else f"{round(value, digits):,.0f}"
