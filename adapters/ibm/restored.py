"""IBM's results of a job that was changed: under the client's names, in one piece, with its own notes and a label."""

import json
from collections.abc import Mapping
from itertools import chain, repeat
from typing import Any

from adapters.ibm import joined, labels
from adapters.ibm.documents import RESULT
from adapters.ibm.results import passed_through
from gateway.domain.changes import Parts, Undo
from gateway.domain.job import JobRecord


def documents(job: JobRecord, submitted: bytes, kept: Mapping[str, bytes], undo: Undo) -> dict[str, bytes]:
    """Put a result's own names back, and say in it that the job was changed.

    Raises:
        ValueError: the document is not of IBM's format.
    """
    try:
        told = json.loads(kept[RESULT])
        if undo.parts:
            _join(told, undo.parts)
        names = chain(undo.registers, repeat(dict[str, str]()))
        restored = _restored(told, names, labels.of_result(labels.of_job(job)), submitted)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"the result lacks something, or has it in another shape: {type(error).__name__}") from None
    return {**kept, RESULT: json.dumps(restored, separators=(",", ":"), allow_nan=False).encode("ascii")}


def _restored(told: dict[str, Any], names: Any, label: Mapping[str, Any], submitted: bytes) -> dict[str, Any]:
    if told.get("__type__") == "PrimitiveResult":
        inner = told["__value__"]
        for pub, own in zip(inner["pub_results"], names, strict=False):
            data = pub["__value__"]["data"]["__value__"]
            data["field_names"] = [own.get(name, name) for name in data["field_names"]]
            data["fields"] = _own(data["fields"], own)
        inner["metadata"] = {**(inner.get("metadata") or {}), labels.LABEL: label}
    elif "results" in told:
        for pub, own in zip(told["results"], names, strict=False):
            pub["data"] = _own(pub["data"], own)
        told["metadata"] = {**(told.get("metadata") or {}), labels.LABEL: label}
    else:
        for item, own in zip(told["data"], names, strict=False):
            item["results"] = _own(item["results"], own)
        program = json.loads(submitted)["params"]["quantum_program"]
        told["passthrough_data"] = passed_through(program, label)
        told["metadata"] = {**(told.get("metadata") or {}), labels.LABEL: label}
    return told


def _join(told: dict[str, Any], parts: Parts) -> None:
    """Make one pub of the parts in which a sampler's circuits were sent."""
    if told.get("__type__") == "PrimitiveResult":
        inner = told["__value__"]
        inner["pub_results"] = joined.pubs(inner["pub_results"], parts)
        inner["metadata"] = joined.execution(inner.get("metadata") or {}, parts)
    else:
        told["results"] = joined.plain(told["results"], parts)


def _own(fields: Mapping[str, Any], own: Mapping[str, str]) -> dict[str, Any]:
    return {own.get(name, name): value for name, value in fields.items()}
