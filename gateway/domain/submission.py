"""The canonical submission: one request in our words, whichever vendor's words it arrived in.

A dialect decodes a request into a `Submission`; no other module reads a vendor's fields. The received
body stays whole: the reader parses the circuits from it in a worker process, and it goes on untouched.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One submission as it arrived, before anything was measured or decided."""

    dialect: str
    program: str
    """What to run, in the vendor's word: `sampler`, `estimator`, `executor`."""
    backend: str
    """The backend the client asked for."""
    body: bytes = field(repr=False)
    body_digest: str
    """SHA-256 of the received body, hexadecimal. The bytes forwarded must have this digest, or the edits say why."""
    options: Mapping[str, Any] = field(repr=False)
    """Every option submitted, as parsed JSON: nested maps of plain values."""
    tags: tuple[str, ...]
    session_id: str | None
    private: bool
    max_execution_seconds: int | None
    calibration_id: str | None
    unknown_fields: tuple[str, ...]
    """JSON pointers of fields no model of ours knows; policy decides."""
    sdk: str
    """Client and version as the request claims them; a claim, not a proof. Empty when it says nothing."""
    compiler: str = ""
    """What compiled its circuits, and the version, as the request claims; empty when it says nothing."""
    echo: Mapping[str, Any] = field(repr=False)
    """Fields the dialect shows again when it is asked for the job, such as `cost` or `runtime`."""
    repeat_token: str | None = None
    """`clientToken` or `Idempotency-Key`: the client's own word for which submissions are one."""
    mitigated: bool | None = None
    """Whether error mitigation is asked for, where that changes the price; `None` leaves it to the vendor."""
    work_digest: str = ""
    """SHA-256 of what is to be done, where the body also holds a token that differs each time; else `body_digest`."""
