"""What an entry may be: the registry of event types, and the one way an event becomes bytes.

Bytes are canonical: RFC 8785 for everything the checks here let through (ASCII keys, no floats, integers
that every JSON reader can hold). Only digests, identifiers and counts belong into an entry, never a payload
or a name. `at` is when the gateway says it, not when it happened; the body has its own times.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import msgspec

from gateway.domain.clock import rfc3339
from gateway.domain.errors import RefusedError
from gateway.domain.writes import EntryDraft, Leaf

LEAF_BYTES: Final = 60_000
"""Largest leaf: tiles of a transparency log count a leaf's length in 16 bits."""
_PLACE_BYTES: Final = 128
"""What the writer adds around an event, at most."""
_BIG: Final = 1 << 53
"""The first integer that a reader with double precision may not tell from its neighbour."""
_AS_THEY_ARE: Final = frozenset({str, bool, type(None)})
"""Types of most values; those derived from them, such as enumerations, are written as what they derive from."""
_LISTS: Final = (list, tuple)
_MAPS: Final = (dict, Mapping)
"""In this order: to ask whether something is a mapping takes ten times as long as to see a dictionary."""

_encoder: Final = msgspec.json.Encoder(order="sorted")


class EntryRefusedError(RefusedError):
    """An entry cannot be written as it is, so what it would record does not happen."""

    code = "entry-refused"

    def __init__(self, type_: str, why: str) -> None:
        super().__init__(f"a {type_!r} entry cannot be recorded: {why}")
        self.type, self.why = type_, why


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryType:
    """One kind of event. A field is never renamed or removed; that would be the next `schema`."""

    name: str
    docs: str
    """One line for the reference: when it is written."""
    required: frozenset[str]
    """Fields its body always has; more may come without a new schema."""
    schema: int = 1


def _type(name: str, docs: str, *required: str) -> EntryType:
    return EntryType(name=name, docs=docs, required=frozenset(required))


_WHO: Final = ("principal", "key")
_ASKED: Final = (*_WHO, "dialect", "program", "backend_asked", "classification", "payload", "decision")
_ATTEMPT: Final = ("job_id", "attempt")
_RISKY: Final = ("action", "target", "by")
_OUTCOME: Final = (*_ATTEMPT, "backend", "upstream", "execution_kind")

