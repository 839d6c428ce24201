"""Every event the gateway logs, by name. Names are `noun.past_participle` and are never renamed.

Logs are for operators; only the ledger is evidence. `docs` says when an event is written and, for a
warning or an error, what somebody should look at; the reference page is made from it.
"""

from collections.abc import Mapping
from typing import Final, Self


class Event(str):
    """An event's name, with what it means."""

    __slots__ = ("docs",)

    docs: str

    def __new__(cls, name: str, docs: str) -> Self:
        """Make one; the name is the text itself."""
        event = super().__new__(cls, name)
        event.docs = docs
        return event


# ── the process ──────────────────────────────────────────────────────────────────────────────────
GATEWAY_STARTED: Final = Event("gateway.started", "All rooms are up and requests are served.")
GATEWAY_STOPPED: Final = Event("gateway.stopped", "The gateway stopped in order; what waits goes on after a restart.")
GATEWAY_REFUSED: Final = Event("gateway.refused", "The gateway did not start; `code` and `message` name the mend.")
SETTINGS_LOADED: Final = Event("settings.loaded", "The settings were read and are valid.")
LIBRARY_LOGGED: Final = Event("library.logged", "A library logged something through Python's own logging.")
CHILD_STARTED: Final = Event("child.started", "A child process (sandbox, policy engine, simulator) is ready.")
CHILD_REPLACED: Final = Event("child.replaced", "A child died, hung or reached its limit and was replaced.")
WORKER_FAILED: Final = Event("worker.failed", "A background worker raised; it runs again after a pause.")

REPLICA_JOINED: Final = Event("replica.joined", "This process serves beside others on one PostgreSQL database.")
REPLICA_UNHEARD: Final = Event(
    "replica.unheard", "A heartbeat did not arrive; until one does, nothing is sent to vendors. Look at the database."
)
REPLICA_LOST: Final = Event(
    "replica.lost", "A replica let its lease run out; this one took over what it left. Look at what became of it."
)
REPLICA_FENCED: Final = Event(
    "replica.fenced", "Others took this process for dead and took its work over; it ends. Look at the machine's load."
)

RESULT_LEAKED: Final = Event(
    "result.leaked",
    "A vendor's result holds what `rule` is about, or more text than anybody reads; the entry says what became of it.",
)

# ── requests ─────────────────────────────────────────────────────────────────────────────────────
CONNECTIONS_UNCOUNTED: Final = Event(
    "connections.uncounted", "The server's counts could not be read; metrics of connections stand still. Report it."
)
REQUEST_SERVED: Final = Event("request.served", "An HTTP request was answered.")
REQUEST_REFUSED: Final = Event("request.refused", "A request was refused; `code` says why.")
REQUEST_FAILED: Final = Event("request.failed", "A defect of the gateway ended a request with 500; report it.")
KEYS_STALE: Final = Event(
    "keys.stale", "Nobody could look in the database for a key that memory does not know; look at the database."
)
SIGN_IN_REFUSED: Final = Event(
    "sign_in.refused", "Somebody did not get into the console; `code` says why, and the page told them."
)
TOKEN_GRANTED: Final = Event("token.granted", "A gateway key was traded for a short-lived access token.")

