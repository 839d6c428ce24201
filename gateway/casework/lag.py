"""How far those are behind who follow the ledger: nobody misses entries that a search does not find."""

from collections.abc import Collection
from dataclasses import dataclass

from gateway.casework.index import Index
from gateway.store import deliveries
from gateway.store.engine import Database
from gateway.telemetry.following import FollowingMetrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """Looks now and then."""

    database: Database
    index: Index
    metrics: FollowingMetrics
    exports: Collection[str]
    webhooks: Collection[str]
    """Names of those that are set up; what is not any more is behind for ever."""

    async def look(self) -> None:
        """Show how far the index and each delivery are."""
        standing = await self.index.standing()
        self.metrics.index(standing.behind)
        async with self.database.reading() as connection:
            found = await deliveries.every(connection)
        names = {"export": self.exports, "webhook": self.webhooks}
        for each in found:
            kind, _, name = each.name.partition(" ")
            if name not in names.get(kind, ()):
                continue
            self.metrics.delivery(kind, name, behind=max(0, standing.of - each.next_seq))
            if kind == "export":
                self.metrics.export(name, failing=bool(each.problem))
