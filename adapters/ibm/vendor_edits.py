"""What changes in a submission on its way to IBM: who pays, how long it may run, our mark, and what only we know.

The mark is one more tag. IBM takes eight; the eighth of a client's stays with the gateway, which shows jobs and finds
them by its own record of their tags. A session is the gateway's own, so IBM is told of none, or of the one it knows.
What is paid by the second is stopped by IBM when what was held for it is used up: `cost` is the SDK's
`max_execution_time`, and is only ever made shorter.
"""

import json
import re
from typing import Final

from adapters.ibm.splices import Splices, digest
from gateway.domain.malformed import InvalidValueError
from gateway.domain.wire_edit import WireEdit
from gateway.ports.vendor import Account, Dispatch, Prepared

MARK: Final = re.compile(r"qgw-[0-9a-f]{32}")
MOST_TAGS: Final = 8


def prepared(account: Account, dispatch: Dispatch) -> Prepared:
    """Make the edits, and declare each.

    Raises:
        RefusedError: a tag looks like a mark of the gateway's.
    """
    body = Splices(dispatch.body)
    crn = json.dumps(account.attributes["crn"])
    edits = [
        WireEdit(pointer="header:Service-CRN", old_digest=None, new=crn, why="account"),
        *_changed(body, "instance", crn, why="account"),
        *_changed(body, "backend", json.dumps(dispatch.backend), why="translated"),
        *_session(body, dispatch.vendor_session_id),
        *_capped(body, dispatch.max_seconds),
        _marked(body, json.dumps(dispatch.mark)),
    ]
    return Prepared(body=body.done(), edits=tuple(edits))


def _changed(body: Splices, name: str, new: str, *, why: str) -> list[WireEdit]:
    """Give a member that stands there another value, unless it has that one already."""
    old = body.old(name)
    if old is None or json.loads(old) == json.loads(new):
        return []
    body.put(name, new)
    return [WireEdit(pointer=f"/{name}", old_digest=digest(old), new=new, why=why)]


def _session(body: Splices, theirs: str | None) -> list[WireEdit]:
    if theirs is not None:
        return _changed(body, "session_id", json.dumps(theirs), why="session")
    old = body.old("session_id")
    if old is None:
        return []
    body.drop("session_id")
    return [WireEdit(pointer="/session_id", old_digest=digest(old), new="null", why="session")]


def _capped(body: Splices, seconds: int | None) -> list[WireEdit]:
    """Let it run no longer than allowed; a client that asked for less is left alone."""
    old = body.old("cost")
    asked = None if old is None else json.loads(old)
    if seconds is None or (asked is not None and asked <= seconds):
        return []
    body.put("cost", new := json.dumps(seconds))
    return [WireEdit(pointer="/cost", old_digest=None if old is None else digest(old), new=new, why="limit")]


def _marked(body: Splices, mark: str) -> WireEdit:
    tags = body.elements("tags")
    if any(MARK.fullmatch(json.loads(tag)) for tag in tags):
        raise InvalidValueError(
            place="/tags", allowed="tags other than `qgw-` and 32 hexadecimal digits, by which the gateway finds jobs"
        )
    if body.old("tags") is None:
        body.put("tags", f"[{mark}]")
        return WireEdit(pointer="/tags", old_digest=None, new=f"[{mark}]", why="mark")
    # More than eight are IBM's to refuse, in its own words.
    place = MOST_TAGS - 1 if len(tags) == MOST_TAGS else len(tags)
    body.put_element("tags", place, mark)
    old = digest(tags[place]) if place < len(tags) else None
    return WireEdit(pointer=f"/tags/{place}", old_digest=old, new=mark, why="mark")
