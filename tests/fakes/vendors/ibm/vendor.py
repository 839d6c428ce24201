"""The fake IBM Quantum as a whole."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiohttp import web

from tests.fakes.vendors.ibm import jobs, refusals
from tests.fakes.vendors.ibm.account import Account
from tests.fakes.vendors.ibm.backends import Backends, now
from tests.fakes.vendors.ibm.entry import CALLER_CRN, Entry
from tests.fakes.vendors.ibm.iam import Iam
from tests.fakes.vendors.ibm.job_routes import JobRoutes
from tests.fakes.vendors.ibm.lives import Lives
from tests.fakes.vendors.ibm.session_routes import SessionRoutes
from tests.fakes.vendors.journal import Journal
from tests.fakes.vendors.serving import BackendChange, JobSeen, Pace, Vendor

API_KEY: Final = "ibm-test-api-key"
CRN: Final = (
    "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef0123456789abcdef:"
    "11111111-2222-3333-4444-555555555555::"
)
PATHS: Final = {"iam": "/iam", "search": "/search", "catalog": "/catalog", "api": "/api/v1"}
"""Where the services lie that are hosts of their own at IBM."""
_VERBATIM: Final = "/experimental/api/v1"
"""The runtime API once more, where the stock SDK takes an address verbatim from its environment."""


class FakeIbm(Vendor):
    """IBM Quantum, played strictly. Defaults are what the command line documents."""

    name = "ibm"

    def __init__(
        self,
        *,
        api_keys: Sequence[str] = (API_KEY,),
        crns: Sequence[str] = (CRN,),
        token_seconds: int = 3600,
        calibration_seconds: int = 3600,
        pace: Pace | None = None,
        journal: Journal | None = None,
    ) -> None:
        super().__init__(pace=pace, journal=journal)
        self._keys, self._crns = api_keys, crns
        self._iam = Iam(api_keys, token_seconds)
        self._entry = Entry(self._iam, crns)
        self._backends = Backends(calibration_seconds)
        self._lives = Lives(self._backends, self.pace, self.journal, self.compute)
        self._account = Account(self._iam, crns)
        self._sessions = SessionRoutes(self._lives, self._backends, self.journal)
        self._jobs = JobRoutes(self._lives, self._backends, self._sessions.admit)

    def routes(self) -> Sequence[web.RouteDef]:
        """Give IAM, search, catalog and the runtime API."""
        return [
            *(web.post(f"{prefix}/identity/token", self._iam.exchange) for prefix in ("", PATHS["iam"])),
            *self._account.routes(PATHS["search"], PATHS["catalog"]),
            *(self._entry.guard(route) for base in (PATHS["api"], _VERBATIM) for route in self._runtime(base)),
        ]

    def refuse(self, status: int) -> web.Response:
        """Word an error as the runtime API does."""
        return refusals.generic(status)

    def about(self) -> Mapping[str, Any]:
        """Tell the credentials, and the paths below the URL."""
        return {"api_key": self._keys[0], "crn": self._crns[0], "paths": {**PATHS, "sdk_api": _VERBATIM}}

    def begin(self) -> None:
        """Go on with the jobs that a restart interrupted."""
        self._lives.begin()

    def end(self) -> None:
        """Let go of all jobs; a restart takes them up again."""
        self._lives.stop()
        super().end()

    def change(self, change: BackendChange) -> None:
        """Change a backend."""
        self._backends[change.backend].change(change)

    def seen(self) -> Sequence[JobSeen]:
        """Give all jobs, deleted ones included."""
        return [
            JobSeen(
                id=job.id,
                status="Deleted" if job.deleted else job.status,
                submitted_at=jobs.instant(job.created) or "",
                body_sha256=job.body_sha256,
                tags=job.tags,
                more={
                    "backend": job.backend,
                    "program": job.program,
                    "crn": job.crn,
                    "cancels": job.cancels,
                    "cost": job.cost,
                },
            )
            for job in self._lives
        ]

    def _runtime(self, base: str) -> Sequence[web.RouteDef]:
        return [
            *self._backends.routes(base),
            *self._jobs.routes(base),
            *self._sessions.routes(base),
            web.get(f"{base}/instances/usage", self._usage),
        ]

    async def _usage(self, request: web.Request) -> web.Response:
        crn = request[CALLER_CRN]
        return web.json_response(self._account.usage(crn, self._lives.consumed(crn), now()))
