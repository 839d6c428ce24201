"""Taking a new revision of the policies into a running gateway, or refusing it and keeping the old one.

In this order: read the files, check them, run the tests of what changed, self-test them in an engine of their own, let
it decide what was decided lately, store it, say so in the ledger, and swap. Whatever fails before the swap leaves the
old revision deciding, and an entry that says why. A crash leaves at most a stored revision that nobody used.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, replace
from secrets import token_bytes
from typing import Any, Final, Protocol

import structlog

from gateway.audit.ledger import Ledger
from gateway.budgets.quote import PriceBook
from gateway.casework.recorded import ENGINE, Recorded, Recordings
from gateway.casework.revisions import ACTIVATED, Revisions
from gateway.domain.clock import Clock
from gateway.domain.decision import Decision
from gateway.domain.errors import GatewayError, InsecureError
from gateway.domain.ids import uuid7
from gateway.domain.writes import EntryDraft
from gateway.policy import check
from gateway.policy.answer import check_selftest
from gateway.policy.bulk import BulkEngine
from gateway.policy.bundle import Bundle
from gateway.policy.live import Current
from gateway.policy.obligations import Duties
from gateway.policy.published import Published
from gateway.telemetry import events

REFUSED: Final = "policy.refused"
ENOUGH: Final = 20
"""Recent submissions that must have been allowed before a share of them says anything."""
_WORDS: Final = 1000
"""Characters of an error that go into the entry."""
log = structlog.get_logger(__name__)


class PolicySurgeError(InsecureError):
    """A new revision would deny too many of those that were lately allowed."""

    code = "policy-surge"

    def __init__(self, *, denied: int, allowed: int, most_percent: int) -> None:
        super().__init__(
            f"the new policies deny {denied} of the last {allowed} submissions that were allowed, and "
            f"policy.canary_denials_percent is {most_percent}; look at them with `gateway policy replay`, or raise it"
        )
        self.denied, self.allowed = denied, allowed


class PolicyFailsError(InsecureError):
    """A new revision gives no decision on facts that were decided lately."""

    code = "policy-fails"

    def __init__(self, decision: Decision) -> None:
        first = decision.deny[0]
        super().__init__(f"the new policies fail on a submission of lately: {first.rule}, {first.message}")


class OtherFilesError(InsecureError):
    """The files of this machine hold another revision than the one that was asked for."""

    code = "policy-files"

    def __init__(self, *, found: str, wanted: str) -> None:
        super().__init__(
            f"revision {wanted[:12]} was asked for, and the files of this machine hold {found[:12]}; bring the same "
            "files to every machine, then ask again; a running gateway reads the directory that its own settings name: "
            "one that was started without policy.overrides must be started with it"
        )
        self.found, self.wanted = found, wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """What a new revision made of recent submissions."""

    decisions: int = 0
    newly_denied: int = 0
    newly_allowed: int = 0
    newly_obliged: int = 0
    """Allowed as before, under other conditions."""
    newly_waiting: int = 0
    """Of those, how many a second person must approve now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one reload."""

    revision: str
    """That decides now; where the files could not be read, the old one."""
    changed: bool
    refused: str = ""
    """Why the new one does not; the old one stayed."""
    canary: Canary = Canary()


class Switch(Protocol):
    """Brings a new revision into force; how depends on the engine."""

    def prepared(self, new: Published) -> AbstractAsyncContextManager[Callable[[], None]]:
        """Start who decides by it, self-tested and asked by nobody, and give what brings it in; else it is closed.

        Raises:
            GatewayError: it does not start.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloader:
    """Reloads the policies of this process, one reload at a time."""

    current: Current
    switch: Switch
    load: Callable[[], Published]
    revisions: Revisions
    recordings: Recordings
    prices: PriceBook
    ledger: Ledger
    clock: Clock
    canary_decisions: int
    canary_denials_percent: int

    async def reload(self, *, wanted: str | None = None, **told: Any) -> Outcome:
        """Take in what the files hold now, or keep what there is and say why.

        Args:
            wanted: the revision that the files must hold; those of another machine may be older.
            told: what the entry says besides, such as who asked.
        """
        known = {"revision": wanted}
        try:
            new = self.load()
            known["revision"] = new.bundle.revision
            if wanted is not None and new.bundle.revision != wanted:
                raise OtherFilesError(found=new.bundle.revision, wanted=wanted)
            return await self._take(new, told)
        except GatewayError as error:
            refusal = error
        await self._refuse(refusal, {**known, **told})
        return Outcome(revision=self.current.bundle.revision, changed=False, refused=refusal.message)

    async def found(self) -> str | None:
        """Give the revision that the files hold; files that hold none are refused as by a reload."""
        try:
            return self.load().bundle.revision
        except GatewayError as error:
            refusal = error
        await self._refuse(refusal, {"revision": None})
        return None

    async def _refuse(self, refusal: GatewayError, told: Mapping[str, Any]) -> None:
        await self._record(REFUSED, {"code": refusal.code, "reason": refusal.message[:_WORDS], **told})
        log.error(events.POLICY_REFUSED, code=refusal.code, message=refusal.message[:_WORDS])

    async def _take(self, new: Published, told: Mapping[str, Any]) -> Outcome:
        bundle = new.bundle
        outcome = Outcome(revision=bundle.revision, changed=bundle.revision != self.current.bundle.revision)
        if not outcome.changed:
            await self._activate(bundle, outcome, told)
            return outcome
        await check.require(new.source or bundle, since=self.current.bundle)
        outcome = replace(outcome, canary=await self._try(bundle))
        # Stored before the first decision: with OPA, servers may hold it before we ask for it.
        await self.revisions.archive(bundle, self.prices)
        async with self.switch.prepared(new) as bring_in:
            await self._activate(bundle, outcome, told)
            bring_in()
        return outcome

    async def _try(self, bundle: Bundle) -> Canary:
        """Let it decide what is known, and what was decided lately.

        Raises:
            PolicyEngineError: it does not load, or decides otherwise what is known.
            PolicyFailsError, PolicySurgeError: it fails on recent submissions, or denies too many of them.
        """
        async with BulkEngine(bundle) as engine:
            decided = await engine.decide([known.facts for known in bundle.known])
            for known, decision in zip(bundle.known, decided, strict=True):
                check_selftest(known, decision)
            recent = [each for each in await self.recordings.newest(self.canary_decisions) if each.decidable]
            return self._judged(recent, await engine.decide([each.facts for each in recent]))

    def _judged(self, recent: Sequence[Recorded], decided: Sequence[Decision]) -> Canary:
        for decision in decided:
            if any(each.rule.startswith(ENGINE) for each in decision.deny):
                raise PolicyFailsError(decision)
        canary = _compared(recent, decided)
        allowed, denied = sum(each.allow for each in recent), canary.newly_denied
        if allowed >= ENOUGH and denied * 100 > allowed * self.canary_denials_percent:
            raise PolicySurgeError(denied=denied, allowed=allowed, most_percent=self.canary_denials_percent)
        return canary

    async def _activate(self, bundle: Bundle, outcome: Outcome, told: Mapping[str, Any]) -> None:
        body = {
            "policy_revision": bundle.policy_revision,
            "data_revision": bundle.data_revision,
            "changed": outcome.changed,
            "canary": asdict(outcome.canary),
            **told,
        }
        await self._record(ACTIVATED, body)
        log.info(events.POLICY_ACTIVATED, revision=bundle.revision)

    async def _record(self, type_: str, body: Mapping[str, Any]) -> None:
        at = self.clock.now()
        body = {"replica": self.ledger.owner, **body}
        draft = EntryDraft(event_id=uuid7(at, token_bytes(10)), type=type_, at=at, project_id=None, body=body)
        await self.ledger.record(draft)


def _compared(recent: Sequence[Recorded], decided: Sequence[Decision]) -> Canary:
    pairs = list(zip(recent, decided, strict=True))
    obliged = [after for before, after in pairs if _otherwise_obliged(before, after)]
    return Canary(
        decisions=len(pairs),
        newly_denied=sum(before.allow and not after.allow for before, after in pairs),
        newly_allowed=sum(after.allow and not before.allow for before, after in pairs),
        newly_obliged=len(obliged),
        newly_waiting=sum(bool(Duties.of(after).demands) for after in obliged),
    )


def _otherwise_obliged(before: Recorded, after: Decision) -> bool:
    if before.obligations is None or not (before.allow and after.allow):
        return False
    return before.obligations != after.obligations
