"""IBM's runtime API as the gateway asks it: `ports.vendor.Vendor`.

IBM has no idempotency token. A job is found again by our mark among its tags, which clients never see, because the
dialect shows them the tags of our own record.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from adapters.ibm import vendor_calibrations, vendor_edits, vendor_jobs, vendor_results
from adapters.ibm.documents import METRICS, RESULT, parsed
from adapters.ibm.settings import IbmSettings
from adapters.ibm.vendor_access import Access, region
from adapters.ibm.vendor_backends import Catalog
from gateway.domain.backend import Calibration
from gateway.domain.clock import rfc3339
from gateway.domain.job import JobStatus
from gateway.domain.result import ProgramResult
from gateway.ports.vendor import (
    Account,
    AnswerLostError,
    BackendReport,
    Call,
    Dispatch,
    Prepared,
    Resend,
    VendorCredentialError,
    VendorJob,
    VendorRefusedError,
    by_mark,
)

_SUBMIT_SECONDS: Final = 60.0
_RESULT_SECONDS: Final = 300.0
_RESULT_BYTES: Final = 256 * 1024 * 1024
_PAGE: Final = 200
_PAGES: Final = 400
"""Most pages of a search; beyond that it found nothing that could be trusted."""
_NO_CONTENT: Final = 204
_ENDED_ALREADY: Final = 409


class IbmVendor:
    """Asks IBM."""

    name = "ibm"
    resend = Resend.AFTER_SEARCH
    bounds_time = True
    settle_seconds = 120.0
    """IBM documents no bound; a job is listed at once as far as anyone has seen."""

    def __init__(self, settings: IbmSettings) -> None:
        self._access, self._catalog = Access(settings), Catalog()

    async def backends(self, call: Call) -> Sequence[BackendReport]:
        """List the backends of the account's instance."""

        async def fetch(path: str) -> bytes:
            return (await self._access.ask(call, "GET", path)).body

        listed = await self._json(call, "/backends")
        base, where = self._access.base(call.account), region(call.account)
        return await self._catalog.reports(listed, fetch, base=base, region=where, now=call.now)

    async def calibration(self, call: Call, backend: str) -> Calibration | None:
        """Fetch a backend's newest properties."""
        told = await self._json(call, f"/backends/{quote(backend, safe='')}/properties")
        snapshot = vendor_calibrations.calibration(backend, told)
        if snapshot is not None:
            self._catalog.note(self._access.base(call.account), backend, str(told.get("backend_version")))
        return snapshot

    def prepare(self, account: Account, dispatch: Dispatch) -> Prepared:
        """Put the account's instance and our mark in, and the gateway's session out.

        Raises:
            RefusedError: a tag looks like a mark of ours.
        """
        return vendor_edits.prepared(account, dispatch)

    async def submit(self, call: Call, dispatch: Dispatch, prepared: Prepared) -> str:  # noqa: ARG002  # the body says it all
        """Post a job, once."""
        answer = await self._access.ask(call, "POST", "/jobs", body=prepared.body, seconds=_SUBMIT_SECONDS)
        found = parsed(answer.body).get("id")
        if not isinstance(found, str) or not found:
            raise AnswerLostError("ibm took the job, but its answer names none")
        return found

    async def find(self, call: Call, dispatches: Sequence[Dispatch], *, since: datetime) -> Mapping[str, VendorJob]:  # noqa: ARG002  # a mark is unique for all time
        """Look for the jobs with these attempts' marks among their tags; IBM is asked for one at a time."""
        found: dict[str, VendorJob] = {}
        for dispatch in dispatches:
            found |= await by_mark(self._listed(call, tags=dispatch.mark), (dispatch,))
        return found

    async def recent(self, call: Call, *, since: datetime) -> Sequence[VendorJob]:
        """List the account's jobs since a moment."""
        return [job async for job in self._listed(call, created_after=rfc3339(since))]

    async def show(self, call: Call, vendor_job_id: str) -> VendorJob:
        """Ask for a job; of one that ended also when it ran, and what is charged for it."""
        answer = await self._access.ask(call, "GET", f"{_path(vendor_job_id)}?exclude_params=true")
        job = vendor_jobs.job(_object(answer.body), envelope=answer.body)
        if not JobStatus(job.status).final:
            return job
        return vendor_jobs.measured(job, parsed(await self._metrics(call, job.id)))

    async def documents(self, call: Call, job: VendorJob) -> Mapping[str, bytes]:
        """Fetch metrics, and results last and once: IBM gives those of a private job out a single time.

        A private job whose results were given out and lost on the way leaves an empty result.
        """
        metrics = await self._metrics(call, job.id)
        answer = await self._access.ask(
            call, "GET", f"{_path(job.id)}/results", seconds=_RESULT_SECONDS, largest=_RESULT_BYTES
        )
        if not answer.body and not vendor_jobs.is_read(job, call.now):
            raise VendorRefusedError(vendor="ibm", status=_NO_CONTENT, words="the job's results are not there yet")
        kept = {RESULT: answer.body}
        return kept if metrics is None else {**kept, METRICS: metrics}

    async def cancel(self, call: Call, vendor_job_id: str) -> None:
        """Ask for a job to be cancelled; one that ended is left alone."""
        try:
            await self._access.ask(call, "POST", f"{_path(vendor_job_id)}/cancel")
        except VendorRefusedError as error:
            if error.status != _ENDED_ALREADY:
                raise

    def decode(self, submitted: bytes, documents: Mapping[str, bytes]) -> ProgramResult:
        """Read results into our words."""
        return vendor_results.decode(submitted, documents)

    async def _listed(self, call: Call, **filters: str) -> AsyncIterator[VendorJob]:
        """Go through a list, oldest first, so that jobs which come meanwhile move no page."""
        offset = 0
        for _ in range(_PAGES):
            query = {**filters, "sort": "ASC", "exclude_params": "true", "limit": _PAGE, "offset": offset}
            page = await self._json(call, f"/jobs?{urlencode(query)}")
            for each in page["jobs"]:
                yield vendor_jobs.job(each)
            offset += len(page["jobs"])
            # IBM may give out fewer than were asked for, and says how many that is.
            if len(page["jobs"]) < page["limit"]:
                return
        raise AnswerLostError("ibm lists more jobs than a search can look through")

    async def _metrics(self, call: Call, vendor_job_id: str) -> bytes | None:
        try:
            return (await self._access.ask(call, "GET", f"{_path(vendor_job_id)}/metrics")).body
        except VendorCredentialError:
            raise
        except VendorRefusedError:
            return None

    async def _json(self, call: Call, path: str) -> Mapping[str, Any]:
        return _object((await self._access.ask(call, "GET", path)).body)


def _path(vendor_job_id: str) -> str:
    return f"/jobs/{quote(vendor_job_id, safe='')}"


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise AnswerLostError("ibm answered with something that is no JSON object")
    return told
