"""What a job left at IonQ: fetched whole and kept byte for byte, and read into our words."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from adapters.ionq import documents as names
from adapters.ionq.jobs import MULTI, QASM3, SINGLE
from adapters.ionq.vendor_registers import item as registers
from adapters.ionq.vendor_registers import summary
from gateway.domain.result import ItemResult, ProgramResult, Register, Tensor

Fetch: TypeAlias = Callable[[str], Awaitable[bytes | None]]
"""A path below the API's base to its bytes; `None` where IonQ has nothing there."""

_KINDS: Final = {"histogram": names.HISTOGRAM, "shots": names.SHOTS}
_EACH: Final = ("probabilities", *_KINDS)
REGISTERS: Final = "qgw_registers"
"""The metadata key in which the encoder notes what each circuit's registers read."""
_UNTOLD: Final = "1970-01-01T00:00:00Z"
"""Probabilities do not say when; the job does."""
Layout: TypeAlias = Mapping[str, tuple[int | None, ...]]


async def documents(told: Mapping[str, Any], fetch: Fetch) -> dict[str, bytes]:
    """Fetch what a completed job points at."""
    found: dict[str, bytes | None] = await _artifacts(told, fetch)
    if told.get("dry_run"):
        found[names.RESULT] = names.NO_PROBABILITIES
    elif told.get("child_job_ids"):
        found |= await _several(told, fetch)
    else:
        found |= await _one(f"/jobs/{told['id']}/results", fetch, sharpen=_debiased(told))
        found |= await _varied(told, fetch)
    if told.get("type") == QASM3 and found[names.RESULT] is None:
        found[names.RESULT] = names.NO_PROBABILITIES
    return {name: body for name, body in found.items() if body is not None}


async def _one(results: str, fetch: Fetch, *, sharpen: bool) -> dict[str, bytes | None]:
    plain = await fetch(f"{results}/probabilities")
    sharp = await fetch(f"{results}/probabilities?sharpen=true") if sharpen else plain
    others = {name: await fetch(f"{results}/{kind}") for kind, name in _KINDS.items()}
    return {names.RESULT: plain, names.SHARPENED: sharp, **others}


async def _several(told: Mapping[str, Any], fetch: Fetch) -> dict[str, bytes | None]:
    whole = f"/jobs/{told['id']}/results/probabilities/aggregated"
    plain = await fetch(whole)
    sharp = await fetch(f"{whole}?sharpen=true") if _debiased(told) else plain
    children = [f"/jobs/{child}/results" for child in told["child_job_ids"]]
    joined = {
        names.of_children(kind): await _joined([f"{child}/{kind}" for child in children], fetch) for kind in _EACH
    }
    return {names.RESULT: plain, names.SHARPENED: sharp, **joined}


async def _varied(told: Mapping[str, Any], fetch: Fetch) -> dict[str, bytes | None]:
    """Fetch what each variant of a debiased circuit gave; clients count the variants."""
    results = [f"/jobs/{told['id']}/variants/{quote(each, safe='')}/results" for each in names.variants(told)]
    return {
        names.of_variants(kind): await _joined([f"{each}/{kind}" for each in results], fetch)
        for kind in _EACH
        if results
    }


async def _joined(paths: Sequence[str], fetch: Fetch) -> bytes:
    return names.joined({str(n): body for n, path in enumerate(paths) if (body := await fetch(path)) is not None})


async def _artifacts(told: Mapping[str, Any], fetch: Fetch) -> dict[str, bytes | None]:
    compiled = ((told.get("output") or {}).get("compilation") or {}).get("compiled_circuits") or {}
    listed = {**(told.get("results") or {}), **compiled}
    return {
        name: await fetch(f"/jobs/{told['id']}/artifacts/{quote(str(entry['id']), safe='')}")
        for name, entry in listed.items()
        if isinstance(entry, dict) and "id" in entry and names.ARTIFACT.fullmatch(name)
    }


def _debiased(told: Mapping[str, Any]) -> bool:
    mitigation = (told.get("settings") or {}).get("error_mitigation") or {}
    return bool(mitigation.get("debiasing") or mitigation.get("debias") or names.variants(told))


def decode(submitted: bytes, kept: Mapping[str, bytes]) -> ProgramResult:
    """Read probabilities as counts of the shots asked for, in the registers that the encoder noted, if it did.

    A dry run gave nothing to read.

    Raises:
        ValueError: the documents are not of IonQ's format.
    """
    body = json.loads(submitted)
    items = () if body.get("dry_run") else _items(body, kept)
    metadata = {"execution_kind": "hardware", "vendor": "ionq", "program": str(body.get("type", SINGLE))}
    return ProgramResult(
        items=items,
        metadata=metadata,
        started_at=_UNTOLD,
        finished_at=_UNTOLD,
        cpu_seconds=0.0,
        seconds=0.0,
    )


def _items(body: Mapping[str, Any], kept: Mapping[str, bytes]) -> tuple[ItemResult, ...]:
    if body.get("type") == QASM3:
        return (registers(kept),)
    told = json.loads(kept[names.RESULT])
    circuits = [told] if body.get("type") != MULTI else list(told.values())
    layouts = _layouts(body, len(circuits))
    return tuple(_item(each, layout, int(body["shots"])) for each, layout in zip(circuits, layouts, strict=True))


def _layouts(body: Mapping[str, Any], circuits: int) -> list[Layout]:
    """Say which qubit each bit of each register reads; IonQ itself measures every qubit into one."""
    noted = (body.get("metadata") or {}).get(REGISTERS)
    if noted is not None:
        return [{name: tuple(qubits) for name, qubits in each} for each in json.loads(noted)]
    given = body["input"]
    widths = [given["qubits"]]
    if body.get("type") == MULTI:
        widths = [each.get("qubits", given.get("qubits", 1)) for each in given["circuits"]][:circuits]
    return [{"meas": tuple(range(int(width)))} for width in widths]


def _item(probabilities: Mapping[str, float], layout: Layout, shots: int) -> ItemResult:
    counts = _counts(probabilities, shots)
    return ItemResult(
        registers={name: _register(counts, qubits, shots) for name, qubits in layout.items()},
        tensors={},
        shape=(),
        shots=shots,
        summary=summary(counts, shots),
        metadata={},
    )


def _register(counts: Mapping[int, int], qubits: Sequence[int | None], shots: int) -> Register:
    size = max(1, -(-len(qubits) // 8))
    data = b"".join(_read(outcome, qubits).to_bytes(size, "big") * count for outcome, count in counts.items())
    return Register(bits=len(qubits), samples=Tensor(dtype="uint8", shape=(shots, size), data=data))


def _read(outcome: int, qubits: Sequence[int | None]) -> int:
    """Read a register's integer out of all qubits; a bit that was never measured is 0."""
    return sum((outcome >> qubit & 1) << bit for bit, qubit in enumerate(qubits) if qubit is not None)


def _counts(probabilities: Mapping[str, float], shots: int) -> dict[int, int]:
    """Share all shots out by probability, the largest remainders first, so that none is lost to rounding."""
    exact = {int(outcome): float(share) * shots for outcome, share in probabilities.items()}
    if any(share < 0 for share in exact.values()) or not exact:
        raise ValueError("probabilities are missing or negative")
    counts = {outcome: int(share) for outcome, share in exact.items()}
    left = sorted(exact, key=lambda outcome: counts[outcome] - exact[outcome])
    for outcome in left[: shots - sum(counts.values())]:
        counts[outcome] += 1
    if sum(counts.values()) != shots:
        raise ValueError("the probabilities do not add up to 1")
    return dict(sorted(counts.items()))