# ── submissions and jobs ─────────────────────────────────────────────────────────────────────────
PAYLOAD_MEASURED: Final = Event("payload.measured", "The circuits of a submission were measured.")
PAYLOAD_REFUSED: Final = Event("payload.refused", "A payload could not be read within the sandbox's limits.")
DECISION_TAKEN: Final = Event("decision.taken", "Policy decided on a submission.")
ENGINE_FAILED: Final = Event("engine.failed", "The policy engine gave no answer; every submission is denied meanwhile.")
OPA_FAILED: Final = Event(
    "opa.failed", "An OPA server cannot be used; `message` says why. Others decide, or every submission is denied."
)
OPA_RECOVERED: Final = Event("opa.recovered", "An OPA server can be believed: it holds our policies and decides them.")
OPA_DIVERGED: Final = Event(
    "opa.diverged",
    "An OPA server holds other policies than are published; `message` has its words; docs/runbooks/opa.md.",
)
APPROVAL_REQUESTED: Final = Event("approval.requested", "A job waits until a second person approves it.")
APPROVAL_DECIDED: Final = Event("approval.decided", "Somebody approved or rejected a job; `status` says which.")
APPROVAL_ENDED: Final = Event(
    "approval.ended", "A job that waited for a second person ended without running; `status` says how."
)
APPROVAL_DELAYED: Final = Event(
    "approval.delayed", "An approved job could not be sent now, or a waiting one not ended; it is tried again."
)
JOB_PERMITTED: Final = Event("job.permitted", "A job's permit is in the ledger.")
JOB_DENIED: Final = Event("job.denied", "Policy denied a submission; nothing was forwarded.")
JOB_FORWARDED: Final = Event("job.forwarded", "An upstream took an attempt.")
JOB_STARTED: Final = Event("job.started", "A job runs.")
JOB_COMPLETED: Final = Event("job.completed", "A job finished and its results are sealed.")
JOB_FAILED: Final = Event("job.failed", "A job ended without results.")
JOB_CANCELLED: Final = Event("job.cancelled", "A job was stopped by its owner.")
JOB_RECOVERED: Final = Event("job.recovered", "A job found unfinished after a restart was attempted again or ended.")
SUBMISSION_REPEATED: Final = Event("submission.repeated", "An SDK sent a submission again; the first one counts.")
SESSION_OPENED: Final = Event("session.opened", "A session or batch takes jobs.")
SESSION_CLOSED: Final = Event("session.closed", "A session or batch takes no more jobs.")
FORWARD_FAILED: Final = Event("forward.failed", "An upstream did not take an attempt; it is tried again where safe.")

SEARCH_FOUND: Final = Event("search.found", "A submission whose answer was lost was found at its vendor.")
SEARCH_FAILED: Final = Event(
    "search.failed", "A submission whose answer was lost could not be looked for now; it is tried again."
)
JOBS_HALTED: Final = Event("jobs.halted", "Jobs were stopped because an operator set a halt.")

OUTCOME_DELAYED: Final = Event(
    "outcome.delayed", "The ledger took no outcome; the job shows as running until it does. Look at the disk."
)
ENTRY_MISSED: Final = Event(
    "entry.missed", "The ledger took no entry for a read, a cancel or a refusal, which go on without one."
)

# ── vendors ──────────────────────────────────────────────────────────────────────────────────────
VENDOR_DEGRADED: Final = Event("vendor.degraded", "A vendor failed too often and is left alone; look at its status.")
VENDOR_RECOVERED: Final = Event("vendor.recovered", "A vendor that was left alone answers again.")
VENDOR_FAILED: Final = Event(
    "vendor.failed", "A question to a vendor got no good answer; `operation` and `code` say which and why."
)
BACKEND_CHANGED: Final = Event("backend.changed", "A backend takes work again, or takes none; `status` says why.")
CALIBRATION_MISSED: Final = Event(
    "calibration.missed", "A backend's calibration cannot be asked for; policies that want a fresh one deny meanwhile."
)
RESULT_DELAYED: Final = Event(
    "result.delayed", "A job completed at its vendor and its results cannot be fetched yet; they are asked for again."
)
RESULT_UNREAD: Final = Event(
    "result.unread", "A vendor's results are kept but could not be read into our words; its format may have changed."
)
CANCEL_REFUSED: Final = Event("cancel.refused", "A vendor refused to stop a job; it goes on, and may cost.")
ORPHAN_FOUND: Final = Event(
    "orphan.found", "A vendor's account has a job that the gateway did not forward; find out who else uses it."
)

