"""Quantities that every HTTP load has."""

from collections.abc import Sequence

from tests.bench.outcome import Series
from tests.bench.traffic import Load


def rate(what: str, loads: Sequence[Load]) -> Series:
    """Give the answers per second."""
    return Series(what=what, unit="requests/s", values=tuple(load.rate for load in loads))


def latencies(what: str, loads: Sequence[Load]) -> tuple[Series, ...]:
    """Give three quantiles."""
    return (
        Series(what=f"{what}, p50", unit="ms", values=tuple(load.p50_ms for load in loads)),
        Series(what=f"{what}, p95", unit="ms", values=tuple(load.p95_ms for load in loads)),
        Series(what=f"{what}, p99", unit="ms", values=tuple(load.p99_ms for load in loads)),
    )
