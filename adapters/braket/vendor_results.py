"""What a task left in its bucket: fetched whole and kept byte for byte, and read into our words."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from math import log2
from typing import Any, Final
from urllib.parse import quote, unquote

from adapters.braket import openqasm, results
from adapters.braket.vendor_wire import Aws, segment
from gateway.domain.result import ItemResult, ProgramResult, Register, Summary, Tensor
from gateway.ports.vendor import VendorCredentialError

RESULT: Final = "result"
_SCHEMA: Final = "braket.task_result.gate_model_task_result"
_TAKEN: Final = frozenset({RESULT, "job", "metrics"})
"""Names that documents of the house have."""
_NAMED: Final = re.compile(r"(?=.{1,200}\Z)[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*")
_KEY: Final = re.compile(r"<Key>([^<]{1,2048})</Key>")
_MOST: Final = 64
"""Objects beside the results that are fetched."""
_BITS: Final = re.compile(r"\bbit\s*\[\s*([0-9]{1,5})\s*\]\s*(\w+)\s*;")
_USUAL: Final = "b"
_MILLION: Final = 1_000_000
_MILLI: Final = 1000


async def documents(aws: Aws, *, region: str, bucket: str, directory: str) -> dict[str, bytes]:
    """Fetch a task's results, and what else lies beside them under a plain name.

    Raises:
        VendorRefusedError: status 404 while the results are not there yet, 403 where we may not list the bucket.
    """
    place = f"/{bucket}/{quote(directory, safe='/~')}"
    found = {RESULT: await aws.s3(region, f"{place}/{results.NAME}")}
    for name in await _beside(aws, region, bucket, directory):
        found[name] = await aws.s3(region, f"{place}/{name}")
    return found


async def _beside(aws: Aws, region: str, bucket: str, directory: str) -> list[str]:
    asked = f"encoding-type=url&list-type=2&max-keys={_MOST}&prefix={segment(directory + '/')}"
    try:
        listing = await aws.s3(region, f"/{bucket}?{asked}")
    except VendorCredentialError as error:
        # A right to list is not needed for results, and their lack must not keep them back.
        if error.status != HTTPStatus.FORBIDDEN:
            raise
        return []
    keys = (unquote(key) for key in _KEY.findall(listing.decode("utf-8", "replace")))
    names = (key.removeprefix(f"{directory}/") for key in keys)
    return [name for name in names if _NAMED.fullmatch(name) and name not in {*_TAKEN, results.NAME, ""}]


# ── reading ──────────────────────────────────────────────────────────────────────────────────────
def decode(submitted: bytes, kept: Mapping[str, bytes]) -> ProgramResult:
    """Read the samples of a gate-model task; bit i of a register is the i-th measured qubit, unless translated.

    Raises:
        ValueError: the documents are not of that format.
    """
    try:
        source = str(json.loads(json.loads(submitted)["action"])["source"])
        return _result(source, json.loads(kept[RESULT]))
    except (KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise ValueError(f"no gate-model task's results: {type(error).__name__}") from None


def _result(source: str, told: Mapping[str, Any]) -> ProgramResult:
    if told["braketSchemaHeader"]["name"] != _SCHEMA:
        raise ValueError("the results are of another kind of task")
    task, about = told["taskMetadata"], told.get("additionalMetadata") or {}
    samples, width = _samples(told, int(task["shots"]))
    kind = "simulator" if "/quantum-simulator/" in str(task["deviceId"]) else "hardware"
    created, ended = str(task.get("createdAt") or _NEVER), str(task.get("endedAt") or _NEVER)
    milliseconds = (about.get("simulatorMetadata") or {}).get("executionDuration") or 0
    item = ItemResult(
        registers=_registers(source, samples, width),
        tensors={},
        shape=(),
        shots=len(samples),
        summary=_summary(samples, told.get("resultTypes") or ()),
        metadata={},
    )
    return ProgramResult(
        items=(item,),
        metadata={"execution_kind": kind, "vendor": "braket", "program": "braket.ir.openqasm.program"},
        started_at=created,
        finished_at=ended,
        cpu_seconds=0.0,
        seconds=milliseconds / _MILLI,
    )


_NEVER: Final = "1970-01-01T00:00:00Z"


def _samples(told: Mapping[str, Any], shots: int) -> tuple[list[int], int]:
    """Give each shot as an integer, the first measured qubit its lowest bit, and how many qubits were measured."""
    if rows := told.get("measurements"):
        texts = ["".join(map(str, row)) for row in rows]
    elif shares := told.get("measurementProbabilities"):
        texts = [key for key, count in _counts(shares, shots).items() for _ in range(count)]
    else:
        raise ValueError("the results hold no measurements")
    width = len(told.get("measuredQubits") or texts[0])
    if not width or any(len(text) != width or set(text) - {"0", "1"} for text in set(texts)):
        raise ValueError("the measurements are not one bit for each measured qubit")
    numbers = {text: int(text[::-1], 2) for text in set(texts)}
    return [numbers[text] for text in texts], width


def _counts(shares: Mapping[str, float], shots: int) -> dict[str, int]:
    """Share all shots out by probability, the largest remainders first, so that none is lost to rounding."""
    exact = {key: float(share) * shots for key, share in sorted(shares.items())}
    counts = {key: int(share) for key, share in exact.items()}
    left = sorted(exact, key=lambda key: counts[key] - exact[key])
    for key in left[: shots - sum(counts.values())]:
        counts[key] += 1
    if sum(counts.values()) != shots or min(exact.values()) < 0:
        raise ValueError("the probabilities do not add up to 1")
    return counts


def _registers(source: str, samples: Sequence[int], width: int) -> dict[str, Register]:
    """Put the bits back into the registers of a program that was translated; else there is one, named as declared."""
    layout = openqasm.layout(source)
    if layout is None:
        return {_declared(source, width): _register(samples, range(width))}
    return {name: _register(samples, columns) for name, columns in layout.items() if columns}


def _declared(source: str, width: int) -> str:
    names = [name for size, name in _BITS.findall(source) if int(size) == width]
    return names[0] if len(names) == 1 else _USUAL


def _register(samples: Sequence[int], columns: Sequence[int]) -> Register:
    """Pick columns out of the samples; -1 is a bit that nothing measured."""
    size, places = -(-len(columns) // 8), [(bit, column) for bit, column in enumerate(columns) if column >= 0]
    rows = {
        sample: sum((sample >> column & 1) << bit for bit, column in places).to_bytes(size, "big")
        for sample in set(samples)
    }
    data = b"".join(rows[sample] for sample in samples)
    return Register(bits=len(columns), samples=Tensor(dtype="uint8", shape=(len(samples), size), data=data))


def _summary(samples: Sequence[int], values: Sequence[Mapping[str, Any]]) -> Summary:
    shares = [count / len(samples) for count in Counter(samples).values()]
    expected = [each["value"] for each in values if each["type"]["type"] == "expectation"]
    numbers = [value for value in expected if isinstance(value, int | float)]
    return Summary(
        shots=len(samples),
        distinct_outcomes=len(shares),
        top_probability_ppm=round(max(shares) * _MILLION),
        entropy_microbits=round(-sum(share * log2(share) for share in shares) * _MILLION),
        value_ppm=round(sum(numbers) / len(numbers) * _MILLION) if numbers else None,
        standard_error_ppm=None,
    )
