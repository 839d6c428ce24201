"""What enforcement writes into the ledger: one function per kind of entry, digests and ids only.

People and keys appear as `vault.subject` digests, never by name. Fields are documented in
docs/reference/events.md, which is generated from `audit.entry.TYPES`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_bytes
from typing import Any

from gateway.budgets.hold import RELEASE
from gateway.domain.budget import Charge
from gateway.domain.circuit import ProgramFacts
from gateway.domain.classification import Classification
from gateway.domain.clock import Clock, rfc3339
from gateway.domain.decision import Decision, Placement, Tried
from gateway.domain.errors import RefusedError
from gateway.domain.exceeded import LimitExceededError
from gateway.domain.ids import uuid7
from gateway.domain.job import JobRecord, Session
from gateway.domain.money import Quote
from gateway.domain.principal import Caller
from gateway.domain.result import ProgramResult, Summary
from gateway.domain.submission import Submission
from gateway.domain.writes import EntryDraft, HoldWrite, SealedWrite
from gateway.ports.vendor import Prepared, VendorJob


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
        measured: ProgramFacts,
        classification: Classification,
        quote: Quote | None,
        sealed: Mapping[str, SealedWrite],
        provenance: Mapping[str, Any],
        not_applied: tuple[str, ...],
        prepared: Prepared | None,
        tried: Sequence[Tried],
    ) -> EntryDraft:
        """Record that a job may go to one place, before anything goes anywhere."""
        body = {
            **self._asked(caller, submission, decision, classification),
            "job_id": job.id,
            "client_job_id": job.client_job_id,
            "attempt": 1,
            "placement": _placement(placement),
            "tried": _tried(tried),
            "circuits": {"count": len(measured.circuits), "digest": measured.digest, "shots": measured.total_shots},
            "calibration": job.calibration_digest,
            "quote": None if quote is None else _quote(quote),
            "sealed": {kind: _sealed(write) for kind, write in sealed.items()},
            "provenance": dict(provenance),
            "options_not_applied": list(not_applied),
            "outgoing": None if prepared is None else _outgoing(prepared),
            "stages": dict(job.stages),
        }
        return self.draft("job.permitted", caller.project.id, body)

    def repeated(self, job: JobRecord, *, attempt: int, searches: int, prepared: Prepared | None) -> EntryDraft:
        """Record that the next attempt may go, because the one before is proven not to have arrived."""
        body = {
            "job_id": job.id,
            "attempt": attempt,
            "searches": searches,
            "outgoing": None if prepared is None else _outgoing(prepared),
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
    ) -> EntryDraft:
        """Record a denial with its rules; the facts are sealed beside it."""
        body = {
            **self._asked(caller, submission, decision, classification),
            "deny": [finding.rule for finding in decision.deny],
            "tried": _tried(tried),
            "sealed": {"facts": _sealed(facts)},
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
    ) -> EntryDraft:
        """Record that a budget or quota refused what policy had allowed; the facts are sealed beside it."""
        body = {
            **self._asked(caller, submission, decision, classification),
            "code": error.code,
            "placement": _placement(placement),
            "quote": None if quote is None else _quote(quote),
            "limit": _limit(error),
            "sealed": {"facts": _sealed(facts)},
        }
        return self.draft("reservation.refused", caller.project.id, body)

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
    ) -> EntryDraft:
        """Record a result: what ran, on what kind of machine, and each result in a few numbers.

        A vendor's result that could not be read has no summaries; its documents are sealed all the same.
        """
        body = {
            **_outcome(job, attempt, repeats),
            "result": _sealed(next(write for write in sealed if write.kind == "result")),
            "documents": {write.kind: _sealed(write) for write in sealed},
            "execution": {} if result is None else {key: _plain(value) for key, value in result.metadata.items()},
            "vendor": None if vendor is None else _vendor(vendor),
            "cost": _cost(hold),
            "milliseconds": round(job.usage_seconds * 1000),
            "cpu_milliseconds": 0 if result is None else round(result.cpu_seconds * 1000),
            "summaries": [] if result is None else [_summary(item.summary) for item in result.items[:100]],
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
    ) -> EntryDraft:
        """Record that a job failed or was cancelled, and why; `sealed` is what it left all the same."""
        body = {
            **_outcome(job, attempt, repeats),
            "reason": job.reason,
            "reason_code": job.reason_code,
            "cost": _cost(hold),
            "documents": {write.kind: _sealed(write) for write in sealed},
        }
        return self.draft(f"job.{job.status.value}", job.project_id, body)

    def by(self, type_: str, caller: Caller, **body: Any) -> EntryDraft:
        """Record what a caller did to a job, a session or the like."""
        who = {"principal": self.subject(caller.principal.id), "key": self.subject(caller.key.id)}
        return self.draft(type_, caller.project.id, {**who, **body})

    def session(self, type_: str, caller: Caller, session: Session, *, hold: HoldWrite | None) -> EntryDraft:
        """Record a session's opening or closing, and what is held or charged for it."""
        return self.by(type_, caller, **_session(session, hold))

    def expired(self, session: Session, *, hold: HoldWrite | None) -> EntryDraft:
        """Record that a session's time to live has passed; nobody did anything."""
        return self.draft("session.expired", session.project_id, _session(session, hold))


