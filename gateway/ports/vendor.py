"""How one vendor's API is asked: a method per question, without state, clocks or retries.

An adapter builds requests and reads answers; it is handed a `Call` that can send one bounded HTTP request and
open one credential. Pace, polling, breakers, memory and evidence are the gateway's (`gateway/vendors`), written once.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Final, Protocol

from gateway.domain.backend import Backend, BackendStatus, Calibration
from gateway.domain.errors import RefusedError, UnavailableError
from gateway.domain.result import ProgramResult
from gateway.domain.secret import Secret
from gateway.domain.wire_edit import WireEdit

_LONGEST_WORDS: Final = 400


class VendorUnreachableError(UnavailableError):
    """No connection was made, so certainly nothing reached the vendor."""

    code = "vendor-unreachable"


class VendorBusyError(UnavailableError):
    """The vendor said that it took nothing now: throttled, or under maintenance with a complete answer."""

    code = "vendor-busy"


class AnswerLostError(UnavailableError):
    """A request left for the vendor and no usable answer came back: it may have been carried out, or not."""

    code = "vendor-answer-lost"


class VendorRefusedError(RefusedError):
    """The vendor said no, completely and finally, in its own words (cut short, control characters removed)."""

    code = "vendor-refused"

    def __init__(self, *, vendor: str, status: int, words: str) -> None:
        super().__init__(f"{vendor} refused ({status}): {words}")
        self.status = status


class VendorCredentialError(VendorRefusedError):
    """The vendor did not accept the gateway's own credential; the caller can do nothing about it."""

    code = "vendor-credential"


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorRequest:
    """One HTTP request, complete: nothing is added on the way but `Host`, `Content-Length` and `User-Agent`."""

    method: str
    url: str
    """Absolute; path and query already percent-encoded, and sent exactly so."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    seconds: float = 30.0
    """For everything from connecting to the last byte."""
    largest: int = 64 * 1024 * 1024
    """Bytes of answer after decompression; more is an `AnswerLostError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorAnswer:
    """One complete HTTP answer; redirects are not followed."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Lower-case names."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose account at the vendor is used; never the credential itself."""

    id: str
    vendor: str
    name: str
    project_id: str | None
    """The one project that may use it; `None` is everybody without an account of their own."""
    attributes: Mapping[str, str]
    """What the adapter's account model asks for: `crn`, `region`, `bucket` …"""
    version: int
    """Of its credential; rotating counts up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What an adapter may use for one question."""

    account: Account
    now: datetime
    send: Callable[[VendorRequest], Awaitable[VendorAnswer]]
    """Raises `VendorUnreachableError`, or `AnswerLostError`; every complete answer is returned, whatever its status."""
    open: Callable[[str], Awaitable[Mapping[str, Secret]]]
    """Opens the account's credential for one stated purpose; each opening is counted and recorded."""
    remember: Callable[[str, Secret, datetime], None]
    """Keep something derived (an access token) in memory until a moment, for this account and credential version."""
    recall: Callable[[str], Secret | None]


class Resend(StrEnum):
    """When a submission whose answer was lost may be sent again."""

    IDEMPOTENT = "idempotent"
    """The vendor runs one token once: sending again is always safe."""
    AFTER_SEARCH = "after-search"
    """Only when repeated searches for our mark, over `settle_seconds`, found nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One attempt, as an adapter needs it to build the submission or to look for it."""

    job_id: str
    attempt: int
    mark: str
    """`qgw-` and 32 hexadecimal digits: the tag, token or metadata value by which the vendor's job is found again."""
    backend: str
    body: bytes = field(repr=False)
    """The received (or translated) body, in the vendor's own format."""
    vendor_session_id: str | None = None
    classification: str = ""
    max_seconds: int | None = None
    """The longest it may run. A vendor that can stop a job by itself is told so; its client may have said more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What will be sent, decided before the permit, so that the entry can hold its digest."""

    body: bytes = field(repr=False)
    edits: tuple[WireEdit, ...]
    account_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendReport:
    """One backend as the vendor lists it now."""

    backend: Backend
    status: BackendStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorJob:
    """A job as the vendor shows it, in our words."""

    id: str
    status: str
    """A `JobStatus` value: `queued`, `running`, `completed`, `failed`, `cancelled`."""
    mark: str | None = None
    """Ours, where the answer carries it."""
    backend: str = ""
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    reason: str = ""
    reason_code: int | None = None
    queue_position: int | None = None
    billed_seconds: float | None = None
    cost_micros: int | None = None
    cost_currency: str = "USD"
    """Of `cost_micros`, ISO 4217."""
    shots_done: int | None = None
    """How many shots ran, all circuits together, where the vendor says so."""
    calibration_id: str | None = None
    poll_after_seconds: float | None = None
    """The vendor's own hint."""
    envelope: bytes = field(default=b"", repr=False)
    """Its JSON exactly as received."""


class Vendor(Protocol):
    """One vendor's API. Each method sends few requests and raises the errors above; nothing is tried twice."""

    name: str
    """Also the name of the dialect whose bodies it takes."""
    resend: Resend
    bounds_time: bool
    """Whether it stops a job that has run as long as it was told (`Dispatch.max_seconds`)."""
    settle_seconds: float
    """How long a job that was accepted may stay invisible to a search, by the vendor's documents, with a margin."""

    async def backends(self, call: Call) -> Sequence[BackendReport]:
        """List backends with their status; also the cheap periodic probe."""
        ...

    async def calibration(self, call: Call, backend: str) -> Calibration | None:
        """Fetch a backend's newest snapshot; `None` where the vendor has none."""
        ...

    def prepare(self, account: Account, dispatch: Dispatch) -> Prepared:
        """Make the declared edits, pure: the account's CRN, our mark, a pinned bucket …, and nothing else."""
        ...

    async def submit(self, call: Call, dispatch: Dispatch, prepared: Prepared) -> str:
        """Send a submission once; gives the vendor's job id.

        Raises:
            VendorUnreachableError, VendorBusyError, VendorRefusedError: certainly nothing runs.
            AnswerLostError: nobody knows. Any 5xx is this.
        """
        ...

    async def find(self, call: Call, dispatches: Sequence[Dispatch], *, since: datetime) -> Mapping[str, VendorJob]:
        """Look for attempts by their marks among the account's jobs since a moment, all pages; gives those found."""
        ...

    async def recent(self, call: Call, *, since: datetime) -> Sequence[VendorJob]:
        """List the account's jobs since a moment, all pages, for the sweep for orphans."""
        ...

    async def show(self, call: Call, vendor_job_id: str) -> VendorJob:
        """Ask for a job.

        Raises:
            VendorRefusedError: status 404 when there is no such job.
        """
        ...

    async def documents(self, call: Call, job: VendorJob) -> Mapping[str, bytes]:
        """Fetch everything a completed job left, once: `result`, and whatever else clients may ask for by name.

        Bodies are kept byte for byte. `metrics` is the vendor's account of time and usage, where it has one.
        """
        ...

    async def cancel(self, call: Call, vendor_job_id: str) -> None:
        """Ask for a job to be stopped; a job that has ended already is no error."""
        ...

    def decode(self, submitted: bytes, documents: Mapping[str, bytes]) -> ProgramResult:
        """Read results into our words, for the summary in the ledger and for callers in another dialect.

        Runs in a thread. `submitted` is the body that was sent.

        Raises:
            ValueError: the documents are not what the vendor's format says.
        """
        ...


def understood(answer: VendorAnswer, *, vendor: str, words: str) -> VendorAnswer:
    """Let a success through, and raise what any other status means.

    Args:
        answer: what came back, whole.
        vendor: who said it, for people.
        words: the vendor's own, as the adapter read them from the body.

    Raises:
        VendorCredentialError: 401, the gateway's own credential was not accepted.
        VendorBusyError: 429, nothing was taken.
        VendorRefusedError: any other 4xx.
        AnswerLostError: everything else, because a 5xx or a redirect does not say what was done.
    """
    status, told = answer.status, plain_words(words)
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return answer
    if status == HTTPStatus.UNAUTHORIZED:
        raise VendorCredentialError(vendor=vendor, status=status, words=told)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise VendorBusyError(f"{vendor} takes nothing now (429): {told}")
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        raise VendorRefusedError(vendor=vendor, status=status, words=told)
    raise AnswerLostError(f"{vendor} answered {status}: {told}")


def plain_words(text: str) -> str:
    """Cut a vendor's text to one short line without control characters."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line[:_LONGEST_WORDS] or "no reason given"


async def by_mark(jobs: AsyncIterator[VendorJob], dispatches: Sequence[Dispatch]) -> dict[str, VendorJob]:
    """Pick the jobs of some attempts out of a list, and read no further than the last of them."""
    wanted, found = {each.mark for each in dispatches}, dict[str, VendorJob]()
    async for job in jobs:
        if job.mark in wanted:
            found[job.mark] = job
        if len(found) == len(wanted):
            break
    return found
