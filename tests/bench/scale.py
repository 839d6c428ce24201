"""How much is measured: everything for the reference page, or a little to see that it works."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Counts and times of one whole benchmark run; every loop is bounded by one of these."""

    runs: int
    load_seconds: float
    """One side of one run of an HTTP load."""
    calls: int
    """Calls of one run, where calls are counted."""
    simulations: int
    """Small jobs of one run of the simulator."""
    soak_requests: int
    entries: int
    """Ledger entries that are verified."""
    decisions: int
    """Recorded decisions that are made again."""
    searched: int
    """Ledger entries that are searched."""
    crowd: int
    """Principals and projects of the crowded deployment."""
    scratch: Path
    """A directory that is removed afterwards."""


def full(scratch: Path) -> Scale:
    """Enough runs to publish."""
    return Scale(
        runs=5,
        load_seconds=4.0,
        calls=300,
        simulations=40,
        soak_requests=100_000,
        entries=300_000,
        decisions=100_000,
        searched=1_000_000,
        crowd=1000,
        scratch=scratch,
    )


def quick(scratch: Path) -> Scale:
    """A look at every path; too little to publish."""
    return Scale(
        runs=2,
        load_seconds=1.0,
        calls=60,
        simulations=8,
        soak_requests=6_000,
        entries=60_000,
        decisions=1_000,
        searched=30_000,
        crowd=100,
        scratch=scratch,
    )
