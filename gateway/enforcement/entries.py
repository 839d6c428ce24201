"""What enforcement writes into the ledger: one function per kind of entry, digests and ids only.

People and keys appear as `vault.subject` digests, never by name. Fields are documented in
docs/reference/events.md, which is generated from `audit.entry.TYPES`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from secrets import token_bytes
from types import MappingProxyType
from typing import Any, Final

from gateway.domain.approval import ApprovalRequest, Demand
from gateway.domain.circuit import ProgramFacts
from gateway.domain.classification import Classification
from gateway.domain.clock import Clock, rfc3339
from gateway.domain.decision import Decision, Placement, Tried
from gateway.domain.errors import RefusedError
from gateway.domain.ids import uuid7
from gateway.domain.job import JobRecord, Session
from gateway.domain.leaks import Leak
from gateway.domain.money import Quote
from gateway.domain.principal import Caller
from gateway.domain.result import ProgramResult
from gateway.domain.submission import Submission
from gateway.domain.writes import EntryDraft, HoldWrite, SealedWrite
from gateway.enforcement import entry_parts as part
from gateway.enforcement.obliged import Kept
from gateway.ports.vendor import Prepared, VendorJob

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """Drafts of entries, stamped with the time and a fresh event id."""

    clock: Clock
    subject: Callable[[str], str]
    """Digest of a principal's or key's id, keyed so that erasing the key erases the person."""

    def id(self) -> str:
        """Mint a UUIDv7."""
        return uuid7(self.clock.now(), token_bytes(10))

    def draft(self, type_: str, project_id: str | None, body: Mapping[str, Any]) -> EntryDraft:
        """Stamp a body."""
        return EntryDraft(event_id=self.id(), type=type_, at=self.clock.now(), project_id=project_id, body=body)

    def permitted(  # everything an auditor asks about one permit, in one place
        self,
        *,
        caller: Caller,
        submission: Submission,
        job: JobRecord,
        decision: Decision,
        placement: Placement,
        kept: Kept,
        classification: Classification,
        quote: Quote | None,
        sealed: Mapping[str, SealedWrite],
        provenance: Mapping[str, Any],
        not_applied: tuple[str, ...],
        prepared: Prepared | None,
        tried: Sequence[Tried],
        leaks: Sequence[Leak] = (),
        approval: ApprovalRequest | None = None,
    ) -> EntryDraft:
        """Record that a job may go to one place, before anything goes anywhere."""
        measured = kept.measured
        body = {
            **self._asked(caller, submission, decision, classification),
            "job_id": job.id,
            **self._approved(approval),
            "client_job_id": job.client_job_id,
            "attempt": 1,
            "placement": part.placement(placement),
            "tried": part.tried(tried),
            "circuits": {"count": len(measured.circuits), "digest": measured.digest, "shots": measured.total_shots},
            "calibration": job.calibration_digest,
            "quote": None if quote is None else part.quote(quote),
            "sealed": {kind: part.sealed(write) for kind, write in sealed.items()},
            "provenance": dict(provenance),
            "options_not_applied": list(not_applied),
            "outgoing": None if prepared is None else part.outgoing(prepared),
            "obligations": [{"kind": each.kind, "parameters": each.parameters} for each in decision.obligations],
            "changes": part.changes(submission, kept),
            "stages": dict(job.stages),
            **part.leaks(leaks),
        }
        return self.draft("job.permitted", caller.project.id, body)

    def repeated(self, job: JobRecord, *, attempt: int, searches: int, prepared: Prepared | None) -> EntryDraft:
        """Record that the next attempt may go, because the one before is proven not to have arrived."""
        body = {
            "job_id": job.id,
            "attempt": attempt,
            "searches": searches,
            "outgoing": None if prepared is None else part.outgoing(prepared),
        }
        return self.draft("attempt.repeated", job.project_id, body)

    def lost(self, job: JobRecord, *, attempt: int, why: str) -> EntryDraft:
        """Record that nobody knows whether the vendor has an attempt."""
        return self.draft("attempt.lost", job.project_id, {"job_id": job.id, "attempt": attempt, "why": why})

    def denied(
        self,
        *,
        caller: Caller,
        submission: Submission,
        decision: Decision,
        classification: Classification,
        facts: SealedWrite,
        tried: Sequence[Tried],
        unkept: str = "",
        leaks: Sequence[Leak] = (),
        approval: ApprovalRequest | None = None,
    ) -> EntryDraft:
        """Record a denial with its rules, or why an obligation could not be kept; the facts are sealed beside it."""
        body = {
            **self._asked(caller, submission, decision, classification),
            **self._approved(approval),
            "deny": [finding.rule for finding in decision.deny],
            **({"unkept": unkept} if unkept else {}),
            "tried": part.tried(tried),
            "sealed": {"facts": part.sealed(facts)},
            **part.leaks(leaks),
        }
        return self.draft("job.denied", caller.project.id, body)

    def unaffordable(
        self,
        *,
        caller: Caller,
        submission: Submission,
        decision: Decision,
        classification: Classification,
        placement: Placement,
        quote: Quote | None,
        error: RefusedError,
        facts: SealedWrite,
        approval: ApprovalRequest | None = None,
    ) -> EntryDraft:
        """Record that a budget or quota refused what policy had allowed; the facts are sealed beside it."""
        body = {
            **self._asked(caller, submission, decision, classification),
            **self._approved(approval),
            "code": error.code,
            "placement": part.placement(placement),
            "quote": None if quote is None else part.quote(quote),
            "limit": part.limit(error),
            "sealed": {"facts": part.sealed(facts)},
        }
        return self.draft("reservation.refused", caller.project.id, body)

    def awaited(
        self,
        *,
        caller: Caller,
        submission: Submission,
        job: JobRecord,
        decision: Decision,
        placement: Placement,
        measured: ProgramFacts,
        classification: Classification,
        quote: Quote | None,
        sealed: Mapping[str, SealedWrite],
        request: ApprovalRequest,
    ) -> EntryDraft:
        """Record that a job waits for a second person; nothing may go, and nothing is held."""
        body = {
            **self._asked(caller, submission, decision, classification),
            "job_id": job.id,
            "client_job_id": job.client_job_id,
            "placement": part.placement(placement),
            "circuits": {"count": len(measured.circuits), "digest": measured.digest, "shots": measured.total_shots},
            "quote": None if quote is None else part.quote(quote),
            "sealed": {kind: part.sealed(write) for kind, write in sealed.items()},
            "demands": [_demand(each) for each in request.demands],
            "expires": rfc3339(request.expires_at),
            "stages": dict(job.stages),
        }
        draft = self.draft("approval.requested", caller.project.id, body)
        return replace(draft, event_id=request.event_id)

    def _approved(self, request: ApprovalRequest | None) -> dict[str, Any]:
        """Say which approval a decision rests on; entries of the many without one do not grow."""
        if request is None or request.verdict is None:
            return {}
        return {
            "job_id": request.job_id,
            "approval": {"request": request.event_id, "by": self.subject(request.verdict.by)},
        }

    def _asked(
        self, caller: Caller, submission: Submission, decision: Decision, classification: Classification
    ) -> dict[str, Any]:
        return {
            "principal": self.subject(caller.principal.id),
            "key": self.subject(caller.key.id),
            "dialect": submission.dialect,
            "program": submission.program,
            "backend_asked": submission.backend,
            "classification": classification.value,
            "session": submission.session_id,
            "payload": {"digest": submission.body_digest, "bytes": len(submission.body)},
            "decision": {
                "id": decision.id,
                "engine": decision.engine,
                "policy_revision": decision.policy_revision,
                "data_revision": decision.data_revision,
                "facts_digest": decision.facts_digest,
                "outcome_digest": decision.outcome_digest,
                "warn": [finding.rule for finding in decision.warn],
                "microseconds": round(decision.milliseconds * 1000),
            },
        }

    def forwarded(self, job: JobRecord, *, attempt: int, vendor_job_id: str, found: bool) -> EntryDraft:
        """Record that an upstream took the job; `found` when a search told, because the answer was lost."""
        body = {
            "job_id": job.id,
            "attempt": attempt,
            "upstream": job.upstream,
            "vendor_job_id": vendor_job_id,
            "found": found,
        }
        return self.draft("job.forwarded", job.project_id, body)

    def completed(
        self,
        job: JobRecord,
        *,
        attempt: int,
        repeats: int,
        result: ProgramResult | None,
        vendor: VendorJob | None,
        sealed: Sequence[SealedWrite],
        hold: HoldWrite | None,
        screened: Mapping[str, Any] = _NOTHING,
    ) -> EntryDraft:
        """Record a result: what ran, on what kind of machine, and each result in a few numbers.

        A vendor's result that could not be read has no summaries; its documents are sealed all the same.
        """
        body = {
            **part.outcome(job, attempt, repeats),
            "result": part.sealed(next(write for write in sealed if write.kind == "result")),
            "documents": {write.kind: part.sealed(write) for write in sealed},
            "execution": {} if result is None else {key: part.plain(value) for key, value in result.metadata.items()},
            "vendor": None if vendor is None else part.vendor(vendor),
            "cost": part.cost(hold),
            "milliseconds": round(job.usage_seconds * 1000),
            "cpu_milliseconds": 0 if result is None else round(result.cpu_seconds * 1000),
            "summaries": [] if result is None else [part.summary(item.summary) for item in result.items[:100]],
            **screened,
        }
        return self.draft("job.completed", job.project_id, body)

    def ended(
        self,
        job: JobRecord,
        *,
        attempt: int,
        repeats: int,
        hold: HoldWrite | None,
        sealed: Sequence[SealedWrite] = (),
        screened: Mapping[str, Any] = _NOTHING,
    ) -> EntryDraft:
        """Record that a job failed or was cancelled, and why; `sealed` is what it left all the same."""
        body = {
            **part.outcome(job, attempt, repeats),
            "reason": job.reason,
            "reason_code": job.reason_code,
            "cost": part.cost(hold),
            "documents": {write.kind: part.sealed(write) for write in sealed},
            **screened,
        }
        return self.draft(f"job.{job.status.value}", job.project_id, body)

    def by(self, type_: str, caller: Caller, **body: Any) -> EntryDraft:
        """Record what a caller did to a job, a session or the like."""
        who = {"principal": self.subject(caller.principal.id), "key": self.subject(caller.key.id)}
        return self.draft(type_, caller.project.id, {**who, **body})

    def session(self, type_: str, caller: Caller, session: Session, *, hold: HoldWrite | None) -> EntryDraft:
        """Record a session's opening or closing, and what is held or charged for it."""
        return self.by(type_, caller, **part.session(session, hold))

    def expired(self, session: Session, *, hold: HoldWrite | None) -> EntryDraft:
        """Record that a session's time to live has passed; nobody did anything."""
        return self.draft("session.expired", session.project_id, part.session(session, hold))


def _demand(demand: Demand) -> dict[str, Any]:
    return {"permission": demand.permission, "role": demand.role, "reason": demand.reason, "hours": demand.hours}
