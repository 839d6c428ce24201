"""The admin interface below `/api/v1`: what the command line does, for whoever holds a gateway key whose roles may.

A controller reads a request, asks for a permission, calls casework, and gives a page; no rule lives here. Without
`budget.manage` a key sees the limits that count its own jobs and the spending of its own project, and of nothing else
so much as whether it exists.
"""

from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

import structlog
from litestar import Controller, Litestar, Request, Response, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.params import FromPath, FromQuery, JSONBody

from gateway.casework.administration import Administration
from gateway.domain.errors import GatewayError, NotFoundError, RefusedError
from gateway.domain.principal import Caller
from gateway.enforcement.access import Access
from gateway.http import views
from gateway.http.approvals import ApprovalController
from gateway.http.audit import AuditController, filter_of, format_of, sight_of
from gateway.http.guards import BodyTooLargeError
from gateway.http.latitude import CONTROLLERS
from gateway.http.problems import problem, retry_after, status_of
from gateway.http.proxy import InternalError
from gateway.http.receipts import EvidenceController, Reader, ReceiptController
from gateway.telemetry import events
from gateway.wiring import House
from gateway.wiring.latitude import latitude

MOUNT: Final = "/api/v1"
SCHEMA: Final = f"{MOUNT}/schema"
"""Where OpenAPI is served, to anybody: it says nothing about this deployment."""
LARGEST_BODY_BYTES: Final = 64 * 1024
READ, MANAGE, USAGE, INVOICES = "budget.read", "budget.manage", "usage.read", "invoice.read"
log = structlog.get_logger(__name__)


class AdminRequestError(RefusedError):
    """A request to the admin interface that does not fit its OpenAPI description."""

    code = "bad-request"


class AdminPathError(RefusedError):
    """The admin interface has nothing there."""

    code = "unknown-operation"

    def __init__(self) -> None:
        super().__init__(f"the admin interface serves nothing here; {SCHEMA}/openapi.json lists what it does")


class BudgetController(Controller):
    """Limits on money and on use."""

    path = "/budgets"
    tags = ("budgets",)

    @get("/", operation_id="listBudgets")
    async def every(
        self, caller: NamedDependency[Caller], access: NamedDependency[Access], work: NamedDependency[Administration]
    ) -> list[views.LimitPage]:
        """List the limits in force as they stand now: all of them, or those that count the key's own jobs."""
        access.require(caller, READ)
        shown = await work.budgets.every(caller=_only(access, caller))
        return [views.LimitPage.of(each) for each in shown]

    @get("/{name:str}", operation_id="getBudget")
    async def show(
        self,
        name: FromPath[str],
        caller: NamedDependency[Caller],
        access: NamedDependency[Access],
        work: NamedDependency[Administration],
    ) -> views.LimitPage:
        """Show one limit, by name or id."""
        access.require(caller, READ)
        return views.LimitPage.of(await work.budgets.named(name, caller=_only(access, caller)))

    @put("/{name:str}", operation_id="setBudget")
    async def set(
        self,
        name: FromPath[str],
        data: JSONBody[views.LimitBody],
        caller: NamedDependency[Caller],
        access: NamedDependency[Access],
        work: NamedDependency[Administration],
    ) -> views.LimitPage:
        """Set a limit, or change how much it allows; what it counts stays."""
        access.require(caller, MANAGE)
        shown = await work.budgets.set(name, data.wish(), reason=data.reason, by=caller.principal.id)
        return views.LimitPage.of(shown)

    @post("/{name:str}/raises", operation_id="raiseBudget")
    async def raise_(
        self,
        name: FromPath[str],
        data: JSONBody[views.RaiseBody],
        caller: NamedDependency[Caller],
        access: NamedDependency[Access],
        work: NamedDependency[Administration],
    ) -> views.LimitPage:
        """Allow more of a limit for a while."""
        access.require(caller, MANAGE)
        shown = await work.budgets.raise_(
            name, amount=data.amount, until=data.until, reason=data.reason, by=caller.principal.id
        )
        return views.LimitPage.of(shown)

    @delete("/{name:str}", operation_id="removeBudget")
    async def remove(
        self,
        name: FromPath[str],
        caller: NamedDependency[Caller],
        access: NamedDependency[Access],
        work: NamedDependency[Administration],
        reason: FromQuery[str] = "",
    ) -> None:
        """Let a limit hold no longer."""
        access.require(caller, MANAGE)
        await work.budgets.remove(name, reason=reason, by=caller.principal.id)


class SpendController(Controller):
    """Who spent what."""

    path = "/spend"
    tags = ("spend",)

    @get("/", operation_id="getSpend")
    async def show(
        self,
        caller: NamedDependency[Caller],
        access: NamedDependency[Access],
        work: NamedDependency[Administration],
        by: FromQuery[str] = "project,vendor",
        since: FromQuery[str | None] = None,
        until: FromQuery[str | None] = None,
        project: FromQuery[str | None] = None,
    ) -> views.SpendPage:
        """Sum spending up: estimated, held, reported by vendors, invoiced, and charged to budgets.

        `by` is a list of `team`, `project`, `principal`, `key`, `vendor`, `backend` and `day`, with commas.
        """
        access.require(caller, USAGE)
        begins, ends = work.spending.span(since, until)
        owner = await _project(access, caller, work, project)
        asked = [each.strip() for each in by.split(",") if each.strip()]
        rows = await work.spending.report(since=begins, until=ends, by=asked, project_id=owner)
        return views.SpendPage(since=begins, until=ends, rows=[views.SpendRow.of(each) for each in rows])


