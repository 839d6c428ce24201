"""How the ledger stands, and its verification before the viewer's eyes.

A verification is one answer that grows: the page is sent up to where the progress stands, then a line for every step,
then the outcome and the rest of the page. So it needs no script, no state between requests and no second process; who
closes the page ends it.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from time import monotonic
from typing import Any, Final

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Stream

from gateway.casework import health
from gateway.casework.proving import Progress
from gateway.http.console.page import Page
from gateway.http.console.reading import EXPORT, require_log
from gateway.http.console.viewer import Viewer
from gateway.wiring import House

STEP_SECONDS: Final = 0.2
"""How often a running verification says how far it is, so that a long one is no long page."""
HERE: Final = "<!-- steps -->"
"""Where in the page the steps come."""


class LedgerController(Controller):
    """The chain, its checkpoints and its witnesses."""

    path = "/ledger"

    @get("/")
    async def show(
        self, viewer: NamedDependency[Viewer], page: NamedDependency[Page], house: NamedDependency[House]
    ) -> Response[str]:
        """Show how far it is signed and witnessed."""
        require_log(viewer, house)
        witnesses = house.serving.witnesses
        standing = await health.look(house.proving, house.clock, problems=witnesses.problems if witnesses else None)
        return page.show(
            "ledger.html", health=standing, may_verify=viewer.may(EXPORT), policy=await house.proving.policy()
        )

    @post("/verify", status_code=200)
    async def verify(
        self, viewer: NamedDependency[Viewer], page: NamedDependency[Page], house: NamedDependency[House]
    ) -> Response[Any]:
        """Check every entry of the ledger now, and show how far that is."""
        viewer.require(EXPORT)
        steps = house.proving.verify()
        first = await anext(steps)
        return Stream(_pages(page, first, steps), media_type="text/html; charset=utf-8")


async def _pages(page: Page, first: Progress, steps: AsyncGenerator[Progress, None]) -> AsyncIterator[str]:
    above, _, below = page.show("verify.html", size=first.size).content.partition(HERE)
    yield above + _step(page, first)
    told, last = monotonic(), first
    async with aclosing(steps):
        async for last in steps:
            if last.report is None and monotonic() - told >= STEP_SECONDS:
                told = monotonic()
                yield _step(page, last)
    yield _step(page, last) + page.pages.write("verified.html", report=last.report) + below


def _step(page: Page, progress: Progress) -> str:
    return page.pages.write("step.html", progress=progress)
