"""Asking every running gateway to reload its policies, and hearing what became of it: the ledger carries both.

So the command line needs no way into a serving process, every replica hears it, and who asked stands where it counts.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.audit.leaf import Event, read
from gateway.casework.entries import GATEWAY, OPERATOR, AdminEntries
from gateway.casework.names import checked_reason
from gateway.casework.quorum import Action, Quorum
from gateway.casework.reload import REFUSED, Reloader
from gateway.casework.revisions import ACTIVATED, REQUESTED
from gateway.store import entries
from gateway.store.engine import Database

_MOST: Final = 100
_State = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one gateway made of a request."""

    replica: str
    """Empty where there is only one gateway."""
    activated: bool
    reason: str = ""
    canary: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadRequests:
    """Asks, and reads the answers."""

    database: Database
    entries: AdminEntries

    async def ask(
        self, revision: str, *, reason: str, by: str = OPERATOR, replica: str | None = None
    ) -> tuple[str, int]:
        """Ask every gateway, or one, to take in what its files hold, if that is this revision.

        Gives the request's id, and from where on in the ledger its answers stand.

        Raises:
            ReasonRefusedError: there is no reason, or it does not fit on a line.
        """
        told = checked_reason(reason)
        since = await _size(self.database)
        event_id = self.entries.new_id()
        await self.entries.record(
            REQUESTED,
            by=by,
            project_id=None,
            rows=(),
            body={"revision": revision, "reason": told, **({} if replica is None else {"replica": replica})},
            people={},
            event_id=event_id,
        )
        return event_id, since

    async def answers(self, request: str, *, since: int) -> list[Answer]:
        """Read what gateways have answered so far."""
        told = [
            (type_, body)
            for type_ in (ACTIVATED, REFUSED)
            for _, event in await _entries(self.database, type_, since=since)
            if (body := event.body).get("request") == request
        ]
        return [
            Answer(
                replica=body["replica"],
                activated=type_ == ACTIVATED,
                reason=body.get("reason", ""),
                canary=body.get("canary", {}),
            )
            for type_, body in told
        ]


class Listening:
    """Reloads in a serving process when it is asked to, or, where it watches, when the files have changed.

    Where witnesses are demanded they must have seen the request before; of changed files a request tells, too.
    """

    def __init__(
        self,
        database: Database,
        reloader: Reloader,
        *,
        watched: Sequence[Path],
        requests: ReloadRequests,
        quorum: Quorum,
    ) -> None:
        self._database, self._reloader, self._watched = database, reloader, watched
        self._requests, self._quorum = requests, quorum
        self._since = 0
        self._seen = self._taken = files_below(watched)

    async def start(self) -> None:
        """Hear what is asked from now on."""
        self._since = await _size(self._database)

    async def listen(self) -> None:
        """Do what was asked since, and take in files that have stopped changing."""
        for seq, event in await _entries(self._database, REQUESTED, since=self._since):
            if not await self._quorum.met(Action.POLICY, seq):
                break
            self._since = seq + 1
            if event.body.get("replica", self._me) == self._me:
                await self._reloader.reload(wanted=event.body["revision"], request=event.id)
        # Half of what an editor writes is no policy: files count once they look the same twice.
        before, self._seen = self._seen, files_below(self._watched)
        if self._seen == before != self._taken:
            self._taken = self._seen
            await self._take_in()

    @property
    def _me(self) -> str:
        return self._reloader.ledger.owner

    async def _take_in(self) -> None:
        if not self._quorum.demanded(Action.POLICY):
            await self._reloader.reload()
        elif (revision := await self._reloader.found()) is not None:
            await self._requests.ask(revision, reason="its files have changed", by=GATEWAY, replica=self._me)


async def _size(database: Database) -> int:
    async with database.reading() as connection:
        head = await entries.head(connection)
    return 0 if head is None else head.size


async def _entries(database: Database, type_: str, *, since: int) -> list[tuple[int, Event]]:
    async with database.reading() as connection:
        stored = await entries.search(connection, since=since, limit=_MOST, type_=type_)
    leaves = (read(each.leaf) for each in stored)
    return [(leaf.seq, leaf.event) for leaf in leaves if leaf is not None]


def files_below(roots: Sequence[Path]) -> _State:
    """Say when each file below was changed last, and how long it is."""
    found = []
    for root in roots:
        for folder, _, names in os.walk(root):
            for name in names:
                path = Path(folder, name)
                try:
                    status = path.stat()
                except OSError:
                    continue
                found.append((str(path), status.st_mtime_ns, status.st_size))
    return tuple(sorted(found))
