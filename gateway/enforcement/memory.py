"""Memory of labels: a circuit that was once restricted is restricted, whatever it is called when it comes back.

Looked up before a submission is judged; what it declares itself is learned with the entry of its decision, a denial as
well. Between reading and writing nothing is forgotten: what is about to be learned counts here at once.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

import structlog

from gateway.domain.circuit import ProgramFacts
from gateway.domain.classification import Classification
from gateway.domain.clock import Clock
from gateway.domain.principal import Project
from gateway.domain.remembered import Marks, Recognition, Remembered
from gateway.domain.writes import RowWrite
from gateway.store import circuit_labels
from gateway.store.circuit_labels import KeptLabel
from gateway.store.engine import Database
from gateway.telemetry import events

_CAPACITY: Final = 50_000
"""Marks whose label is kept in memory."""
_IN_DOUBT: Final = timedelta(seconds=30)
"""After so long an entry is durable, or its submission was told that it is not."""
log = structlog.get_logger(__name__)
T = TypeVar("T")


class LabelMemory:
    """Knows the highest label of every circuit that was ever submitted."""

    def __init__(self, database: Database, recognition: Recognition, clock: Clock, *, shared: bool = False) -> None:
        self._database, self._recognition, self._clock = database, recognition, clock
        self._shared = shared
        self._known: OrderedDict[str, KeptLabel | None] = OrderedDict()
        """As the database has it; with replicas only the highest label, which no other replica can raise."""
        self._learning: OrderedDict[str, KeptLabel] = OrderedDict()
        """What was learned here, and may not be durable yet."""

    async def refresh(self) -> None:
        """Forget what was read: somebody else may have lowered a label."""
        self._known.clear()

    async def recall(self, project: Project, measured: ProgramFacts) -> Remembered | None:
        """Say what is remembered of a program's circuits; `None` where the database could not be asked."""
        marks = self._marks(project, measured)
        try:
            kept = await self._kept([mark for each in marks for mark in each.all])
        except Exception:
            # Whatever it was: a job must not go because somebody could not find out what it was called before.
            log.exception(events.LABELS_UNREAD)
            return None
        label, since = _highest(kept[mark] for each in marks for mark in each.same)
        resembled, _ = _highest(kept[mark] for each in marks for mark in each.alike)
        return Remembered(label=label, since=since, resembled=resembled)

    def learn(self, project: Project, measured: ProgramFacts, declared: Classification) -> tuple[RowWrite, ...]:
        """Give what must become durable with the entry of a decision; nothing where all of it is known."""
        now = self._clock.now()
        new = [mark for each in self._marks(project, measured) for mark in each.all if self._is_news(mark, declared)]
        for mark in new:
            self._known.pop(mark, None)
            _put(self._learning, mark, KeptLabel(label=declared, since=now))
        return tuple(circuit_labels.raised(mark, declared, now) for mark in dict.fromkeys(new))

    def _is_news(self, mark: str, declared: Classification) -> bool:
        known = self._known.get(mark)
        if known is None:
            return declared is not Classification.PUBLIC
        return not known.fixed and known.label.rank < declared.rank

    def _marks(self, project: Project, measured: ProgramFacts) -> Sequence[Marks]:
        return [self._recognition.marks(project, circuit) for circuit in measured.circuits]

    async def _kept(self, marks: Iterable[str]) -> Mapping[str, KeptLabel | None]:
        wanted = dict.fromkeys(marks)
        # Taken before the database is asked: what makes room meanwhile must not look unlabelled.
        known = {mark: self._known[mark] for mark in wanted if self._is_known(mark)}
        if not (unknown := [mark for mark in wanted if mark not in known]):
            return known
        async with self._database.reading() as connection:
            found = await circuit_labels.find(connection, unknown)
        return {**known, **{mark: self._settled(mark, found.get(mark)) for mark in unknown}}

    def _is_known(self, mark: str) -> bool:
        if mark in self._learning or mark not in self._known:
            return False
        kept = self._known[mark]
        return not self._shared or (kept is not None and kept.label is Classification.RESTRICTED)

    def _settled(self, mark: str, read: KeptLabel | None) -> KeptLabel | None:
        """Take what was read, unless what is being learned is higher; while the database was read, both may move."""
        learning = self._learning.get(mark)
        if learning is not None and not self._is_over(learning, read):
            return learning
        self._learning.pop(mark, None)
        known = self._known.get(mark)
        kept = known if known is not None and _rank(known) > _rank(read) else read
        _put(self._known, mark, kept)
        return kept

    def _is_over(self, learning: KeptLabel, read: KeptLabel | None) -> bool:
        """Say whether what was learned is durable by now, or never will be."""
        durable = read is not None and (read.fixed or _rank(read) >= _rank(learning))
        return durable or self._clock.now() - learning.since > _IN_DOUBT


def _highest(kept: Iterable[KeptLabel | None]) -> tuple[Classification, datetime | None]:
    """Give the highest label, and since when; of several the oldest."""
    found = min(filter(None, kept), key=lambda each: (-each.label.rank, each.since), default=None)
    if found is None or found.label is Classification.PUBLIC:
        return Classification.PUBLIC, None
    return found.label, found.since


def _rank(kept: KeptLabel | None) -> int:
    return -1 if kept is None else kept.label.rank


def _put(known: OrderedDict[str, T], mark: str, kept: T) -> None:
    """Keep something; what was put there the longest ago makes room."""
    known[mark] = kept
    known.move_to_end(mark)
    while len(known) > _CAPACITY:
        known.popitem(last=False)
