"""Recognises a circuit under other names: by which operation follows which, and by nothing else. `qgw.fp/1`.

The fingerprint of two circuits is the same when they differ in the names and order of qubits, bits and registers, in
angles, barriers, idle qubits, last measurements, and in the order of operations that share no wire. Every operation is
coloured by all that leads to it and by all that follows from it, twice over (Weisfeiler-Leman refinement along the
wires, each direction taken to its end); components count for themselves.

The skeleton looks at less: gates on one qubit are left out, others are all alike, a swap exchanges wires, and gates
that follow each other on the same qubits are one. It survives what compilers do to gates, and not what they do to
route them. Circuits too small to be told apart by it have none.

Cannot be told apart: circuits that differ in angles alone, gates that another has written differently (`cx` for `h cz
h`) by the fingerprint, values that classical expressions compute, and graphs so regular that refinement sees no
difference within a component. docs/reference/fingerprints.md has figures.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple

from qiskit import QuantumCircuit

from gateway.circuits.wires import Allowance, Step, TooManyStepsError, Unroller, without_last_measurements

VERSION = "qgw.fp/1"
MAX_INSTRUCTIONS = 40_000
"""Looked at in one submission, definitions unrolled: about a third of a second. Circuits beyond have neither form."""
SMALLEST_SKELETON = 8
"""Blocks of gates on several qubits that a skeleton must have: fewer are alike in circuits of all kinds."""
_ROUNDS = 2
_COLOUR_BYTES = 16
_START = bytes(_COLOUR_BYTES + 2)


class Structure(NamedTuple):
    """The two forms of one circuit, hexadecimal; `None` where it has none."""

    fingerprint: str | None = None
    skeleton: str | None = None


class Structures:
    """Recognises the circuits of one submission, within one allowance."""

    def __init__(self, instructions: int = MAX_INSTRUCTIONS) -> None:
        self._allowance = Allowance(instructions)
        self._unroller = Unroller(self._allowance, self._body)

    def of(self, circuit: QuantumCircuit) -> Structure:
        """Give the forms of a circuit.

        Raises:
            UnreadableError: `too-large`: its definitions nest too far.
        """
        try:
            steps = without_last_measurements(self._unroller.steps(circuit))
        except TooManyStepsError:
            return Structure()
        width = circuit.num_qubits + circuit.num_clbits
        skeleton = _skeleton(steps, width)
        return Structure(
            fingerprint=_digest("whole", _Colouring(steps, width).components()),
            skeleton=_digest("skeleton", _Colouring(skeleton, width).components())
            if len(skeleton) >= SMALLEST_SKELETON
            else None,
        )

    @property
    def left(self) -> int:
        """How many instructions may still be looked at; negative where there were more."""
        return self._allowance.left

    def again(self, known: Structure, instructions: int) -> Structure:
        """Give the forms of a circuit as looking at its instructions once more would: the allowance counts the same."""
        try:
            if instructions:
                self._allowance.take(instructions)
        except TooManyStepsError:
            return Structure()
        return known

    def _body(self, circuit: QuantumCircuit, nesting: int) -> tuple[bytes, Sequence[bytes]]:
        colouring = _Colouring(self._unroller.steps(circuit, nesting), circuit.num_qubits + circuit.num_clbits)
        return _hash(colouring.components()), colouring.wires()


class _Colouring:
    """The colours of the steps and wires of one circuit or body."""

    def __init__(self, steps: Sequence[Step], width: int) -> None:
        self._steps, self._width = steps, width
        self._colours = [step.label for step in steps]
        for _ in range(_ROUNDS):
            before, self._after = self._swept(range(len(steps)))
            behind, self._ahead = self._swept(range(len(steps) - 1, -1, -1))
            self._colours = [past + future for past, future in zip(before, behind, strict=True)]

    def components(self) -> Iterator[bytes]:
        """Give one digest for each set of wires that steps join."""
        inside: defaultdict[int, list[bytes]] = defaultdict(list)
        root = _roots((step.wires for step in self._steps), self._width)
        for step, colour in zip(self._steps, self._colours, strict=True):
            if step.wires:
                inside[root(step.wires[0])].append(colour)
        return map(_hash, inside.values())

    def wires(self) -> list[bytes]:
        """Give what happens to each wire."""
        return [after + ahead for after, ahead in zip(self._after, self._ahead, strict=True)]

    def _swept(self, order: Iterable[int]) -> tuple[list[bytes], list[bytes]]:
        """Colour each step by what lies before it in an order; gives how the wires end, too."""
        state, found = [_START] * self._width, [b""] * len(self._steps)
        for number in order:
            _, wires, places, _ = self._steps[number]
            if len(wires) == 1:
                (wire,) = wires
                found[number] = colour = _hashed(self._colours[number] + state[wire])
                state[wire] = colour + b"\0\0"
                continue
            ends = [place + state[wire] for place, wire in zip(places, wires, strict=True)]
            ranked = sorted(ends)
            found[number] = colour = _hashed(b"".join((self._colours[number], *ranked)))
            for end, wire in zip(ends, wires, strict=True):
                state[wire] = colour + ranked.index(end).to_bytes(2, "big")
        return found, state


def _skeleton(steps: Iterable[Step], width: int) -> list[Step]:
    """Leave what joins qubits, and what measures, resets and decides in between."""
    now, last = list(range(width)), [-1] * width
    kept: list[Step] = []
    for step in steps:
        if step.gate and len(step.wires) == 1:
            continue
        if step.label == b"swap":
            one, other = step.wires
            now[one], now[other] = now[other], now[one]
            continue
        wires = tuple(now[wire] for wire in step.wires)
        before = {last[wire] for wire in wires}
        if step.gate and len(before) == 1 and (block := before.pop()) >= 0 and set(kept[block].wires) == set(wires):
            continue
        for wire in wires:
            last[wire] = len(kept)
        kept.append(Step(b"gate", wires, (b"",) * len(wires)) if step.gate else step._replace(wires=wires))
    return kept


def _roots(links: Iterable[Sequence[int]], width: int) -> Callable[[int], int]:
    """Join wires; gives what finds the one that stands for all that are joined."""
    parents = list(range(width))

    def root(wire: int) -> int:
        while parents[wire] != wire:
            parents[wire] = wire = parents[parents[wire]]
        return wire

    for first, *others in filter(None, links):
        for other in others:
            parents[root(other)] = root(first)
    return root


def _digest(form: str, components: Iterable[bytes]) -> str:
    return _hashed(b"".join((f"{VERSION} {form}".encode(), *sorted(components)))).hex()


def _hash(parts: Iterable[bytes]) -> bytes:
    """Digest parts whatever their order."""
    return _hashed(b"".join(sorted(parts)))


def _hashed(data: bytes) -> bytes:
    return blake2b(data, digest_size=_COLOUR_BYTES).digest()
