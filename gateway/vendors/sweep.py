"""The sweep for orphans: what runs in a vendor's account, compared with what our records stand behind.

A job is suspected only when two sweeps in a row find it unknown: one that is being submitted this very second is
at the vendor before it is in our records.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from enum import StrEnum
from typing import Final, TypeAlias

import structlog

from gateway.domain.errors import GatewayError
from gateway.domain.job import JobStatus
from gateway.domain.marks import PREFIX
from gateway.ports.vendor import Account, VendorJob
from gateway.telemetry import events
from gateway.vendors.asking import Question
from gateway.vendors.desk import Desk

_REMEMBERED: Final = 100_000
log = structlog.get_logger(__name__)


class Standing(StrEnum):
    """What our records say about a job in a vendor's account."""

    KNOWN = "known"
    """An attempt stands behind it, open or ended there."""
    CLOSED = "closed"
    """Its mark is ours, but that attempt was given up: nobody waits for this job."""
    UNKNOWN = "unknown"
    """Nothing of ours."""


Books: TypeAlias = Callable[[VendorJob], Awaitable[Standing]]
"""Looks a vendor's job up by its mark, or by the vendor's id."""


class Sweep:
    """Looks through the accounts at one vendor."""

    def __init__(self, desk: Desk, books: Books, *, leads: Callable[[], bool] = lambda: True) -> None:
        self._desk, self._books, self._leads = desk, books, leads
        self._suspects: dict[str, set[str]] = {}
        self._told: dict[str, None] = {}

    async def run(self) -> None:
        """Sweep, for ever."""
        while True:
            await self._desk.timing.sleep(self._desk.timing.spread(self._desk.pace.sweep_seconds))
            if self._leads():
                await self.sweep()

    async def sweep(self) -> None:
        """Look through every account once; one that cannot be read now is looked through next time."""
        for account in self._desk.accounts():
            try:
                await self._sweep(account)
            except GatewayError as error:
                log.warning(events.VENDOR_FAILED, vendor=self._desk.name, operation="recent", code=error.code)
            except Exception:
                log.exception(events.VENDOR_FAILED, vendor=self._desk.name, operation="recent")

    async def _sweep(self, account: Account) -> None:
        since = self._desk.timing.now() - timedelta(hours=self._desk.pace.sweep_hours)
        jobs = await self._desk.asker.ask(
            Question.RECENT, account, lambda call: self._desk.vendor.recent(call, since=since)
        )
        standings = [(job, await self._books(job)) for job in jobs if job.id not in self._told]
        strays = [(job, standing) for job, standing in standings if standing is not Standing.KNOWN]
        before = self._suspects.get(account.id, set())
        self._suspects[account.id] = {job.id for job, _ in strays if job.id not in before}
        for job, standing in strays:
            if job.id in before:
                await self._found(account, job, standing)

    async def _found(self, account: Account, job: VendorJob, standing: Standing) -> None:
        cancelled = await self._cancelled(account, job, standing)
        log.warning(events.ORPHAN_FOUND, vendor=self._desk.name, status=job.status)
        body = {
            "vendor": self._desk.name,
            "account": account.id,
            "vendor_job_id": job.id,
            "marked": (job.mark or "").startswith(PREFIX),
            "standing": standing.value,
            "status": job.status,
            "cancelled": cancelled,
        }
        await self._desk.outside.tell("orphan.found", body)
        self._told[job.id] = None
        while len(self._told) > _REMEMBERED:
            del self._told[next(iter(self._told))]

    async def _cancelled(self, account: Account, job: VendorJob, standing: Standing) -> bool:
        """Stop what is ours and nobody waits for, where an operator wants that; never what others may have sent."""
        if not self._desk.pace.cancel_orphans or standing is not Standing.CLOSED or JobStatus(job.status).final:
            return False
        try:
            await self._desk.asker.ask(Question.CANCEL, account, lambda call: self._desk.vendor.cancel(call, job.id))
        except GatewayError as error:
            log.warning(events.VENDOR_FAILED, vendor=self._desk.name, operation="cancel", code=error.code)
            return False
        return True
