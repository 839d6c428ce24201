"""How a simulated job can end, in the words its owner reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.aer import codec
from adapters.aer.errors import MAX_EXECUTION_TIME
from gateway.domain.job import JobStatus
from gateway.domain.result import ProgramResult
from gateway.processes.limits import CPU_SPENT
from gateway.processes.supervise import ChildDiedError, ChildError


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What becomes known of a job at one moment; `running` is the only one that is not final."""

    status: JobStatus
    reason: str = ""
    reason_code: int | None = None
    result: ProgramResult | None = field(default=None, repr=False)


RUNNING = Ending(status=JobStatus.RUNNING)
CANCELLED = Ending(status=JobStatus.CANCELLED, reason="cancelled on request")


def of_answer(answer: Mapping[str, Any]) -> Ending:
    """Read what a worker answered."""
    if "result" in answer:
        return Ending(status=JobStatus.COMPLETED, result=codec.decode_result(answer["result"]))
    return _failed(answer["code"], answer["message"])


def of_death(error: ChildError, *, cpu_seconds: float) -> Ending:
    """Say why a worker ended instead of answering."""
    if isinstance(error, ChildDiedError) and error.status in CPU_SPENT:
        return _failed("simulator-cpu-limit", f"the simulation used more than {cpu_seconds:g} s of CPU")
    return _failed("simulator-worker-died", "the process that simulated the job ended; the job may be sent again")


def too_long(seconds: float, *, asked: bool) -> Ending:
    """Say that time is over: the time the caller asked for, or what one job may take here."""
    if not asked:
        return _failed("simulator-time-limit", f"the simulation ran longer than {seconds:g} s")
    return Ending(
        status=JobStatus.CANCELLED,
        reason=f"the job ran longer than its maximum execution time of {seconds:g} s",
        reason_code=MAX_EXECUTION_TIME,
    )


def _failed(code: str, message: str) -> Ending:
    return Ending(status=JobStatus.FAILED, reason=f"{code}: {message}")
