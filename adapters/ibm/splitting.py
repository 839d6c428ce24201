"""A sampler's circuits in parts of one job: the same circuit and parameter sets, each time with a share of the shots.

Loaded in worker processes only. `joined.py` puts the results together again; what it could not put together is not
split.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from gateway.domain.changes import Changes, Parts
from gateway.domain.circuit import ProgramFacts
from gateway.ports.editor import unkept
from gateway.ports.reader import Program

MOST_PUBS: Final = 300
"""What IBM takes where a backend does not say."""
MOST_BYTES: Final = 64 * 1024 * 1024
_PUB: Final = 3
"""Circuit, values, shots."""
_TWIRLED: Final = ("enable_gates", "enable_measure")


def parts(program: Program, facts: ProgramFacts, changes: Changes) -> Parts:
    """Say in how many parts of how many shots every circuit goes: full ones, and what is left in a last one.

    Returns:
        Empty where every circuit goes whole.

    Raises:
        UnreadableError: `unkept`: they would be too many, or are no sampler's.
    """
    counts = [changes.parts(each.shots) for each in facts.circuits]
    if all(count == 1 for count in counts):
        return ()
    _check_kind(program)
    if (total := sum(counts)) > MOST_PUBS:
        raise unkept(
            f"in parts of {changes.part_shots} shots it is {total} circuits, and a job has {MOST_PUBS} at most; "
            "ask for fewer shots, or split the job"
        )
    return tuple(
        _shares(changes.allowed(each.shots), changes.part_shots or 1, count)
        for each, count in zip(facts.circuits, counts, strict=True)
    )


def split(document: dict[str, Any], program: Program, shares: Parts) -> None:
    """Write every circuit of a sampler once for each of its parts.

    Raises:
        UnreadableError: `unkept`: the results could not be put together, or the body becomes too large.
    """
    params = document["params"]
    _check_results(params, program)
    # Counted before anything is repeated: what is repeated may not fit into this process.
    size = sum(len(json.dumps(pub)) * len(shots) for pub, shots in zip(params["pubs"], shares, strict=True))
    if size > MOST_BYTES:
        raise unkept(f"in parts it is more than {MOST_BYTES // 2**20} MiB; ask for fewer shots, or split the job")
    params["pubs"] = [_part(pub, shots) for pub, every in zip(params["pubs"], shares, strict=True) for shots in every]


def _shares(shots: int, each: int, count: int) -> tuple[int, ...]:
    return (*(each,) * (count - 1), shots - each * (count - 1))


def _part(pub: list[Any], shots: int) -> list[Any]:
    """Give a pub with shots of its own."""
    padded = [*pub, *[None] * (_PUB - len(pub))]
    return [*padded[:-1], shots]


def _check_kind(program: Program) -> None:
    if program.kind != "sampler":
        raise unkept(f"only a sampler's circuits can be sent in parts, and this is an {program.kind}")


def _check_results(params: Mapping[str, Any], program: Program) -> None:
    options = program.options
    if _told(options, "execution").get("meas_type") not in (None, "classified"):
        raise unkept("measurements that are not classified cannot be put together again")
    if any(_told(options, "twirling").get(name) for name in _TWIRLED):
        raise unkept("circuits that IBM twirls cannot be sent in parts, because it divides the shots of each itself")
    if params.get("support_qiskit") is False and any(item.shape for item in program.items):
        raise unkept("results in plain JSON of several parameter sets cannot be put together again")


def _told(options: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    told = options.get(name)
    return told if isinstance(told, Mapping) else {}
