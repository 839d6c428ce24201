"""How far apart two measured distributions are, with error bars that hold for any distribution.

Both sides are samples of finite length, so they differ even where the machines do not. Three things are said: the
distances of the samples themselves; an interval that holds the distance of the true distributions with at least the
confidence asked for; and how likely a difference this large is where there is none. Distances are in [0, 1].

The interval rests on McDiarmid's inequality for the total variation T of the samples, which one of n shots changes by
at most 1/n: with probability 1 - a, T is less than sqrt(ln(1/a) (1/n + 1/m) / 2) away from its mean on either side. The
mean is never below the true distance, because T is convex, and above it by at most what sampling adds on each side:
sqrt((k - 1)/n)/2 for k possible outcomes (Jensen), or the sum over outcomes of sqrt(share/n) (symmetrisation) with a
deviation of its own. So the interval is wide: it is a guarantee, not a guess. Needs numpy, so that only the command
line loads this.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import comb, erfc, inf, log, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

CONFIDENCE: Final = 0.95
SHUFFLES: Final = 999
"""Random divisions of the pooled shots for a p value: it can be no smaller than a thousandth."""
UNLIKELY: Final = 0.01
_STRIKING: Final = 0.05
_FEW: Final = 9
"""Comparisons whose Bonferroni level, with `UNLIKELY`, is above the smallest p value."""
_SHOTS_PER_OUTCOME: Final = 60
"""With fewer, shuffling shots is faster than drawing how many of each outcome come on one side."""
_FEW_OUTCOMES: Final = 2**53
"""From here on the number of possible outcomes says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Holds a true value with the confidence asked for."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """How far apart two samples of outcomes are, and what that says of where they come from."""

    outcomes: int
    """Distinct ones, of both samples together."""
    shots: tuple[int, int]
    total_variation: float
    """Of the samples: half the sum of differences of shares."""
    total_variation_interval: Interval
    """Of the true distributions."""
    hellinger: float
    hellinger_interval: Interval
    """Follows from that of the total variation, by H^2 <= T <= H sqrt(2 - H^2)."""
    by_chance: float
    """What samples of one and the same distribution reach in 1 of 20 cases: shots alone explain so much."""
    p_value: float
    """How often samples of one distribution differ as much as these, or more; by random division, so it is exact."""


def distance(
    then: Mapping[Hashable, int],
    now: Mapping[Hashable, int],
    *,
    bits: int,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> Distance:
    """Compare two samples of measured outcomes.

    Args:
        then: how often each outcome came; at least one shot.
        now: the same, of the other sample.
        bits: how many bits an outcome has, so that there are 2**bits possible ones.
        confidence: of the intervals.
        seed: of the random divisions; the same seed gives the same p value.
    """
    names = sorted({*then, *now}, key=repr)
    first = np.array([then.get(name, 0) for name in names], dtype=np.int64)
    second = np.array([now.get(name, 0) for name in names], dtype=np.int64)
    variation = float(_variations(first[None], second[None])[0])
    interval = _interval(variation, first, second, bits=bits, confidence=confidence)
    divided = _divided(first, second, seed)
    as_far = int(np.count_nonzero(divided >= variation - 1e-12))
    return Distance(
        outcomes=len(names),
        shots=(int(first.sum()), int(second.sum())),
        total_variation=variation,
        total_variation_interval=interval,
        hellinger=_hellinger(first, second),
        hellinger_interval=Interval(low=sqrt(1 - sqrt(1 - interval.low**2)), high=sqrt(interval.high)),
        by_chance=float(np.quantile(divided, CONFIDENCE, method="higher")),
        p_value=(as_far + 1) / (SHUFFLES + 1),
    )


def differ(p_values: Sequence[float]) -> bool:
    """Say whether independent comparisons together speak against chance, at a level of 1 in 100.

    A few are judged by the smallest (Bonferroni), which for many would have to be smaller than random divisions can
    show; many by how often they are below 1 in 20 (binomial).
    """
    count = len(p_values)
    if count <= _FEW:
        return min(p_values, default=1.0) <= UNLIKELY / max(1, count)
    striking = sum(p <= _STRIKING for p in p_values)
    likely = sum(comb(count, k) * _STRIKING**k * (1 - _STRIKING) ** (count - k) for k in range(striking))
    return 1 - likely <= UNLIKELY


def deviation(values: tuple[float, float], errors: tuple[float, float]) -> float:
    """Give how many standard errors two estimates are apart; infinite where neither has an error and they differ."""
    apart, error = abs(values[0] - values[1]), sqrt(errors[0] ** 2 + errors[1] ** 2)
    if error == 0:
        return 0.0 if apart == 0 else inf
    return apart / error


def tail(deviations: float, comparisons: int) -> float:
    """Give how likely the largest of so many deviations is as large by chance (normal errors, Bonferroni)."""
    return min(1.0, comparisons * erfc(deviations / sqrt(2)))


def _variations(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give the total variation of each row of counts."""
    shares = first / first.sum(axis=1, keepdims=True) - second / second.sum(axis=1, keepdims=True)
    variations: NDArray[np.float64] = np.minimum(np.abs(shares).sum(axis=1) / 2, 1.0)
    return variations


def _hellinger(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    overlap = float(np.sqrt(first / first.sum() * (second / second.sum())).sum())
    return sqrt(max(0.0, 1 - overlap))


def _divided(first: NDArray[np.int64], second: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """Divide the pooled shots at random, again and again: what would be seen if both were one distribution."""
    pooled, size, generator = first + second, int(first.sum()), np.random.default_rng(seed)
    if len(pooled) * _SHOTS_PER_OUTCOME > pooled.sum():
        shots = np.repeat(np.arange(len(pooled)), pooled)
        shuffled = (np.bincount(generator.permutation(shots)[:size], minlength=len(pooled)) for _ in range(SHUFFLES))
        return np.concatenate([_variations(each[None], (pooled - each)[None]) for each in shuffled])
    drawn = generator.multivariate_hypergeometric(pooled, size, size=SHUFFLES, method="marginals")
    return _variations(drawn, pooled - drawn)


def _interval(
    variation: float, first: NDArray[np.int64], second: NDArray[np.int64], *, bits: int, confidence: float
) -> Interval:
    """Bound the true distance; each of its three ways to be wrong gets a share of what may go wrong."""
    risk = 1 - confidence
    sizes = int(first.sum()), int(second.sum())
    swing = sqrt(log(4 / risk) * (1 / sizes[0] + 1 / sizes[1]) / 2)
    added = sum(
        _added(counts, size, bits=bits, risk=risk / 4) for counts, size in zip((first, second), sizes, strict=True)
    )
    return Interval(low=max(0.0, variation - swing - added), high=min(1.0, variation + swing))


def _added(counts: NDArray[np.int64], size: int, *, bits: int, risk: float) -> float:
    """Bound by how much sampling raises the mean distance on one side."""
    spread = float(np.sqrt(counts / size).sum()) / sqrt(size) + sqrt(log(1 / risk) / (2 * size))
    possible = 2.0**bits
    known = sqrt((possible - 1) / size) / 2 if possible < _FEW_OUTCOMES else inf
    return min(known, spread, 1.0)
