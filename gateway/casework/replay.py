"""Running a job's sealed program once more on our simulator, and comparing what came out then with what comes out now.

A simulated job with the seed and the noise that its entry names must come out the same, shot for shot. What hardware
measured is compared with an ideal simulation, or with one that has the errors of its calibration snapshot: that knows
no crosstalk, leakage or drift, so a difference says how noisy the machine was, and not that somebody cheated. Nothing
is sent anywhere, no result changes, and the ledger says who opened the payload before it is opened.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from math import prod
from struct import unpack
from typing import Any, Final, Literal, TypeAlias

import msgspec

from gateway.casework.distances import Distance, deviation, differ, distance, tail
from gateway.casework.entries import OPERATOR, AdminEntries
from gateway.casework.inspection import Entry, Inspection, JobReport
from gateway.circuits.sandbox import Sandbox
from gateway.domain import restoring
from gateway.domain.backend import Calibration, ExecutionKind
from gateway.domain.changes import Undo
from gateway.domain.errors import RefusedError
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.result import ItemResult, ProgramResult, Tensor
from gateway.ports.dialect import Dialect
from gateway.ports.rerun import Rerun, Rerunner
from gateway.ports.vendor import Vendor
from gateway.store import calibrations
from gateway.store.engine import Database
from gateway.vault.vault import Vault

Noise: TypeAlias = Literal["as-it-ran", "ideal", "calibrated"]

MOST_COMPARED: Final = 200
"""Parameter sets that are compared, all circuits together."""
_RESULT: Final = "result"
_SOURCES: Final = {"evs": "stds"}
"""Tensors that are estimates, and where their standard errors stand."""


class NothingToReplayError(RefusedError):
    """A job has no result that another could be compared with."""

    code = "nothing-to-replay"

    def __init__(self, job: JobRecord, why: str) -> None:
        super().__init__(f"job {job.client_job_id} cannot be replayed: {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """One circuit with one parameter set that was measured, then and now."""

    item: int
    binding: int
    distance: Distance
    identical: bool
    """Whether every shot came out the same, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimated:
    """One circuit whose expectation values were estimated, then and now; each side states its standard errors."""

    item: int
    values: int
    largest_deviation: float
    """In standard errors of the difference."""
    p_value: float
    """How likely one of so many values is as far off by chance, if errors are normal and rightly stated."""
    identical: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What a replay found."""

    job_id: str
    client_job_id: str
    payload_holds: bool
    """Whether the payload has the digest that the ledger names."""
    circuits_hold: bool
    """Whether the circuits, measured again, have the digest that the ledger names."""
    then: Mapping[str, Any]
    """What computed the result, as the ledger says."""
    now: Mapping[str, Any]
    """What computed it again."""
    sampled: tuple[Sampled, ...]
    estimated: tuple[Estimated, ...]
    left_out: int
    """Parameter sets beyond those compared."""
    repeatable: bool
    """Whether it must come out the same: simulated, with the same seed, noise, method and simulator."""

    @property
    def identical(self) -> bool:
        """Whether everything came out the same, shot for shot."""
        return all(each.identical for each in self.sampled) and all(each.identical for each in self.estimated)

    @property
    def different(self) -> bool:
        """Whether chance does not explain the differences; 1 replay in 100 says so without reason."""
        return differ([each.distance.p_value for each in self.sampled] + [each.p_value for each in self.estimated])

    @property
    def holds(self) -> bool:
        """Whether nothing contradicts the record."""
        return self.payload_holds and self.circuits_hold and (self.identical or not self.repeatable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayer:
    """Replays jobs; the sandbox must have been started."""

    inspection: Inspection
    entries: AdminEntries
    vault: Vault
    database: Database
    dialects: Mapping[str, Dialect]
    vendors: Mapping[str, Vendor] = field(repr=False)
    """Read results, by dialect; none is asked anything."""
    sandbox: Sandbox
    rerunner: Rerunner

    async def replay(self, name: str, *, noise: Noise = "as-it-ran", by: str = OPERATOR) -> Replay:
        """Run a job's program again and compare.

        Raises:
            JobUnknownError: there is none of this name.
            NothingToReplayError: it left no result, or one that cannot be read.
            ErasedError: its payload or result was erased.
            RerunFailedError: the simulator cannot run it.
        """
        report = await self.inspection.job(name)
        job, outcome = report.job, _outcome(report)
        execution = outcome.body.get("execution", {})
        snapshot = await self._snapshot(job, execution, noise)
        await self._tell(job, noise, by)
        payload = await self.vault.open(object_id=job.id, kind="payload")
        documents = await self._documents(report)
        ran = await self._as_it_ran(job, payload)
        facts = await self.sandbox.measure(
            reader=job.dialect, body=ran, project_id=job.project_id, principal_id=job.principal_id
        )
        rerun = Rerun(reader=job.dialect, body=ran, facts=facts, seed=_seed(job, execution), calibration=snapshot)
        result = await self.rerunner.run(rerun)
        undo = Undo() if ran is payload else await self._undo(job)
        restored, digest = restoring.restored(result, undo), restoring.whole_digest(facts, undo)
        then, now = self._read(job, payload, documents), self._told_alike(job, payload, restored)
        return _compared(job, execution, payload, digest, then, now, result)

    async def _undo(self, job: JobRecord) -> Undo:
        return restoring.read(await self.vault.open(object_id=job.id, kind=restoring.CHANGES))

    async def _tell(self, job: JobRecord, noise: Noise, by: str) -> None:
        """Record who opens a payload, before it is opened."""
        body = {"job_id": job.id, "noise": noise}
        await self.entries.record("job.replayed", by=by, project_id=job.project_id, rows=(), body=body, people={})

    async def _as_it_ran(self, job: JobRecord, payload: bytes) -> bytes:
        """Give the body as policy had it changed; one in another vendor's words is run as it came."""
        translated = job.upstream in self.vendors and (job.upstream != job.dialect or bool(job.fallback_reason))
        if not job.obliged.words or translated:
            return payload
        return await self.vault.open(object_id=job.id, kind="sent")

    async def _documents(self, report: JobReport) -> Mapping[str, bytes]:
        kinds = [kind for kind in report.sealed if kind.partition("/")[0] == _RESULT]
        return {
            kind.partition("/")[2] or _RESULT: await self.vault.open(object_id=report.job.id, kind=kind)
            for kind in kinds
        }

    async def _snapshot(self, job: JobRecord, execution: Mapping[str, Any], noise: Noise) -> Calibration | None:
        """Find where noise comes from: what the job had, or what its backend was like when it ran."""
        digest = execution.get("calibration_digest")
        if noise == "calibrated":
            digest = job.execution_calibration or job.calibration_digest
        if noise == "ideal" or (noise == "as-it-ran" and execution.get("noise") != "calibrated"):
            return None
        async with self.database.reading() as connection:
            content = None if digest is None else await calibrations.content(connection, digest)
        if content is None:
            raise NothingToReplayError(job, "no calibration snapshot of it is kept; replay it with --noise ideal")
        return msgspec.json.decode(content, type=Calibration)

    def _told_alike(self, job: JobRecord, payload: bytes, result: ProgramResult) -> ProgramResult:
        """Take a result through its client's words, so that both sides went the same way."""
        return self._read(job, payload, self.dialects[job.dialect].encode_results(job, payload, result))

    def _read(self, job: JobRecord, payload: bytes, documents: Mapping[str, bytes]) -> ProgramResult:
        try:
            return self.vendors[job.dialect].decode(payload, documents)
        except (ValueError, KeyError):
            raise NothingToReplayError(job, "its result cannot be read as samples or estimates") from None


