"""The books of a deployment, read past the gateway: straight from its database, whatever that is.

The journal is replayed from its first line by arithmetic of this module's own, so that neither balances nor the
gateway's code can hide that a limit was passed.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

_LEVELS: Final = {"team": "team", "project": "project_id", "principal": "principal_id", "key": "key_id"}
_UNITS: Final = {"money": "amount_micros", "jobs": "jobs", "circuits": "circuits", "shots": "shots"}
_LIMITS: Final = "SELECT * FROM budget_limit WHERE removed_at IS NULL"
_KEPT: Final = """
SELECT budget_limit.name, budget_limit.amount, balance.held + balance.settled AS taken
FROM balance JOIN budget_limit ON budget_limit.id = balance.limit_id
"""
_PHANTOMS: Final = """
SELECT count(*) FROM hold LEFT JOIN job ON job.id = hold.job_id
WHERE hold.state = 'held' AND (job.id IS NULL OR job.status IN ('completed', 'failed', 'cancelled'))
"""
_UNFINISHED: Final = "SELECT count(*) FROM job WHERE status NOT IN ('completed', 'failed', 'cancelled')"
_ATTEMPTS: Final = "SELECT count(*) FROM attempt WHERE state IN ('permitted', 'sending', 'forwarded')"
_COUNTS: Final = {
    "phantoms": _PHANTOMS,
    "unfinished": _UNFINISHED,
    "attempts": _ATTEMPTS,
    "completed": "SELECT count(*) FROM job WHERE status = 'completed'",
    "failed": "SELECT count(*) FROM job WHERE status = 'failed'",
}


@dataclass
class Replay:
    """What the journal says about one limit, line by line."""

    name: str
    allowed: int
    most: int = 0
    """The most that was ever taken at one moment."""
    held: int = 0
    settled: int = 0
    windows: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def over(self) -> int:
        """By how much the limit was passed at the worst moment."""
        return max(0, self.most - self.allowed)


@dataclass
class Books:
    """One deployment's books."""

    url: str

    async def overspent(self) -> int:
        """Give by how much any balance is over its limit at this moment, in the limit's own unit."""
        rows = await self._read(_KEPT)
        return max((row["taken"] - row["amount"] for row in rows), default=0)

    async def count(self, what: str) -> int:
        """Count `phantoms`, open `attempts`, or jobs that are `unfinished`, `completed` or `failed`."""
        return int(next(iter((await self._read(_COUNTS[what]))[0].values())))

    async def replayed(self) -> list[Replay]:
        """Add the journal up again, for each limit, and note the worst moment of each."""
        limits = await self._read(_LIMITS)
        lines = await self._read("SELECT * FROM journal ORDER BY id")
        return [_replay(limit, lines) for limit in limits]

    async def imbalance(self) -> int:
        """Give by how much, in all, kept balances differ from what the journal adds up to, in the limits' own units."""
        rows = await self._read(
            "SELECT budget_limit.name, sum(balance.held) AS held, sum(balance.settled) AS settled "
            "FROM balance JOIN budget_limit ON budget_limit.id = balance.limit_id GROUP BY budget_limit.name"
        )
        kept = {row["name"]: (int(row["held"]), int(row["settled"])) for row in rows}
        found = 0
        for each in await self.replayed():
            held, settled = kept.get(each.name, (0, 0))
            found += abs(held - each.held) + abs(settled - each.settled)
        return found

    async def doubles(self) -> int:
        """Count jobs that were held, or settled, more than once."""
        query = (
            "SELECT job_id, action FROM journal WHERE action <> 'correct' GROUP BY job_id, action HAVING count(*) > 1"
        )
        return len(await self._read(query))

    async def _read(self, query: str) -> Sequence[Mapping[str, Any]]:
        engine: AsyncEngine = create_async_engine(self.url, poolclass=NullPool)
        try:
            async with engine.connect() as connection:
                return [dict(row) for row in (await connection.execute(text(query))).mappings()]
        finally:
            await engine.dispose()


def _replay(limit: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> Replay:
    """Add up what one limit counts. Windows here are of a day, or without an end."""
    raised = sum(each["amount"] for each in json.loads(limit["raises"])["raises"])
    replay = Replay(limit["name"], limit["amount"] + raised)
    column = _UNITS[limit["unit"]]
    holds: dict[str, tuple[int, int]] = {}
    taken: defaultdict[str, int] = defaultdict(int)
    for line in lines:
        if not _counts(limit, line) or line["held_at"] < limit["created_at"]:
            continue
        window = line["held_at"][:10] if limit["period"] == "day" else ""
        before = sum(holds.get(line["job_id"], (0, 0)))
        amount = int(line[column])
        settled = 0 if limit["period"] == "open" else amount
        holds[line["job_id"]] = {"hold": (amount, 0), "release": (0, 0)}.get(line["action"], (0, settled))
        taken[window] += sum(holds[line["job_id"]]) - before
        replay.most = max(replay.most, taken[window])
    replay.held = sum(held for held, _ in holds.values())
    replay.settled = sum(settled for _, settled in holds.values())
    return replay


def _counts(limit: Mapping[str, Any], line: Mapping[str, Any]) -> bool:
    column = _LEVELS.get(limit["level"])
    here = column is None or line[column] == limit["target"]
    money = limit["unit"] != "money" or line["currency"] == limit["currency"]
    return here and money and limit["upstream"] in {"", line["upstream"]}


async def watch(books: Books, found: list[int], *, pause: float = 0.1) -> None:
    """Look at the balances again and again, until cancelled; a database that is away is asked again."""
    while True:
        try:
            found.append(await books.overspent())
        except Exception:  # it restarts now and then, and that is what the drill is for
            await asyncio.sleep(pause)
        await asyncio.sleep(pause)
