"""Results in IonQ's documents, with one more that says what computed them.

An outcome is the decimal integer whose bit i is qubit i; registers follow one another, the first one lowest.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from adapters.ionq import documents, ids, labels
from adapters.ionq.jobs import MULTI, QASM3
from gateway.domain.job import JobRecord
from gateway.domain.result import ItemResult, ProgramResult, Register


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What one circuit gave: the integer of every shot, in the order in which the shots ran."""

    shots: list[int]

    @property
    def histogram(self) -> dict[str, int]:
        """How often each outcome came, the smallest first."""
        return {str(outcome): count for outcome, count in sorted(Counter(self.shots).items())}

    @property
    def probabilities(self) -> dict[str, float]:
        """The same as shares of all shots."""
        return {outcome: count / len(self.shots) for outcome, count in self.histogram.items()}


def encode(job: JobRecord, submitted: bytes, result: ProgramResult) -> dict[str, bytes]:
    """Write all documents of a job."""
    body = json.loads(submitted)
    label = {"execution_kind": job.kind.value, **result.metadata, "backend": job.backend}
    told = {documents.EXECUTION: _json({**label, "started_at": result.started_at, "finished_at": result.finished_at})}
    if body.get("dry_run"):
        return {documents.RESULT: documents.NO_PROBABILITIES, **_as_submitted(body), **told}
    if body["type"] == MULTI:
        return {**_several(job, [_outcomes(item) for item in result.items]), **told}
    if body["type"] == QASM3:
        told[documents.SHOTS_ARTIFACT] = _json({"shots": list(_by_register(result.items[0])), labels.LABEL: label})
    return {**_one(_outcomes(result.items[0])), **told}


def _one(outcomes: Outcomes) -> dict[str, bytes]:
    probabilities = _json(outcomes.probabilities)
    return {
        documents.RESULT: probabilities,
        documents.SHARPENED: probabilities,
        documents.HISTOGRAM: _json(outcomes.histogram),
        documents.SHOTS: _json([str(shot) for shot in outcomes.shots]),
    }


def _several(job: JobRecord, circuits: list[Outcomes]) -> dict[str, bytes]:
    """Write one document per kind: aggregated under the children's ids, joined under their numbers."""
    whole = [_one(outcomes) for outcomes in circuits]
    names = ids.children(job.client_job_id, len(circuits))
    aggregated = documents.joined({name: each[documents.RESULT] for name, each in zip(names, whole, strict=True)})
    kinds = {"probabilities": documents.RESULT, "histogram": documents.HISTOGRAM, "shots": documents.SHOTS}
    return {
        documents.RESULT: aggregated,
        documents.SHARPENED: aggregated,
        **{
            documents.of_children(kind): documents.joined({str(n): each[name] for n, each in enumerate(whole)})
            for kind, name in kinds.items()
        },
    }


def _as_submitted(body: Mapping[str, Any]) -> dict[str, bytes]:
    """Give a dry run's circuit back: a simulator runs circuits as they are."""
    circuit = body["input"].get("circuit")
    return {} if circuit is None else {documents.compiled_artifact(body["input"]["gateset"]): _json(circuit)}


def _outcomes(item: ItemResult) -> Outcomes:
    shots, width = [0] * item.shots, 0
    for register in item.registers.values():
        shots = [known | read << width for known, read in zip(shots, _integers(register), strict=True)]
        width += register.bits
    return Outcomes(shots)


def _by_register(item: ItemResult) -> Iterator[dict[str, Any]]:
    """Give every shot's bits by register, bit 0 first."""
    registers = {name: list(_integers(register)) for name, register in item.registers.items()}
    widths = {name: range(register.bits) for name, register in item.registers.items()}
    for shot in range(item.shots):
        read = {name: values[shot] for name, values in registers.items()}
        yield {"registers": {name: [value >> bit & 1 for bit in widths[name]] for name, value in read.items()}}


def _integers(register: Register) -> Iterator[int]:
    *_, shots, width = register.samples.shape
    data = register.samples.data
    return (int.from_bytes(data[shot * width : (shot + 1) * width], "big") for shot in range(shots))


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)
