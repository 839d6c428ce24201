"""The two Litestar applications: the front door, and the management listener."""

from secrets import token_hex
from typing import Any

from litestar import Litestar, Request, Response, asgi, get
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from gateway.domain.errors import NotFoundError, RefusedError
from gateway.http.problems import problem, status_of
from gateway.http.proxy import Proxy
from gateway.wiring import House


class NoSuchRouteError(RefusedError):
    """The path lies below no dialect's mount."""

    code = "unknown-operation"

    def __init__(self, *, mounts: list[str]) -> None:
        super().__init__(f"nothing is served here; vendor APIs are below {', '.join(sorted(mounts))}")


def front_door(house: House) -> Litestar:
    """Build the application that vendor SDKs talk to: every dialect under each of its mounts."""
    serving = house.serving
    handlers = [
        _mounted(
            mount,
            Proxy(
                dialect=dialect,
                gate=serving.gate,
                refusals=serving.refusals,
                metrics=house.metrics,
                server=house.settings.server,
            ),
        )
        for dialect in house.dialects.values()
        for mount in dialect.mounts
    ]
    mounts = [mount for dialect in house.dialects.values() for mount in dialect.mounts]

    def elsewhere(_: Request[Any, Any, Any], __: Exception) -> Response[bytes]:
        return _problem(NoSuchRouteError(mounts=mounts))

    return Litestar(route_handlers=handlers, openapi_config=None, exception_handlers={HTTPException: elsewhere})


def _mounted(mount: str, proxy: Proxy) -> ASGIRouteHandler:
    @asgi(mount, is_mount=True, copy_scope=True)
    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            await proxy.serve(mount, scope, receive, send)

    return handler


def _problem(error: RefusedError) -> Response[bytes]:
    return Response(
        problem(error, request_id=token_hex(12)),
        status_code=status_of(error),
        media_type="application/problem+json",
    )


def management(house: House) -> Litestar:
    """Build the application that operators' tools talk to: metrics and health, no key asked, loopback only."""

    @get("/metrics")
    async def metrics() -> Response[bytes]:
        """Write all metrics in the Prometheus text format."""
        page, media_type = house.metrics.render()
        return Response(page, media_type=media_type)

    @get("/health/live")
    async def live() -> dict[str, str]:
        """Say that this process answers."""
        return {"status": "live"}

    @get("/health/ready")
    async def ready() -> Response[dict[str, Any]]:
        """Say whether a submission could be served now, and what is missing."""
        missing = house.serving.missing()
        return Response(
            {"status": "not ready" if missing else "ready", "missing": missing}, status_code=503 if missing else 200
        )

    def elsewhere(_: Request[Any, Any, Any], __: Exception) -> Response[bytes]:
        return _problem(NotFoundError(noun="page", name="management has /metrics, /health/live and /health/ready"))

    return Litestar(
        route_handlers=[metrics, live, ready], openapi_config=None, exception_handlers={HTTPException: elsewhere}
    )
