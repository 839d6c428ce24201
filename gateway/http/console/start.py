"""The first page: what is asked most, how the ledger stands, and what came last."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from litestar import Controller, Response, get
from litestar.di import NamedDependency

from gateway.casework import health
from gateway.casework.search import COUNTED
from gateway.domain.clock import rfc3339
from gateway.domain.search import Filter
from gateway.http.console import questions
from gateway.http.console.page import Page
from gateway.http.console.reading import scope
from gateway.http.console.rows import Row
from gateway.http.console.viewer import Viewer
from gateway.wiring import House

NEWEST: Final = 8
LATELY: Final = timedelta(hours=24)
_COUNTED: Final[Mapping[str, str]] = {
    "job.permitted": "jobs permitted",
    "job.completed": "jobs completed",
    "job.denied": "denied",
    "job.failed": "jobs failed",
}
"""What is counted on the first page."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A number that leads to what it counts."""

    text: str
    count: int
    href: str
    at_least: bool
    """Whether there may be more: not everything was counted."""


class StartController(Controller):
    """The first page."""

    path = "/"

    @get("/")
    async def show(
        self, viewer: NamedDependency[Viewer], page: NamedDependency[Page], house: NamedDependency[House]
    ) -> Response[str]:
        """Show the first page."""
        within, now = scope(viewer, house), house.clock.now()
        newest = await house.search.find(Filter(), within, limit=NEWEST)
        counts = await house.search.recent(within, now - LATELY)
        at_least = sum(counts.values()) >= COUNTED
        asked = questions.ask(await house.search.choices(within), await house.search.denying(within), now)
        return page.show(
            "start.html",
            questions=[each for each in asked if not each.needs or viewer.may(each.needs)],
            tiles=[Tile(text, counts.get(type_, 0), _lately(type_, now), at_least) for type_, text in _COUNTED.items()],
            rows=[Row.of(each) for each in newest.found],
            indexed=newest.indexed,
            health=await health.look(house.proving, house.clock),
        )


def _lately(type_: str, now: datetime) -> str:
    return f"{questions.TIMELINE}?{urlencode({'type': type_, 'since': rfc3339(now - LATELY)})}"
