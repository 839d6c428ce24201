"""Labels that circuits keep, and results that nobody got: what data-loss prevention did, for who keeps the policies."""

from typing import Final

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from gateway.casework.labels import told
from gateway.domain.classification import Classification
from gateway.domain.errors import RefusedError
from gateway.http.console.page import Page
from gateway.http.console.questions import TIMELINE, Answer, timeline
from gateway.http.console.reading import EXPORT
from gateway.http.console.viewer import Viewer
from gateway.wiring import House

_LINKS: Final = (
    Answer("results that were withheld", f"{TIMELINE}?type=job.failed&text=withheld"),
    timeline("labels that were lowered", type_="label.lowered"),
    timeline("denied for what texts hold", decision="denied", rule="data/leaks"),
    timeline("denied for what circuits were labelled", decision="denied", rule="data/remembered"),
)


class LabelController(Controller):
    """What circuits were labelled; they are lowered with `gateway labels lower`, which asks for a reason."""

    path = "/labels"

    @get("/")
    async def show(
        self,
        viewer: NamedDependency[Viewer],
        page: NamedDependency[Page],
        house: NamedDependency[House],
        job: FromQuery[str] = "",
    ) -> Response[str]:
        """Count what is remembered, and show the circuits of one job or of a denied one's decision."""
        # A label binds more projects than its own: only who sees every project may look.
        viewer.require(EXPORT)
        counted, name, problem = await house.circuit_labels.count(), job.strip(), ""
        try:
            reports = await house.circuit_labels.of(name) if name else []
        except RefusedError as error:
            reports, problem = [], error.message
        return page.show(
            "labels.html",
            rows=[
                (label.value, fixed, counted[label, fixed])
                for label in Classification
                for fixed in (False, True)
                if (label, fixed) in counted
            ],
            job=name,
            circuits=[told(each) for each in reports],
            problem=problem,
            links=_LINKS,
        )
