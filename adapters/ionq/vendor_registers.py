"""What an OpenQASM 3 job left at IonQ, register by register, in our words."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from math import log2
from typing import Any

from adapters.ionq import documents
from gateway.domain.result import ItemResult, Register, Summary, Tensor

_MILLION = 1_000_000


def item(kept: Mapping[str, bytes]) -> ItemResult:
    """Read every shot. Probabilities of registers do not say which bits came together, and are not read.

    Raises:
        ValueError: IonQ gave no shots, or none that can be read.
    """
    if documents.SHOTS_ARTIFACT not in kept:
        raise ValueError("an OpenQASM job without its shots")
    shots = [each["registers"] for each in json.loads(kept[documents.SHOTS_ARTIFACT])["shots"]]
    if not shots:
        raise ValueError("an OpenQASM job of no shots")
    return ItemResult(
        registers={name: _register([shot[name] for shot in shots]) for name in shots[0]},
        tensors={},
        shape=(),
        shots=len(shots),
        summary=summary(Counter(json.dumps(shot, sort_keys=True) for shot in shots), len(shots)),
        metadata={},
    )


def _register(shots: Sequence[Sequence[Any]]) -> Register:
    """Pack a register; IonQ lists its lowest bit first."""
    bits = len(shots[0])
    size = max(1, -(-bits // 8))
    numbers = (sum(int(bit) << place for place, bit in enumerate(shot)) for shot in shots)
    data = b"".join(number.to_bytes(size, "big") for number in numbers)
    return Register(bits=bits, samples=Tensor(dtype="uint8", shape=(len(shots), size), data=data))


def summary(outcomes: Mapping[Any, int], shots: int) -> Summary:
    """Tell how often which outcome came, in a few numbers."""
    shares = [count / shots for count in outcomes.values() if count]
    return Summary(
        shots=shots,
        distinct_outcomes=len(shares),
        top_probability_ppm=round(max(shares) * _MILLION),
        entropy_microbits=round(-sum(share * log2(share) for share in shares) * _MILLION),
        value_ppm=None,
        standard_error_ppm=None,
    )
