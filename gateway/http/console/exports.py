"""What an auditor takes away: entries as other programs read them, and the ledger as anybody can verify it."""

from collections.abc import AsyncIterator
from typing import Any, Final

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream

from gateway.audit.export import export
from gateway.audit.witnessed import note_line
from gateway.casework.filters import wanted
from gateway.casework.formats import Form
from gateway.domain.errors import NotFoundError, RefusedError
from gateway.http.console.page import Page
from gateway.http.console.reading import EXPORT, require_log, scope
from gateway.http.console.timeline import options, searched
from gateway.http.console.viewer import Viewer
from gateway.wiring import House

FORMS: Final = (("jsonl", "JSON lines"), ("csv", "CSV"), ("cloudevents", "CloudEvents"), ("ocsf", "OCSF"))
_LINES: Final = "application/x-ndjson"


class ExportController(Controller):
    """Downloads; nothing of the gateway is changed by one."""

    path = "/exports"

    @get("/")
    async def show(
        self, viewer: NamedDependency[Viewer], page: NamedDependency[Page], house: NamedDependency[House]
    ) -> Response[str]:
        """Show what can be taken away."""
        choices = await house.search.choices(scope(viewer, house))
        return page.show("exports.html", forms=FORMS, options=options(choices, {}), sees_all=viewer.may(EXPORT))

    @get("/entries")
    async def entries(
        self, request: Request[Any, Any, Any], viewer: NamedDependency[Viewer], house: NamedDependency[House]
    ) -> Stream:
        """Send the entries of a search, oldest first."""
        form = _form(request.query_params.get("format", ""))
        told = house.search.export(wanted(searched(request)), scope(viewer, house), form)
        return _download(told, f"entries.{form.suffix}", form.media_type)

    @get("/ledger")
    async def ledger(self, viewer: NamedDependency[Viewer], house: NamedDependency[House]) -> Stream:
        """Send the whole ledger as `gateway audit verify` takes it."""
        viewer.require(EXPORT)
        return _download(_joined(house), "ledger.jsonl", _LINES)

    @get("/checkpoints")
    async def checkpoints(self, viewer: NamedDependency[Viewer], house: NamedDependency[House]) -> Stream:
        """Send every kept checkpoint with everybody's signatures."""
        viewer.require(EXPORT)
        return _download(_notes(house), "checkpoints.jsonl", _LINES)

    @get("/policy")
    async def policy(self, viewer: NamedDependency[Viewer], house: NamedDependency[House]) -> Response[str]:
        """Send whose signatures count; compare it with one from another source."""
        require_log(viewer, house)
        headers = {"content-disposition": 'attachment; filename="policy"'}
        return Response(await house.proving.policy(), media_type="text/plain", headers=headers)

    @get("/evidence/{job:str}")
    async def evidence(
        self, job: FromPath[str], viewer: NamedDependency[Viewer], house: NamedDependency[House]
    ) -> Response[bytes]:
        """Send one job's evidence as a file that proves itself."""
        found = await house.search.story(job, scope(viewer, house))
        case = await house.evidence.receipts.find(found[0].job_id or job)
        if case is None:
            raise NotFoundError(noun="job", name=job)
        headers = {"content-disposition": f'attachment; filename="evidence-{case.name}.zip"'}
        return Response(await house.evidence.pack(case), media_type="application/zip", headers=headers)


class ExportFormError(RefusedError):
    """An export was asked for in a form that there is none of."""

    code = "export-form"

    def __init__(self, form: str) -> None:
        super().__init__(f"entries are not exported as {form[:40]!r}; choose one of {', '.join(Form)}")


def _form(name: str) -> Form:
    try:
        return Form(name or Form.JSONL)
    except ValueError:
        raise ExportFormError(name) from None


async def _joined(house: House) -> AsyncIterator[bytes]:
    async for page in export(house.database):
        yield b"".join(page)


async def _notes(house: House) -> AsyncIterator[bytes]:
    async for note in house.proving.notes():
        yield note_line(note.decode())


def _download(content: AsyncIterator[bytes], name: str, media_type: str) -> Stream:
    return Stream(content, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'})
