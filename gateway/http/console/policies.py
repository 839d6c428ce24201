"""Which policies ever decided, and their text: what an entry names by digest, read back and held against it."""

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.casework.selftest.rounds import Standing
from gateway.http.console.page import Page
from gateway.http.console.reading import POLICY
from gateway.http.console.viewer import Viewer
from gateway.wiring import House
from gateway.wiring.latitude import latitude


async def _in_shadow(house: House) -> frozenset[str]:
    """Name what decides beside, and nobody obeys."""
    shadow = await latitude(house).shadows.newest()
    running = shadow is not None and shadow.stopped_at is None
    return frozenset((shadow.policy_revision, shadow.data_revision)) if shadow and running else frozenset()


class PolicyController(Controller):
    """Revisions by their digest."""

    path = "/policies"

    @get("/")
    async def every(
        self, viewer: NamedDependency[Viewer], page: NamedDependency[Page], house: NamedDependency[House]
    ) -> Response[str]:
        """List every revision that was ever in use."""
        viewer.require(POLICY)
        bundle = house.policies.bundle
        in_use = {bundle.policy_revision, bundle.data_revision, house.prices.revision}
        selftest = house.serving.selftest
        standing = selftest.standing if selftest else Standing()
        return page.show(
            "policies.html",
            revisions=await house.stories.revisions(),
            in_use=in_use,
            in_shadow=await _in_shadow(house),
            selftest=standing,
        )

    @get("/{digest:str}")
    async def show(
        self,
        digest: FromPath[str],
        viewer: NamedDependency[Viewer],
        page: NamedDependency[Page],
        house: NamedDependency[House],
    ) -> Response[str]:
        """Show the text of a revision."""
        viewer.require(POLICY)
        return page.show("policy.html", policy=await house.stories.policy(digest))
