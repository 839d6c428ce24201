"""The time machine before the viewer's eyes: what other policies would have made of the past, and what that moves.

Like a verification it is one answer that grows, so it needs no script and no state between requests.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from time import monotonic
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Stream

from gateway.casework.recorded import Span
from gateway.casework.replays import FILES, Replays, Step
from gateway.domain.errors import RefusedError
from gateway.http.console.forms import Form
from gateway.http.console.ledger import HERE, STEP_SECONDS
from gateway.http.console.page import Page
from gateway.http.console.reading import POLICY, READ
from gateway.http.console.viewer import Viewer
from gateway.wiring import House

_LONGEST_DAYS: Final = 3660


class ReplayAskedError(RefusedError):
    """A replay was asked for of a time or a project that cannot be meant."""

    code = "replay-asked"


class ReplayController(Controller):
    """Replays of recorded decisions."""

    path = "/replays"

    @get("/")
    async def ask(
        self, viewer: NamedDependency[Viewer], page: NamedDependency[Page], house: NamedDependency[House]
    ) -> Response[str]:
        """Show which policies the past can be decided by again."""
        _require(viewer)
        candidates = await _replays(house).candidates()
        return page.show(
            "replays.html", candidates=candidates, files=FILES, in_use=house.bundle.revision, projects=_projects(viewer)
        )

    @post("/", status_code=200)
    async def run(
        self,
        viewer: NamedDependency[Viewer],
        page: NamedDependency[Page],
        form: NamedDependency[Form],
        house: NamedDependency[House],
    ) -> Response[Any]:
        """Decide it again now, and show how far that is."""
        _require(viewer)
        steps = _replays(house).run(form["candidate"], await _span(form, viewer, house))
        # Refusals come before the page has begun.
        first = await anext(steps)
        return Stream(_pages(page, first, steps), media_type="text/html; charset=utf-8")


def _replays(house: House) -> Replays:
    replays = house.serving.replays
    assert replays is not None, "a serving process replays"
    return replays


def _require(viewer: Viewer) -> None:
    """Both are needed: it shows policies, and what people did."""
    viewer.require(POLICY)
    viewer.require(READ)


def _projects(viewer: Viewer) -> list[str] | None:
    return None if viewer.project_ids is None else sorted(viewer.project_ids)


async def _span(form: Form, viewer: Viewer, house: House) -> Span:
    days, name = form["days"] or "90", form["project"]
    if not days.isascii() or not days.isdecimal() or not 0 < int(days[:9]) <= _LONGEST_DAYS:
        raise ReplayAskedError(f"give a number of days from 1 to {_LONGEST_DAYS}")
    project = (await house.administration.projects.named(name)).id if name else None
    if viewer.project_ids is not None and project not in viewer.project_ids:
        raise ReplayAskedError("name one of your own projects: your key sees no others")
    now = house.clock.now()
    return Span(since=now - timedelta(days=int(days)), until=now, project_id=project)


async def _pages(page: Page, first: Step, steps: AsyncGenerator[Step, None]) -> AsyncIterator[str]:
    above, _, below = page.show("replay.html").content.partition(HERE)
    yield above + _step(page, first)
    told, last = monotonic(), first
    async with aclosing(steps):
        async for last in steps:
            if last.found is None and monotonic() - told >= STEP_SECONDS:
                told = monotonic()
                yield _step(page, last)
    yield _step(page, last) + page.pages.write("replayed.html", found=last.found) + below


def _step(page: Page, step: Step) -> str:
    return page.pages.write("replay_step.html", step=step)
