"""The documents of a finished job, by the names under which they are kept and asked for.

Whoever produces results, IonQ or the gateway's own encoder, keeps them under these names. `result` is the
probabilities (of a multi-circuit job the aggregated ones). An artifact is kept under its format, which is also
its id to clients. What exists once per child or variant is kept joined, so that 300 circuits are not 900
documents; the parts keep their bytes.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

RESULT = "result"
SHARPENED = "sharpened"
"""The probabilities with `sharpen`; the same as `result` where nothing was debiased."""
HISTOGRAM = "histogram"
SHOTS = "shots"
SHOTS_ARTIFACT = "ionq.result.shots.json.v2"
"""Shots by register, of an OpenQASM 3 job."""
EXECUTION = "qgw.execution.v1"
"""What computed the result: only where the gateway encoded it."""
ARTIFACT = re.compile(r"(?:ionq|qgw)\.[a-z0-9._-]{1,100}")

NO_PROBABILITIES = b"{}"
"""Kept as `result` where IonQ has no probabilities to give, as for a dry run; never shown."""

_PARTS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def of_children(kind: str) -> str:
    """Name the joined documents of a job's children, by index: `probabilities`, `histogram` or `shots`."""
    return f"children-{kind}"


def of_variants(kind: str) -> str:
    """Name the joined documents of a job's variants, by index."""
    return f"variants-{kind}"


def variants(told: Mapping[str, Any]) -> list[str]:
    """List IonQ's ids of the variants that debiasing ran, as a job names them."""
    found: Any = told
    for name in ("output", "error_mitigation", "debiasing", "variants"):
        found = found.get(name) if isinstance(found, dict) else None
    return [str(each["variant_id"]) for each in found] if isinstance(found, list) else []


def compiled(language: str) -> str:
    """Name what GET /jobs/{id}/circuits/{language} answers."""
    return f"circuit-{language}"


def compiled_artifact(gateset: str) -> str:
    """Name the artifact of a dry run's circuit."""
    return f"ionq.{gateset}.v1"


def joined(parts: Mapping[str, bytes]) -> bytes:
    """Join documents, each one of JSON, without changing their bytes."""
    return msgspec.json.encode({key: msgspec.Raw(part) for key, part in parts.items()})


def part(document: bytes, key: str) -> bytes | None:
    """Take one document out of joined ones, as it was put in."""
    found = _PARTS.decode(document).get(key)
    return None if found is None else bytes(found)
