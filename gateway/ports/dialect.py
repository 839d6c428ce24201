"""How a client speaks. A dialect maps each route of a vendor's API to one of a closed set of operations.

It only translates, and is pure: no I/O, no clock, no policy. `enforcement` carries every operation out,
written once for all vendors.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol, TypeAlias

from gateway.domain.changes import Undo
from gateway.domain.errors import GatewayError
from gateway.domain.job import JobRecord
from gateway.domain.result import ProgramResult
from gateway.domain.secret import Secret
from gateway.domain.submission import Submission
from gateway.ports.answers import Answer, Instance
from gateway.ports.operations import Operation

_VISIBLE: Final = re.compile(r"[!-~]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRequest:
    """One HTTP request below a dialect's mount, unjudged."""

    method: str
    path: str
    """Raw (still percent-encoded) path below the mount, beginning with `/`."""
    query: tuple[tuple[str, str], ...]
    """Decoded pairs in order; duplicates are kept."""
    headers: Mapping[str, str]
    """Lower-case names; the door refused duplicates of those that matter."""
    body: bytes = field(repr=False)
    target: str = ""
    """The raw request target as the client sent and signed it: mount, path and query."""

    @property
    def idempotency_key(self) -> str | None:
        """The client's own word for which submissions are one, where it is 1 to 128 visible characters."""
        key = self.headers.get("idempotency-key", "")
        return key if _VISIBLE.fullmatch(key) else None


def alone(body: bytes) -> WireRequest:
    """Wrap a body that came without a request, such as one that a person priced before sending it."""
    return WireRequest(method="POST", path="/", query=(), headers={}, body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class WireAnswer:
    """One HTTP answer in the dialect's words."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """The caller showed a gateway key itself."""

    key: Secret


@dataclass(frozen=True, slots=True)
class AccessToken:
    """The caller showed a short-lived token that the gateway signed for a key."""

    token: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The caller signed the request with the secret of a key's signing pair (AWS Signature Version 4)."""

    access_key_id: str
    day: str
    """`YYYYMMDD`, the first part of the credential scope."""
    region: str
    service: str
    signed_at: datetime
    string_to_sign: bytes = field(repr=False)
    """Made from the request as it arrived, so that a signature fits only what was received."""
    signature: str = field(repr=False)
    """64 hexadecimal digits, as shown."""
    body_signed: bool
    """False while the body is not read yet: then it names a key and proves nothing."""


Credential: TypeAlias = ApiKey | AccessToken | Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningPair:
    """What a client that signs is given in place of a key."""

    access_key_id: str
    secret: Secret


class Dialect(Protocol):
    """A vendor's wire language, both ways."""

    name: str
    """Also the name of its reader, such as `ibm`."""
    mounts: tuple[str, ...]
    """Path prefixes it answers under, such as `/ibm`."""
    signs: bool
    """Whether its clients sign requests, so that the body must be read before they are proven."""
    retry_seconds: float
    """How long after an answer that never arrived the vendor's SDK may repeat a submission by itself, with a margin.

    From the SDK's source, tabled in docs/reference/retries.md; later repeats are the user's own.
    """

    def credential(self, request: WireRequest) -> Credential | None:
        """Find the caller's credential where the vendor's SDK puts it; `None` when there is none."""
        ...

    def open_to_all(self, request: WireRequest) -> bool:
        """Say whether a request may come without a credential, because it brings a key to be exchanged."""
        ...

    def operation(self, request: WireRequest) -> Operation:
        """Say what a request asks for.

        Raises:
            RefusedError: no such route (`unknown-operation`), or the request is malformed.
        """
        ...

    def submission(self, body: bytes) -> Submission:
        """Read the body of a submission by itself, as the vendor's SDK would send it.

        Raises:
            RefusedError: it is malformed.
        """
        ...

    def answer(self, operation: Operation, answer: Answer) -> WireAnswer:
        """Write an answer as the vendor would.

        Raises:
            RefusedError: the answer has no shape that the vendor's SDK would not misread.
        """
        ...

    def refuse(self, request: WireRequest, error: GatewayError, *, status: int, request_id: str) -> WireAnswer:
        """Write a refusal in the shape whose text the vendor's SDK shows to its user best."""
        ...

    def client_job_id(self, entropy: bytes) -> str:
        """Mint a job id in the vendor's shape from 16 random bytes."""
        ...

    def session_id(self, entropy: bytes) -> str:
        """Mint a session id in the vendor's shape from 16 random bytes."""
        ...

    def encode_results(self, job: JobRecord, submitted: bytes, result: ProgramResult) -> Mapping[str, bytes]:
        """Write results as the vendor's documents, `result` and whatever else its clients ask for by name.

        `submitted` is the received body, for what must be echoed.
        """
        ...

    def restored(
        self, job: JobRecord, submitted: bytes, documents: Mapping[str, bytes], undo: Undo
    ) -> Mapping[str, bytes]:
        """Undo in its vendor's documents what policy had changed in a job, and say there that it was changed.

        Args:
            job: what ran; `obliged.words` says what was changed.
            submitted: the received body, for what must be put back.
            documents: the vendor's own.
            undo: names that were sent and the client's own, and the parts in which circuits were sent.

        Raises:
            ValueError: the documents are not what the vendor's format says.
        """
        ...

    def environment(self, *, url: str, instance: Instance, key: str, pair: SigningPair) -> Mapping[str, str]:
        """Give the environment variables that point the unmodified SDK here; `url` has no trailing slash."""
        ...

    def answer_headers(self, job: JobRecord) -> Mapping[str, str]:
        """Give the headers that carry the truth about where a job ran."""
        ...
