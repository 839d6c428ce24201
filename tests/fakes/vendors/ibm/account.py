"""What is around the runtime API: which instances an account has, what plan they are on, how much they used.

At IBM these are other hosts: resource search, the global catalog, and usage of an instance.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from tests.fakes.vendors.ibm import bodies
from tests.fakes.vendors.ibm.devices import devices
from tests.fakes.vendors.ibm.iam import Iam
from tests.fakes.vendors.ibm.jobs import instant
from tests.fakes.vendors.ibm.refusals import absent

PLAN: Final = "850b38bd-77a3-4c68-b0b2-4bcf7b5c1d3e"
ALLOCATION_SECONDS: Final = 600_000


class Account:
    """The instances of the one account there is."""

    def __init__(self, iam: Iam, crns: Sequence[str]) -> None:
        self._iam, self._crns = iam, crns

    def routes(self, search: str, catalog: str) -> Sequence[web.RouteDef]:
        """Give the routes outside the runtime API."""
        return [
            web.post(f"{search}/v3/resources/search", self._search),
            web.get(f"{catalog}/{{plan}}", self._plan),
        ]

    async def _search(self, request: web.Request) -> web.Response:
        self._iam.user(request)
        await bodies.read(request, bodies.SearchResources)
        items = [self._resource(place, crn) for place, crn in enumerate(self._crns)]
        return web.json_response({"items": items, "limit": int(request.query.get("limit", "10"))})

    async def _plan(self, request: web.Request) -> web.Response:
        if request.match_info["plan"] != PLAN:
            raise absent("The catalog entry")
        words = {"display_name": "Flex", "description": "Pay for what you use", "long_description": ""}
        return web.json_response(
            {
                "id": PLAN,
                "name": "flex",
                "kind": "plan",
                "active": True,
                "disabled": False,
                "tags": [],
                "images": {"image": ""},
                "provider": {"name": "IBM", "email": ""},
                "overview_ui": {"en": words},
                "metadata": {"pricing": {"type": "paid"}},
            }
        )

    def _resource(self, place: int, crn: str) -> dict[str, Any]:
        return {
            "crn": crn,
            "name": f"instance-{place + 1}",
            "service_name": "quantum-computing",
            "service_plan_unique_id": PLAN,
            "region": crn.split(":")[5],
            "tags": [],
            "doc": {"extensions": {"backends": list(devices())}},
        }

    def usage(self, crn: str, consumed_seconds: float, now: datetime) -> dict[str, Any]:
        """Write `GET /instances/usage`."""
        first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return {
            "instance_id": crn,
            "plan_id": PLAN,
            "usage_consumed_seconds": consumed_seconds,
            "usage_allocation_seconds": ALLOCATION_SECONDS,
            "usage_limit_reached": False,
            "usage_period": {"start_time": instant(first), "end_time": instant(now)},
        }
