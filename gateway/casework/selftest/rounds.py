"""One round after the other: what was found becomes a metric, an alarm when it changes, and a reason not to be ready.

An entry and letters are written when what fails is something else than before, not for each round. What nobody answered
counts once it happened twice in a row. A crash forgets what failed; the first round after it finds it again.
"""

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import structlog

from gateway.casework.entries import GATEWAY, AdminEntries
from gateway.casework.letters import cloud_event
from gateway.casework.selftest import engines, rules
from gateway.casework.selftest.actors import Actors
from gateway.casework.selftest.engines import Reference
from gateway.casework.selftest.findings import PARTS, PATH, Finding
from gateway.casework.selftest.visits import Door, Visits
from gateway.domain.clock import Clock, rfc3339
from gateway.domain.errors import GatewayError
from gateway.policy.baseline import Baseline
from gateway.policy.bundle import Bundle, SelfTest
from gateway.policy.live import BundlePoint
from gateway.ports.trial import Trial
from gateway.routing.fleet import Fleet
from gateway.store import warnings
from gateway.store.warnings import Letter
from gateway.telemetry import events
from gateway.telemetry.metrics import Metrics

FAILED: Final = "selftest.failed"
RECOVERED: Final = "selftest.recovered"
_TOLD: Final = 20
"""Findings that are told one by one."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the self-test stands."""

    at: datetime | None = None
    """When the last round ended; none has yet, where there is nothing."""
    asked: int = 0
    """Facts that engines were asked."""
    failing: tuple[Finding, ...] = ()
    submissions: bool = False
    """Whether synthetic submissions were among it."""

    @property
    def problem(self) -> str | None:
        """Say what fails, in one line; `None` when nothing does."""
        if not self.failing:
            return None
        more = f" and {len(self.failing) - 1} more" if len(self.failing) > 1 else ""
        return f"{self.failing[0]}{more}; see docs/runbooks/selftest.md"


