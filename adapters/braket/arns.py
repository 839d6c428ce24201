"""Amazon Resource Names: of devices, which are backends, and of quantum tasks, which are jobs.

A Braket device is called by its own ARN here as everywhere. Whatever else can run a job gets an ARN of the provider
`gateway`, so that nobody takes it for one of Amazon's. A task's ARN is its id with region and account around it.
"""

import re
from hashlib import sha256

from gateway.domain.backend import ExecutionKind
from gateway.domain.job import JobRecord
from gateway.domain.malformed import InvalidValueError

PROVIDER = "gateway"
DEVICE = re.compile(
    r"arn:aws:braket:(?P<region>[a-z0-9-]{0,32})::device/(?P<type>qpu|quantum-simulator)"
    r"/(?P<provider>[a-z0-9-]{1,64})/(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?)"
)
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
TASK = re.compile(rf"arn:aws:braket:(?P<region>[a-z0-9-]{{1,32}}):(?P<account>[0-9]{{12}}):quantum-task/(?P<id>{UUID})")
_TYPES = {ExecutionKind.HARDWARE: "qpu", ExecutionKind.SIMULATOR: "quantum-simulator"}


def device(backend: str, kind: ExecutionKind) -> str:
    """Give the ARN of a backend."""
    if DEVICE.fullmatch(backend):
        return backend
    return f"arn:aws:braket:::device/{_TYPES[kind]}/{PROVIDER}/{backend}"


def backend(arn: str) -> str:
    """Give the backend that a device ARN names.

    Raises:
        InvalidValueError: no device ARN.
    """
    found = DEVICE.fullmatch(arn)
    if found is None:
        raise InvalidValueError(place="the device ARN", allowed="one of those that SearchDevices lists")
    return found["name"] if found["provider"] == PROVIDER else arn


def region(arn: str) -> str:
    """Give the region of a device; empty for one that is reached from everywhere."""
    found = DEVICE.fullmatch(arn)
    return found["region"] if found else ""


def account(project_id: str) -> str:
    """Give the 12 digits under which a project is an AWS account here; they tell nothing of it."""
    digest = sha256(f"qgw-braket-account/{project_id}".encode()).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 10**12:012d}"


def task(job: JobRecord) -> str:
    """Give the ARN of a job, in the region it was submitted in."""
    return f"arn:aws:braket:{job.echo['region']}:{account(job.project_id)}:quantum-task/{job.client_job_id}"
