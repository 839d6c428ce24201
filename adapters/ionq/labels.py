"""The labels that say what computed a result, wherever a person or a program may look."""

from adapters.ionq import names
from gateway.domain.backend import ExecutionKind
from gateway.domain.job import JobRecord
from gateway.domain.labels import headers, of_job

__all__ = ["LABEL", "VENDOR", "headers", "of_job", "warnings"]

VENDOR = "ionq"
"""The upstream whose words these are, and which applies its own noise models."""
LABEL = "qgw"
"""The member of every job, backend and shots artifact that tells."""


def warnings(job: JobRecord) -> list[str]:
    """Say what the SDK shows as Python warnings: only what its user would not expect."""
    said = []
    simulated = job.kind is ExecutionKind.SIMULATOR
    what = f"{job.backend}, a simulator" if simulated else job.backend
    if job.fallback_reason:
        said.append(f"this job asked for {job.asked_backend} and ran on {what}: {job.fallback_reason}")
    elif simulated and not str(job.echo.get("backend", "")).removeprefix("ionq_").startswith(names.SIMULATOR):
        said.append(f"this job ran on {what}; no quantum hardware was involved")
    model = (job.echo.get("noise") or {}).get("model")
    if simulated and job.upstream != VENDOR and model not in {None, "ideal"}:
        said.append(f"the noise model {model} was not applied: noise is a setting of the gateway's simulator")
    said += [f"policy had this job changed before it ran: {words}" for words in job.obliged.words]
    said += [f"policy warns: {words}" for words in job.obliged.warned]
    return said
