"""IonQ's API v0.4 as the gateway asks it: `ports.vendor.Vendor`.

IonQ has no idempotency token. A job is found again by the mark in its metadata, which clients never see, because
the dialect shows them the metadata they sent.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from adapters.ionq import vendor_backends, vendor_jobs, vendor_results
from adapters.ionq.settings import IonqSettings
from gateway.domain.backend import Calibration
from gateway.domain.result import ProgramResult
from gateway.domain.wire_edit import WireEdit
from gateway.ports.vendor import (
    Account,
    AnswerLostError,
    BackendReport,
    Call,
    Dispatch,
    Prepared,
    Resend,
    VendorAnswer,
    VendorJob,
    VendorRefusedError,
    VendorRequest,
    by_mark,
    understood,
)

MARK: Final = "qgw_mark"
"""The metadata key that holds our mark."""
_PAGES: Final = 400
"""Most pages of a search; beyond that it found nothing that could be trusted."""
_NOT_FOUND: Final = 404


class IonqVendor:
    """Asks IonQ."""

    name = "ionq"
    resend = Resend.AFTER_SEARCH
    bounds_time = False
    settle_seconds = 120.0
    """IonQ documents no bound; a job is listed at once as far as anyone has seen."""

    def __init__(self, settings: IonqSettings) -> None:
        self._base = settings.url.rstrip("/")

    async def backends(self, call: Call) -> Sequence[BackendReport]:
        """List all backends that are not retired."""
        return vendor_backends.reports(await self._json(call, "GET", "/backends"))

    async def calibration(self, call: Call, backend: str) -> Calibration | None:
        """Fetch the newest characterization; simulators have none."""
        if not backend.startswith("qpu."):
            return None
        page = await self._json(call, "GET", f"/backends/{backend}/characterizations?limit=1")
        return vendor_backends.calibration(backend, page)

    def prepare(self, account: Account, dispatch: Dispatch) -> Prepared:  # noqa: ARG002  # IonQ's body names no account
        """Put our mark into the metadata; a session of the gateway's is not one of IonQ's."""
        body: dict[str, Any] = json.loads(dispatch.body)
        edits = [WireEdit(pointer=f"/metadata/{MARK}", old_digest=None, new=json.dumps(dispatch.mark), why="mark")]
        body["metadata"] = {**(body.get("metadata") or {}), MARK: dispatch.mark}
        if body.get("session_id") is not None:
            edits.append(vendor_jobs.without_session(body.pop("session_id")))
        return Prepared(body=json.dumps(body, separators=(",", ":")).encode(), edits=tuple(edits))

    async def submit(self, call: Call, dispatch: Dispatch, prepared: Prepared) -> str:  # noqa: ARG002  # the body says it all
        """Post a job, once."""
        answer = await self._ask(call, "POST", "/jobs", body=prepared.body)
        try:
            return str(json.loads(answer.body)["id"])
        except (ValueError, KeyError, TypeError):
            raise AnswerLostError("ionq took the job, but its answer names none") from None

    async def find(self, call: Call, dispatches: Sequence[Dispatch], *, since: datetime) -> Mapping[str, VendorJob]:
        """Look through the account's jobs, newest first, until those submitted before a moment."""
        return await by_mark(self._listed(call, since), dispatches)

    async def recent(self, call: Call, *, since: datetime) -> Sequence[VendorJob]:
        """List the account's jobs since a moment."""
        return [job async for job in self._listed(call, since)]

    async def show(self, call: Call, vendor_job_id: str) -> VendorJob:
        """Ask for a job; of a completed one also what it cost."""
        answer = await self._ask(call, "GET", f"/jobs/{vendor_job_id}")
        job = vendor_jobs.job(json.loads(answer.body), envelope=answer.body)
        return vendor_jobs.priced(job, await self._cost(call, job)) if job.status == "completed" else job

    async def documents(self, call: Call, job: VendorJob) -> Mapping[str, bytes]:
        """Fetch everything that a completed job points at."""

        async def fetch(path: str) -> bytes | None:
            try:
                return (await self._ask(call, "GET", path)).body
            except VendorRefusedError as error:
                if error.status == _NOT_FOUND:
                    return None
                raise

        return await vendor_results.documents(json.loads(job.envelope), fetch)

    async def cancel(self, call: Call, vendor_job_id: str) -> None:
        """Ask for a job to be canceled; one that ended is left alone."""
        try:
            await self._ask(call, "PUT", f"/jobs/{vendor_job_id}/status/cancel", body=b"{}")
        except VendorRefusedError as error:
            if error.status not in {400, 404, 409}:
                raise

    def decode(self, submitted: bytes, documents: Mapping[str, bytes]) -> ProgramResult:
        """Read results into our words."""
        return vendor_results.decode(submitted, documents)

    async def _listed(self, call: Call, since: datetime) -> AsyncIterator[VendorJob]:
        start = ""
        for _ in range(_PAGES):
            page = await self._json(call, "GET", f"/jobs?limit=100{start}")
            jobs = [vendor_jobs.job(each) for each in page["jobs"] if each.get("parent_job_id") is None]
            for job in jobs:
                if job.submitted_at is None or job.submitted_at >= since:
                    yield job
            oldest = min((job.submitted_at for job in jobs if job.submitted_at), default=None)
            if not page.get("next") or (oldest is not None and oldest < since):
                return
            start = f"&next={page['next']}"
        raise AnswerLostError("ionq lists more jobs than a search can look through")

    async def _cost(self, call: Call, job: VendorJob) -> Mapping[str, Any]:
        try:
            told = await self._json(call, "GET", f"/jobs/{job.id}/cost")
        except VendorRefusedError:
            return {}
        return told if isinstance(told, dict) else {}

    async def _json(self, call: Call, method: str, path: str) -> Any:
        answer = await self._ask(call, method, path)
        try:
            return json.loads(answer.body)
        except ValueError:
            raise AnswerLostError("ionq answered with something that is not JSON") from None

    async def _ask(self, call: Call, method: str, path: str, *, body: bytes = b"") -> VendorAnswer:
        key = (await call.open(""))["api_key"]
        headers = {"Authorization": f"apiKey {key.reveal().decode('ascii')}", "Accept": "application/json"}
        if body:
            headers["Content-Type"] = "application/json"
        request = VendorRequest(method=method, url=f"{self._base}{path}", headers=headers, body=body)
        answer = await call.send(request)
        return understood(answer, vendor="ionq", words=_words(answer.body))


def _words(body: bytes) -> str:
    """Find the vendor's words in any of its shapes of errors."""
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(told, dict):
        return ""
    nested = told.get("error")
    inner = nested.get("message") if isinstance(nested, dict) else nested
    return str(told.get("message") or inner or "")