def _outcome(report: JobReport) -> Entry:
    if report.job.status is not JobStatus.COMPLETED:
        raise NothingToReplayError(
            report.job, f"it is {report.job.status.value}, and only a completed job has a result"
        )
    outcome = next((entry for entry in reversed(report.entries) if entry.type == "job.completed"), None)
    if outcome is None:
        raise NothingToReplayError(report.job, "the entry of its result was pruned, and with it what computed it")
    return outcome


def _seed(job: JobRecord, execution: Mapping[str, Any]) -> int | None:
    """Give the seed of a simulation; what a vendor calls so would mean nothing here."""
    seed = execution.get("seed") if job.kind is ExecutionKind.SIMULATOR else None
    return seed if isinstance(seed, int) else None


def _compared(
    job: JobRecord,
    execution: Mapping[str, Any],
    payload: bytes,
    digest: str,
    then: ProgramResult,
    now: ProgramResult,
    ran: ProgramResult,
) -> Replay:
    if len(then.items) != len(now.items):
        raise NothingToReplayError(job, f"{len(then.items)} results are kept of {len(now.items)} circuits")
    pairs = list(zip(then.items, now.items, strict=True))
    sampled = [each for number, pair in enumerate(pairs) for each in _samples(number, *pair)]
    estimated = [each for number, pair in enumerate(pairs) for each in _estimates(number, *pair)]
    if not sampled and not estimated:
        raise NothingToReplayError(job, "its result holds neither samples nor estimates")
    sets = sum(prod(each.shape) for each in then.items if each.registers)
    same = ("simulator", "method", "seed", "noise", "calibration_digest")
    return Replay(
        job_id=job.id,
        client_job_id=job.client_job_id,
        payload_holds=sha256(payload).hexdigest() == job.payload_digest,
        circuits_hold=digest == job.program_digest,
        then={"kind": job.kind.value, "backend": job.backend, **execution},
        now={"kind": "simulator", **ran.metadata},
        sampled=tuple(sampled[:MOST_COMPARED]),
        estimated=tuple(estimated),
        left_out=max(0, sets - MOST_COMPARED),
        repeatable="seed" in execution and all(execution.get(name) == ran.metadata.get(name) for name in same),
    )


