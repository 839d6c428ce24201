"""One entry: what it says, on what grounds it was decided, and the proof that it is in the ledger."""

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.casework.inspection import Entry
from gateway.casework.proving import Inclusion
from gateway.domain.errors import GatewayError
from gateway.http.console import picture, words
from gateway.http.console.facts import nouns
from gateway.http.console.page import Page
from gateway.http.console.picture import Picture
from gateway.http.console.reading import scope
from gateway.http.console.viewer import Viewer
from gateway.wiring import House


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A proof as a page shows it, or why there is none."""

    inclusion: Inclusion | None
    picture: Picture | None
    problem: str = ""


async def prove(house: House, entry: Entry) -> Proof:
    """Prove an entry; what does not hold is shown, too."""
    try:
        inclusion = await house.proving.inclusion(entry.seq, bytes.fromhex(entry.leaf_hash))
    except GatewayError as error:
        return Proof(inclusion=None, picture=None, problem=error.message)
    return Proof(inclusion=inclusion, picture=picture.draw(inclusion))


def document(value: Any) -> str:
    """Write a document as people read it."""
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=2).decode()


class EntryController(Controller):
    """Entries by their number."""

    path = "/entries"

    @get("/{seq:int}")
    async def show(
        self,
        seq: FromPath[int],
        viewer: NamedDependency[Viewer],
        page: NamedDependency[Page],
        house: NamedDependency[House],
    ) -> Response[str]:
        """Show one entry with its proof."""
        entry = await house.search.entry(seq, scope(viewer, house))
        grounds = await house.stories.grounds(entry)
        return page.show(
            "entry.html",
            entry=entry,
            title=words.title(entry.type),
            tone=words.tone(entry.type),
            meaning=words.meaning(entry.type),
            body=document(entry.body),
            decided=entry,
            grounds=grounds,
            facts=nouns(grounds.facts) if grounds and grounds.facts else (),
            proof=await prove(house, entry),
        )
