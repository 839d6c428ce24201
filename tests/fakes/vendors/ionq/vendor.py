"""IonQ, played: API v0.4 as its OpenAPI description has it, with Aer behind it.

Nothing of the gateway is imported here: this is one of its judges. What the vendor does not document is decided for
the harder case: lists hold child jobs too, cancelling what is over answers 200 and changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from aiohttp import web

from tests.fakes.vendors.ionq.api_catalog import CatalogRoutes
from tests.fakes.vendors.ionq.api_jobs import JobRoutes
from tests.fakes.vendors.ionq.api_results import ResultRoutes
from tests.fakes.vendors.ionq.books import Books
from tests.fakes.vendors.ionq.devices import fleet
from tests.fakes.vendors.ionq.door import Door
from tests.fakes.vendors.ionq.words import named, stamp, worded
from tests.fakes.vendors.journal import Journal
from tests.fakes.vendors.serving import BackendChange, JobSeen, Pace, Vendor

DEFAULT_KEY: Final = "fake-ionq-key"
DEFAULT_PROJECT: Final = "default"


class FakeIonq(Vendor):
    """The whole vendor."""

    name = "ionq"

    def __init__(
        self,
        *,
        keys: Mapping[str, str] | None = None,
        noisy_hardware: bool = False,
        pace: Pace | None = None,
        journal: Journal | None = None,
    ) -> None:
        """Be told the project of every API key, and whether quantum computers are simulated with their noise."""
        super().__init__(pace=pace, journal=journal)
        self.keys = dict(keys or {DEFAULT_KEY: DEFAULT_PROJECT})
        self.organization_id = named("organization")
        self._books = Books(fleet(), self.pace, self.journal, self._work, noisy=noisy_hardware)

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Give API v0.4; the catalog first, for `/jobs/estimate` is no job."""
        door = Door(self.keys)
        return [
            *CatalogRoutes(self._books, door, self.organization_id).routes(),
            *JobRoutes(self._books, door).routes(),
            *ResultRoutes(self._books, door, self._work).routes(),
        ]

    def refuse(self, status: int) -> web.Response:
        """Word an error in the vendor's shape."""
        return worded(status)

    def seen(self) -> Sequence[JobSeen]:
        """Give the jobs that were submitted; children are told of with their parent."""
        return [
            JobSeen(
                id=job.id,
                status="deleted" if job.deleted else job.status,
                submitted_at=stamp(job.submitted_at),
                body_sha256=job.digest,
                metadata=job.submission.metadata or {},
                more={
                    "backend": job.device.name,
                    "name": job.submission.name,
                    "children": [one.id for one in job.children],
                },
            )
            for job in self._books.submitted()
        ]

    def change(self, change: BackendChange) -> None:
        """Change a backend; jobs of one that is away wait in its queue."""
        self._books.devices[change.backend].alter(change)

    def about(self) -> Mapping[str, Any]:
        """Tell the base URL under the host, the keys, and what the SDK wants in its environment."""
        return {"api": "/v0.4", "api_keys": list(self.keys), "organization_id": self.organization_id}

    def begin(self) -> None:
        """Take up what a restart interrupted."""
        self._books.begin()

    def end(self) -> None:
        """Stop working."""
        self._books.end()
        super().end()

    async def _work(self, work: Callable[[], Any]) -> Any:
        return await self.compute(work)