class InvoiceController(Controller):
    """What vendors bill; of the whole deployment, so that a role must be trusted with all of it."""

    path = "/invoices"
    tags = ("invoices",)

    @get("/", operation_id="listInvoices")
    async def every(
        self, caller: NamedDependency[Caller], access: NamedDependency[Access], work: NamedDependency[Administration]
    ) -> list[views.InvoicePage]:
        """List imported invoices, oldest period first."""
        access.require(caller, INVOICES)
        return [views.InvoicePage.of(each) for each in await work.invoices.every()]

    @get("/{name:str}/reconciliation", operation_id="reconcileInvoice")
    async def reconciliation(
        self,
        name: FromPath[str],
        caller: NamedDependency[Caller],
        access: NamedDependency[Access],
        work: NamedDependency[Administration],
        tolerance: FromQuery[str] = "0",
    ) -> views.ReconciliationPage:
        """Compare an imported invoice, by id or number, with the books as they are now; nothing is changed."""
        access.require(caller, INVOICES)
        stored = await work.invoices.named(name)
        return views.ReconciliationPage.of(stored, await work.invoices.report(stored, tolerance=tolerance))


def admin(house: House) -> Litestar:
    """Build the application; whoever mounts it has identified the caller and put it into the request's state."""
    access = Access(house.policies.roles)

    def reader(caller: NamedDependency[Caller]) -> Reader:
        return Reader(caller=caller, access=access, subject=house.vault.subject)

    return Litestar(
        route_handlers=[
            *(BudgetController, SpendController, InvoiceController),
            *(ReceiptController, EvidenceController),
            *CONTROLLERS,
            *(AuditController, ApprovalController),
        ],
        path=MOUNT,
        dependencies={
            "caller": Provide(_caller, sync_to_thread=False),
            "access": Provide(lambda: access, sync_to_thread=False),
            "work": Provide(lambda: house.administration, sync_to_thread=False),
            "gate": Provide(lambda: house.serving.gate, sync_to_thread=False),
            "search": Provide(lambda: house.search, sync_to_thread=False),
            "sight": Provide(sight_of, sync_to_thread=False),
            "filter_": Provide(filter_of, sync_to_thread=False),
            "format_": Provide(format_of, sync_to_thread=False),
            "evidence": Provide(lambda: house.evidence, sync_to_thread=False),
            "latitude": Provide(lambda: latitude(house), sync_to_thread=False),
            "house": Provide(lambda: house, sync_to_thread=False),
            "reader": Provide(reader, sync_to_thread=False),
        },
        exception_handlers={GatewayError: _refused, HTTPException: _misunderstood, Exception: _failed},
        request_max_body_size=LARGEST_BODY_BYTES,
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="Quantum governance gateway: administration",
            version=version("quantum-governance-gateway"),
            path="/schema",
            render_plugins=[JsonRenderPlugin()],
            use_handler_docstrings=True,
            components=Components(security_schemes={"key": SecurityScheme(type="http", scheme="bearer")}),
            security=[{"key": []}],
        ),
    )


def _caller(request: Request[Any, Any, Any]) -> Caller:
    caller: Caller = request.state.caller
    return caller


def _only(access: Access, caller: Caller) -> Caller | None:
    """Give whose limits alone may be seen, or nobody where all may."""
    return None if access.permits(caller, MANAGE) else caller


async def _project(access: Access, caller: Caller, work: Administration, asked: str | None) -> str | None:
    """Give the project whose spending may be seen, or nothing where all may and none was asked for."""
    if access.permits(caller, MANAGE):
        return None if asked is None else (await work.projects.named(asked)).id
    if asked not in {None, caller.project.id, caller.project.name}:
        raise NotFoundError(noun="project", name=asked or "")
    return caller.project.id


def _refused(request: Request[Any, Any, Any], error: GatewayError) -> Response[bytes]:
    request.state.error = error
    return Response(
        problem(error, request_id=request.state.request_id),
        status_code=status_of(error),
        media_type="application/problem+json",
        headers=retry_after(error),
    )


def _misunderstood(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Say in our own shape what Litestar made of a request that it could not hand to a controller."""
    return _refused(request, _in_our_words(error))


def _failed(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error(events.REQUEST_FAILED, exc_info=error)
    return _refused(request, InternalError())


def _in_our_words(error: HTTPException) -> GatewayError:
    if error.status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        return AdminPathError()
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return BodyTooLargeError(limit=LARGEST_BODY_BYTES)
    found = error.extra if isinstance(error.extra, list) else []
    told = "; ".join(f"{each.get('key', 'the body')!s:.60}: {each.get('message', '')!s:.120}" for each in found[:5])
    return AdminRequestError(
        f"the request is not understood: {told or 'its body is no JSON'}; see {SCHEMA}/openapi.json"
    )
