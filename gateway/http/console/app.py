"""The console's application: its pages, what they are handed, and how an error becomes one of them."""

from importlib.metadata import version
from typing import Any, Final

import structlog
from litestar import Litestar, Request, Response, get
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from gateway.domain.errors import GatewayError, RefusedError
from gateway.http.console.assets import Assets
from gateway.http.console.forms import Form
from gateway.http.console.page import Page, Pages
from gateway.http.console.pages import CONTROLLERS, NAVIGATION
from gateway.http.console.sign_in import Desk, SessionController, SignInController
from gateway.http.console.viewer import Viewer
from gateway.http.problems import retry_after, status_of
from gateway.http.proxy import InternalError
from gateway.telemetry import events
from gateway.wiring import House
from gateway.wiring.console import MOUNT

STATIC: Final = f"{MOUNT}/static"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_MISSING: Final = frozenset({404, 405})
log = structlog.get_logger(__name__)


class ConsolePathError(RefusedError):
    """The console has no such page."""

    code = "unknown-operation"

    def __init__(self) -> None:
        super().__init__("the console has no such page; begin at its first page")


class ConsoleRequestError(RefusedError):
    """A page was asked for with parameters that it does not understand."""

    code = "bad-request"

    def __init__(self, told: str) -> None:
        super().__init__(f"the page does not understand what it was asked for: {told}; correct the address")


def pages(house: House, assets: Assets) -> Pages:
    """Make what writes pages."""
    return Pages(
        assets=assets,
        navigation=NAVIGATION,
        origin=house.settings.ledger.origin,
        version=version("quantum-governance-gateway"),
    )


def console(house: House, desk: Desk, assets: Assets) -> Litestar:
    """Build the application; whoever mounts it has put page, viewer and form into the request's state."""

    @get("/static/{name:str}")
    async def static(name: FromPath[str]) -> Response[bytes]:
        """Give a style sheet, a script or a picture."""
        asset = assets.served(name)
        return Response(asset.body, media_type=asset.media_type, headers={"cache-control": _FOR_EVER})

    return Litestar(
        route_handlers=[static, SignInController, SessionController, *CONTROLLERS],
        path=MOUNT,
        dependencies={
            "page": Provide(_page, sync_to_thread=False),
            "viewer": Provide(_viewer, sync_to_thread=False),
            "form": Provide(_form, sync_to_thread=False),
            "house": Provide(lambda: house, sync_to_thread=False),
            "desk": Provide(lambda: desk, sync_to_thread=False),
        },
        exception_handlers={GatewayError: _refused, HTTPException: _misunderstood, Exception: _failed},
        logging_config=None,
        openapi_config=None,
    )


def refusal(page: Page, error: GatewayError) -> Response[str]:
    """Write the page that tells of an error."""
    answer = page.show("refused.html", status=status_of(error), error=error, again=not isinstance(error, RefusedError))
    answer.headers.update(retry_after(error))
    return answer


def _page(request: Request[Any, Any, Any]) -> Page:
    page: Page = request.state.page
    return page


def _viewer(request: Request[Any, Any, Any]) -> Viewer:
    viewer: Viewer = request.state.viewer
    return viewer


def _form(request: Request[Any, Any, Any]) -> Form:
    form: Form = request.state.form
    return form


def _refused(request: Request[Any, Any, Any], error: GatewayError) -> Response[str]:
    request.state.error = error
    return refusal(request.state.page, error)


def _misunderstood(request: Request[Any, Any, Any], error: HTTPException) -> Response[str]:
    """Say in our own shape what Litestar made of a request that it could not hand to a controller."""
    if error.status_code in _MISSING:
        return _refused(request, ConsolePathError())
    found = error.extra if isinstance(error.extra, list) else []
    told = "; ".join(f"{each.get('key', '')!s:.60}: {each.get('message', '')!s:.120}" for each in found[:5])
    return _refused(request, ConsoleRequestError(told or "its parameters"))


def _failed(request: Request[Any, Any, Any], error: Exception) -> Response[str]:
    log.error(events.REQUEST_FAILED, exc_info=error)
    return _refused(request, InternalError())
