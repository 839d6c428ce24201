"""The policy bundles that OPA pulls: `/bundles/rules.tar.gz` and `/bundles/org.tar.gz`, each with its entity tag.

A key that may read policies is asked for, as a bearer token. What is served is what this process decides by.
"""

import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from litestar.types import HTTPScope, Send

from gateway.domain.errors import GatewayError, NotFoundError, UnavailableError
from gateway.domain.principal import Caller
from gateway.http import guards
from gateway.http.pages import Page, bearer, send_page
from gateway.http.problems import problem, retry_after, status_of
from gateway.wiring import House

MOUNT: Final = "/bundles"
PERMISSION: Final = "policy.read"
DIALECT: Final = "bundles"
_PULL: Final = "Pull"
_CACHE: Final = "private, no-cache"


class Bundles:
    """Serves `/bundles`."""

    def __init__(self, house: House, request_ids: Iterator[str]) -> None:
        self._house, self._ids = house, request_ids

    async def serve(self, scope: HTTPScope, send: Send) -> None:
        """Answer one request."""
        request_id, started = next(self._ids), time.perf_counter()
        try:
            status, page = await self._answer(scope)
        except GatewayError as error:
            status, told = status_of(error), problem(error, request_id=request_id)
            page = Page(told, "application/problem+json", "no-store", retry_after(error))
        await send_page(send, status, page, request_id, head_only=scope["method"] == "HEAD")
        seconds = time.perf_counter() - started
        self._house.metrics.request(dialect=DIALECT, operation=_PULL, status=status, seconds=seconds)

    async def _answer(self, scope: HTTPScope) -> tuple[int, Page]:
        server = self._house.settings.server
        guards.check_peer(scope, server.trusted_proxies)
        headers = guards.headers_of(scope)
        guards.check_host(headers, server.host_names)
        path = guards.check_target(scope)
        if scope["method"] not in {"GET", "HEAD"}:
            raise guards.MethodRefusedError("bundles are only read; use GET")
        gate, caller = self._house.serving.gate, None
        try:
            caller = await gate.identify(bearer(headers))
            gate.access.require(caller, PERMISSION)
        except GatewayError as error:
            await self._note(caller, error)
            raise
        page = self._page(path)
        if page.headers["etag"] in headers.get("if-none-match", ""):
            return HTTPStatus.NOT_MODIFIED, Page(b"", page.content_type, page.cache, page.headers)
        return HTTPStatus.OK, page

    def _page(self, path: str) -> Page:
        for each in self._house.shelf.published.parts:
            if path == f"{MOUNT}/{each.part}.tar.gz":
                return Page(each.content, "application/gzip", _CACHE, {"etag": each.etag})
        raise NotFoundError(noun="bundle", name=path)

    async def _note(self, caller: Caller | None, error: GatewayError) -> None:
        """Put a refusal on record: somebody who asks here and may not is worth knowing."""
        count = self._house.metrics.refused if caller else self._house.metrics.unauthenticated
        count(error.code)
        if not isinstance(error, UnavailableError):
            await self._house.serving.refusals.note(caller, error, dialect=DIALECT, operation=_PULL)
