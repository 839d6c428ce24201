"""The ledger as a list: searched, page by page, and as it grows."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.response import Stream

from gateway.casework.filters import asked, wanted
from gateway.casework.found import Choices
from gateway.domain.errors import RefusedError
from gateway.domain.search import Filter
from gateway.http.console.page import Page
from gateway.http.console.questions import TIMELINE
from gateway.http.console.reading import scope
from gateway.http.console.rows import BLANK, Row
from gateway.http.console.viewer import Viewer
from gateway.wiring import House

ROWS: Final = 50
REFRESH_SECONDS: Final = 10
"""How often a page that is live asks again, where no script does it."""
_OWN: Final = frozenset({"cursor", "live", "after", "format"})
"""Parameters of the page itself; the others are the search."""
_EVENTS: Final = {"content-type": "text/event-stream; charset=utf-8"}


class TimelineController(Controller):
    """Entries, newest first."""

    path = "/timeline"

    @get("/")
    async def show(
        self,
        request: Request[Any, Any, Any],
        viewer: NamedDependency[Viewer],
        page: NamedDependency[Page],
        house: NamedDependency[House],
    ) -> Response[str]:
        """Show a page of what is searched for; a search that is none is shown with what is wrong with it."""
        fields, within = searched(request), scope(viewer, house)
        cursor, live = request.query_params.get("cursor"), "live" in request.query_params
        try:
            filter_ = wanted(fields)
            found = await house.search.find(filter_, within, limit=ROWS, cursor=cursor)
            problem = ""
        except RefusedError as error:
            filter_, found, problem = Filter(), None, error.message
        pairs, fields_ = asked(filter_), {name: ",".join(values) for name, values in fields.items()}
        choices = await house.search.choices(within, synthetic=not filter_.of_people)
        names = dict(choices.projects)
        return page.show(
            "timeline.html",
            status=400 if problem else 200,
            problem=problem,
            fields=fields_,
            chips=[
                (name, names.get(value, value), _link([each for each in pairs if each != (name, value)]))
                for name, value in pairs
            ],
            rows=[Row.of(each) for each in found.found] if found else [],
            indexed=found.indexed if found else None,
            query=urlencode(pairs),
            older=_link((*pairs, ("cursor", found.cursor))) if found and found.cursor else None,
            newer=_link(pairs) if cursor else None,
            live=live and not cursor,
            refresh=REFRESH_SECONDS,
            options=options(choices, fields_),
            blank=BLANK,
        )

    @get("/live")
    async def live(
        self, request: Request[Any, Any, Any], viewer: NamedDependency[Viewer], house: NamedDependency[House]
    ) -> Stream:
        """Send each new entry that is searched for, as long as the page is open (server-sent events)."""
        filter_ = wanted(searched(request))
        after = request.headers.get("last-event-id") or request.query_params.get("after") or ""
        told = house.search.tail(filter_, scope(viewer, house), after=int(after) if after.isdecimal() else None)
        return Stream(_events(told), headers=_EVENTS)


async def _events(told: AsyncIterator[Sequence[Any]]) -> AsyncIterator[bytes]:
    async for page in told:
        lines = [b"id: %d\ndata: %b\n\n" % (each.seq, msgspec.json.encode(Row.of(each).plain())) for each in page]
        # A comment keeps the connection open, and shows at once when nobody reads any more.
        yield b"".join(lines) or b": nothing new\n\n"


def searched(request: Request[Any, Any, Any]) -> Mapping[str, Sequence[str]]:
    """Give what a request searches for; parameters that are the page's own are left out."""
    given = request.query_params.dict()
    return {name: [value for value in values if value] for name, values in given.items() if name not in _OWN}


def options(choices: Choices, chosen: Mapping[str, str]) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Give what there is to choose from for each field, with what was asked for though there is none of it."""
    known: Mapping[str, Sequence[tuple[str, str]]] = {
        "project": choices.projects,
        "vendor": _same(choices.vendors),
        "backend": _same(choices.backends),
        "rule": _same(choices.rules),
        "classification": _same(choices.classifications),
        "code": _same(choices.codes),
    }
    return {
        name: [*pairs, *_same({chosen.get(name, "")} - {"", *(value for value, _ in pairs)})]
        for name, pairs in known.items()
    }


def _same(values: Iterable[str]) -> Sequence[tuple[str, str]]:
    return [(value, value) for value in values]


def _link(pairs: Sequence[tuple[str, str]]) -> str:
    return f"{TIMELINE}?{urlencode(pairs)}" if pairs else TIMELINE
