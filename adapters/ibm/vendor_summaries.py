"""A result in a few whole numbers, for the ledger. All shots of all parameter sets count together."""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import fsum, isfinite, log2, sqrt
from typing import Any, Final, Literal

from gateway.domain.result import Register, Summary, Tensor

_MILLION: Final = 1_000_000
_MOST_SHOTS: Final = 5_000_000
"""Beyond that counting outcomes is not worth its time: the serving process does it."""
_WORDS: Final[Mapping[int, Literal["B", "H", "I", "Q"]]] = {1: "B", 2: "H", 4: "I", 8: "Q"}


def of(registers: Mapping[str, Register], tensors: Mapping[str, Tensor], shots: int) -> Summary:
    """Sum up an item: its outcomes, or else its estimates."""
    counts = _outcomes([each.samples for each in registers.values() if each.bits])
    total = sum(counts)
    shares = [count / total for count in counts]
    return Summary(
        shots=shots,
        distinct_outcomes=len(counts) or None,
        top_probability_ppm=round(max(shares) * _MILLION) if shares else None,
        entropy_microbits=abs(round(fsum(share * log2(share) for share in shares) * _MILLION)) if shares else None,
        value_ppm=_millionths(_mean(tensors.get("evs"))),
        standard_error_ppm=_millionths(_root_mean_square(tensors.get("stds"))),
    )


def _outcomes(samples: Sequence[Tensor]) -> Sequence[int]:
    """Count how often each outcome came; an outcome is what all registers read together."""
    if not samples or len(samples[0].data) > _MOST_SHOTS * samples[0].shape[-1]:
        return []
    columns = [_rows(each) for each in samples]
    return list(Counter(columns[0] if len(columns) == 1 else zip(*columns, strict=True)).values())


def _rows(samples: Tensor) -> Iterable[Any]:
    size = samples.shape[-1]
    if size in _WORDS:
        return array(_WORDS[size], samples.data)
    return [samples.data[at : at + size] for at in range(0, len(samples.data), size)]


def _mean(tensor: Tensor | None) -> float | None:
    numbers = _numbers(tensor)
    return fsum(numbers) / len(numbers) if numbers else None


def _root_mean_square(tensor: Tensor | None) -> float | None:
    numbers = _numbers(tensor)
    return sqrt(fsum(number * number for number in numbers) / len(numbers)) if numbers else None


def _numbers(tensor: Tensor | None) -> Sequence[float]:
    if tensor is None or tensor.dtype != "float64":
        return []
    numbers = array("d", tensor.data)
    return numbers if all(map(isfinite, numbers)) else []


def _millionths(value: float | None) -> int | None:
    return None if value is None else round(value * _MILLION)
