"""The way into the runtime API: a token of IAM, an instance, and a version of the API."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from aiohttp import web

from tests.fakes.vendors.faults import Handler
from tests.fakes.vendors.ibm.iam import Iam
from tests.fakes.vendors.ibm.refusals import bad_request, forbidden

CALLER_USER: Final = web.RequestKey("caller_user", str)
CALLER_CRN: Final = web.RequestKey("caller_crn", str)
_OLDEST_VERSION: Final = date(2024, 1, 1)


class Entry:
    """Checks that every route of the runtime API has in common, before anything else of a request is looked at."""

    def __init__(self, iam: Iam, crns: Sequence[str]) -> None:
        self._iam, self._crns = iam, crns

    def guard(self, route: web.RouteDef) -> web.RouteDef:
        """Put the checks before a route; it finds the caller in the request."""
        handler: Any = route.handler

        async def guarded(request: web.Request) -> web.StreamResponse:
            request[CALLER_USER] = self._iam.user(request)
            request[CALLER_CRN] = self._instance(request)
            _check_version(request.headers.get("IBM-API-Version", ""))
            answer: web.StreamResponse = await handler(request)
            return answer

        inside: Handler = guarded
        return web.RouteDef(route.method, route.path, inside, {})

    def _instance(self, request: web.Request) -> str:
        crn = request.headers.get("Service-CRN", "")
        if not crn:
            raise bad_request("the header Service-CRN is missing")
        if crn not in self._crns:
            raise forbidden("you have no access to this instance")
        return crn


def _check_version(text: str) -> None:
    """Refuse a version that is no date, older than the first, or of days to come."""
    try:
        version = date.fromisoformat(text)
    except ValueError as error:
        raise bad_request("the header IBM-API-Version must be a date such as 2026-04-15") from error
    if not _OLDEST_VERSION <= version <= date.today():  # noqa: DTZ011  # a day more or less does not matter
        raise bad_request("this IBM-API-Version does not exist")