# ── samples ──────────────────────────────────────────────────────────────────────────────────────
def _samples(item: int, then: ItemResult, now: ItemResult) -> Iterator[Sampled]:
    """Compare the registers of one circuit, read together, for each parameter set."""
    names = sorted(then.registers)
    if not names or names != sorted(now.registers):
        return
    bits = sum(then.registers[name].bits for name in names)
    for binding in range(min(prod(then.shape), MOST_COMPARED)):
        before, after = _shots(then, names, binding), _shots(now, names, binding)
        yield Sampled(
            item=item,
            binding=binding,
            distance=distance(Counter(before), Counter(after), bits=bits),
            identical=before == after,
        )


def _shots(result: ItemResult, names: Sequence[str], binding: int) -> list[tuple[bytes, ...]]:
    """Give what all registers read in each shot of one parameter set."""
    return list(zip(*(_rows(result.registers[name].samples, binding) for name in names), strict=True))


def _rows(samples: Tensor, binding: int) -> Iterator[bytes]:
    shots, width = samples.shape[-2:]
    start = binding * shots * width
    return (samples.data[place : place + width] for place in range(start, start + shots * width, width))


# ── estimates ────────────────────────────────────────────────────────────────────────────────────
def _estimates(item: int, then: ItemResult, now: ItemResult) -> Iterator[Estimated]:
    """Compare the expectation values of one circuit, each with the standard error that its side states."""
    for name, error in _SOURCES.items():
        if not {name, error} <= then.tensors.keys() & now.tensors.keys():
            continue
        before, after = _numbers(then.tensors[name]), _numbers(now.tensors[name])
        errors = zip(_numbers(then.tensors[error]), _numbers(now.tensors[error]), strict=True)
        apart = [deviation(values, both) for values, both in zip(zip(before, after, strict=True), errors, strict=True)]
        largest = max(apart, default=0.0)
        yield Estimated(
            item=item,
            values=len(apart),
            largest_deviation=largest,
            p_value=tail(largest, len(apart)),
            identical=before == after,
        )


def _numbers(tensor: Tensor) -> tuple[float, ...]:
    return unpack(f"<{prod(tensor.shape)}d", tensor.data)
