"""Shadow revisions as people use them: started, looked at, stopped. What decides beside is `casework.shadowing`'s.

A shadow is a row, so that every gateway finds it, and a restart too. One at a time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from gateway.budgets.quote import PriceBook
from gateway.casework.entries import OPERATOR, AdminEntries
from gateway.casework.names import checked_reason
from gateway.casework.revisions import Revisions, short
from gateway.domain.clock import Clock
from gateway.domain.errors import RefusedError
from gateway.domain.shadow import Example, Shadow
from gateway.policy import check
from gateway.policy.answer import check_selftest
from gateway.policy.bulk import BulkEngine
from gateway.policy.bundle import Bundle
from gateway.store import shadows
from gateway.store.engine import Database

COMPARED: Final = "compared"
DROPPED: Final = "dropped"
"""Decisions that it was not asked about, because it could not keep up."""
ALL: Final = ""
"""Stands for a rule where a count is of decisions."""
SHOWN: Final = 50


class ShadowRunningError(RefusedError):
    """A revision decides beside the live one already."""

    code = "shadow-running"

    def __init__(self, shadow: Shadow) -> None:
        super().__init__(f"revision {short(shadow.revision)} is in shadow already; stop it first")
        self.shadow = shadow


class NoShadowError(RefusedError):
    """No revision decides beside the live one, or none ever did."""

    code = "no-shadow"

    def __init__(self) -> None:
        super().__init__("no revision is in shadow; start one with `gateway policy shadow start`")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowReport:
    """What a shadow would have decided otherwise so far; counts of the last seconds may not be in yet."""

    shadow: Shadow
    compared: int
    dropped: int
    differing: Mapping[str, int]
    """Decisions by kind of difference."""
    rules: Mapping[str, Mapping[str, int]]
    """The same by kind and rule; a decision counts for each rule that only one of the two denies by."""
    examples: tuple[Example, ...]

    @property
    def totals(self) -> dict[str, Any]:
        """What the ledger keeps of it."""
        return {"compared": self.compared, "dropped": self.dropped, "differing": dict(self.differing)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadows:
    """Starts, shows and stops them."""

    database: Database
    entries: AdminEntries
    clock: Clock
    revisions: Revisions
    prices: PriceBook

    async def start(self, candidate: Bundle, *, reason: str, by: str = OPERATOR) -> Shadow:
        """Let a candidate decide beside the live revision, from within a second on.

        Raises:
            ShadowRunningError: another one does.
            PolicyCheckError: `gateway policy check` refuses it.
            PolicyEngineError: it does not load, or decides otherwise what is known.
            ReasonRefusedError: there is no reason, or it does not fit on a line.
        """
        told = checked_reason(reason)
        current = await self.newest()
        if current is not None and current.stopped_at is None:
            raise ShadowRunningError(current)
        await check.require(candidate)
        await _selftested(candidate)
        await self.revisions.archive(candidate, self.prices)
        shadow = Shadow(
            id=self.entries.new_id(),
            policy_revision=candidate.policy_revision,
            data_revision=candidate.data_revision,
            reason=told,
            at=self.clock.now(),
        )
        await self._record("policy.shadow_started", shadow, by, {"reason": told})
        return shadow

    async def stop(self, *, by: str = OPERATOR) -> ShadowReport:
        """End it, and record what it would have decided otherwise.

        Raises:
            NoShadowError: none runs.
        """
        report = await self.report()
        if report.shadow.stopped_at is not None:
            raise NoShadowError
        stopped = replace(report.shadow, stopped_at=self.clock.now())
        await self._record("policy.shadow_stopped", stopped, by, {"totals": report.totals})
        return replace(report, shadow=stopped)

    async def report(self) -> ShadowReport:
        """Say what the one that was started last would have decided otherwise.

        Raises:
            NoShadowError: none ever ran.
        """
        shadow = await self.newest()
        if shadow is None:
            raise NoShadowError
        async with self.database.reading() as connection:
            counted = await shadows.counts(connection, shadow.id)
            examples = await shadows.examples(connection, shadow.id, most=SHOWN)
        differing = {kind: count for (kind, rule), count in counted.items() if rule == ALL}
        compared, dropped = differing.pop(COMPARED, 0), differing.pop(DROPPED, 0)
        rules: dict[str, dict[str, int]] = {kind: {} for kind in sorted(differing)}
        for (kind, rule), count in sorted(counted.items()):
            if rule != ALL:
                rules.setdefault(kind, {})[rule] = count
        return ShadowReport(
            shadow=shadow,
            compared=compared,
            dropped=dropped,
            differing=dict(sorted(differing.items())),
            rules=rules,
            examples=tuple(examples),
        )

    async def newest(self) -> Shadow | None:
        """Give the one that was started last."""
        async with self.database.reading() as connection:
            return await shadows.newest(connection)

    async def _record(self, type_: str, shadow: Shadow, by: str, more: Mapping[str, Any]) -> None:
        body = {"shadow": shadow.id, "policy_revision": shadow.policy_revision, "data_revision": shadow.data_revision}
        await self.entries.record(
            type_, by=by, project_id=None, rows=(shadows.write(shadow),), body={**body, **more}, people={}
        )


async def _selftested(candidate: Bundle) -> None:
    async with BulkEngine(candidate) as engine:
        decided = await engine.decide([known.facts for known in candidate.known])
    for known, decision in zip(candidate.known, decided, strict=True):
        check_selftest(known, decision)
