"""A process that appends to a ledger and says so: `appender.py URL CLIENTS COUNT`, run by the fault tests.

After each acknowledged entry it writes `event_id seq` on a line of its own. COUNT 0 goes on until killed.
"""

import asyncio
import os
import sys
from itertools import count

from gateway.audit.ledger import Ledger
from gateway.audit.merkle import MerkleChain
from gateway.domain.clock import SystemClock
from gateway.domain.ids import uuid7
from gateway.domain.writes import EntryDraft
from gateway.store.commit import Writer
from gateway.store.engine import Database


async def main(url: str, clients: int, total: int) -> None:
    """Append until all is written, or until somebody kills us."""
    database, clock = await Database.open(url), SystemClock()
    writer = Writer(database, MerkleChain())
    await writer.start()
    ledger = Ledger(writer, clock)
    await ledger.open("test/ledger")
    numbers = iter(range(total)) if total else count()

    async def client() -> None:
        for number in numbers:
            now = clock.now()
            draft = EntryDraft(
                event_id=uuid7(now, os.urandom(10)),
                type="requests.refused",
                at=now,
                project_id=None,
                body={"codes": {"number": number}},
            )
            committed = await ledger.record(draft)
            # One write call, so that a kill leaves whole lines or none.
            os.write(1, f"{committed.event_id} {committed.seq}\n".encode())

    await asyncio.gather(*(client() for _ in range(clients)))
    await writer.close()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
