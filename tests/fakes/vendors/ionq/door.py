"""Who may come in, and how requests are read; the key goes into `Authorization: apiKey <key>`, capital K."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web
from pydantic import ValidationError

from tests.fakes.vendors.faults import Handler
from tests.fakes.vendors.ionq.wire import Wire
from tests.fakes.vendors.ionq.words import invalid, misread, named, refused

_SCHEME = "apiKey "
Read = TypeVar("Read", bound=Wire)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a key belongs to."""

    key_id: str
    project_id: str


Keyed = Callable[[web.Request, Owner], Awaitable[web.StreamResponse]]


class Door:
    """Knows the keys; keys of one project see the same jobs, so that a key can be rotated."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        """Be told the project of every key."""
        self._owners = {key: Owner(named("key", key), named("project", project)) for key, project in keys.items()}

    def keyed(self, handler: Keyed) -> Handler:
        """Let only requests with a known key in."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            given = request.headers.get("Authorization", "")
            owner = self._owners.get(given.removeprefix(_SCHEME)) if given.startswith(_SCHEME) else None
            if owner is None:
                raise refused(401)
            return await handler(request, owner)

        return guarded


async def json_body(request: web.Request) -> bytes:
    """Give the body of a request that says it is JSON."""
    if request.content_type != "application/json":
        raise refused(415, "the body must be application/json")
    return await request.read()


async def reading(request: web.Request, model: type[Read]) -> Read:
    """Read a body; refuses with 400 and the names of the wrong fields."""
    try:
        return model.model_validate_json(await json_body(request))
    except ValidationError as error:
        raise misread(error, "body") from error


def whole_number(request: web.Request, name: str, default: int, *, least: int, most: int | None = None) -> int:
    """Read a number from the query."""
    text = request.query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or int(text) < least or (most is not None and int(text) > most):
        raise invalid("query", name, f"must be a whole number from {least}" + (f" to {most}" if most else ""))
    return int(text)


def truth(request: web.Request, name: str) -> bool | None:
    """Read a boolean from the query, in any case; None when it is absent."""
    text = request.query.get(name)
    if text is None:
        return None
    if text.lower() not in {"true", "false"}:
        raise invalid("query", name, "must be true or false")
    return text.lower() == "true"
