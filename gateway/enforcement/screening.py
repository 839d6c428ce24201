"""Results are looked through before anybody gets them: what their texts hold is recorded, taken out, or held back.

The rules are policy's own table (`data.org.dlp`); worker processes do the looking. What is taken out or held back
stays sealed as the vendor sent it, under another name, for whoever may open it by hand. Order: looked through, sealed,
recorded, then shown; a crash in between looks again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any, Final

import structlog

from gateway.circuits.sandbox import Sandbox, UnreadablePayloadError
from gateway.domain.job import JobRecord
from gateway.domain.leaks import LeakRule, LeakRules, ResultAction, Screened
from gateway.telemetry import events
from gateway.telemetry.leaks import LeakMetrics

WITHHELD: Final = "withheld"
"""Begins the kinds of sealed objects that no client is given."""
REASON: Final = "reason"
"""The vendor's words for how a job ended, looked through like a document."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What clients may have of a result."""

    documents: Mapping[str, bytes] = field(repr=False)
    reason: str
    withheld: str = ""
    """Why they get none of it, in words for them."""
    kept: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Documents that they get otherwise or not at all, as the vendor sent them."""
    told: Mapping[str, Any] = field(default_factory=dict)
    """What the entry says of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """Looks results through."""

    sandbox: Sandbox
    rules: Callable[[], LeakRules]
    metrics: LeakMetrics

    async def screen(self, job: JobRecord, documents: Mapping[str, bytes], reason: str) -> Handed:
        """Look through what a job left, and say what may be handed out.

        Raises:
            SandboxBusyError: no worker was free in time; nothing is handed out before one was.
        """
        rules = self.rules().of_results
        if not rules.rules:
            return Handed(documents=documents, reason=reason)
        given = {**documents, REASON: reason.encode()} if reason else documents
        handed = _handed(given, await self._screened(job, given, rules), rules)
        self._tell(job, handed)
        return handed

    async def _screened(self, job: JobRecord, documents: Mapping[str, bytes], rules: LeakRules) -> Screened:
        who = {"project_id": job.project_id, "principal_id": job.principal_id}
        try:
            return await self.sandbox.screen(documents, rules=rules, **who)
        except UnreadablePayloadError:
            return Screened(unread=tuple(documents))

    def _tell(self, job: JobRecord, handed: Handed) -> None:
        told = handed.told
        outcomes = {"withheld": handed.withheld, "redacted": told.get("redacted"), "unread": told.get("unread")}
        self.metrics.screened(next((name for name, said in outcomes.items() if said), "handed-out"))
        found = sorted({leak["rule"] for leak in told.get("leaks", ())})
        for rule in found:
            self.metrics.found("result", rule)
        if told:
            log.warning(events.RESULT_LEAKED, job_id=job.id, rule=found)


def _handed(given: Mapping[str, bytes], screened: Screened, rules: LeakRules) -> Handed:
    documents = {**given, **screened.redacted}
    reason = documents.pop(REASON, b"").decode()
    why = _why(screened, rules)
    kept = [name for name in given if name != REASON and (why or name in screened.redacted)]
    told = {
        "leaks": [asdict(leak) for leak in screened.leaks],
        "redacted": [_changed(name, given[name], body) for name, body in screened.redacted.items()],
        "unread": list(screened.unread),
        "withheld": kept if why else [],
    }
    return Handed(
        documents={} if why else documents,
        reason=reason,
        withheld=why,
        kept={name: given[name] for name in kept},
        told={name: said for name, said in told.items() if said},
    )


def _why(screened: Screened, rules: LeakRules) -> str:
    """Say why a result is held back; empty when it is not."""
    found = {leak.rule for leak in screened.leaks}
    says = [rule.says for rule in _withholding(rules.rules) if rule.id in found]
    if screened.unread and rules.unread_results is ResultAction.WITHHOLD:
        says.append("more text than anybody can look through")
    if not says:
        return ""
    return (
        f"it ran, and its results are withheld: they hold {' and '.join(says)}; they are kept, "
        "give the gateway's operators the id of this job"
    )


def _withholding(rules: Sequence[LeakRule]) -> Iterator[LeakRule]:
    return (rule for rule in rules if rule.results is ResultAction.WITHHOLD)


def _changed(name: str, before: bytes, after: bytes) -> dict[str, str]:
    return {"document": name, "before": sha256(before).hexdigest(), "after": sha256(after).hexdigest()}


def withheld_kind(name: str) -> str:
    """Name the sealed object that holds a document which no client gets; by its digest, as kinds are short."""
    return f"{WITHHELD}/{sha256(name.encode()).hexdigest()[:16]}"
