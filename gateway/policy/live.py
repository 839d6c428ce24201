"""The revision that decides now, and the swap to the next one: at once, and between two decisions.

Every question is answered by the decision point that was current when it came. The one that was replaced answers
what it was asked and is closed after that. OPA servers take a new revision when they next look for one: from then on
only the decision point that is coming believes them, and it is asked where the current one does not.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Final, Protocol

from gateway.domain.decision import Decision
from gateway.policy.bundle import Bundle
from gateway.policy.published import Published
from gateway.ports.decision_point import DecisionPoint

ELSEWHERE: Final = "engine/revision"
"""Said of an engine that holds other policies than it is asked for."""
_PATIENCE_SECONDS: Final = 5.0
"""How long a question may wait for the revision that is coming."""
_LOOK_SECONDS: Final = 0.02


class BundlePoint(DecisionPoint, Protocol):
    """A decision point that knows what it decides by."""

    @property
    def bundle(self) -> Bundle:
        """Give it."""
        ...


class Current:
    """The policies that are in force, for whoever reads roles and tables."""

    def __init__(self, read: Callable[[], Published]) -> None:
        self._read = read
        self.roles: Mapping[str, tuple[str, ...]] = _Roles(self)
        """The permissions of each role, as they are whenever somebody looks."""

    @cached_property
    def published(self) -> Published:
        """What was taken in last; at first, what the files hold when somebody first asks.

        Raises:
            PolicyBundleError, PolicySignatureError: the files hold nothing to decide by.
        """
        return self._read()

    @property
    def bundle(self) -> Bundle:
        """Give what is decided by."""
        return self.published.bundle


class _Roles(Mapping[str, tuple[str, ...]]):
    """Reads through to the bundle that is current."""

    def __init__(self, current: Current) -> None:
        self._current = current

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self._current.bundle.roles[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._current.bundle.roles)

    def __len__(self) -> int:
        return len(self._current.bundle.roles)


class _Held:
    """One decision point, and how many questions it is still asked."""

    def __init__(self, point: BundlePoint) -> None:
        self.point = point
        self.asked = 0
        self.unasked = asyncio.Event()
        self.unasked.set()

    async def decide(self, facts: bytes, decision_id: str) -> Decision:
        self.asked += 1
        self.unasked.clear()
        try:
            return await self.point.decide(facts, decision_id=decision_id)
        finally:
            self.asked -= 1
            if not self.asked:
                self.unasked.set()


class LiveDecisionPoint:
    """Decides by the current revision."""

    def __init__(self, point: BundlePoint) -> None:
        self._held = _Held(point)
        self._coming: _Held | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def engine(self) -> str:
        """Name the engine that decides now."""
        return self._held.point.engine

    @property
    def bundle(self) -> Bundle:
        """Give what it decides by."""
        return self._held.point.bundle

    async def start(self) -> None:
        """Start the first one; fails when its policies do not pass their self-test."""
        await self._held.point.start()

    async def close(self) -> None:
        """Stop all of them; questions under way are denied."""
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        await self._held.point.close()

    async def decide(self, facts: bytes, *, decision_id: str) -> Decision:
        """Decide by the revision that is current now."""
        asked = self._held
        decision = await asked.decide(facts, decision_id)
        if all(each.rule != ELSEWHERE for each in decision.deny):
            return decision
        able = await self._next()
        return decision if able is asked else await able.decide(facts, decision_id)

    async def _next(self) -> _Held:
        """Give who decides once it is clear who does: servers that have just pulled what is coming are tested first."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while self._awaited:  # noqa: ASYNC110  # its servers tell nobody when they can be believed
                    await asyncio.sleep(_LOOK_SECONDS)
        return self._coming or self._held

    @property
    def _awaited(self) -> bool:
        return self._coming is not None and self._coming.point.ready() is not None

    async def asked_each(self, facts: bytes) -> Mapping[str, Decision]:
        """Let every engine of the revision that is current now decide."""
        return await self._held.point.asked_each(facts)

    def ready(self) -> str | None:
        """Say why it cannot decide now."""
        return self._held.point.ready()

    def announce(self, point: BundlePoint | None) -> None:
        """Let another revision answer where its servers hold it already; `None` where it does not come after all."""
        self._coming = None if point is None else _Held(point)

    def swap(self, point: BundlePoint) -> None:
        """Decide by another revision from now on; its decision point is started already."""
        left, self._held, self._coming = self._held, _Held(point), None
        task = asyncio.create_task(_close_when_unasked(left))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


async def _close_when_unasked(held: _Held) -> None:
    try:
        await held.unasked.wait()
    finally:
        await held.point.close()
