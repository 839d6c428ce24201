"""The inbox of jobs that wait for a second person: what each is, who asks, and two buttons."""

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from gateway.casework.approvals import APPROVE, Approver
from gateway.http.console.facts import nouns
from gateway.http.console.forms import Form, FormRefusedError
from gateway.http.console.page import Page
from gateway.http.console.viewer import Viewer
from gateway.wiring import House

INBOX = APPROVE
"""Permission that everybody with an inbox has."""


class ApprovalController(Controller):
    """Requests by the id of their job."""

    path = "/approvals"

    @get("/")
    async def every(
        self,
        viewer: NamedDependency[Viewer],
        page: NamedDependency[Page],
        house: NamedDependency[House],
        everything: FromQuery[str] = "",
    ) -> Response[str]:
        """List what waits for the viewer, or with `everything` also what waits no more."""
        found = await house.approvals.every(_approver(viewer), waiting=not everything)
        return page.show("approvals.html", found=found, everything=bool(everything))

    @get("/{job:str}")
    async def show(
        self,
        job: FromPath[str],
        viewer: NamedDependency[Viewer],
        page: NamedDependency[Page],
        house: NamedDependency[House],
    ) -> Response[str]:
        """Show one request, with the facts that it was judged by."""
        shown = await house.approvals.named(job, _approver(viewer))
        own = shown.request.principal_id == viewer.principal.id
        return page.show("approval.html", shown=shown, own=own, facts=nouns(shown.facts or {}))

    @post("/{job:str}/verdict")
    async def decide(
        self,
        job: FromPath[str],
        viewer: NamedDependency[Viewer],
        page: NamedDependency[Page],
        house: NamedDependency[House],
        form: NamedDependency[Form],
    ) -> Response[None]:
        """Approve or reject it, whichever button was used."""
        decide = {"approve": house.approvals.approve, "reject": house.approvals.reject}.get(form["verdict"])
        if decide is None:
            raise FormRefusedError("the form says neither approve nor reject; send it from the page")
        await decide(job, _approver(viewer), reason=form["reason"])
        return page.moved(f"/console/approvals/{job}")


def _approver(viewer: Viewer) -> Approver:
    own = frozenset(each.id for each in viewer.projects)
    return Approver(principal=viewer.principal, roles=viewer.roles, projects=own)