TYPES: Final[Mapping[str, EntryType]] = MappingProxyType(
    {
        each.name: each
        for each in (
            _type("ledger.created", "The ledger begins; always the first entry.", "origin"),
            _type(
                "ledger.key_created",
                "The first pair of keys for checkpoints, signed by itself.",
                *("generation", "ed25519", "ml_dsa_44", "signatures"),
            ),
            _type(
                "ledger.key_rotated",
                "The next pair of keys for checkpoints, signed by itself and by the pair before.",
                *("generation", "ed25519", "ml_dsa_44", "signatures"),
            ),
            _type(
                "ledger.restored",
                "An operator went on with a backup; the checkpoint that it does not continue stands here.",
                *("lost", "reason"),
            ),
            _type(
                "ledger.pruned",
                "Entries below `stop` were old enough to be emptied, but for those held; their hashes stay.",
                *("stop", "days", "entries", "held", "policy", "reason", "by"),
            ),
            _type("gateway.started", "A gateway came up and may write entries.", "version"),
            _type("gateway.stopped", "A gateway went down in good order.", "version"),
            _type("policy.loaded", "Policy and data were stored, before their first use.", "policy_revision"),
            _type("policy.reload_requested", "Every gateway was asked to read its policy files again.", "revision"),
            _type(
                "policy.activated",
                "A running gateway decides by this revision from now on.",
                *("policy_revision", "data_revision", "canary"),
            ),
            _type("policy.refused", "A gateway refused a new revision and kept the old one.", "code", "reason"),
            _type(
                "selftest.failed",
                "The self-test of a gateway found something, or something else than before, that is not as it should.",
                *("failing", "count", "policy_revision"),
            ),
            _type("selftest.recovered", "The self-test of a gateway passes again.", "policy_revision"),
            _type(
                "policy.override_set",
                "A soft rule was lifted for a project or a principal, until a moment.",
                *("override", "rule", "until", "reason", "by"),
            ),
            _type("policy.override_ended", "An override was ended before its time.", "override", "rule", "by"),
            _type(
                "policy.break_glass_requested",
                "A person asked for an emergency in which rules do not deny; nothing is lifted yet.",
                *("break_glass", "reason", "seconds", "by"),
            ),
            _type(
                "policy.break_glass_confirmed",
                "A second person confirmed it: these rules do not deny until a moment.",
                *("break_glass", "rules", "until", "by"),
            ),
            _type("policy.break_glass_ended", "It was ended before its time, or withdrawn.", "break_glass", "by"),
            _type(
                "policy.rollout_stopped",
                "A rule that is rolled out denied too much, and is advisory for everybody.",
                *("rule", "denied", "decided", "people"),
            ),
            _type("policy.rollout_resumed", "A person let a stopped rollout go on.", "rule", "reason", "by"),
            _type(
                "policy.shadow_started",
                "A candidate decides beside the live revision; nobody obeys it.",
                *("shadow", "policy_revision", "data_revision", "by"),
            ),
            _type(
                "policy.shadow_stopped",
                "It does no longer; how often it would have decided otherwise.",
                *("shadow", "policy_revision", "data_revision", "totals", "by"),
            ),
            _type("calibration.recorded", "A calibration snapshot was stored, before its first use.", "digest"),
            _type(
                "job.permitted", "A job may go to exactly one place; nothing went yet.", *_ASKED, *_ATTEMPT, "placement"
            ),
            _type("job.denied", "Policy refused a job; nothing will go anywhere.", *_ASKED, "deny"),
            _type(
                "approval.requested",
                "Policy allows a job once a second person has approved it; it waits, and nothing is held for it.",
                *_ASKED,
                *("job_id", "demands", "expires"),
            ),
            _type("approval.granted", "A second person approved a job that waits.", "job_id", "reason", "roles", "by"),
            _type(
                "approval.rejected",
                "A second person rejected a job that waited, and it ended.",
                *("job_id", "reason", "roles", "by"),
            ),
            _type("reservation.refused", "The budget refused a job that policy allowed.", *_ASKED),
            _type("job.forwarded", "An upstream took an attempt.", *_ATTEMPT, "upstream"),
            _type("job.completed", "A job ended with a result.", *_OUTCOME, "result", "summaries"),
            _type("job.failed", "A job ended without a result.", *_OUTCOME, "reason"),
            _type("job.cancelled", "A job was stopped.", *_OUTCOME, "reason"),
            _type("job.cancel_requested", "Its owner asked for a job to be stopped.", *_WHO, "job_id"),
            _type(
                "job.closed",
                "An operator ended a job that nobody follows: no installed adapter asks its vendor.",
                *_ATTEMPT,
                "upstream",
                "reason",
                "by",
            ),
            _type("job.deleted", "Its owner hid a job and erased its payload and result.", *_WHO, "job_id"),
            _type(
                "job.replayed",
                "An operator is about to open a job's payload, to run it again on a simulator here; nothing is sent.",
                *("job_id", "noise", "by"),
            ),
            _type("job.tagged", "Its owner changed a job's tags.", *_WHO, "job_id"),
            _type(
                "attempt.claimed", "After a crash, a permit was issued again for the same attempt.", *_ATTEMPT, "claims"
            ),
            _type("attempt.abandoned", "An attempt was given up.", *_ATTEMPT),
            _type("attempt.lost", "An attempt's answer was lost; it is looked for at the vendor.", *_ATTEMPT, "why"),
            _type(
                "attempt.repeated",
                "The next attempt may go: the one before is proven not to have arrived.",
                *_ATTEMPT,
                "searches",
            ),
            _type("halt.set", "An operator stopped a project, a vendor or everything.", "scope", "target", "reason"),
            _type(
                "label.lowered",
                "An administrator took back what circuits had been labelled.",
                *("decision", "circuits", "before", "after", "for_good", "reason", "by"),
            ),
            _type("halt.lifted", "An operator let work go on again.", "scope", "target"),
            _type("vendor.account_added", "A vendor's credential was sealed.", "account", "vendor"),
            _type("vendor.account_rotated", "A vendor's credential was replaced.", "account", "version"),
            _type("vendor.account_removed", "A vendor's credential was erased.", "account"),
            _type("credential.used", "How often a vendor's credential was opened in a minute, by purpose.", "account"),
            _type("results.read", "A key read a job's result for the first time.", *_WHO, "job_id"),
            _type(
                "erasure.ordered",
                "What belongs to a job, a principal or a project is erased for good, in backups too.",
                *("scope", "objects", "reason", "by"),
            ),
            _type(
                "retention.applied",
                "A project's sealed objects of one kind were kept long enough, and are erased.",
                *("kind", "before", "days", "objects", "held", "policy", "by"),
            ),
            _type(
                "preservation.ordered",
                "A legal hold: from now on nothing of this is erased or pruned.",
                *("hold", "scope", "target", "reason", "by"),
            ),
            _type("preservation.lifted", "A legal hold holds no longer.", "hold", "reason", "by"),
            _type(
                "audit.searched",
                "Somebody who sees every tenant looked up what a person or a key did; told once an hour for each.",
                *("about", "filter", "by"),
            ),
            _type(
                "audit.exported",
                "Somebody who sees what others did took entries away, in a format that has people's names.",
                *("format", "about", "filter", "projects", "by"),
            ),
            _type(
                "action.announced", "Something risky will be done once witnesses have seen this.", *_RISKY, "witnesses"
            ),
            _type("action.taken", "It is done now; `announced` is the place of the entry that said so.", *_RISKY),
            _type("session.opened", "A session or batch takes jobs.", *_WHO, "session"),
            _type("session.closed", "A session or batch takes no more jobs.", *_WHO, "session"),
            _type(
                "session.shortened",
                "Policy let a job into a session that will be open for less long.",
                *_WHO,
                *("session", "max_ttl_seconds"),
            ),
            _type(
                "session.expired", "A session's or batch's time to live has passed; it takes no more jobs.", "session"
            ),
            _type("request.refused", "A known caller's request was refused.", *_WHO, "code"),
            _type("requests.refused", "A minute's further refusals, counted by error code.", "codes"),
            _type("key.created", "A gateway key was issued.", "key"),
            _type("key.rotated", "A gateway key was replaced by another.", "key"),
            _type("key.revoked", "A gateway key ended.", "key"),
            _type("token.granted", "A key was traded for a short-lived access token.", *_WHO),
            _type(
                "console.signed_in",
                "A person came into the console, by a key or by an identity provider's word.",
                *("principal", "session", "how", "roles"),
            ),
            _type("console.signed_out", "A console session was ended, by its owner or an operator.", "session", "by"),
            _type("principal.created", "A person or service became known.", "principal"),
            _type("principal.changed", "A person or service was changed, disabled or enabled.", "principal"),
            _type("project.created", "A project was opened.", "project"),
            _type("project.changed", "A project's rules were changed.", "project"),
            _type("limit.set", "A limit on money or on use was set, or changed.", "limit", "level", "unit", "amount"),
            _type("limit.raised", "A limit was raised for a while.", "limit", "amount", "until", "reason"),
            _type("limit.removed", "A limit holds no longer.", "limit"),
            _type("limit.crossed", "A limit's window is filled to a threshold; told once.", "limit", "threshold"),
            _type("limit.burning", "A limit's window fills up at twice its even pace; told once.", "limit"),
            _type("invoice.imported", "A vendor's invoice was taken in.", "vendor", "digest", "lines"),
            _type("invoice.reconciled", "An invoice was compared with the books.", "vendor", "digest", "findings"),
            _type("charge.corrected", "A job counts for what its vendor billed.", "job_id", "invoice", "billed"),
            _type("vendor.degraded", "A vendor failed too often and is left alone; its breaker opened.", "vendor"),
            _type("vendor.recovered", "A vendor that was left alone answers again.", "vendor", "seconds"),
            _type(
                "backend.changed",
                "A backend came online, went offline or into maintenance, is left alone (`paused`), or is `gone`.",
                *("vendor", "backend", "state"),
            ),
            _type(
                "calibration.missed",
                "A backend's calibration could not be asked for; told as the gap begins, and with `until` as it ends.",
                *("vendor", "backend", "since"),
            ),
            _type(
                "orphan.found",
                "A vendor's account has a job that no attempt of ours stands behind; told once.",
                *("vendor", "vendor_job_id", "marked"),
            ),
        )
    }
)
"""Every type of entry this gateway writes. Verifiers accept types they do not know."""


