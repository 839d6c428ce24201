"""Ledger entries in one line each, for people. The whole entry is what `--json` shows."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from gateway.casework.inspection import Entry
from gateway.casework.revisions import Asked

COLUMNS: Final = ("seq", "at", "type", "who", "about")


def row(entry: Entry, asked: Mapping[str, Asked]) -> Mapping[str, Any]:
    """Tell an entry in one line; with the request that it answers, by its id in `asked`."""
    about = ", ".join(filter(None, (_about(entry), asked_for(entry, asked))))
    return {"seq": entry.seq, "at": entry.at[:19], "type": entry.type, "who": _who(entry), "about": about}


def asked_for(entry: Entry, asked: Mapping[str, Asked]) -> str:
    """Say which request an entry answers, and why that was made; empty where it answers none."""
    request = asked.get(str(entry.body.get("request", "")))
    return f"asked for by entry {request.seq}: {request.reason}" if request else ""


def _who(entry: Entry) -> str:
    digest = str(entry.body.get("by") or entry.body.get("principal") or "")
    # Without a name the person was erased; the digest still tells whether two entries are the same person's.
    return entry.names.get(digest, digest[:12])


def _about(entry: Entry) -> str:
    told = _TELL.get(entry.type.partition(".")[0], _anything)
    return told(entry)


def _job(entry: Entry) -> str:
    body = entry.body
    if rules := body.get("deny"):
        asked = f"{body.get('program')} on {body.get('backend_asked')}"
        why = f" ({body['unkept']})" if body.get("unkept") else ""
        return f"{asked} refused by {', '.join(rules)}{why}, decision {body['decision']['id']}"
    if placement := body.get("placement"):
        elsewhere = f" instead of {body.get('backend_asked')}" if placement["fallback"] else ""
        where = f"{placement['backend']} ({placement['kind']}){elsewhere}"
        return f"{body.get('program')} may run on {where}, job {body.get('client_job_id')}"
    if kind := body.get("execution_kind"):
        return f"on {body.get('backend')} ({kind}) {body.get('reason') or ''}".strip()
    return _anything(entry)


def _subject(entry: Entry) -> str:
    noun = entry.type.partition(".")[0]
    digest = str(entry.body.get(noun, ""))
    return str(entry.names.get(digest) or entry.body.get("name") or digest[:12])


def _anything(entry: Entry) -> str:
    for field in ("reason", "code", "codes", "upstream", "origin", "policy_revision", "digest", "session", "job_id"):
        if value := entry.body.get(field):
            return f"{field} {value}"
    return ""


_TELL: Final[Mapping[str, Callable[[Entry], str]]] = {
    "job": _job,
    "reservation": _job,
    "key": _subject,
    "principal": _subject,
    "project": _subject,
}
