"""Coming in and going out: by a gateway key, or by way of the identity provider."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import structlog
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency

from gateway.casework.sign_ins import SignIns
from gateway.domain.errors import GatewayError, NotFoundError, RefusedError
from gateway.domain.secret import Secret
from gateway.enforcement.gate import Gate
from gateway.http.console.attempts import Attempts
from gateway.http.console.cookies import Cookies
from gateway.http.console.forms import Form, way
from gateway.http.console.page import Page
from gateway.http.console.viewer import Viewer
from gateway.http.problems import retry_after, status_of
from gateway.identity.challenge import Challenges
from gateway.identity.provider import Provider, ProviderRefusedError
from gateway.ports.dialect import ApiKey
from gateway.settings.console import Console
from gateway.telemetry import events

SIGN_IN: Final = "/sign-in"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What somebody brings back from the provider."""

    cookie: str
    state: str
    code: str | None
    error: str | None
    issuer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where people show who they are."""

    settings: Console
    gate: Gate
    sign_ins: SignIns
    provider: Provider | None
    challenges: Challenges
    attempts: Attempts
    cookies: Cookies

    async def with_key(self, text: str, address: str) -> Cookie:
        """Let somebody in who shows a gateway key; gives the session's cookie.

        Raises:
            GatewayError: a key that is not good, or whose owner has no business here; or too many tries.
        """
        if not self.settings.keys:
            raise NotFoundError(noun="way to sign in", name="key")
        with self._counted(address):
            caller = await self.gate.identify(ApiKey(Secret.of(text)))
            token, _ = await self.sign_ins.with_key(caller)
        return self.cookies.signed_in(token, self.sign_ins.longest)

    async def depart(self, onward: str) -> tuple[str, Cookie]:
        """Give the provider's address to send somebody to, and the cookie by which they are recognised afterwards.

        Raises:
            ProviderUnavailableError: it cannot be asked.
        """
        begun = self.challenges.begin(way(onward))
        return await self._asked().authorization(begun.challenge), self.cookies.begun(begun.cookie)

    async def arrive(self, shown: Arrival, address: str) -> tuple[str, Cookie]:
        """Let somebody in who comes back from the provider; gives where to go on, and the session's cookie.

        Raises:
            GatewayError: not sent from here, not vouched for, or without any business here; or too many tries.
        """
        provider = self._asked()
        with self._counted(address):
            challenge, onward = self.challenges.end(shown.cookie, shown.state)
            if shown.error is not None or shown.code is None:
                raise ProviderRefusedError(shown.error)
            claims = await provider.claims(shown.code, challenge, named=shown.issuer)
            token, _ = await self.sign_ins.with_claims(claims)
        return way(onward), self.cookies.signed_in(token, self.sign_ins.longest)

    def _asked(self) -> Provider:
        if self.provider is None:
            raise NotFoundError(noun="way to sign in", name="provider")
        return self.provider

    @contextmanager
    def _counted(self, address: str) -> Iterator[None]:
        self.attempts.check(address)
        try:
            yield
        except RefusedError as error:
            self.attempts.failed(address)
            log.info(events.SIGN_IN_REFUSED, code=error.code)
            raise


class SignInController(Controller):
    """The way in."""

    path = SIGN_IN

    @get("/")
    async def ask(
        self, request: Request[Any, Any, Any], page: NamedDependency[Page], desk: NamedDependency[Desk]
    ) -> Response[str]:
        """Show how to sign in."""
        return _form(page, desk, request.query_params.get("next", ""), over="over" in request.query_params)

    @post("/")
    async def with_key(
        self,
        request: Request[Any, Any, Any],
        page: NamedDependency[Page],
        form: NamedDependency[Form],
        desk: NamedDependency[Desk],
    ) -> Response[Any]:
        """Take a gateway key."""
        try:
            cookie = await desk.with_key(form["key"], request.state.address)
        except GatewayError as error:
            request.state.error = error
            return _form(page, desk, form["next"], error=error)
        answer = page.moved(form["next"])
        answer.cookies.append(cookie)
        return answer

    @get("/provider")
    async def depart(self, request: Request[Any, Any, Any], desk: NamedDependency[Desk]) -> Response[None]:
        """Send the browser to the identity provider."""
        address, cookie = await desk.depart(request.query_params.get("next", ""))
        return Response(None, status_code=HTTPStatus.SEE_OTHER, headers={"location": address}, cookies=[cookie])

    @get("/callback")
    async def arrive(
        self, request: Request[Any, Any, Any], page: NamedDependency[Page], desk: NamedDependency[Desk]
    ) -> Response[None]:
        """Take in who comes back from the identity provider."""
        said = request.query_params
        shown = Arrival(
            cookie=request.state.cookies.get(desk.cookies.sign_in, ""),
            state=said.get("state", ""),
            code=said.get("code"),
            error=said.get("error"),
            issuer=said.get("iss"),
        )
        onward, cookie = await desk.arrive(shown, request.state.address)
        answer = page.moved(onward)
        answer.cookies.extend([cookie, desk.cookies.finished()])
        return answer


class SessionController(Controller):
    """What is signed in, and the way out."""

    path = "/"

    @get("/sessions")
    async def every(
        self, viewer: NamedDependency[Viewer], page: NamedDependency[Page], desk: NamedDependency[Desk]
    ) -> Response[str]:
        """List one's own sessions."""
        known = await desk.sign_ins.every()
        own = [each for each in reversed(known) if each.principal_id == viewer.principal.id]
        return page.show("sessions.html", sessions=own, idle=desk.settings.idle_minutes)

    @post("/sessions/end")
    async def end(
        self,
        viewer: NamedDependency[Viewer],
        page: NamedDependency[Page],
        desk: NamedDependency[Desk],
        form: NamedDependency[Form],
    ) -> Response[None]:
        """End one of one's own sessions."""
        await desk.sign_ins.end(form["session"], by=viewer.principal.id, of=viewer.principal.id)
        return page.moved("/console/sessions")

    @post("/sign-out")
    async def leave(
        self, viewer: NamedDependency[Viewer], page: NamedDependency[Page], desk: NamedDependency[Desk]
    ) -> Response[str]:
        """End this session."""
        await desk.sign_ins.end(viewer.session.id, by=viewer.principal.id)
        by_provider = viewer.session.issuer is not None
        there = await desk.provider.sign_out() if by_provider and desk.provider is not None else None
        answer = page.without_viewer().show("signed_out.html", by_provider=by_provider, there=there)
        answer.cookies.append(desk.cookies.signed_out())
        return answer


def _form(
    page: Page, desk: Desk, onward: str, *, over: bool = False, error: GatewayError | None = None
) -> Response[str]:
    oidc = desk.settings.oidc
    answer = page.show(
        "sign_in.html",
        status=HTTPStatus.OK if error is None else status_of(error),
        onward=way(onward),
        keys=desk.settings.keys,
        provider=oidc.name if oidc is not None and desk.provider is not None else None,
        over=over,
        problem="" if error is None else error.message,
    )
    answer.headers.update({} if error is None else retry_after(error))
    return answer
