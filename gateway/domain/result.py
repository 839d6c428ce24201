"""Results in our words. A dialect encodes them for the client; an upstream produces them.

A `Tensor` is bytes with a shape, so that the serving process moves results without numpy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """A dense array in C order."""

    dtype: Literal["uint8", "bool", "float64"]
    """`bool` is one byte per element, 0 or 1. `float64` is little-endian."""
    shape: tuple[int, ...]
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """What one classical register read in every shot."""

    bits: int
    samples: Tensor
    """uint8 `[*bindings, shots, ceil(bits / 8)]`; each row is the register's integer, big-endian, padded left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One result in a few numbers that may stand in the ledger (no floats there: parts per million)."""

    shots: int
    distinct_outcomes: int | None
    top_probability_ppm: int | None
    """Millionths: how often the most frequent outcome came."""
    entropy_microbits: int | None
    """Shannon entropy of the outcomes in millionths of a bit."""
    value_ppm: int | None
    """Mean expectation value in millionths, where the program estimates one."""
    standard_error_ppm: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """The result of one circuit with all its parameter sets."""

    registers: Mapping[str, Register]
    """By classical register name; empty for an expectation value."""
    tensors: Mapping[str, Tensor]
    """Whatever else belongs to the item: `evs`, `stds`, `measurement_flips.c`, …"""
    shape: tuple[int, ...]
    """The broadcast shape of the parameter sets."""
    shots: int
    summary: Summary
    metadata: Mapping[str, Any]
    """JSON values; dialects pass them on where their format has room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramResult:
    """Everything an upstream answers for one job."""

    items: tuple[ItemResult, ...]
    metadata: Mapping[str, Any]
    """JSON values: simulator, method, seed, noise, options not applied."""
    started_at: str
    finished_at: str
    """RFC 3339, UTC."""
    cpu_seconds: float
    seconds: float
    """Time the execution itself took: QPU seconds, or wall-clock seconds of a simulator."""
