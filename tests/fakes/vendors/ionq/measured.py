"""What a circuit gave, and the shapes in which IonQ hands it out.

Numbers are states: bit i is qubit i, or classical bit i of an OpenQASM program. On the wire they are decimal text.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

VARIANTS: Final = 5
"""How many symmetric variants of a circuit debiasing runs."""
_BITS: Final = re.compile(r"\bbit(?:\[(\d+)\])?\s+(\w+)\s*;")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The outcome of one circuit."""

    probabilities: Mapping[int, float]
    shots: Sequence[int] | None = None
    """State by state, in the order they were read; the ideal simulator has none."""
    registers: Mapping[str, Sequence[int]] | None = None
    """For OpenQASM programs: which classical bits belong to which register."""

    def saved(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {"probabilities": written(self.probabilities), "shots": self.shots, "registers": self.registers}

    @classmethod
    def restored(cls, saved: Mapping[str, Any]) -> "Measured":
        """Take it from JSON."""
        probabilities = {int(state): share for state, share in saved["probabilities"].items()}
        return cls(probabilities=probabilities, shots=saved["shots"], registers=saved["registers"])


def sampled(shots: Sequence[int], registers: Mapping[str, Sequence[int]] | None = None) -> Measured:
    """Make an outcome of shots."""
    return Measured(probabilities=shares(shots), shots=shots, registers=registers)


def shares(shots: Sequence[int]) -> dict[int, float]:
    """Give the share of every state among the shots, in ascending order."""
    return {state: count / len(shots) for state, count in sorted(Counter(shots).items())}


def written(by_state: Mapping[int, float]) -> dict[str, float]:
    """Write states as the vendor does."""
    return {str(state): value for state, value in by_state.items()}


def lots(measured: Measured) -> Iterator[Sequence[int]]:
    """Deal the shots of a debiased job to its variants."""
    for variant in range(VARIANTS):
        yield (measured.shots or ())[variant::VARIANTS]


def sharpened(measured: Measured) -> dict[int, float]:
    """Let the variants vote on every shot and keep what most of them say; equal votes go to the first."""
    votes = zip(*lots(measured), strict=False)
    return shares([Counter(ballot).most_common(1)[0][0] for ballot in votes])


def by_register(measured: Measured, *, counted: bool) -> dict[str, dict[str, float]]:
    """Give counts or probabilities of each register; bit strings have the highest bit first."""
    scale = len(measured.shots or ()) if counted else None
    found: dict[str, dict[str, float]] = {}
    for name, bits in (measured.registers or {}).items():
        totals: defaultdict[str, float] = defaultdict(float)
        for state, share in measured.probabilities.items():
            text = "".join(str(state >> bit & 1) for bit in reversed(bits))
            totals[text] += share if scale is None else round(share * scale)
        found[name] = dict(totals)
    return found


def shot_by_shot(measured: Measured) -> list[dict[str, dict[str, list[int]]]]:
    """Give every register of every shot; lists have the lowest bit first."""
    registers = measured.registers or {}
    return [
        {"registers": {name: [shot >> bit & 1 for bit in bits] for name, bits in registers.items()}}
        for shot in measured.shots or ()
    ]


def cheap(qubits: int, shots: int, *, exact: bool) -> Measured:
    """Make up a result without simulating: half zeros, half ones."""
    states = [0, 2**qubits - 1]
    if exact:
        return Measured(probabilities=dict.fromkeys(states, 0.5))
    return sampled([states[shot % 2] for shot in range(shots)])


def cheap_program(source: str, shots: int, *, exact: bool) -> Measured:
    """Make up a result of an OpenQASM program, of its declared registers."""
    registers: dict[str, list[int]] = {}
    width = 0
    for size, name in _BITS.findall(source):
        registers[name] = list(range(width, width + int(size or 1)))
        width += int(size or 1)
    drawn = cheap(width or 1, shots, exact=exact)
    return Measured(probabilities=drawn.probabilities, shots=drawn.shots, registers=registers or {"output_all": [0]})
