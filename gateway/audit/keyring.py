"""The private keys of the ledger's checkpoints: seeds under the key provider, announced in the ledger before use.

A seed is made on first use and wrapped like a tenant's key. A crash between a seed and its announcement leaves a seed
that signs nothing yet; the next try announces it.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from secrets import token_bytes
from typing import Any, Final

import msgspec
import structlog

from gateway.audit.checkpoint import SigningKey
from gateway.audit.ledger import Ledger
from gateway.audit.log_keys import CREATED, ROTATED, KeyHistory, KeyPair, Signing, announcement, public
from gateway.audit.note import Algorithm
from gateway.domain.clock import Clock, parse_rfc3339
from gateway.domain.ids import uuid7
from gateway.domain.secret import Secret
from gateway.domain.writes import EntryDraft
from gateway.store import checkpoints
from gateway.store.engine import Database
from gateway.telemetry import events

OVERLAP: Final = timedelta(days=30)
"""How long a replaced pair signs beside the new one, for witnesses that have not been told yet."""
log = structlog.get_logger(__name__)


class _Event(msgspec.Struct, frozen=True):
    at: str


class _Leaf(msgspec.Struct, frozen=True):
    event: _Event


class Keyring:
    """Makes, announces and uses pairs of keys."""

    def __init__(
        self,
        *,
        database: Database,
        ledger: Ledger,
        secret: Callable[[str], Awaitable[Secret]],
        clock: Clock,
        origin: str,
    ) -> None:
        self._database, self._ledger, self._secret, self._clock = database, ledger, secret, clock
        self.origin = origin

    async def ensure(self) -> None:
        """Make and announce the first pair, unless there is one."""
        if not (await self.history()).pairs:
            new = await self._pair(1)
            await self.record(CREATED, announcement(self.origin, 1, new))

    async def rotate(self) -> KeyPair:
        """Make and announce the next pair; it signs from the next checkpoint on."""
        await self.ensure()
        last = (await self.history()).pairs[-1].generation
        new, before = await self._pair(last + 1), await self._pair(last)
        await self.record(ROTATED, announcement(self.origin, last + 1, new, before=before))
        log.info(events.LOG_KEY_ANNOUNCED, version=last + 1)
        return public(last + 1, new)

    async def history(self) -> KeyHistory:
        """Read every pair that the ledger announces; raises `LogKeyError` where it announces what it may not."""
        history = KeyHistory(self.origin)
        for seq, leaf in await self._leaves():
            history.take(seq, leaf)
        return history

    async def signing(self, size: int) -> Signing:
        """Give the keys that sign a checkpoint of so many entries: both of its pair, and lately replaced ones."""
        pair = (await self.history()).at(size)
        assert pair is not None, "the first pair is announced before anything is signed"
        keys = await self._pair(pair.generation)
        rotated = [leaf for seq, leaf in await self._leaves() if seq < size][-1]
        at = parse_rfc3339(msgspec.json.decode(rotated, type=_Leaf).event.at)
        if pair.generation > 1 and self._clock.now() - at < OVERLAP:
            keys += await self._pair(pair.generation - 1)
        return keys

    async def _leaves(self) -> list[tuple[int, bytes]]:
        async with self._database.reading() as connection:
            return await checkpoints.key_leaves(connection, (CREATED, ROTATED))

    async def _pair(self, generation: int) -> Signing:
        return (
            SigningKey(self.origin, Algorithm.ED25519, await self._secret(f"log-ed25519/{generation}")),
            SigningKey(self.origin, Algorithm.ML_DSA_44, await self._secret(f"log-ml-dsa-44/{generation}")),
        )

    async def record(self, type_: str, body: dict[str, Any]) -> None:
        """Record something of the ledger itself."""
        now = self._clock.now()
        draft = EntryDraft(event_id=uuid7(now, token_bytes(10)), type=type_, at=now, project_id=None, body=body)
        await self._ledger.record(draft)
