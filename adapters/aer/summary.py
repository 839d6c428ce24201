"""One result in a few whole numbers, for the ledger. Worker process only."""

import numpy as np
from numpy.typing import NDArray

from adapters.aer.sampling import Bits, packed
from gateway.domain.result import Summary

_MILLION = 1_000_000


def of_samples(bits: Bits, shots: int) -> Summary:
    """Sum up all shots of all parameter sets together; an outcome is what all classical bits read.

    Args:
        bits: `[runs, shots, classical bits]`.
        shots: repetitions of each run.
    """
    if not bits.size:
        return Summary(
            shots=shots, distinct_outcomes=None, top_probability_ppm=None, entropy_microbits=None,
            value_ppm=None, standard_error_ppm=None,
        )  # fmt: skip
    rows = np.ascontiguousarray(packed(bits.reshape(-1, bits.shape[-1])))
    _, counts = np.unique(rows.view(np.dtype((np.void, rows.shape[1]))), return_counts=True)
    shares = counts / counts.sum()
    return Summary(
        shots=shots,
        distinct_outcomes=len(counts),
        top_probability_ppm=round(float(shares.max()) * _MILLION),
        entropy_microbits=abs(round(float(-(shares * np.log2(shares)).sum()) * _MILLION)),
        value_ppm=None,
        standard_error_ppm=None,
    )


def of_estimates(values: NDArray[np.float64], errors: NDArray[np.float64], shots: int) -> Summary:
    """Sum up expectation values by their mean, and standard errors by their root mean square."""
    return Summary(
        shots=shots,
        distinct_outcomes=None,
        top_probability_ppm=None,
        entropy_microbits=None,
        value_ppm=round(float(values.mean()) * _MILLION) if values.size else None,
        standard_error_ppm=round(float(np.sqrt((errors**2).mean())) * _MILLION) if values.size else None,
    )
