"""Braket's quantum tasks: what is changed in one on its way out, and one that Braket shows, in our words.

A task carries our mark three times: as its client token, which Braket never shows again; as a tag, for people, who may
remove it; and in the directory of its results, which nobody can change.
"""

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec

from adapters.braket.vendor_backends import queue_length
from adapters.braket.vendor_wire import NAME, discreet
from gateway.domain.clock import parse_rfc3339
from gateway.domain.wire_edit import WireEdit
from gateway.ports.vendor import AnswerLostError, Prepared, VendorJob, plain_words

TAG: Final = "qgw-mark"
_STATUS: Final = {
    "CREATED": "queued",
    "QUEUED": "queued",
    "RUNNING": "running",
    "CANCELLING": "running",
    "COMPLETED": "completed",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
}
_WAITS: Final = frozenset({"CREATED", "QUEUED"})
_MARKED: Final = re.compile(r"(?:.*/)?(?P<mark>qgw-[0-9a-f]{32})/[^/]+")
_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def prepared(body: bytes, *, mark: str, bucket: str, prefix: str) -> Prepared:
    """Make the declared edits; every other value keeps its bytes."""
    fields = _FIELDS.decode(body)
    tags = _FIELDS.decode(fields.get("tags", b"{}"))
    edits = (
        _edited(fields, "clientToken", mark, why="mark"),
        _edited(fields, "outputS3Bucket", bucket, why="bucket"),
        _edited(fields, "outputS3KeyPrefix", f"{prefix}/{mark}", why="bucket"),
        _edited(tags, TAG, mark, under="/tags", why="mark"),
    )
    fields["tags"] = msgspec.Raw(msgspec.json.encode(tags))
    return Prepared(body=msgspec.json.encode(fields), edits=edits)


def job(told: Mapping[str, Any], *, envelope: bytes = b"") -> VendorJob:
    """Read a task, from a list or by itself.

    Raises:
        AnswerLostError: its status is none that we know.
    """
    status = _STATUS.get(str(told.get("status")))
    if status is None:
        raise AnswerLostError(f"{NAME} shows a task in a status that the gateway does not know")
    ended, reason = told.get("endedAt"), told.get("failureReason")
    return VendorJob(
        id=str(told["quantumTaskArn"]),
        status=status,
        mark=_mark(told),
        backend=str(told["deviceArn"]),
        submitted_at=parse_rfc3339(told["createdAt"]),
        finished_at=parse_rfc3339(ended) if ended else None,
        reason=plain_words(discreet(str(reason))) if reason else "",
        queue_position=_position(told),
        shots_done=_shots(told),
        envelope=envelope,
    )


def cancel_token(arn: str) -> str:
    """Give the token under which a task is cancelled, always the same one."""
    return f"qgw-cancel-{sha256(arn.encode()).hexdigest()[:32]}"


def _edited(fields: dict[str, msgspec.Raw], name: str, value: str, *, why: str, under: str = "") -> WireEdit:
    old, new = fields.get(name), json.dumps(value)
    fields[name] = msgspec.Raw(new.encode("ascii"))
    digest = None if old is None else sha256(bytes(old)).hexdigest()
    return WireEdit(pointer=f"{under}/{name}", old_digest=digest, new=new, why=why)


def _mark(told: Mapping[str, Any]) -> str | None:
    found = _MARKED.fullmatch(str(told.get("outputS3Directory", "")))
    tag = (told.get("tags") or {}).get(TAG)
    return found["mark"] if found else tag


def _shots(told: Mapping[str, Any]) -> int | None:
    done = told.get("numSuccessfulShots")
    return done if type(done) is int and done >= 0 else None


def _position(told: Mapping[str, Any]) -> int | None:
    """Read the place in the queue; Braket writes `None` as a text for a task that does not wait."""
    position = str((told.get("queueInfo") or {}).get("position", ""))
    return queue_length(position) or None if told["status"] in _WAITS else None
