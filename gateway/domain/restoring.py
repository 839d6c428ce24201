"""Under which names registers were sent, as it is sealed with the job, and a result under the client's own again."""

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain, repeat
from typing import Final

from gateway.domain.changes import Registers
from gateway.domain.result import ItemResult, ProgramResult

CHANGES: Final = "changes"
"""Kind of the sealed object that says how to undo, in a job's results, what was changed in its body."""


def written(registers: Registers) -> bytes:
    """Write what undoes the changes."""
    return json.dumps({"registers": [dict(each) for each in registers]}, separators=(",", ":")).encode()


def read(document: bytes) -> Registers:
    """Read it back."""
    return tuple(json.loads(document)["registers"])


def restored(result: ProgramResult, registers: Registers) -> ProgramResult:
    """Give the registers of every circuit their own names, and what belongs to a register with them."""
    names = chain(registers, repeat(dict[str, str]()))
    return replace(result, items=tuple(_named(item, own) for item, own in zip(result.items, names, strict=False)))


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
