"""What was spent, by project and vendor: the books' own sums, as `gateway spend` shows them."""

from collections.abc import Sequence
from datetime import datetime

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from gateway.casework.spending import Spent, row_of
from gateway.http.console.page import Page
from gateway.http.console.reading import READ
from gateway.http.console.viewer import Viewer
from gateway.wiring import House

USAGE = "usage.read"
_BY = ("project", "vendor", "backend")


class CostController(Controller):
    """Spending in a span of time."""

    path = "/costs"

    @get("/")
    async def show(
        self,
        viewer: NamedDependency[Viewer],
        page: NamedDependency[Page],
        house: NamedDependency[House],
        since: FromQuery[str] = "",
        until: FromQuery[str] = "",
    ) -> Response[str]:
        """Sum up what the viewer's projects spent, or all."""
        if not viewer.may(USAGE):
            viewer.require(READ)
        begins, ends = house.administration.spending.span(since or None, until or None)
        spent = await _spent(house, viewer.project_ids, since=begins, until=ends)
        return page.show("costs.html", rows=[row_of(each) for each in spent], since=begins, until=ends)


async def _spent(house: House, projects: frozenset[str] | None, *, since: datetime, until: datetime) -> Sequence[Spent]:
    spending = house.administration.spending
    asked = (None,) if projects is None else sorted(projects)
    reports = [await spending.report(since=since, until=until, by=_BY, project_id=each) for each in asked]
    return [row for rows in reports for row in rows]
