"""How many requests a second a key may send, at all replicas together.

Whoever asks waits a little for its turn; whoever submits is refused at once, because an SDK that waits and one that
hammers look the same to a queue. Cancels always pass. While the database is away, nobody is counted.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.domain.errors import RefusedError, UnavailableError
from gateway.domain.principal import Caller, Key
from gateway.ports import operations as ask
from gateway.ports.operations import Operation
from gateway.store import rates as rows
from gateway.store.engine import Database

PATIENCE_SECONDS: Final = 5.0
"""How long a question is kept waiting for its turn."""
_CHUNK_SECONDS: Final = 0.25
"""How much of a second's requests a replica takes out of the shared bucket at a time."""
_REMEMBERED: Final = 10_000
_ALWAYS: Final = (ask.CancelJob, ask.CancelJobs, ask.ExchangeKey)
_AT_ONCE: Final = (ask.Submit, ask.TagJob, ask.DeleteJob, ask.DeleteJobs, ask.OpenSession, ask.CloseSession)
"""What changes something is done now or refused."""


class RateExceededError(RefusedError):
    """A key sends more requests than its rate allows; it may go on after the pause that the answer names."""

    code = "rate-exceeded"

    def __init__(self, *, key_id: str, per_second: float, seconds: int) -> None:
        super().__init__(
            f"key {key_id} may send {per_second:g} requests per second, and sent more; "
            f"wait {seconds} s, or ask an administrator for a higher rate"
        )
        self.retry_after_seconds = seconds


@dataclass(slots=True, kw_only=True)
class _Bucket:
    """What one key may still send from here."""

    left: float
    as_of: float
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Those who wait are served in the order they came."""


@dataclass(slots=True, kw_only=True)
class Rates:
    """Counts requests by key."""

    keys: Mapping[str, float] = field(default_factory=dict)
    """Requests per second by key id; decides before a role does."""
    roles: Mapping[str, float] = field(default_factory=dict)
    """Requests per second of each key with this role; of several the highest."""
    burst_seconds: float = 10.0
    """How much a key that was quiet may send at once, in seconds of its rate."""
    shared: Database | None = None
    """Where replicas share the buckets; alone, memory is enough."""
    _buckets: OrderedDict[str, _Bucket] = field(default_factory=OrderedDict)

    async def take(self, caller: Caller, operation: Operation) -> None:
        """Let a request pass in its turn.

        Raises:
            RateExceededError: the key's rate is used up.
        """
        per_second = self._of(caller.key)
        if per_second is None or isinstance(operation, _ALWAYS):
            return
        bucket = self._bucket(caller.key.id, per_second)
        deadline = _now() + (0.0 if isinstance(operation, _AT_ONCE) else PATIENCE_SECONDS)
        async with bucket.turn:
            while not await self._one(bucket, caller.key.id, per_second):
                pause = 1.0 / per_second
                if _now() + pause > deadline:
                    seconds = max(1, round(pause + 0.5))
                    raise RateExceededError(key_id=caller.key.id, per_second=per_second, seconds=seconds)
                await asyncio.sleep(pause)

    def _of(self, key: Key) -> float | None:
        if (own := self.keys.get(key.id)) is not None:
            return own
        return max((self.roles[role] for role in key.roles if role in self.roles), default=None)

    def _bucket(self, key_id: str, per_second: float) -> _Bucket:
        bucket = self._buckets.get(key_id)
        if bucket is None:
            begin = 0.0 if self.shared else self._capacity(per_second)
            bucket = self._buckets[key_id] = _Bucket(left=begin, as_of=_now())
            if len(self._buckets) > _REMEMBERED:
                self._buckets.popitem(last=False)
        return bucket

    async def _one(self, bucket: _Bucket, key_id: str, per_second: float) -> bool:
        if bucket.left < 1.0:
            bucket.left += await self._more(bucket, key_id, per_second)
        if bucket.left < 1.0:
            return False
        bucket.left -= 1.0
        return True

    async def _more(self, bucket: _Bucket, key_id: str, per_second: float) -> float:
        now = _now()
        elapsed, bucket.as_of = now - bucket.as_of, now
        if self.shared is None:
            return min(elapsed * per_second, self._capacity(per_second) - bucket.left)
        try:
            async with self.shared.writing() as connection:
                return await rows.take(
                    connection,
                    f"key:{key_id}",
                    per_second=per_second,
                    capacity=self._capacity(per_second),
                    wanted=max(1.0, per_second * _CHUNK_SECONDS),
                )
        except UnavailableError:
            return 1.0

    def _capacity(self, per_second: float) -> float:
        return max(1.0, per_second * self.burst_seconds)


def _now() -> float:
    return asyncio.get_running_loop().time()
