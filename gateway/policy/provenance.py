"""What a submission says of where it comes from, gathered for the facts and for the job's own record.

Nothing is checked here: who told a field stands beside it, and policy decides what may be missing.
"""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

from gateway.domain.backend import Backend, Calibration, ExecutionKind
from gateway.domain.circuit import ProgramFacts
from gateway.domain.classification import Classification
from gateway.domain.money import Quote
from gateway.domain.provenance import TAG, Origin, Provenance, Told, Value
from gateway.domain.submission import Submission
from gateway.policy.nouns import ProvenanceNoun

_LARGEST: Final = 2**53 - 1
_LISTS: Final = {
    "circuit": "circuit.version",
    "code": "code.revision",
    "dataset": "data.datasets",
    "label": "data.labels",
    "parent": "jobs.parents",
}
"""Tags that are lists, as several may be given."""


def submitted(
    *,
    submission: Submission,
    measured: ProgramFacts | None,
    classification: Classification,
    backend: Backend | None,
    calibration: Calibration | None,
    quote: Quote | None,
) -> Provenance:
    """Gather what is known before a job runs, on the backend that is judged; what nobody told is left out."""
    tags = _tags(submission.tags)
    told = {
        **_payload(submission, measured),
        **_place(submission, backend, calibration),
        **_cost(quote),
        "data.classification": Told(classification.value, Origin.DECIDED),
        "seeds": _seeds(submission, tags),
        "software.sdk": _software(submission.sdk, tags.get("sdk")),
        "software.compiler": _software(submission.compiler, tags.get("compiler")),
        **{field: _listed(tags.get(name)) for name, field in _LISTS.items()},
    }
    return Provenance({name: each for name, each in told.items() if each is not None})


def fact(
    submission: Submission,
    measured: ProgramFacts | None,
    classification: Classification,
    backend: Backend | None,
    calibration: Calibration | None,
    quote: Quote | None,
) -> ProvenanceNoun:
    """Gather what is known before a job runs, and write it as a fact."""
    known = submitted(
        submission=submission,
        measured=measured,
        classification=classification,
        backend=backend,
        calibration=calibration,
        quote=quote,
    )
    return noun(known)


def noun(provenance: Provenance) -> ProvenanceNoun:
    """Write it as a fact."""
    return ProvenanceNoun(
        complete=provenance.complete,
        score=provenance.score,
        known=provenance.known,
        missing=provenance.missing,
        sdk=provenance.text("software.sdk"),
        compiler=provenance.text("software.compiler"),
        code=provenance.texts("code.revision"),
        datasets=provenance.texts("data.datasets"),
        labels=provenance.texts("data.labels"),
        parents=provenance.texts("jobs.parents"),
    )


def _payload(submission: Submission, measured: ProgramFacts | None) -> dict[str, Told | None]:
    body: dict[str, Told | None] = {
        "payload.digest": _measured(submission.body_digest),
        "options.digest": _measured(sha256(_canonical(submission.options)).hexdigest()),
    }
    if measured is None:
        return body
    circuits = measured.circuits
    return {
        **body,
        "circuit.digest": _measured(measured.digest),
        "circuit.count": _measured(len(circuits)),
        "circuit.encodings": _measured(measured.payload_versions),
        "parameters.count": _number(sum(each.parameters for each in circuits)),
        "parameters.bindings": _number(sum(each.bindings for each in circuits)),
        "shots": _number(measured.total_shots),
    }


def _place(submission: Submission, backend: Backend | None, calibration: Calibration | None) -> dict[str, Told | None]:
    asked: dict[str, Told | None] = {"backend.asked": Told(_text(submission.backend), Origin.DECLARED)}
    if backend is None:
        return asked
    return {
        **asked,
        "backend.name": Told(backend.name, Origin.DECIDED),
        "backend.kind": Told(backend.kind.value, Origin.DECIDED),
        "backend.upstream": Told(backend.upstream, Origin.DECIDED),
        "calibration.submitted": _calibrated(backend, calibration),
    }


def _calibrated(backend: Backend, calibration: Calibration | None) -> Told | None:
    """Tell the snapshot; an emulated device's is made here, and a simulator need have none."""
    simulated = backend.kind is ExecutionKind.SIMULATOR
    if calibration is None:
        return Told(None, Origin.INAPPLICABLE) if simulated else None
    return Told(calibration.digest, Origin.MEASURED if simulated else Origin.REPORTED)


def _cost(quote: Quote | None) -> dict[str, Told | None]:
    if quote is None:
        return {}
    return {
        "cost.quoted_micros": _number(quote.amount_micros),
        "cost.currency": _measured(quote.currency),
        "cost.price_revision": _measured(quote.price_revision),
    }


def _software(declared: str, tagged: tuple[str, ...] | None) -> Told | None:
    """Take the SDK's own word before its user's."""
    if declared:
        return Told(_text(declared), Origin.DECLARED)
    return Told(", ".join(tagged), Origin.TAGGED) if tagged else None


def _seeds(submission: Submission, tags: Mapping[str, tuple[str, ...]]) -> Told | None:
    declared = dict(_seeds_in(submission.options))
    if declared:
        return Told(declared, Origin.DECLARED)
    return Told({"tag": ", ".join(tags["seed"])}, Origin.TAGGED) if "seed" in tags else None


def _seeds_in(options: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Find options that are seeds, whatever the SDK calls them, by their dotted path."""
    for name, value in options.items():
        if isinstance(value, dict):  # not Mapping: asking that costs ten times as much, and JSON makes nothing else
            yield from _seeds_in(value, f"{above}{name}.")
        elif "seed" in name and isinstance(value, int) and not isinstance(value, bool):
            yield _text(f"{above}{name}"), str(value)


def _tags(tags: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Read the tags that say where work comes from, by kind."""
    found: dict[str, tuple[str, ...]] = {}
    for tag in tags:
        if tag.startswith("qgw:") and (match := TAG.fullmatch(tag)):
            found[match[1]] = (*found.get(match[1], ()), match[2])
    return found


def _listed(values: tuple[str, ...] | None) -> Told | None:
    return None if values is None else Told(values, Origin.TAGGED)


def _measured(value: Value) -> Told:
    return Told(value, Origin.MEASURED)


def _number(value: int) -> Told | None:
    """Keep a whole number that every JSON reader keeps; a larger one is unknown."""
    return _measured(value) if 0 <= value <= _LARGEST else None


def _canonical(options: Mapping[str, Any]) -> bytes:
    return json.dumps(options, sort_keys=True, separators=(",", ":")).encode("ascii")


def _text(value: str) -> str:
    """Replace lone surrogates, which JSON escapes can smuggle in and no encoder can write."""
    return value.encode("utf-8", "replace").decode("utf-8")
