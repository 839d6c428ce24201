"""Times of single calls inside this process."""

import statistics
import time
from collections.abc import Awaitable, Callable

from tests.bench.outcome import Series


async def median_ms(call: Callable[[], Awaitable[object]], calls: int) -> float:
    """Await a call again and again; gives the median of its times."""
    times = []
    for _ in range(calls):
        began = time.perf_counter()
        await call()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def milliseconds(what: str, values: list[float]) -> Series:
    """Give medians as a quantity."""
    return Series(what=what, unit="ms", values=tuple(values))
