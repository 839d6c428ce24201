"""Error bars that hold: intervals cover the true distance, and p values cry wolf no more often than they say."""

from collections import Counter
from math import comb, inf, sqrt

import numpy as np
import pytest

from gateway.casework.distances import CONFIDENCE, SHUFFLES, deviation, differ, distance, tail

PAIRS = {
    "a coin and itself": ([0.5, 0.5], [0.5, 0.5]),
    "a coin and a bent one": ([0.5, 0.5], [0.65, 0.35]),
    "a Bell state and a noisy one": ([0.5, 0, 0, 0.5], [0.46, 0.04, 0.04, 0.46]),
    "64 equal outcomes and themselves": ([1 / 64] * 64, [1 / 64] * 64),
    "a peak among many and a flat one": ([0.9] + [0.1 / 63] * 63, [1 / 64] * 64),
    "nothing in common": ([1, 0], [0, 1]),
}
SIZES = ((60, 60), (500, 80), (4000, 4000))


def true_distances(p, q):
    p, q = np.array(p), np.array(q)
    return np.abs(p - q).sum() / 2, sqrt(max(0.0, 1 - np.sqrt(p * q).sum()))


def samples(p, q, sizes, times, seed=1):
    generator = np.random.default_rng(seed)
    for _ in range(times):
        drawn = [generator.multinomial(size, share) for size, share in zip(sizes, (p, q), strict=True)]
        yield [Counter({place: int(count) for place, count in enumerate(each) if count}) for each in drawn]


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_intervals_hold_the_true_distance_as_often_as_they_say(name, sizes):
    p, q = PAIRS[name]
    variation, hellinger = true_distances(p, q)
    bits = int(np.log2(len(p)))
    found = [distance(*pair, bits=bits) for pair in samples(p, q, sizes, times=60)]

    held = [
        each.total_variation_interval.low - 1e-9 <= variation <= each.total_variation_interval.high + 1e-9
        and each.hellinger_interval.low - 1e-9 <= hellinger <= each.hellinger_interval.high + 1e-9
        for each in found
    ]

    assert sum(held) >= CONFIDENCE * len(held)


def test_an_interval_of_less_confidence_misses_sometimes_and_is_narrower():
    """A guarantee that can never fail would say nothing."""
    pair = next(samples([0.5, 0.5], [0.65, 0.35], (500, 500), times=1))
    wide, narrow = (distance(*pair, bits=1, confidence=each).total_variation_interval for each in (0.999, 0.5))

    assert wide.low <= narrow.low <= narrow.high < wide.high
    assert narrow.high - narrow.low < 0.2


@pytest.mark.parametrize("name", [name for name in PAIRS if name.endswith(("itself", "themselves"))])
def test_p_values_of_one_distribution_are_small_no_more_often_than_they_say(name):
    p, q = PAIRS[name]
    found = [distance(*pair, bits=6, seed=n).p_value for n, pair in enumerate(samples(p, q, (300, 300), times=150))]

    # With 150 draws of an event of 1 in 20, more than 17 come less than once in a thousand times.
    assert sum(p <= 0.05 for p in found) <= 17
    assert min(found) >= 1 / (SHUFFLES + 1)


def test_what_shots_alone_explain_is_reached_in_one_of_twenty_cases():
    found = [distance(*pair, bits=2) for pair in samples(*[[0.25] * 4] * 2, (400, 400), times=200)]

    assert sum(each.total_variation > each.by_chance for each in found) <= 22


def test_what_differs_is_seen_to_differ():
    then, now = next(samples([0.5, 0, 0, 0.5], [0.46, 0.04, 0.04, 0.46], (4000, 4000), times=1))
    found = distance(then, now, bits=2)

    assert found.p_value == 1 / (SHUFFLES + 1)
    assert found.total_variation > found.by_chance
    assert found.total_variation_interval.low > 0


def test_the_same_counts_are_no_distance_apart():
    found = distance({"a": 3, "b": 5}, {"a": 3, "b": 5}, bits=1)

    assert (found.total_variation, found.hellinger, found.p_value) == (0, 0, 1)
    assert found.total_variation_interval.low == 0 < found.total_variation_interval.high


def test_distances_are_those_of_the_textbook():
    found = distance({"a": 1, "b": 1}, {"a": 1, "b": 3}, bits=1)

    assert found.total_variation == pytest.approx(0.25)
    assert found.hellinger == pytest.approx(sqrt(1 - (sqrt(0.125) + sqrt(0.375))))
    assert (found.outcomes, found.shots) == (2, (2, 4))


def test_many_possible_outcomes_with_few_seen_still_have_a_bound():
    """With 100 bits their number says nothing, and what was seen bounds the error."""
    then, now = next(samples([0.5, 0.5], [0.05, 0.95], (4000, 4000), times=1))

    assert distance(then, now, bits=100).total_variation_interval.low > 0.3


def test_the_same_seed_gives_the_same_p_value():
    pair = next(samples([0.5, 0.5], [0.55, 0.45], (200, 200), times=1))

    assert distance(*pair, bits=1, seed=4) == distance(*pair, bits=1, seed=4)


def test_thousands_of_outcomes_are_divided_in_portions():
    generator = np.random.default_rng(3)
    then, now = (Counter(generator.integers(0, 2**40, 6000).tolist()) for _ in range(2))
    found = distance(then, now, bits=40)

    assert found.total_variation == 1
    assert found.p_value == 1
    assert found.total_variation_interval.low == 0


@pytest.mark.parametrize(
    ("p_values", "different"),
    [
        pytest.param([0.011], False, id="one, just likely enough"),
        pytest.param([0.01], True, id="one in a hundred"),
        pytest.param([0.5, 0.002], True, id="two, one of them striking"),
        pytest.param([0.5, 0.006], False, id="two, one of them less so"),
        pytest.param([0.001] + [0.9] * 199, False, id="one striking among two hundred"),
        pytest.param([0.001] * 30 + [0.9] * 170, True, id="thirty striking among two hundred"),
        pytest.param([], False, id="nothing compared"),
    ],
)
def test_many_comparisons_are_judged_together(p_values, different):
    assert differ(p_values) is different


def test_one_replay_in_a_hundred_is_called_different_without_reason():
    """The level holds for few comparisons by Bonferroni, and for many by the binomial law."""
    needed = next(k for k in range(40) if 1 - sum(comb(40, j) * 0.05**j * 0.95 ** (40 - j) for j in range(k)) <= 0.01)

    assert differ([0.05] * needed + [0.9] * (40 - needed))
    assert not differ([0.05] * (needed - 1) + [0.9] * (41 - needed))


@pytest.mark.parametrize(
    ("values", "errors", "apart"),
    [
        ((1.0, 1.0), (0.0, 0.0), 0.0),
        ((1.0, 0.5), (0.3, 0.4), 1.0),
        ((1.0, 0.5), (0.0, 0.0), inf),
    ],
)
def test_estimates_are_apart_in_standard_errors_of_their_difference(values, errors, apart):
    assert deviation(values, errors) == pytest.approx(apart)


def test_a_large_deviation_among_many_values_is_no_wonder():
    assert tail(1.96, 1) == pytest.approx(0.05, abs=0.001)
    assert tail(1.96, 100) == 1.0
    assert tail(inf, 100) == 0.0
