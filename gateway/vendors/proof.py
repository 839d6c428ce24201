"""What is known of submissions without an answer, and when that proves that sending again does no harm.

Nothing is proven by a search that began before a job could be seen: every search counts from the moment after
which no byte can have left, plus the time the vendor needs until a job shows. What this process sent it knows to
the instant. What another process sent, before a restart say, was sent before this one began.
"""

from datetime import datetime, timedelta
from typing import Final, TypeAlias

from gateway.ports.upstream import Attempt
from gateway.ports.vendor import Resend, Vendor
from gateway.vendors.settings import VendorPace
from gateway.vendors.timing import Timing

_SEND_WINDOW: Final = timedelta(seconds=120)
"""How long after its permit another process may have been sending: a lease of 60 s, and a request."""
_Key: TypeAlias = tuple[str, int]


class Proof:
    """By job and attempt; moments are seconds of the monotonic clock, so that no correction of time fakes patience."""

    def __init__(self, vendor: Vendor, pace: VendorPace, timing: Timing) -> None:
        self._vendor, self._pace, self._timing = vendor, pace, timing
        self._settle_seconds = pace.settle_seconds or vendor.settle_seconds
        self._left_at: dict[_Key, float] = {}
        self._searched_at: dict[_Key, float] = {}
        self.begin()

    def begin(self) -> None:
        """Note that whatever another process sent, it sent before now."""
        self._began = self._timing.monotonic()

    def may_have_left(self, job_id: str, attempt: int) -> None:
        """Note that up to now bytes of a submission may have left."""
        self._left_at[job_id, attempt] = self._timing.monotonic()
        self._searched_at.pop((job_id, attempt), None)

    def searched_in_vain(self, job_id: str, attempt: int, *, began_at: float) -> None:
        """Note that a whole search found nothing."""
        self._searched_at[job_id, attempt] = began_at

    def found(self, job_id: str, attempt: int) -> None:
        """Forget a submission: the vendor has it."""
        self._left_at.pop((job_id, attempt), None)
        self._searched_at.pop((job_id, attempt), None)

    def resend(self, attempt: Attempt, *, searched: int, now: datetime) -> Resend | None:
        """Say by what proof an attempt may be sent again, after so many searches in vain; `None` is: not now."""
        how = self._vendor.resend
        if self._pace.resend == "never":
            return None
        return how if how is Resend.IDEMPOTENT or self.absent(attempt, searched=searched, now=now) else None

    def absent(self, attempt: Attempt, *, searched: int, now: datetime) -> bool:
        """Say whether an attempt certainly never arrived; what is idempotent may have, and do no harm again."""
        return searched >= self._pace.searches and self._settled(attempt, now)

    def _settled(self, attempt: Attempt, now: datetime) -> bool:
        key = attempt.job_id, attempt.attempt
        searched_at, left_at = self._searched_at.get(key), self._left_at.get(key)
        if searched_at is None:
            return False
        if left_at is None:
            left_at = self._began
            if now < (attempt.sent_at or attempt.permitted_at) + _SEND_WINDOW + timedelta(seconds=self._settle_seconds):
                return False
        return searched_at - left_at >= self._settle_seconds
