"""Which policies ever decided, and their text: what an entry names by digest, read back and held against it."""

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.casework.selftest.rounds import Standing
from gateway.http.console.page import Page
from gateway.http.console.reading import POLICY
from gateway.http.console.viewer import Viewer
from gateway.wiring import House


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
        revisions = await house.stories.revisions()
        return page.show("policies.html", revisions=revisions, in_use=in_use, selftest=standing)

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
