"""The two applications: the front door, which is plain ASGI, and the management listener, which is Litestar's."""

from secrets import token_hex
from typing import Any

from litestar import Litestar, Request, Response, get
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Receive, Scope, Send

from gateway.domain.errors import RefusedError
from gateway.http.admin import MOUNT, admin
from gateway.http.admin_door import AdminDoor
from gateway.http.bundles import MOUNT as BUNDLES
from gateway.http.bundles import Bundles
from gateway.http.console.door import ConsoleDoor
from gateway.http.log import MOUNT as LOG
from gateway.http.log import Log
from gateway.http.problems import problem, status_of
from gateway.http.proxy import Proxy, request_ids, send_answer
from gateway.ports.dialect import WireAnswer
from gateway.wiring import House
from gateway.wiring.console import MOUNT as CONSOLE


class NoSuchRouteError(RefusedError):
    """The path lies below nothing that is served."""

    code = "unknown-operation"

    def __init__(self, *, mounts: list[str]) -> None:
        super().__init__(f"nothing is served here; use a path below {', '.join(mounts)}")


def front_door(house: House) -> ASGIApp:
    """Build the application that vendor SDKs talk to: every dialect, administration, and the ledger's tree.

    Plain ASGI, because nearly all requests are polls and a framework around one handler took a fifth of each. Mounts
    are told apart here and not by a router, which takes `/ibm` for a prefix of `/ibm-experimental`.
    """
    ids = request_ids()
    proxies = {
        mount: Proxy(
            dialect=dialect,
            gate=house.serving.gate,
            refusals=house.serving.refusals,
            metrics=house.metrics,
            server=house.settings.server,
            request_ids=ids,
            host_names=house.settings.server.host_names,
        )
        for dialect in house.dialects.values()
        for mount in dialect.mounts
    }
    administration = AdminDoor(
        app=admin(house),
        gate=house.serving.gate,
        refusals=house.serving.refusals,
        metrics=house.metrics,
        server=house.settings.server,
        request_ids=ids,
        changed=house.serving.hear_itself,
    )
    log, bundles = Log(house, ids), Bundles(house, ids)
    visitors = ConsoleDoor.of(house, ids) if house.settings.console.enabled else None

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            return
        path = scope["raw_path"].decode("latin-1")
        mount = next((mount for mount in proxies if path == mount or path.startswith(f"{mount}/")), None)
        if mount is None and (path == MOUNT or path.startswith(f"{MOUNT}/")):
            await administration.serve(scope, receive, send)
        elif mount is None and visitors is not None and (path == CONSOLE or path.startswith(f"{CONSOLE}/")):
            await visitors.serve(scope, receive, send)
        elif mount is None and path.startswith(f"{LOG}/"):
            await log.serve(scope, send)
        elif mount is None and path.startswith(f"{BUNDLES}/"):
            await bundles.serve(scope, send)
        elif mount is None:
            request_id, error = next(ids), NoSuchRouteError(mounts=sorted((*proxies, MOUNT, LOG, BUNDLES)))
            house.metrics.unauthenticated(error.code)
            await house.serving.refusals.note(None, error, dialect="none", operation="unknown")
            await send_answer(send, _nowhere(error, request_id), request_id)
        else:
            await proxies[mount].serve(mount, scope, receive, send)

    return door


def _nowhere(error: NoSuchRouteError, request_id: str) -> WireAnswer:
    return WireAnswer(
        status=status_of(error), body=problem(error, request_id=request_id), content_type="application/problem+json"
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
        error = NoSuchRouteError(mounts=["/metrics", "/health/live", "/health/ready"])
        return Response(
            problem(error, request_id=token_hex(12)),
            status_code=status_of(error),
            media_type="application/problem+json",
        )

    return Litestar(
        route_handlers=[metrics, live, ready], openapi_config=None, exception_handlers={HTTPException: elsewhere}
    )
