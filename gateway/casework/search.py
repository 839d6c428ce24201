"""Searching the ledger: the one way that HTTP, the command line and the console share.

Every call is told what its reader may see, and finds nothing else: entries of other tenants look as if they were not
there. Nothing is proven here; that is `audit.verify`, and a proof of one entry is `casework.proving`.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Final

from gateway.audit import facets
from gateway.audit.entry import TYPES
from gateway.audit.facets import Subjects
from gateway.casework.entries import GATEWAY, OPERATOR
from gateway.casework.filters import SearchRefusedError
from gateway.casework.followers import Followers
from gateway.casework.formats import Form, Whole, opening, written
from gateway.casework.found import Choices, Found, Page, named
from gateway.casework.index import Index
from gateway.casework.inspection import Entry, EntryUnknownError, Inspection
from gateway.casework.looks import Looks
from gateway.casework.names import UnknownNameError, told
from gateway.casework.principals import Principals
from gateway.casework.projects import Projects
from gateway.domain.errors import NotFoundError
from gateway.domain.search import Filter, Indexed, IndexedEntry, Ruling, Scope
from gateway.domain.synthetic import PROJECT
from gateway.store import entries, search
from gateway.store.engine import Database
from gateway.store.search import Sought
from gateway.vault.vault import Vault

MOST: Final = 500
"""Entries of one page."""
TAIL_SECONDS: Final = 0.5
"""How soon a follower sees a new entry, once it is in the index."""
HEARTBEAT_SECONDS: Final = 10.0
COUNTED: Final = 10_000
"""Entries that are counted at most, all types together."""
DENIALS: Final = 200
"""The newest ones, whose rules are offered to choose from."""
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CURSOR: Final = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Searches the ledger."""

    database: Database
    index: Index
    vault: Vault
    principals: Principals
    projects: Projects
    inspection: Inspection
    looks: Looks
    source: str
    """Name of the ledger."""
    followers: Followers = field(default_factory=Followers)

    async def find(
        self, wanted: Filter, scope: Scope, *, limit: int = 50, cursor: str | None = None, ascending: bool = False
    ) -> Page:
        """Find entries, newest first unless asked otherwise; the self-test's own work only where it is asked for.

        Raises:
            SearchRefusedError: the cursor or the limit is none.
            NotFoundError: the filter names a project or a person that this reader knows nothing of.
        """
        if not 1 <= limit <= MOST:
            raise SearchRefusedError(f"a page has 1 to {MOST} entries")
        await self.looks.searched(wanted, scope, await self._subjects(wanted, scope))
        sought = _behind(_looked_at(await self.sought(wanted, scope, ascending=ascending), wanted), cursor)
        async with self.database.reading() as connection:
            found = await search.find(connection, sought, limit=limit + 1)
        more = str(found[limit - 1].seq) if len(found) > limit else None
        return Page(found=await self.named(found[:limit]), cursor=more, indexed=await self.standing())

    async def entry(self, seq: int, scope: Scope) -> Entry:
        """Show one entry whole.

        Raises:
            NotFoundError: there is none that this reader may see.
        """
        try:
            whole = await self.inspection.entry(seq)
        except EntryUnknownError:
            raise NotFoundError(noun="entry", name=str(seq)) from None
        if not scope.everything:
            sought = await self.sought(Filter(), scope)
            async with self.database.reading() as connection:
                if not await search.find(connection, replace(sought, floor=seq, ceiling=seq + 1), limit=1):
                    raise NotFoundError(noun="entry", name=str(seq))
        return whole

    async def story(self, job: str, scope: Scope) -> tuple[Found, ...]:
        """Give what the ledger says of a job, oldest first.

        Raises:
            NotFoundError: nothing that this reader may see.
        """
        told = (await self.find(Filter(job=job), scope, limit=MOST, ascending=True)).found
        if not told:
            raise NotFoundError(noun="job", name=job)
        return told

    async def choices(self, scope: Scope, *, synthetic: bool = False) -> Choices:
        """List what there is to choose from, which the self-test's own work adds nothing to unless asked for."""
        async with self.database.reading() as connection:
            values = await search.choices(connection, scope.project_ids, without_project=None if synthetic else PROJECT)
        known = await self.projects.every()
        seen = [each for each in known if scope.project_ids is None or each.id in scope.project_ids]
        return Choices(
            types=values.get("type", ()),
            vendors=values.get("vendor", ()),
            backends=values.get("backend", ()),
            rules=values.get("rule", ()),
            codes=values.get("code", ()),
            classifications=values.get("classification", ()),
            kinds=values.get("kind", ()),
            projects=tuple((str(each.id), each.name) for each in seen),
        )

    async def denying(self, scope: Scope) -> tuple[str, ...]:
        """List the rules of the newest denials; each has denied something that `find` finds."""
        wanted = Filter(ruling=Ruling.DENIED)
        sought = _looked_at(await self.sought(wanted, scope), wanted)
        async with self.database.reading() as connection:
            found = await search.find(connection, sought, limit=DENIALS)
            stored = await entries.chosen(connection, [each.seq for each in found])
        return tuple(sorted({rule for each in stored for rule in facets.denying(each.leaf)}))

    async def unheard(self, wanted: Filter, scope: Scope, *, rules: Iterable[str] = ()) -> tuple[str, ...]:
        """Say of each word that nothing in the ledger has what is nearest to it: it may be misspelt.

        `rules` are known, too, though none of them denied anything yet.
        """
        known = await self.choices(scope, synthetic=True)
        types = {*TYPES, *known.types}
        asked = (
            *(("type", each, {*types, *(f"{name.partition('.')[0]}.*" for name in types)}) for each in wanted.types),
            ("vendor", wanted.vendor, known.vendors),
            ("backend", wanted.backend, known.backends),
            ("rule", wanted.rule, {*rules, *known.rules}),
            ("code", wanted.code, known.codes),
        )
        return tuple(
            f"nothing in the ledger has the {noun} {word[:80]!r}; {told(word, sorted(words))}"
            for noun, word, words in asked
            if word is not None and word not in words
        )

    async def recent(self, scope: Scope, since: datetime) -> Mapping[str, int]:
        """Count the entries since a moment by type, the newest `COUNTED` at most."""
        wanted = Filter(since=since)
        sought = _looked_at(await self.sought(wanted, scope), wanted)
        async with self.database.reading() as connection:
            return await search.counted(connection, sought, among=COUNTED)

    async def standing(self) -> Indexed:
        """Say how far the index is."""
        return await self.index.standing()

    async def tail(
        self, wanted: Filter, scope: Scope, *, after: int | None = None
    ) -> AsyncGenerator[Sequence[Found], None]:
        """Follow the ledger as `find` does: what comes in behind an entry, or from now on; now and then nothing.

        Goes on until the gateway stops, or whoever asked has enough.

        Raises:
            NotFoundError: as `find`.
            FollowersError: too many follow already.
        """
        await self.looks.searched(wanted, scope, await self._subjects(wanted, scope))
        sought = _looked_at(await self.sought(replace(wanted, until=None), scope, ascending=True), wanted)
        floor = (await self.standing()).size if after is None else after + 1
        with self.followers.one_more():
            while not self.followers.ending.is_set():
                found, floor = await self._news(sought, floor)
                yield await self.named(found)
                if len(found) < MOST:
                    await self._quiet(floor)

    async def _news(self, sought: Sought, floor: int) -> tuple[list[IndexedEntry], int]:
        """Find what came in, and say up to where was looked."""
        async with self.database.reading() as connection:
            size = await search.size(connection)
            news = replace(sought, floor=max(floor, sought.floor), ceiling=size)
            found = await search.find(connection, news, limit=MOST)
        return found, found[-1].seq + 1 if len(found) == MOST else max(floor, size)

    async def _quiet(self, floor: int) -> None:
        """Wait until the index grows, but not for long."""
        for _ in range(round(HEARTBEAT_SECONDS / TAIL_SECONDS)):
            if await self.followers.rest(TAIL_SECONDS):
                break
            async with self.database.reading() as connection:
                if await search.size(connection) > floor:
                    break

    async def export(self, wanted: Filter, scope: Scope, form: Form) -> AsyncIterator[bytes]:
        """Write the entries of a filter, oldest first, a portion at a time; nothing is left out, whoever's work it was.

        Raises:
            NotFoundError: as `find`.
        """
        await self.looks.exported(wanted, scope, await self._subjects(wanted, scope), form)
        sought = await self.sought(wanted, scope, ascending=True)
        yield opening(form)
        async for page in self.whole(sought):
            yield written(form, page, source=self.source)

    async def whole(self, sought: Sought, *, at_once: int = MOST) -> AsyncIterator[Sequence[Whole]]:
        """Read entries with their leaves, in order, in constant memory; what was pruned meanwhile is left out."""
        while True:
            async with self.database.reading() as connection:
                found = await search.find(connection, sought, limit=at_once)
                stored = {each.seq: each for each in await entries.chosen(connection, [each.seq for each in found])}
            if not found:
                return
            yield [
                Whole(found=each, leaf=stored[each.seq].leaf, leaf_hash=stored[each.seq].leaf_hash)
                for each in await self.named(found)
                if each.seq in stored
            ]
            sought = replace(sought, floor=found[-1].seq + 1)

    async def sought(self, wanted: Filter, scope: Scope, *, ascending: bool = False) -> Sought:
        """Say in terms and places what a filter means to this reader.

        Raises:
            NotFoundError: it names a project or a person that this reader knows nothing of.
        """
        subjects = await self._subjects(wanted, scope)
        async with self.database.reading() as connection:
            floor, ceiling = await search.span(connection, wanted.since, wanted.until)
            size = await search.size(connection)
        return Sought(
            terms=facets.terms(wanted, subjects, scope),
            floor=floor,
            ceiling=size if ceiling is None else ceiling,
            since=wanted.since,
            until=wanted.until,
            cost_from=wanted.cost_from,
            cost_to=wanted.cost_to,
            ascending=ascending,
            meant=partial(_denied_by, wanted.rule) if wanted.rule and wanted.ruling is Ruling.DENIED else None,
        )

    async def named(self, found: Iterable[IndexedEntry]) -> tuple[Found, ...]:
        """Put names to what was found."""
        listed = list(found)
        people = await self.vault.named({each.subject for each in listed if each.subject})
        owners = {str(each.id): each.name for each in await self.projects.every()} if listed else {}
        return tuple(named(each, people, owners) for each in listed)

    async def _subjects(self, wanted: Filter, scope: Scope) -> Subjects:
        return Subjects(
            principal=None if wanted.principal is None else await self._person(wanted.principal),
            key=None if wanted.key is None else self.vault.subject(wanted.key),
            project_id=None if wanted.project is None else await self._project(wanted.project, scope),
        )

    async def _person(self, name: str) -> str:
        """Give the digest of a person; of one that was erased only the digest itself leads to their entries."""
        if _DIGEST.fullmatch(name):
            return name
        if _ID.fullmatch(name) or name in {OPERATOR, GATEWAY}:
            return self.vault.subject(name)
        try:
            return self.vault.subject((await self.principals.named(name)).id)
        except UnknownNameError:
            # Not its own error, which lists who there is.
            raise NotFoundError(noun="principal", name=name[:80]) from None

    async def _project(self, name: str, scope: Scope) -> str:
        known = await self.projects.every()
        found = next((each for each in known if name in {each.name, each.id}), None)
        if found is None or (scope.project_ids is not None and found.id not in scope.project_ids):
            raise NotFoundError(noun="project", name=name[:80])
        return str(found.id)


def _denied_by(rule: str, leaf: bytes) -> bool:
    """Tell a rule that denied from one that only warned while others denied, or kept the job from another place."""
    return rule in facets.denying(leaf)


def _looked_at(sought: Sought, wanted: Filter) -> Sought:
    """Leave out what the self-test does, some ten entries a minute, when a person looks."""
    return replace(sought, without_project=PROJECT) if wanted.of_people else sought


def _behind(sought: Sought, cursor: str | None) -> Sought:
    if cursor is None:
        return sought
    if not _CURSOR.fullmatch(cursor):
        raise SearchRefusedError("the cursor is none of this interface; begin again without it")
    return sought.behind(int(cursor))
