"""The fields that entries of jobs have in common: a placement, a quote, an outcome, what it cost."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from gateway.budgets.hold import RELEASE
from gateway.domain.budget import Charge
from gateway.domain.clock import rfc3339
from gateway.domain.decision import Placement, Tried
from gateway.domain.errors import RefusedError
from gateway.domain.exceeded import LimitExceededError
from gateway.domain.job import JobRecord, Session
from gateway.domain.leaks import Leak
from gateway.domain.money import Quote
from gateway.domain.result import Summary
from gateway.domain.submission import Submission
from gateway.domain.writes import HoldWrite, SealedWrite
from gateway.enforcement.obliged import Kept
from gateway.ports.vendor import Prepared, VendorJob


def session(session: Session, hold: HoldWrite | None) -> dict[str, Any]:
    """Say what a session is, and what is held or was charged for it."""
    return {
        "session": session.id,
        "backend": session.backend,
        "mode": session.mode,
        "max_ttl_seconds": session.max_ttl_seconds,
        "seconds": None if hold is None else hold.charge.session_seconds,
    }


def outcome(job: JobRecord, attempt: int, repeats: int) -> dict[str, Any]:
    """Say where a job ran, or was to run."""
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


def cost(hold: HoldWrite | None) -> dict[str, Any] | None:
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


def vendor(job: VendorJob) -> dict[str, Any]:
    """Say what the vendor told of a job."""
    seconds = None if job.billed_seconds is None else round(job.billed_seconds * 1000)
    times = {"submitted": job.submitted_at, "started": job.started_at, "finished": job.finished_at}
    return {
        "job": job.id,
        "billed_milliseconds": seconds,
        "cost_micros": job.cost_micros,
        "calibration": job.calibration_id,
        "times": {name: None if at is None else rfc3339(at) for name, at in times.items()},
    }


def leaks(found: Sequence[Leak]) -> dict[str, Any]:
    """Say by which rules something was found in texts, and where; entries of the many without it do not grow."""
    return {"leaks": [asdict(each) for each in found]} if found else {}


def placement(place: Placement) -> dict[str, Any]:
    """Say where a job may go."""
    return {
        "upstream": place.upstream,
        "backend": place.backend,
        "kind": place.kind.value,
        "fallback": place.fallback,
        "reason": place.reason,
    }


def changes(submission: Submission, kept: Kept) -> dict[str, Any] | None:
    """Say what was changed as policy obliges; null where it runs as it came, or merely in another vendor's words."""
    if kept.written is None or not kept.made:
        return None
    return {
        "before": submission.body_digest,
        "after": sha256(kept.written).hexdigest(),
        "made": [{"kind": each.kind, "place": each.place, "words": each.words} for each in kept.made],
    }


def tried(places: Sequence[Tried]) -> list[dict[str, Any]]:
    """Say which places policy did not allow, and by which rules."""
    return [{"backend": each.backend, "rules": list(each.rules)} for each in places]


def outgoing(prepared: Prepared) -> dict[str, Any]:
    """Say what is sent, and how it differs from what was received."""
    return {
        "digest": sha256(prepared.body).hexdigest(),
        "account": prepared.account_id,
        "edits": [
            {"pointer": edit.pointer, "old_digest": edit.old_digest, "new": edit.new, "why": edit.why}
            for edit in prepared.edits
        ],
    }


def quote(quoted: Quote) -> dict[str, Any]:
    """Say what a job costs at most."""
    return {
        "amount_micros": quoted.amount_micros,
        "currency": quoted.currency,
        "price_revision": quoted.price_revision,
        "estimate_micros": quoted.estimate_micros,
        "held_micros": quoted.amount_micros,
        "bound_seconds": quoted.bound_seconds,
        "native": None if quoted.native is None else {"amount": quoted.native[0], "unit": quoted.native[1]},
    }


def limit(error: RefusedError) -> dict[str, Any] | None:
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


def sealed(write: SealedWrite) -> dict[str, Any]:
    """Name a sealed object by its digest."""
    return {"object": write.object_id, "digest": write.ciphertext_digest, "key_version": write.key_version}


def summary(told: Summary) -> dict[str, Any]:
    """Say what came out of one circuit, in whole numbers."""
    return {
        "shots": told.shots,
        "distinct_outcomes": told.distinct_outcomes,
        "top_probability_ppm": told.top_probability_ppm,
        "entropy_microbits": told.entropy_microbits,
        "value_ppm": told.value_ppm,
        "standard_error_ppm": told.standard_error_ppm,
    }


def plain(value: Any) -> Any:
    """Turn an upstream's metadata into what a leaf may hold: no floats, and seeds beyond 2**53 as text."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 53 else str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value]