@dataclass(slots=True, kw_only=True)
class Rounds:
    """Tests this process again and again."""

    point: BundlePoint
    baseline: Baseline
    own_rules: bool
    """Whether the deployment has rules of its own in place of the release's: then what differs at first is meant."""
    waived: Collection[str]
    actors: Actors
    trials: Mapping[str, Trial]
    """How each dialect's clients submit, by its name; none where nobody shall submit."""
    fleet: Fleet
    lowered: Callable[[str], bool]
    """Whether a rule that a table may lower is not hard now."""
    withdrawn: Callable[[str], Awaitable[bool]]
    """Ends a job of its own that waits for a second person."""
    entries: AdminEntries
    clock: Clock
    metrics: Metrics
    webhooks: Sequence[str]
    source: str
    standing: Standing = field(default_factory=Standing)
    _reference: Reference | None = None
    _found_in_rules: tuple[Finding, ...] = ()
    _kept: dict[str, SelfTest] = field(default_factory=dict)
    """Self-tests of all revisions that decided since this process began, by all that they say."""
    _meant: set[str] = field(default_factory=set)
    _unsure: set[str] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)
    _turn: int = 0
    """How many rounds went through a door."""
    _at_doors: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    """What was found by each dialect's door, the last time it was tried."""
    _unanswered: dict[str, set[str]] = field(default_factory=dict)

    async def run(self, door: Door) -> None:
        """Do one round, and tell what changed.

        Raises:
            UnavailableError: the ledger takes no entry; it is told after the next round.
        """
        began = time.perf_counter()
        found = [*await self._of_policies(), *await self._of_path(door)]
        failing = self._counting(found)
        self.standing = Standing(
            at=self.clock.now(),
            asked=len(self._reference.known) if self._reference else 0,
            failing=failing,
            submissions=bool(self.trials),
        )
        self._measure(time.perf_counter() - began)
        if self._told != (names := {each.name for each in failing}):
            self._log()
            # Should the ledger refuse the entry, the next round writes it.
            await self._record(sorted(names))
            self._told = names

    # ── what is tested ───────────────────────────────────────────────────────────────────────────
    async def _of_policies(self) -> tuple[Finding, ...]:
        bundle = self.point.bundle
        if self._reference is None or self._reference.revision != bundle.revision:
            await self._take(bundle)
        assert self._reference is not None, "taken just now"
        return (*self._found_in_rules, *await engines.examine(self.point, self._reference))

    async def _take(self, bundle: Bundle) -> None:
        """Look at a revision that came into force: once, because it stays what it is."""
        found = await rules.examine(bundle, self.baseline, tuple(self._kept.values()))
        self._reference = await Reference.of(bundle, self.baseline.known)
        self._found_in_rules = found
        self._kept |= {each.text: each for each in bundle.selftests}

    async def _of_path(self, door: Door) -> tuple[Finding, ...]:
        """Try the door of one dialect, each in its turn; what was found by the others stays until theirs comes."""
        simulators = self.fleet.simulators()
        if not self.trials or not simulators:
            return ()
        dialect = sorted(self.trials)[self._turn % len(self.trials)]
        try:
            cast = await self.actors.cast(simulators[0].name)
            if cast is None:
                return ()
            others = [each.backend.name for each in self.fleet.berths() if each.backend.name != cast.backend]
            elsewhere = others[0] if others else None
            visits = Visits(
                door=door,
                trial=self.trials[dialect],
                cast=cast,
                elsewhere=elsewhere,
                clock=self.clock,
                lowered=self.lowered,
                withdrawn=self.withdrawn,
            )
            self._take_note(dialect, await visits.examine())
        except GatewayError as error:
            return (Finding(part=PATH, what="actors", problem=error.message, sure=False),)
        return tuple(each for some in self._at_doors.values() for each in some)

    def _take_note(self, dialect: str, found: Sequence[Finding]) -> None:
        """Keep what counts: what nobody answered must have been so the last time at the same door, too."""
        if self.own_rules and dialect not in self._at_doors:
            self._meant |= {each.name for each in found if each.by_policy}
        again = self._unanswered.get(dialect, set())
        self._unanswered[dialect] = {each.what for each in found if not each.sure}
        counting = (each for each in found if each.sure or each.what in again)
        self._at_doors[dialect] = tuple(replace(each, at=dialect, sure=True) for each in counting)
        self._turn += 1

    # ── what counts ──────────────────────────────────────────────────────────────────────────────
    def _counting(self, found: Sequence[Finding]) -> tuple[Finding, ...]:
        if self.own_rules and self.standing.at is None:
            self._meant |= {each.name for each in found if each.by_policy}
        again, self._unsure = self._unsure, {each.name for each in found if not each.sure}
        return tuple(
            each
            for each in found
            if (each.sure or each.name in again) and each.name not in self.waived and each.name not in self._meant
        )

    # ── how it is told ───────────────────────────────────────────────────────────────────────────
    def _measure(self, seconds: float) -> None:
        counts, at = Counter(each.part for each in self.standing.failing), self.clock.now().timestamp()
        self.metrics.selftest.completed({part: counts[part] for part in PARTS}, at=at, seconds=seconds)

    def _log(self) -> None:
        if self.standing.failing:
            told = "; ".join(str(each) for each in self.standing.failing[:_TOLD])
            log.error(events.SELFTEST_FAILED, message=told, revision=self.point.bundle.revision)
        else:
            log.info(events.SELFTEST_RECOVERED, revision=self.point.bundle.revision)

    async def _record(self, names: Sequence[str]) -> None:
        """Write one entry, and a letter to everybody who wants to hear of warnings."""
        bundle, event_id, at = self.point.bundle, self.entries.new_id(), self.clock.now()
        type_ = FAILED if names else RECOVERED
        told: dict[str, Any] = {
            "replica": self.entries.ledger.owner,
            "failing": list(names[:_TOLD]),
            "count": len(names),
            "policy_revision": bundle.policy_revision,
            "data_revision": bundle.data_revision,
        }
        letter = cloud_event(self.source, event_id, type_, at, subject="selftest", data={**told, "at": rfc3339(at)})
        await self.entries.record(
            type_,
            by=GATEWAY,
            project_id=None,
            rows=[
                warnings.write_letter(Letter(event_id=event_id, webhook=name, body=letter), at=at)
                for name in self.webhooks
            ],
            body=told,
            people={},
            event_id=event_id,
        )
