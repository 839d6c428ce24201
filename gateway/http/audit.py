"""Searching the ledger over HTTP: pages, single entries, exports, and a live tail; below `/api/v1/audit`.

Whoever may export the ledger sees all of it, whoever may read it their own project's entries, and everybody what they
did themselves. Answers come from the index and prove nothing; proofs are `/log` and `/api/v1/receipts`.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar import Controller, Request, get
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIType, Operation, Parameter, Schema
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from gateway.audit.entry import TYPES
from gateway.casework.filters import WORDS, SearchRefusedError, wanted
from gateway.casework.formats import Form, shown
from gateway.casework.found import Choices, Found
from gateway.casework.inspection import Entry
from gateway.casework.search import Search
from gateway.domain.errors import GatewayError
from gateway.domain.principal import Caller
from gateway.domain.search import Filter, Scope
from gateway.enforcement.access import Access
from gateway.enforcement.gate import Gate
from gateway.http.guards import headers_of
from gateway.http.pages import bearer

EXPORT, READ = "audit.export", "audit.read"
_PAGING: Final = frozenset({"limit", "cursor", "order", "format"})
_EVENTS: Final = "text/event-stream"


@dataclass
class FilteredOperation(Operation):
    """An operation that takes a filter, which `casework.filters` reads and OpenAPI lists."""

    def __post_init__(self) -> None:
        """List the filter's words."""
        text = Schema(type=OpenAPIType.STRING)
        words = [Parameter(name, "query", text, description=told) for name, told in WORDS.items()]
        self.parameters = [*(self.parameters or ()), *words]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntriesPage:
    """A page of entries."""

    entries: list[dict[str, Any]]
    cursor: str | None
    """For the next page; nothing where this was the last."""
    indexed: int
    """How many entries the index has."""
    size: int
    """How many the ledger has; those in between are not found yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCode:
    """A type of entry: its name is never given to anything else."""

    code: str
    schema: int
    docs: str


class AuditController(Controller):
    """Searching the ledger."""

    path = "/audit"
    tags = ("audit",)

    @get("/entries", operation_id="listEntries", operation_class=FilteredOperation)
    async def every(
        self,
        search: NamedDependency[Search],
        sight: NamedDependency[Scope],
        filter_: NamedDependency[Filter],
        limit: FromQuery[int] = 50,
        cursor: FromQuery[str | None] = None,
        order: FromQuery[str] = "newest",
    ) -> EntriesPage:
        """Find entries, a page at a time, `newest` or `oldest` first; all words of the filter must hold."""
        if order not in {"newest", "oldest"}:
            raise SearchRefusedError(f"order is newest or oldest, not {order[:40]!r}")
        page = await search.find(filter_, sight, limit=limit, cursor=cursor, ascending=order == "oldest")
        return EntriesPage(
            entries=[shown(each) for each in page.found],
            cursor=page.cursor,
            indexed=page.indexed.size,
            size=page.indexed.of,
        )

    @get("/entries/{seq:int}", operation_id="getEntry")
    async def show(self, seq: FromPath[int], search: NamedDependency[Search], sight: NamedDependency[Scope]) -> Entry:
        """Show one entry whole."""
        return await search.entry(seq, sight)

    @get("/jobs/{job:str}", operation_id="getJobStory")
    async def story(
        self, job: FromPath[str], search: NamedDependency[Search], sight: NamedDependency[Scope]
    ) -> list[dict[str, Any]]:
        """Show what the ledger says of a job, oldest first; by the id that the SDK shows, or ours."""
        return [shown(each) for each in await search.story(job, sight)]

    @get("/choices", operation_id="listChoices")
    async def choices(self, search: NamedDependency[Search], sight: NamedDependency[Scope]) -> Choices:
        """List which values there are to search by."""
        return await search.choices(sight)

    @get("/codes", operation_id="listEventCodes")
    async def codes(self) -> list[EventCode]:
        """List every event code that this gateway writes."""
        return [EventCode(code=each.name, schema=each.schema, docs=each.docs) for each in TYPES.values()]

    @get("/export", operation_id="exportEntries", operation_class=FilteredOperation)
    async def export(
        self,
        search: NamedDependency[Search],
        sight: NamedDependency[Scope],
        filter_: NamedDependency[Filter],
        format_: NamedDependency[Form],
    ) -> Stream:
        """Write all entries of a filter, oldest first: `format` is `jsonl`, `csv`, `cloudevents` or `ocsf`."""
        portions = search.export(filter_, sight, format_)
        # The first one, before the answer begins: what is wrong with the filter is found by then.
        first = await anext(portions)
        name = f"entries.{format_.suffix}"
        shown_as = {"content-disposition": f'attachment; filename="{name}"'}
        return Stream(_all(first, portions), media_type=format_.media_type, headers=shown_as)

    @get("/tail", operation_id="tailEntries", operation_class=FilteredOperation)
    async def tail(
        self,
        request: Request[Any, Any, Any],
        search: NamedDependency[Search],
        sight: NamedDependency[Scope],
        filter_: NamedDependency[Filter],
        gate: NamedDependency[Gate],
    ) -> Stream:
        """Follow the ledger as server-sent events: `id` is the entry's place, `event` its code.

        Goes on behind `Last-Event-ID`, if it is sent. Ends with the key.
        """
        last = request.headers.get("last-event-id", "")
        if last and not last.isdecimal():
            raise SearchRefusedError("Last-Event-ID is the place of an entry")
        news = search.tail(filter_, sight, after=int(last) if last else None)
        first = await anext(news)
        credential = bearer(headers_of(request.scope))

        async def stream() -> AsyncIterator[bytes]:
            async with aclosing(news):
                yield _told(first)
                async for found in news:
                    try:
                        await gate.identify(credential)
                    except GatewayError:
                        # Revoked, expired, or disabled meanwhile: nothing more is told.
                        return
                    yield _told(found)

        return Stream(stream(), media_type=_EVENTS)


def sight_of(
    caller: NamedDependency[Caller], access: NamedDependency[Access], search: NamedDependency[Search]
) -> Scope:
    """Say what a caller may see."""
    who = caller.principal.id
    if access.permits(caller, EXPORT):
        return Scope(reader=who)
    own = frozenset({str(caller.project.id)})
    if access.permits(caller, READ):
        return Scope(project_ids=own, reader=who)
    return Scope(project_ids=own, subject=search.vault.subject(who), reader=who)


def filter_of(request: Request[Any, Any, Any]) -> Filter:
    """Read the filter of a query string."""
    given = request.query_params
    return wanted({name: given.getall(name) for name in given if name not in _PAGING})


def format_of(request: Request[Any, Any, Any]) -> Form:
    """Read the format that is asked for."""
    asked = request.query_params.get("format", Form.JSONL.value)
    try:
        return Form(asked)
    except ValueError:
        raise SearchRefusedError(f"entries are written as {', '.join(Form)}, not as {asked[:40]!r}") from None


async def _all(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for portion in rest:
        yield portion


def _told(found: Sequence[Found]) -> bytes:
    """Write entries as events; where there are none a comment keeps the connection alive."""
    if not found:
        return b": nothing new\n\n"
    return b"".join(
        b"id: %d\nevent: %b\ndata: %b\n\n" % (each.seq, each.type.encode(), msgspec.json.encode(shown(each)))
        for each in found
    )
