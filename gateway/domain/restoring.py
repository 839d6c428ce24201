"""What undoes, in a job's results, what was changed in its body, as it is sealed with the job; and undoing it.

A circuit that was sent in parts has one result again: every register reads the shots of its first part, then those of
the next. Registers go by the client's own names again.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice, repeat
from math import prod
from typing import Any, Final, TypeVar

from gateway.domain.changes import Parts, Undo
from gateway.domain.circuit import ProgramFacts, program_digest
from gateway.domain.result import ItemResult, ProgramResult, Register, Summary, Tensor

CHANGES: Final = "changes"
"""Kind of the sealed object that says how to undo, in a job's results, what was changed in its body."""
LABEL: Final = "qgw"
"""Member of a circuit's metadata that says in which parts it ran."""
_Each = TypeVar("_Each")


def written(undo: Undo) -> bytes:
    """Write what undoes the changes."""
    told = {"registers": [dict(each) for each in undo.registers], "parts": undo.parts}
    return json.dumps(told, separators=(",", ":")).encode()


def read(document: bytes) -> Undo:
    """Read it back; of a job from before there were parts, too."""
    told = json.loads(document)
    return Undo(registers=tuple(told["registers"]), parts=tuple(map(tuple, told.get("parts", ()))))


def whole_digest(facts: ProgramFacts, undo: Undo) -> str:
    """Give the digest of a program as its client wrote it, from what was measured of it as it was sent.

    Raises:
        ValueError: it has not as many circuits as were sent.
    """
    if not undo.parts:
        return facts.digest
    return program_digest(parts[0] for parts in grouped(facts.circuits, undo.parts))


def restored(result: ProgramResult, undo: Undo) -> ProgramResult:
    """Put the parts of every circuit together, and give its registers their own names.

    Raises:
        ValueError: there are not as many results as parts, or those of one circuit do not go together.
    """
    items = result.items
    if undo.parts:
        items = tuple(map(_together, grouped(items, undo.parts), undo.parts))
    names = chain(undo.registers, repeat(dict[str, str]()))
    return replace(result, items=tuple(_named(item, own) for item, own in zip(items, names, strict=False)))


def grouped(sent: Sequence[_Each], parts: Parts) -> Iterator[Sequence[_Each]]:
    """Give what belongs to each circuit, of one thing for every part.

    Raises:
        ValueError: there are more, or fewer, than parts.
    """
    if sum(map(len, parts)) != len(sent):
        raise ValueError(f"there are {len(sent)} results of {sum(map(len, parts))} parts")
    rest = iter(sent)
    return (list(islice(rest, len(each))) for each in parts)


def joined(parts: Sequence[Register], shots: Sequence[int]) -> Register:
    """Put the shots of one register behind each other, for each parameter set.

    Raises:
        ValueError: a part has not as many shots as it was sent with, or other bits or parameter sets than the first.
    """
    bits, (*shape, _, width) = parts[0].bits, parts[0].samples.shape
    for part, count in zip(parts, shots, strict=True):
        if (part.bits, part.samples.shape) != (bits, (*shape, count, width)):
            raise ValueError("the parts of a circuit have registers of different shapes")
    rows = zip(*(_by_set(each.samples, prod(shape)) for each in parts), strict=True)
    data = b"".join(chain.from_iterable(rows))
    return Register(bits=bits, samples=Tensor(dtype="uint8", shape=(*shape, sum(shots), width), data=data))


def agreed(metadata: Sequence[Mapping[str, Any]], shots: Sequence[int]) -> dict[str, Any]:
    """Keep what the metadata of all parts say alike, add up their shots, and say that there were parts."""
    first, *others = metadata
    kept = {name: value for name, value in first.items() if all(each.get(name) == value for each in others)}
    counted = {"shots": sum(shots)} if "shots" in first else {}
    return {**kept, **counted, LABEL: {"parts": list(shots)}}


def _by_set(samples: Tensor, sets: int) -> Iterator[bytes]:
    size = len(samples.data) // sets if sets else 0
    return (samples.data[place * size : (place + 1) * size] for place in range(sets))


def _together(parts: Sequence[ItemResult], shots: Sequence[int]) -> ItemResult:
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    if any(each.tensors or each.registers.keys() != first.registers.keys() for each in parts):
        raise ValueError("the parts of a circuit have different registers, or hold more than samples")
    total = sum(shots)
    return replace(
        first,
        registers={name: joined([each.registers[name] for each in parts], shots) for name in first.registers},
        shots=total,
        summary=Summary(
            shots=total,
            distinct_outcomes=None,
            top_probability_ppm=None,
            entropy_microbits=None,
            value_ppm=None,
            standard_error_ppm=None,
        ),
        metadata=agreed([each.metadata for each in parts], shots),
    )


def _named(item: ItemResult, own: Mapping[str, str]) -> ItemResult:
    if not own:
        return item
    return replace(
        item,
        registers={own.get(name, name): register for name, register in item.registers.items()},
        tensors={_beside(name, own): tensor for name, tensor in item.tensors.items()},
    )


def _beside(name: str, own: Mapping[str, str]) -> str:
    kind, dot, register = name.partition(".")
    return f"{kind}{dot}{own.get(register, register)}"
