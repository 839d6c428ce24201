"""The shadow at work in one serving process: it decides again what was just decided, and counts what differs.

Submissions never wait for it. What it is asked stands in a queue of bounded length; when that is full, decisions are
dropped and counted. What was not yet counted when a process dies is not counted.
"""

from collections import Counter, deque
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import structlog

from gateway.casework.recorded import ENGINE
from gateway.casework.revisions import Revisions
from gateway.casework.shadows import ALL, COMPARED, DROPPED
from gateway.casework.timemachine import kind_of, moved
from gateway.domain.decision import Decision
from gateway.domain.errors import GatewayError
from gateway.domain.shadow import Example, Shadow
from gateway.policy.bulk import BATCH, BulkEngine
from gateway.store import shadows
from gateway.store.engine import Database
from gateway.telemetry import events
from gateway.telemetry.metrics import Metrics

QUEUED: Final = 2048
"""Decisions that wait for the shadow; a fact is about two kilobytes."""
REASONS: Final = "other-reasons"
"""The same outcome for other reasons, in other words, or with other warnings."""
FAILED: Final = "failed"
"""The candidate gave no decision."""
_EXAMPLES: Final = 20
"""Of each kind, kept by one process."""
log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Shadowing:
    """Follows the row of the shadow, and decides beside."""

    database: Database
    revisions: Revisions
    metrics: Metrics
    _shadow: Shadow | None = None
    _refused: str = ""
    """A shadow that does not start here; it is not tried again."""
    _engine: BulkEngine | None = None
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)
    _waiting: deque[Decision] = field(default_factory=lambda: deque(maxlen=QUEUED))
    _dropped: int = 0
    _shown: Counter[str] = field(default_factory=Counter)

    def heed(self, decision: Decision) -> None:
        """Take note of a decision that was just made; never waits, and never fails."""
        if self._engine is None or _undecided(decision):
            return
        if len(self._waiting) == QUEUED:
            self._dropped += 1
            return
        self._waiting.append(decision)

    async def run(self) -> None:
        """Be the shadow that people wish for, and decide what waits."""
        async with self.database.reading() as connection:
            wanted = await shadows.newest(connection)
        if wanted is not None and wanted.stopped_at is not None:
            wanted = None
        if (wanted and wanted.id) != (self._shadow and self._shadow.id):
            await self.close()
            if wanted is not None and wanted.id != self._refused:
                await self._begin(wanted)
        while self._waiting or self._dropped:
            await self._compare()

    async def close(self) -> None:
        """Decide no longer beside."""
        self._engine, self._shadow, self._dropped = None, None, 0
        self._waiting.clear()
        self._shown.clear()
        await self._open.aclose()

    async def _begin(self, wanted: Shadow) -> None:
        try:
            bundle = await self.revisions.bundle(wanted.policy_revision, wanted.data_revision)
            self._engine = await self._open.enter_async_context(BulkEngine(bundle))
        except GatewayError:
            self._refused = wanted.id
            log.exception(events.SHADOW_REFUSED, revision=wanted.revision)
            return
        self._shadow = wanted
        log.info(events.SHADOW_STARTED, revision=wanted.revision)

    async def _compare(self) -> None:
        assert self._engine is not None, "only a shadow that runs has something waiting"
        assert self._shadow is not None, "an engine belongs to a shadow"
        batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        after = await self._engine.decide([each.facts for each in batch])
        counted: Counter[tuple[str, str]] = Counter({(COMPARED, ALL): len(batch), (DROPPED, ALL): self._dropped})
        self._dropped = 0
        found = [example for pair in zip(batch, after, strict=True) if (example := _differing(*pair))]
        for each in found:
            counted.update({(each.kind, rule): 1 for rule in (ALL, *each.rules)})
        self._count(counted)
        shown = [each for each in found if self._to_show(each.kind)]
        await self.database.transact(partial(shadows.add, shadow_id=self._shadow.id, counted=counted, found=shown))

    def _count(self, counted: Counter[tuple[str, str]]) -> None:
        for (kind, rule), count in counted.items():
            self.metrics.policy.shadow(kind, rule, count)

    def _to_show(self, kind: str) -> bool:
        self._shown[kind] += 1
        return self._shown[kind] <= _EXAMPLES


def _differing(before: Decision, after: Decision) -> Example | None:
    """Say how the shadow decided otherwise; nothing where it did not."""
    if before.outcome_digest == after.outcome_digest:
        return None
    rules = moved(before, after)
    kind = FAILED if _undecided(after) else kind_of(before, after) or REASONS
    return Example(decision_id=before.id, kind=kind, rules=tuple(sorted(rules)))


def _undecided(decision: Decision) -> bool:
    return any(each.rule.startswith(ENGINE) for each in decision.deny)
