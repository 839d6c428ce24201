"""Who looked people up, and who took entries away: those who see more than their own work leave a trace, too.

A search leaves an entry where its reader sees every tenant and names a person or a key: once an hour for each such
question, so that turning pages fills no ledger. An export leaves one where its reader sees what others did. Looking at
one's own project leaves none, nor does a search for jobs, rules or times. Words that were searched for are not kept: a
ledger cannot forget a name. What cannot be recorded is not shown.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.audit.facets import Subjects
from gateway.casework.entries import AdminEntries
from gateway.casework.filters import asked
from gateway.casework.formats import Form
from gateway.domain.clock import Clock
from gateway.domain.search import Filter, Scope

AGAIN: Final = timedelta(hours=1)
"""After so long the same question is told of again."""
_REMEMBERED: Final = 10_000
"""Questions; a forgotten one is told of twice."""
_CHECKED: Final = {"since", "until", "decision", "classification", "kind", "fallback", "cost_from", "cost_to"}
"""Words of a filter whose values are times, amounts and choices; anything may stand in others, a name too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Records them."""

    entries: AdminEntries
    clock: Clock
    told: OrderedDict[tuple[str, Subjects], datetime] = field(default_factory=OrderedDict, repr=False)
    """Which questions were told of, and when; oldest first."""

    async def searched(self, wanted: Filter, scope: Scope, subjects: Subjects) -> None:
        """Record that somebody looks a person or a key up; raises `UnavailableError` where nothing can be recorded."""
        about = _about(subjects)
        if scope.reader is None or not scope.everything or not about:
            return
        question, now = (scope.reader, subjects), self.clock.now()
        if (before := self.told.get(question)) is not None and now - before < AGAIN:
            return
        await self._record("audit.searched", scope.reader, {"about": about, "filter": _kept(wanted)})
        self.told[question] = now
        self.told.move_to_end(question)
        if len(self.told) > _REMEMBERED:
            self.told.popitem(last=False)

    async def exported(self, wanted: Filter, scope: Scope, subjects: Subjects, form: Form) -> None:
        """Record that somebody takes entries away; raises `UnavailableError` where nothing can be recorded."""
        if scope.reader is None or scope.subject is not None:
            return
        seen = None if scope.project_ids is None else sorted(scope.project_ids)
        body = {"format": form.value, "about": _about(subjects), "filter": _kept(wanted), "projects": seen}
        await self._record("audit.exported", scope.reader, body)

    async def _record(self, type_: str, reader: str, body: dict[str, Any]) -> None:
        await self.entries.record(type_, by=reader, project_id=None, rows=(), body=body, people={})


def _about(subjects: Subjects) -> dict[str, str]:
    """Give the digests of whom was asked for."""
    named = {"principal": subjects.principal, "key": subjects.key}
    return {name: digest for name, digest in named.items() if digest is not None}


def _kept(wanted: Filter) -> dict[str, str | None]:
    """Give what was asked, by word: values where they can name nobody, else only that there was one."""
    return {name: value if name in _CHECKED else None for name, value in asked(wanted)}
