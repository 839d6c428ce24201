"""A vendor as an upstream whose every answer is scripted, and whose books outlive the gateway's processes."""

# ruff: noqa: ARG002  # a double takes whatever the port hands over
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from gateway.domain.backend import ExecutionKind
from gateway.domain.marks import mark
from gateway.domain.permit import Permit
from gateway.ports.upstream import Attempt, Order
from gateway.ports.vendor import AnswerLostError, Prepared, Resend
from tests.fakes import values

ENOUGH_SEARCHES = 2
ACCOUNT = "account-1"


async def in_time() -> None:
    """Let the answer come back."""


async def lost() -> None:
    """Let the answer get lost."""
    raise AnswerLostError("the connection was cut")


@dataclass
class ScriptedVendor:
    """Takes every job once per mark; a test says what goes wrong before it is taken, and after."""

    resends: Resend | None = Resend.AFTER_SEARCH
    kind: ExecutionKind = ExecutionKind.HARDWARE
    name: str = "ibm"
    dialect: str | None = "ibm"
    account: str = ACCOUNT
    on_the_way: Callable[[], Awaitable[None]] = in_time
    """Awaited before the vendor has a submission."""
    on_the_way_back: Callable[[], Awaitable[None]] = in_time
    """Awaited when it has."""
    refusal: Exception | None = None
    """What a search, or asking it beforehand, meets."""
    books: list[tuple[str, bytes]] = field(default_factory=list)
    """Mark and body of every job the vendor ever took, in order."""
    asked: list[tuple[Permit, Order]] = field(default_factory=list)
    searched: list[Attempt] = field(default_factory=list)
    followed: dict[str, tuple[Attempt, str]] = field(default_factory=dict)
    cancelled: list[str] = field(default_factory=list)
    reaction: Callable[[Permit, Order], Awaitable[None]] | None = None

    def again(self, **changes):
        """Be the same vendor, as the next process meets it."""
        fresh = {"asked": [], "searched": [], "followed": {}, "cancelled": []}
        return replace(self, **{"on_the_way": in_time, "on_the_way_back": in_time, **fresh, **changes})

    def backends(self):
        return (replace(values.BACKEND, kind=self.kind, upstream=self.name),)

    def status(self, *_):
        return values.STATUS

    def calibration(self, *_, **__):
        return values.CALIBRATION

    def feasible(self, *_):
        return None

    def options_not_applied(self, *_):
        return ()

    def queue_position(self, *_):
        return None

    def envelope(self, *_):
        return None

    def prepare(self, job_id, attempt, project_id, backend, order):
        if self.refusal is not None:
            raise self.refusal
        return Prepared(body=order.body + mark(job_id, attempt).encode(), edits=(), account_id=self.account)

    async def submit(self, permit, order):
        self.asked.append((permit, order))
        await self.on_the_way()
        known = self._known(mark(permit.job_id, permit.attempt))
        if known is None or self.resends is not Resend.IDEMPOTENT:
            self.books.append((mark(permit.job_id, permit.attempt), order.prepared.body))
        await self.on_the_way_back()
        return self._known(mark(permit.job_id, permit.attempt))

    async def find(self, attempt):
        self.searched.append(attempt)
        if self.refusal is not None:
            raise self.refusal
        return self._known(mark(attempt.job_id, attempt.attempt))

    def resend(self, attempt, *, searched, now):
        if self.resends is Resend.IDEMPOTENT or searched >= ENOUGH_SEARCHES:
            return self.resends
        return None

    def absent(self, attempt, *, searched, now):
        return searched >= ENOUGH_SEARCHES

    async def follow(self, attempt, vendor_job_id):
        self.followed[attempt.job_id] = attempt, vendor_job_id

    async def cancel(self, job_id):
        self.cancelled.append(job_id)
        return True

    def _known(self, wanted):
        return next((f"vendor-{place}" for place, (each, _) in enumerate(self.books) if each == wanted), None)