# ── money and quotas ─────────────────────────────────────────────────────────────────────────────
BUDGETS_UNREAD: Final = Event(
    "budgets.unread",
    "What is left of a caller's budgets could not be read, so the job is denied. Look at the database.",
)
LABELS_UNREAD: Final = Event(
    "labels.unread",
    "What a job's circuits were labelled before could not be read, so the job is denied. Look at the database.",
)
RESERVATION_REFUSED: Final = Event(
    "reservation.refused", "A budget or quota refused a job that policy had allowed; nothing was forwarded."
)
LIMIT_CROSSED: Final = Event(
    "limit.crossed", "A limit's window is filled to a threshold; `limit` and `threshold` say which. Raise it or wait."
)
LIMIT_BURNING: Final = Event(
    "limit.burning", "A limit's window fills up at twice its even pace or faster; find out who takes so much."
)
WEBHOOK_DELIVERED: Final = Event("webhook.delivered", "A webhook took a warning, or entries.")
WEBHOOK_DELAYED: Final = Event(
    "webhook.delayed", "A webhook did not take a warning, or entries; they are sent again after a pause."
)
WEBHOOK_LOST: Final = Event(
    "webhook.lost", "A webhook took a warning in none of many tries, or is gone; look at its address and its secret."
)
EXPORT_WRITTEN: Final = Event("export.written", "A piece of the ledger was put where a scheduled export keeps it.")
EXPORT_FAILED: Final = Event(
    "export.failed", "A scheduled export could not put a piece; it is tried again. `message` names the mend."
)

# ── ledger, vault, identity ──────────────────────────────────────────────────────────────────────
LEDGER_STALLED: Final = Event("ledger.stalled", "The ledger takes no entry, so nothing is forwarded; look at the disk.")
LEDGER_RECOVERED: Final = Event("ledger.recovered", "The ledger takes entries again.")
CHECKPOINT_SIGNED: Final = Event("checkpoint.signed", "A checkpoint of the ledger was signed.")
CHECKPOINT_REFUSED: Final = Event(
    "checkpoint.refused",
    "The ledger does not continue what was signed before, so no more is signed; docs/runbooks/checkpoint-refused.md.",
)
LOG_KEY_ANNOUNCED: Final = Event("log_key.announced", "A pair of keys for checkpoints was announced in the ledger.")
WITNESS_STARTED: Final = Event("witness.started", "A witness answers; `address` says where.")
WITNESS_FAILED: Final = Event("witness.failed", "A witness did not cosign; `message` says why. It is asked again.")
WITNESS_RECOVERED: Final = Event("witness.recovered", "A witness that did not cosign does so again.")
OBJECT_DAMAGED: Final = Event("object.damaged", "A sealed object does not open; compare database and backups.")
OBJECT_SHREDDED: Final = Event("object.shredded", "The key of a sealed object was erased on request.")
TENANT_KEY_CREATED: Final = Event("tenant_key.created", "A project got its first key for sealing.")
TENANT_KEYS_REWRAPPED: Final = Event("tenant_keys.rewrapped", "All tenant keys are wrapped by another master key.")
IDENTITY_REFRESHED: Final = Event("identity.refreshed", "Keys, principals and projects were read again.")
CALIBRATION_RECORDED: Final = Event("calibration.recorded", "A new calibration snapshot of a backend was stored.")
POLICY_ACTIVATED: Final = Event("policy.activated", "A new revision of the policies decides from now on.")
POLICY_REFUSED: Final = Event(
    "policy.refused",
    "A new revision of the policies was refused and the old one stays; `message` says why.",
)
SELFTEST_FAILED: Final = Event(
    "selftest.failed",
    "A rule, an engine or the way of submissions is not as it should be; `message` says what; "
    "docs/runbooks/selftest.md.",
)
SELFTEST_RECOVERED: Final = Event("selftest.recovered", "The self-test passes again.")
GLASS_BROKEN: Final = Event(
    "glass.broken",
    "A submission was decided while break-glass is in force; `message` names it, see the runbook of break-glass.",
)
ROLLOUT_STOPPED: Final = Event(
    "rollout.stopped",
    "A rule that is rolled out denied too much, and is advisory for everybody until a person resumes it.",
)
SHADOW_STARTED: Final = Event("shadow.started", "A candidate decides beside the live revision from now on.")
SHADOW_REFUSED: Final = Event(
    "shadow.refused", "A candidate cannot decide beside the live revision here; look at its revision."
)
POLICY_LOADED: Final = Event("policy.loaded", "Policies and their data were loaded under a revision.")

ALL: Final[Mapping[str, Event]] = {str(event): event for event in tuple(globals().values()) if isinstance(event, Event)}
"""By name."""
