"""Entries as events of the Open Cybersecurity Schema Framework 1.6, for SIEMs.

What OCSF has no attribute for (rules, classification, kind of execution, cost) goes to `unmapped`, as it asks. Stable
is `metadata.event_code`, the entry's type; attributes move between OCSF's versions, so nothing is hashed in this form.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from gateway.casework.found import Found

VERSION: Final = "1.6.0"
PRODUCT: Final = {"name": "Quantum governance gateway", "vendor_name": "Quantum governance gateway"}
_OTHER: Final = 99
_SUCCESS, _FAILURE = 1, 2


class Severity(IntEnum):
    """How much it matters to whoever watches."""

    INFORMATIONAL = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4


@dataclass(frozen=True, slots=True)
class _Class:
    """A class of events; its category is the first digit."""

    uid: int
    name: str
    activities: Mapping[str, int]
    """By the verb of an entry's type; any other is `Other`, named by the type."""


_CREATE, _READ, _UPDATE, _DELETE = 1, 2, 3, 4
_API: Final = _Class(
    6003,
    "API Activity",
    dict.fromkeys(("permitted", "denied", "refused", "opened"), _CREATE)
    | dict.fromkeys(("read", "searched", "exported"), _READ)
    | {"tagged": _UPDATE, "closed": _DELETE, "deleted": _DELETE},
)
_ENTITY: Final = _Class(
    3004,
    "Entity Management",
    dict.fromkeys(("created", "set", "account_added", "key_created"), _CREATE)
    | dict.fromkeys(("loaded", "changed", "raised", "rotated", "account_rotated", "key_rotated"), _UPDATE)
    | dict.fromkeys(("revoked", "removed", "lifted", "account_removed"), _DELETE),
)
_LOGON: Final = _Class(3002, "Authentication", {"granted": 1, "signed_in": 1, "refused": 1, "signed_out": 2})
_LIFE: Final = _Class(6002, "Application Lifecycle", {"started": 3, "stopped": 4})
_CLASSES: Final[Mapping[str, _Class]] = {
    **dict.fromkeys(("key", "principal", "project", "limit", "halt", "label", "policy", "ledger"), _ENTITY),
    **dict.fromkeys(("vendor.account_added", "vendor.account_rotated", "vendor.account_removed"), _ENTITY),
    **dict.fromkeys(("token", "console"), _LOGON),
    "gateway": _LIFE,
}
"""By type, or by noun; anything else is API Activity."""
_FAILED: Final = frozenset({"denied", "refused", "failed", "lost", "missed", "degraded", "abandoned"})
_SEVERITIES: Final[Mapping[str, Severity]] = {
    **dict.fromkeys(("job.denied", "reservation.refused", "request.refused", "requests.refused"), Severity.LOW),
    **dict.fromkeys(("halt.set", "orphan.found", "attempt.lost", "limit.burning", "vendor.degraded"), Severity.MEDIUM),
    **dict.fromkeys(("ledger.restored", "selftest.failed"), Severity.HIGH),
}


def event(found: Found, body: Mapping[str, Any], leaf_hash: str, source: str) -> dict[str, Any]:
    """Write one entry; `source` is the ledger's name."""
    noun, _, verb = found.type.partition(".")
    class_ = _CLASSES.get(found.type) or _CLASSES.get(noun) or _API
    activity = class_.activities.get(verb, _OTHER)
    severity = _SEVERITIES.get(found.type, Severity.INFORMATIONAL)
    told = {
        "activity_id": activity,
        "activity_name": found.type,
        "category_uid": class_.uid // 1000,
        "class_uid": class_.uid,
        "class_name": class_.name,
        "type_uid": class_.uid * 100 + activity,
        "severity_id": severity.value,
        "severity": severity.name.capitalize(),
        "status_id": _FAILURE if verb in _FAILED else _SUCCESS,
        "status_code": found.code,
        "status_detail": found.reason or None,
        "time": round(found.at.timestamp() * 1000),
        "message": f"{found.type}: {found.reason}" if found.reason else found.type,
        "metadata": _metadata(found, source),
        "actor": {"user": _user(found)} if found.subject else {"app_name": PRODUCT["name"]},
        "unmapped": _unmapped(found, body, leaf_hash),
        **_of_class(class_, found, noun),
    }
    return {name: value for name, value in told.items() if value is not None}


def _metadata(found: Found, source: str) -> dict[str, Any]:
    known = {
        "version": VERSION,
        "product": PRODUCT,
        "event_code": found.type,
        "uid": found.event_id,
        "sequence": found.seq,
        "log_name": source,
        "correlation_uid": found.job_id,
        "tenant_uid": found.project_id,
    }
    return {name: value for name, value in known.items() if value is not None}


def _of_class(class_: _Class, found: Found, noun: str) -> dict[str, Any]:
    """Give what its class demands besides."""
    if class_ is _LIFE:
        return {"app": PRODUCT}
    if class_ is _LOGON:
        return {"user": _user(found), "service": {"name": PRODUCT["name"]}}
    if class_ is _ENTITY:
        return {"entity": {"type": noun, "uid": found.key or found.subject or found.event_id}, "comment": found.reason}
    things = (("job", found.client_job_id or found.job_id), ("backend", found.backend), ("vendor", found.vendor))
    return {
        "api": {"operation": found.type, "service": {"name": PRODUCT["name"]}},
        # The ledger keeps no addresses of people; what is known of where a call came from is whose key it was.
        "src_endpoint": {"uid": found.key or found.subject or "gateway"},
        "resources": [{"type": kind, "uid": uid} for kind, uid in things if uid],
    }


def _user(found: Found) -> dict[str, Any]:
    named = {"uid": found.subject or "unknown", "name": found.principal, "credential_uid": found.key}
    return {name: value for name, value in named.items() if value is not None}


def _unmapped(found: Found, body: Mapping[str, Any], leaf_hash: str) -> dict[str, Any]:
    more = {
        "decision": found.ruling,
        "rules": list(found.rules) or None,
        "classification": found.classification,
        "execution_kind": found.kind,
        "fallback": found.fallback,
        "backend_asked": found.backend_asked,
        "cost_micros": found.cost_micros,
        "currency": found.currency,
        "project": found.project,
        "entry_hash": leaf_hash,
        "entry": dict(body),
    }
    return {name: value for name, value in more.items() if value is not None}
