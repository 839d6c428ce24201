"""Witnesses before risk: what must not take effect until outsiders have seen that it will.

Whoever runs a gateway can do anything with it, but not unseen where witnesses are demanded: first an entry says what is
about to happen, then so many witnesses cosign a checkpoint that has this entry, and only then it happens. How many, the
policies in force say for each kind of action (`data.org.witnesses.actions`), so a revision cannot excuse itself. What a
table does not name waits for as many as the settings demand before a checkpoint is given out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from gateway.audit.leaf import read
from gateway.casework.entries import OPERATOR, AdminEntries
from gateway.casework.names import checked_reason
from gateway.casework.proving import Proving
from gateway.domain.errors import UnavailableError
from gateway.store import entries
from gateway.store.engine import Database

ANNOUNCED: Final = "action.announced"
TAKEN: Final = "action.taken"
VALID: Final = timedelta(days=1)
"""For how long what was announced may be done."""
_MOST: Final = 1000
"""Announcements of a day that are looked through."""


class Action(StrEnum):
    """What may wait for witnesses."""

    BREAK_GLASS = "break-glass"
    """Rules are lifted in an emergency."""
    ERASURE = "erasure"
    """Sealed objects are erased, or entries pruned."""
    KEY_COPY = "key-copy"
    """The erasure key is written to another place."""
    LOG_KEYS = "log-keys"
    """Checkpoints are signed by new keys."""
    POLICY = "policy"
    """A running gateway decides by another revision."""


class WitnessesAwaitedError(UnavailableError):
    """Something risky was announced, and not enough witnesses have seen that yet."""

    code = "witnesses-awaited"

    def __init__(self, *, action: str, seq: int, needed: int) -> None:
        super().__init__(
            f"{action} is announced by entry {seq}, and {needed} of the witnesses must see that before it is done; "
            "a running gateway asks them within seconds: do the same again in a moment"
        )
        self.seq, self.needed = seq, needed


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum:
    """Says whether enough witnesses have seen an entry for what it tells of to take effect."""

    database: Database
    proving: Proving
    entries: AdminEntries
    tables: Callable[[], Mapping[str, Any]]
    """The tables of the policies in force."""

    def demanded(self, action: Action) -> int:
        """Say how many witnesses must have seen an action's entry."""
        table = self.tables().get("org", {}).get("witnesses", {}).get("actions", {})
        stated = table.get(action.value) if isinstance(table, Mapping) else None
        if isinstance(stated, int) and not isinstance(stated, bool) and stated >= 0:
            return stated
        return self.proving.required

    def impossible(self) -> list[Action]:
        """List what would wait for ever: more witnesses are demanded for it than there are."""
        return [action for action in Action if self.demanded(action) > len(self.proving.witnesses)]

    async def met(self, action: Action, seq: int) -> bool:
        """Say whether enough witnesses have seen the entry that tells of an action."""
        needed = self.demanded(action)
        return not needed or await self.proving.seen(seq, by=needed)

    async def take(self, action: Action, target: str, *, reason: str = "", by: str = OPERATOR) -> None:
        """Announce an action, or record that it is done now, once enough witnesses have seen that it was announced.

        Raises:
            WitnessesAwaitedError: it was announced, now or before; nothing may be done yet.
            ReasonRefusedError: the reason does not fit on a line.
        """
        told: dict[str, Any] = {"action": action.value, "target": target}
        if reason:
            told["reason"] = checked_reason(reason)
        if needed := self.demanded(action):
            if not await self._announced(told):
                await self._record(ANNOUNCED, {**told, "witnesses": needed}, by)
            *_, told["announced"] = await self._announced(told)
            if not await self.met(action, told["announced"]):
                raise WitnessesAwaitedError(action=action.value, seq=told["announced"], needed=needed)
        await self._record(TAKEN, told, by)

    async def _announced(self, told: Mapping[str, Any]) -> list[int]:
        """Find where this was announced lately and not done since: each announcement is good for one time."""
        async with self.database.reading() as connection:
            since = await entries.first_since(connection, self.entries.clock.now() - VALID)
            first = since.seq if since is not None else 0
            found = [
                await entries.search(connection, since=first, limit=_MOST, type_=type_) for type_ in (ANNOUNCED, TAKEN)
            ]
        told_of = [[(each.seq, leaf.event.body) for each in page if (leaf := read(each.leaf))] for page in found]
        announced, taken = told_of
        done = {body.get("announced") for _, body in taken}
        about = (told["action"], told["target"])
        return [seq for seq, body in announced if (body["action"], body["target"]) == about and seq not in done]

    async def _record(self, type_: str, body: Mapping[str, Any], by: str) -> None:
        await self.entries.record(type_, by=by, project_id=None, rows=(), body=body, people={})