def _session(session: Session, hold: HoldWrite | None) -> dict[str, Any]:
    return {
        "session": session.id,
        "backend": session.backend,
        "mode": session.mode,
        "max_ttl_seconds": session.max_ttl_seconds,
        "seconds": None if hold is None else hold.charge.session_seconds,
    }


def _outcome(job: JobRecord, attempt: int, repeats: int) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "attempt": attempt,
        "repeats": repeats,
        "backend": job.backend,
        "upstream": job.upstream,
        "execution_kind": job.kind.value,
        "fallback": bool(job.fallback_reason),
        "calibration": job.calibration_digest,
        "execution_calibration": job.execution_calibration,
        "circuits_digest": job.program_digest,
        "stages": dict(job.stages),
    }


def _cost(hold: HoldWrite | None) -> dict[str, Any] | None:
    """Say what became of what was held; null where nothing was."""
    if hold is None:
        return None
    # What is released was held and is given back: nothing of it was taken.
    taken = Charge() if hold.action == RELEASE else hold.charge
    return {
        "action": hold.action,
        "settled_micros": taken.micros,
        "currency": hold.charge.currency,
        "jobs": taken.jobs,
        "circuits": taken.circuits,
        "shots": taken.shots,
        "qpu_milliseconds": taken.qpu_milliseconds,
    }


def _vendor(job: VendorJob) -> dict[str, Any]:
    seconds = None if job.billed_seconds is None else round(job.billed_seconds * 1000)
    times = {"submitted": job.submitted_at, "started": job.started_at, "finished": job.finished_at}
    return {
        "job": job.id,
        "billed_milliseconds": seconds,
        "cost_micros": job.cost_micros,
        "calibration": job.calibration_id,
        "times": {name: None if at is None else rfc3339(at) for name, at in times.items()},
    }


def _placement(placement: Placement) -> dict[str, Any]:
    return {
        "upstream": placement.upstream,
        "backend": placement.backend,
        "kind": placement.kind.value,
        "fallback": placement.fallback,
        "reason": placement.reason,
    }


def _tried(tried: Sequence[Tried]) -> list[dict[str, Any]]:
    return [{"backend": each.backend, "rules": list(each.rules)} for each in tried]


def _outgoing(prepared: Prepared) -> dict[str, Any]:
    return {
        "digest": sha256(prepared.body).hexdigest(),
        "account": prepared.account_id,
        "edits": [
            {"pointer": edit.pointer, "old_digest": edit.old_digest, "new": edit.new, "why": edit.why}
            for edit in prepared.edits
        ],
    }


def _quote(quote: Quote) -> dict[str, Any]:
    return {
        "amount_micros": quote.amount_micros,
        "currency": quote.currency,
        "price_revision": quote.price_revision,
        "estimate_micros": quote.estimate_micros,
        "held_micros": quote.amount_micros,
        "bound_seconds": quote.bound_seconds,
        "native": None if quote.native is None else {"amount": quote.native[0], "unit": quote.native[1]},
    }


def _limit(error: RefusedError) -> dict[str, Any] | None:
    """Name the limit that did not have as much left; a budget of another currency has no figure to compare."""
    if not isinstance(error, LimitExceededError):
        return None
    standing, limit = error.standing, error.standing.limit
    return {
        "id": limit.id,
        "unit": limit.unit.value,
        "allowed": standing.allowed,
        "held": standing.held,
        "settled": standing.settled,
        "needed": error.needed,
    }


def _sealed(write: SealedWrite) -> dict[str, Any]:
    return {"object": write.object_id, "digest": write.ciphertext_digest, "key_version": write.key_version}


def _summary(summary: Summary) -> dict[str, Any]:
    return {
        "shots": summary.shots,
        "distinct_outcomes": summary.distinct_outcomes,
        "top_probability_ppm": summary.top_probability_ppm,
        "entropy_microbits": summary.entropy_microbits,
        "value_ppm": summary.value_ppm,
        "standard_error_ppm": summary.standard_error_ppm,
    }


def _plain(value: Any) -> Any:
    """Turn an upstream's metadata into what a leaf may hold: no floats, and seeds beyond 2**53 as text."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 53 else str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value]