def encode(draft: EntryDraft) -> Leaf:
    """Check an entry and write its event as canonical JSON.

    Raises:
        EntryRefusedError: no such type, a field is missing, or the body has what a leaf may not hold.
    """
    type_ = TYPES.get(draft.type)
    if type_ is None:
        raise EntryRefusedError(draft.type, "no such type is registered")
    if missing := type_.required - draft.body.keys():
        raise EntryRefusedError(draft.type, f"its body lacks {min(missing)!r}")
    event = _event(draft, type_.schema)
    if len(event) > LEAF_BYTES - _PLACE_BYTES:
        raise EntryRefusedError(draft.type, f"it takes {len(event)} bytes, {LEAF_BYTES - _PLACE_BYTES} are allowed")
    return Leaf(event_id=draft.event_id, type=draft.type, at=draft.at, project_id=draft.project_id, event=event)


def _event(draft: EntryDraft, schema: int) -> bytes:
    event = {
        "at": rfc3339(draft.at),
        "body": draft.body,
        "id": draft.event_id,
        "project": draft.project_id,
        "schema": schema,
        "type": draft.type,
    }
    try:
        return _encoder.encode(plain(event))
    except UnicodeEncodeError:
        raise EntryRefusedError(draft.type, "a text has half a surrogate pair") from None
    except ValueError as error:
        raise EntryRefusedError(draft.type, str(error)) from None


def plain(value: Any) -> Any:
    """Copy a value into JSON's own types, refusing what has no single canonical form.

    Raises:
        ValueError: a float, a key that is not ASCII text, an integer beyond 2**53, or anything JSON does not have.
    """
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) >= _BIG:
            raise ValueError("an integer is 2**53 or more; write it as text")
        return int(value)
    if isinstance(value, _LISTS):
        return [inner if type(inner) in _AS_THEY_ARE else plain(inner) for inner in value]
    if isinstance(value, _MAPS):
        _check_keys(value)
        return {key: inner if type(inner) in _AS_THEY_ARE else plain(inner) for key, inner in value.items()}
    raise ValueError(f"a {type(value).__name__} has no place in it")


def _check_keys(value: Mapping[Any, Any]) -> None:
    try:
        ascii_only = "".join(value).isascii()
    except TypeError:
        ascii_only = False
    if not ascii_only:
        raise ValueError("a key is not ASCII text")
