"""Looking entries up in the index of the ledger: by terms, in a span of places, newest or oldest first.

SQLite's full-text table walks its lists of places from either end and stops. PostgreSQL's GIN index has no order, so
what occurs often would be read and sorted whole: there the nearest entries are looked through first, which is enough
for what occurs often, and the index is asked for the rest, nearest first, which then are few.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
    table,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.clock import rfc3339
from gateway.domain.search import IndexedEntry, fact
from gateway.store import entries
from gateway.store.apply import SKEW
from gateway.store.search_tables import audit_choice, audit_index, audit_index_state

WALKED: Final = 4000
"""Entries that PostgreSQL looks through one by one before it asks its index: some milliseconds."""
ASKED: Final = 64_000
"""Entries among which it asks its index first, so that what is not rare is not fetched whole."""
LOOKED_UP: Final = 200
"""Entries whose leaves are read at once, at least, where not every entry that the index gives is meant."""
FEW: Final = 5000
"""Entries of a span of costs that are looked at one by one."""
_TERM: Final = table("audit_term", column("rowid"), column("audit_term"))
_PLANNED_EACH_TIME: Final = text("SET LOCAL plan_cache_mode = force_custom_plan")
_COLUMNS: Final = tuple(each.name for each in audit_index.columns)
_SHOWN: Final = tuple(name for name in _COLUMNS if name != "terms")
_Query: TypeAlias = Select[Any]
_DECIDING: Final = (
    select(*(audit_index.c[name] for name in _SHOWN))
    .where(
        audit_index.c.job_id.in_(bindparam("jobs", expanding=True)),
        audit_index.c.type.in_(bindparam("types", expanding=True)),
    )
    .order_by(audit_index.c.seq.desc())
)
"""Made once: it is asked for every batch that the index takes in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is looked up: entries `floor <= seq < ceiling` that have all terms, each being any of several."""

    terms: tuple[tuple[str, ...], ...] = ()
    floor: int = 0
    ceiling: int
    without_project: str | None = None
    """One whose entries are left out."""
    since: datetime | None = None
    until: datetime | None = None
    cost_from: int | None = None
    cost_to: int | None = None
    ascending: bool = False
    meant: Callable[[bytes], bool] | None = None
    """What no term tells: an entry is found only where its leaf in the ledger is meant, too."""

    def behind(self, place: int) -> "Sought":
        """Give what is left of it behind an entry."""
        if self.ascending:
            return replace(self, floor=max(self.floor, place + 1))
        return replace(self, ceiling=min(self.ceiling, place))

    @property
    def nowhere(self) -> bool:
        """Say whether nothing can be found: the span is empty, or somebody may see no project at all."""
        return self.floor >= self.ceiling or not all(self.terms)

    @property
    def costs(self) -> bool:
        """Say whether it is looked up by cost."""
        return self.cost_from is not None or self.cost_to is not None

    def fits(self, entry: IndexedEntry) -> bool:
        """Say whether an entry is meant, whose cost is."""
        placed = self.floor <= entry.seq < self.ceiling
        early = self.since is not None and entry.at < rfc3339(self.since)
        late = self.until is not None and entry.at >= rfc3339(self.until)
        wanted = self.without_project is None or entry.project_id != self.without_project
        return placed and wanted and not early and not late and all(_any_of(each, entry.terms) for each in self.terms)


async def find(connection: AsyncConnection, sought: Sought, *, limit: int) -> list[IndexedEntry]:
    """Find entries, in order."""
    if sought.meant is None:
        return await _by_index(connection, sought, limit)
    found: list[IndexedEntry] = []
    while len(found) < limit and (some := await _by_index(connection, sought, max(limit, LOOKED_UP))):
        stored = await entries.chosen(connection, [each.seq for each in some])
        meant = {each.seq for each in stored if sought.meant(each.leaf)}
        found += [each for each in some if each.seq in meant]
        sought = sought.behind(some[-1].seq)
    return found[:limit]


async def _by_index(connection: AsyncConnection, sought: Sought, limit: int) -> list[IndexedEntry]:
    if sought.nowhere:
        return []
    if sought.costs and (few := await _by_cost(connection, sought)) is not None:
        return few[:limit]
    found: list[IndexedEntry] = []
    for query in await _questions(connection, sought):
        if len(found) < limit:
            found += await _read(connection, query, limit - len(found))
    return found


async def counted(connection: AsyncConnection, sought: Sought, *, among: int) -> Mapping[str, int]:
    """Count so many of what `find` would find, by type; the database counts, because rows would take most of the time.

    Costs are looked up in no better way than anything else, and leaves not at all.
    """
    counts: Counter[str] = Counter()
    for query in [] if sought.nowhere else await _questions(connection, sought):
        if (left := among - counts.total()) > 0:
            found = query.with_only_columns(query.selected_columns["type"]).limit(left).subquery()
            rows = await connection.execute(select(found.c.type, func.count()).group_by(found.c.type))
            counts.update({row[0]: row[1] for row in rows})
    return counts


async def span(connection: AsyncConnection, since: datetime | None, until: datetime | None) -> tuple[int, int | None]:
    """Give places between which every entry of a span of time stands; clocks may differ by `SKEW`."""
    floor, ceiling = 0, None
    if since is not None:
        before = select(audit_index.c.seq).where(audit_index.c.at < rfc3339(since - SKEW))
        floor = (await connection.scalar(before.order_by(audit_index.c.at.desc()).limit(1))) or 0
    if until is not None:
        after = select(audit_index.c.seq).where(audit_index.c.at >= rfc3339(until + SKEW))
        ceiling = await connection.scalar(after.order_by(audit_index.c.at).limit(1))
    return floor, ceiling


async def size(connection: AsyncConnection) -> int:
    """Say how many entries of the ledger are in the index."""
    return int((await connection.scalar(select(audit_index_state.c.size))) or 0)


def deciding(connection: Connection, job_ids: Collection[str], types: Collection[str]) -> Mapping[str, IndexedEntry]:
    """Give the entries of these types that speak of jobs, by job; the first, should there be several."""
    rows = connection.execute(_DECIDING, {"jobs": list(job_ids), "types": list(types)})
    return {row.job_id: _entry(row) for row in rows}


async def places(connection: AsyncConnection, job_id: str) -> list[int]:
    """List the places of what the ledger says of a job, by our id."""
    query = select(audit_index.c.seq).where(audit_index.c.job_id == job_id).order_by(audit_index.c.seq)
    return [row.seq for row in await connection.execute(query)]


async def choices(
    connection: AsyncConnection, project_ids: Collection[str] | None, *, without_project: str | None = None
) -> Mapping[str, tuple[str, ...]]:
    """List which values occur, by field, in the entries of some projects or of all, or of all but one."""
    query = select(audit_choice.c.field, audit_choice.c.value).distinct()
    if without_project is not None:
        query = query.where(audit_choice.c.project_id != without_project)
    if project_ids is not None:
        query = query.where(audit_choice.c.project_id.in_(project_ids))
    found: dict[str, list[str]] = {}
    for row in await connection.execute(query.order_by(audit_choice.c.field, audit_choice.c.value)):
        found.setdefault(row.field, []).append(row.value)
    return {field: tuple(values) for field, values in found.items()}


async def stored(connection: AsyncConnection, *, start: int, stop: int) -> list[IndexedEntry]:
    """Read what the index has of the entries `start <= seq < stop`, with their terms, to compare it."""
    query = select(audit_index).where(audit_index.c.seq >= start, audit_index.c.seq < stop)
    return [_entry(row, _stored_terms(row.terms)) for row in await connection.execute(query.order_by("seq"))]


async def _questions(connection: AsyncConnection, sought: Sought) -> Sequence[_Query]:
    """Give what to ask one after the other, until enough was found; each is in order, and before the next."""
    if not sought.terms:
        return [_ordered(_exact(audit_index, sought).where(_besides(sought)), sought, audit_index)]
    if connection.dialect.name == "sqlite":
        return [_in_sqlite(sought)]
    # After five questions PostgreSQL would make one plan for all terms, which is a thousand times slower for rare ones.
    await connection.execute(_PLANNED_EACH_TIME)
    near, rest = _split(sought, WALKED)
    return [_walked(near), *(_asked(span) for span in _split(rest, ASKED) if not span.nowhere)]


async def _by_cost(connection: AsyncConnection, sought: Sought) -> list[IndexedEntry] | None:
    """Find what costs so much, where few entries do; terms tell a cost roughly, and would give too many to look at."""
    costs = [audit_index.c.cost_micros >= (sought.cost_from or 0)]
    if sought.cost_to is not None:
        costs.append(audit_index.c.cost_micros <= sought.cost_to)
    counted = select(audit_index.c.cost_micros).where(*costs).limit(FEW + 1).subquery()
    if (await connection.scalar(select(func.count()).select_from(counted)) or 0) > FEW:
        return None
    rows = await connection.execute(select(audit_index).where(*costs))
    told = (_entry(row, _stored_terms(row.terms)) for row in rows)
    return sorted(filter(sought.fits, told), key=_place, reverse=not sought.ascending)


def _in_sqlite(sought: Sought) -> _Query:
    # The bounds stand on the full-text table: only so does SQLite begin to walk there.
    bounded = _exact(audit_index, sought).join(_TERM, _TERM.c.rowid == audit_index.c.seq)
    placed = bounded.where(_TERM.c.rowid >= sought.floor, _TERM.c.rowid < sought.ceiling)
    return _by(placed.where(_TERM.c.audit_term.match(_match(sought))), sought, _TERM.c.rowid)


def _split(sought: Sought, places: int) -> tuple[Sought, Sought]:
    """Give what is nearest and the rest."""
    if sought.ascending:
        edge = min(sought.floor + places, sought.ceiling)
        return replace(sought, ceiling=edge), replace(sought, floor=edge)
    edge = max(sought.ceiling - places, sought.floor)
    return replace(sought, floor=edge), replace(sought, ceiling=edge)


def _walked(sought: Sought) -> _Query:
    """Walk a stretch from its end, in order, until enough was found."""
    # OFFSET keeps PostgreSQL from taking the condition inside, and then another way than this one.
    walked = _ordered(_placed(select(audit_index), audit_index, sought), sought, audit_index).offset(0).subquery()
    return _ordered(_exact(walked, sought).where(_has(walked, sought)), sought, walked)


def _asked(sought: Sought) -> _Query:
    """Ask the index of terms for all there are, and sort them."""
    asked = _placed(select(audit_index), audit_index, sought).where(_has(audit_index, sought)).offset(0).subquery()
    return _ordered(_exact(asked, sought), sought, asked)


def _has(source: FromClause, sought: Sought) -> Any:
    return source.c.terms.op("@@")(cast(literal(_tsquery(sought)), TSQUERY))


def _exact(source: FromClause, sought: Sought) -> _Query:
    """Ask for what terms and places tell only roughly: moments and costs."""
    query = select(*_shown(source))
    for value, condition in (
        (sought.since, lambda at: source.c.at >= rfc3339(at)),
        (sought.until, lambda at: source.c.at < rfc3339(at)),
        (sought.cost_from, lambda micros: source.c.cost_micros >= micros),
        (sought.cost_to, lambda micros: source.c.cost_micros <= micros),
    ):
        if value is not None:
            query = query.where(condition(value))
    return query


def _placed(query: _Query, source: FromClause, sought: Sought) -> _Query:
    return query.where(source.c.seq >= sought.floor, source.c.seq < sought.ceiling)


def _ordered(query: _Query, sought: Sought, source: FromClause) -> _Query:
    return _by(_placed(query, source, sought), sought, source.c.seq)


def _by(query: _Query, sought: Sought, place: Any) -> _Query:
    return query.order_by(place if sought.ascending else place.desc())


async def _read(connection: AsyncConnection, query: _Query, limit: int) -> list[IndexedEntry]:
    return [_entry(row) for row in await connection.execute(query.limit(limit))]


def _shown(source: FromClause) -> Iterable[Any]:
    return (source.c[name] for name in _SHOWN)


def _besides(sought: Sought) -> ColumnElement[bool]:
    """Leave a project's entries out where no term is looked up."""
    if sought.without_project is None:
        return true()
    return audit_index.c.project_id.is_distinct_from(sought.without_project)


