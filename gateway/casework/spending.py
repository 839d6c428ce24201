"""Who spent what: estimated, held, reported by vendors, and invoiced, which are four figures and stay four.

Jobs count for the day on which they were held (UTC). Currencies are never added up. What invoices bill for nothing we
know of is no spending of anybody: reconciliation shows it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from gateway.casework import amounts
from gateway.casework.principals import Principals
from gateway.casework.projects import Projects
from gateway.domain.budget import Unit
from gateway.domain.clock import Clock, parse_rfc3339
from gateway.domain.errors import RefusedError
from gateway.domain.synthetic import PROJECT
from gateway.store import billing, books
from gateway.store.billing import Sums
from gateway.store.books import Spending as Group
from gateway.store.engine import Database

BY: Final[Mapping[str, str]] = {
    "team": "team",
    "project": "project",
    "principal": "principal",
    "key": "key",
    "vendor": "upstream",
    "backend": "backend",
    "day": "day",
}
"""What spending is told apart by: people's word to the books'."""
_PROJECT: Final = "project"
_FIGURES: Final = ("estimated", "held", "reported", "invoiced", "charged", "open")
_COUNTS: Final = ("jobs", "circuits", "shots")


class SpendRefusedError(RefusedError):
    """Spending was asked for by something that it is not told apart by, or for no span of time."""

    code = "spend-refused"


@dataclass(slots=True, kw_only=True)
class Spent:
    """What one group of jobs took. Money is micros of one currency; empty where nothing was priced."""

    group: Mapping[str, str]
    currency: str
    estimated: int = 0
    """What they would probably cost."""
    held: int = 0
    """What they might cost at most."""
    open: int = 0
    """Of that, what is still held."""
    reported: int = 0
    """What vendors said when they ended."""
    invoiced: int = 0
    """What imported invoices say."""
    charged: int = 0
    """What counts against budgets: reported, and corrected since."""
    jobs: int = 0
    circuits: int = 0
    shots: int = 0
    qpu_milliseconds: int = 0
    native: dict[str, int] = field(default_factory=dict)
    """Amounts in vendors' own units, by unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Reports what was spent."""

    database: Database
    clock: Clock
    projects: Projects
    principals: Principals

    def span(self, since: str | None, until: str | None) -> tuple[datetime, datetime]:
        """Read a span of time; without words it is the present month so far (UTC).

        Raises:
            SpendRefusedError: no dates, or the end is not after the beginning.
        """
        now = self.clock.now().astimezone(UTC)
        begins = _moment(since) if since else now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        ends = _moment(until) if until else now
        if ends <= begins:
            raise SpendRefusedError("the span of time ends before it begins; --until is exclusive")
        return begins, ends

    async def report(
        self,
        *,
        since: datetime,
        until: datetime,
        by: Sequence[str],
        project_id: str | None = None,
        synthetic: bool = False,
    ) -> list[Spent]:
        """Sum spending up, of one project or of all, the self-test's if it is meant; by name where one is known.

        Raises:
            SpendRefusedError: `by` has what is not in `BY`.
        """
        if unknown := [name for name in by if name not in BY]:
            raise SpendRefusedError(f"spending is not told apart by {unknown[0][:40]!r}; only by {', '.join(BY)}")
        # Always by project, too: only so can those of others be left out.
        asked = tuple(dict.fromkeys((_PROJECT, *(BY[name] for name in by))))
        async with self.database.reading() as connection:
            groups = await books.spend(connection, since=since, until=until, by=asked)
            corrected = await billing.corrected(connection, since=since, until=until, by=asked)
            invoiced = await billing.invoiced(connection, since=since, until=until, by=asked)
        names, out = await self._names(), None if synthetic or project_id else PROJECT
        fold = _Fold(tuple(dict.fromkeys(by)), asked, project_id, names, out)
        fold.add(groups, corrected)
        fold.add_invoiced(invoiced)
        return fold.rows()

    async def _names(self) -> Mapping[str, Mapping[str, str]]:
        return {
            "project": {str(each.id): each.name for each in await self.projects.every()},
            "principal": {str(each.id): each.name for each in await self.principals.every()},
        }


class _Fold:
    """Adds groups up that are finer than what was asked for."""

    def __init__(
        self,
        by: Sequence[str],
        asked: Sequence[str],
        project_id: str | None,
        names: Mapping[str, Mapping[str, str]],
        left_out: str | None,
    ) -> None:
        self._by, self._asked, self._project_id, self._names = by, asked, project_id, names
        self._left_out = left_out
        self._rows: dict[tuple[tuple[str, ...], str], Spent] = {}

    def add(self, groups: Iterable[Group], corrected: Sums) -> None:
        later: defaultdict[tuple[tuple[str, ...], str], int] = defaultdict(int, corrected)
        for group in groups:
            if (row := self._row(group.group, group.currency)) is None:
                continue
            row.estimated += group.estimate_micros
            row.held += group.held_micros
            row.open += group.open_micros
            row.charged += group.settled_micros
            # A group of several native units has several rows, and was corrected once.
            row.reported += group.settled_micros - later.pop((tuple(group.group.values()), group.currency), 0)
            row.jobs += group.jobs
            row.circuits += group.circuits
            row.shots += group.shots
            row.qpu_milliseconds += group.qpu_milliseconds
            if group.native_unit:
                row.native[group.native_unit] = row.native.get(group.native_unit, 0) + group.native_amount

    def add_invoiced(self, sums: Sums) -> None:
        for (values, currency), micros in sums.items():
            if (row := self._row(dict(zip(self._asked, values, strict=True)), currency)) is not None:
                row.invoiced += micros

    def rows(self) -> list[Spent]:
        return [self._rows[key] for key in sorted(self._rows)]

    def _row(self, group: Mapping[str, str], currency: str) -> Spent | None:
        if self._project_id not in {None, group[_PROJECT]} or group[_PROJECT] == self._left_out:
            return None
        named = {name: self._names.get(name, {}).get(group[BY[name]], group[BY[name]]) for name in self._by}
        key = tuple(named.values()), currency
        return self._rows.setdefault(key, Spent(group=named, currency=currency))


def row_of(spent: Spent) -> Mapping[str, Any]:
    """Show one group as the command line and the admin interface do: money as decimals, as text."""
    return {
        **spent.group,
        "currency": spent.currency or None,
        **{name: amounts.show(getattr(spent, name), Unit.MONEY) for name in _FIGURES},
        **{name: getattr(spent, name) for name in _COUNTS},
        "qpu_seconds": amounts.show(spent.qpu_milliseconds, Unit.QPU_MILLISECONDS),
        "native": [f"{amount} {unit}" for unit, amount in sorted(spent.native.items())],
    }


def _moment(text: str) -> datetime:
    try:
        return parse_rfc3339(text)
    except ValueError:
        raise SpendRefusedError(f"{text[:40]!r} is no time; write 2026-11-01 or 2026-11-01T12:00:00Z") from None