def _match(sought: Sought) -> str:
    """Write terms in the words of FTS5; a term is letters, digits and `_`, so quotes are all it takes."""
    wanted = " AND ".join(f"({' OR '.join(map(_quoted, each))})" for each in sought.terms)
    return f"({wanted}) NOT {_quoted(fact('project', out))}" if (out := sought.without_project) else wanted


def _quoted(term: str) -> str:
    return f'"{term[:-1]}"*' if term.endswith("*") else f'"{term}"'


def _tsquery(sought: Sought) -> str:
    """Write terms as PostgreSQL's `tsquery`."""
    wanted = " & ".join(f"({' | '.join(map(_lexeme, each))})" for each in sought.terms)
    return f"{wanted} & !{_lexeme(fact('project', out))}" if (out := sought.without_project) else wanted


def _lexeme(term: str) -> str:
    return f"'{term[:-1]}':*" if term.endswith("*") else f"'{term}'"


def _entry(row: Row[Any], terms: tuple[str, ...] = ()) -> IndexedEntry:
    values = {name: getattr(row, name) for name in _SHOWN}
    return IndexedEntry(**{**values, "rules": tuple(row.rules.split())}, terms=terms)


def _place(entry: IndexedEntry) -> int:
    return entry.seq


def _any_of(wanted: Iterable[str], terms: Iterable[str]) -> bool:
    return any(
        any(term.startswith(each[:-1]) for term in terms) if each.endswith("*") else each in terms for each in wanted
    )


def _stored_terms(stored: str) -> tuple[str, ...]:
    return tuple(sorted(stored.replace("'", "").split()))
