"""Real OPA servers as decision point: the first that can be believed decides, the next when it fails.

OPA pulls policies and tables from the gateway, so a gateway starts before any OPA is ready, and says so in its
readiness. Times in seconds unless the name says otherwise.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence

from gateway.domain.decision import Decision
from gateway.policy.answer import PolicyEngineError, Question
from gateway.policy.bundle import Bundle
from gateway.policy.opa import Answer, OpaError, OpaServer
from gateway.policy.opa_standing import Standing, would_repeat
from gateway.telemetry.policy import PolicyMetrics

_WATCH_SECONDS = 5.0
_MEND_SECONDS = 0.5
"""How soon an OPA that cannot be used is looked at again."""


class OpaDecisionPoint:
    """Asks OPA servers, in the order given."""

    def __init__(
        self, servers: Sequence[OpaServer], bundle: Bundle, metrics: PolicyMetrics, *, deadline_seconds: float = 1.0
    ) -> None:
        self.engine = "opa"
        self.bundle = bundle
        self._standings = [Standing(each, bundle, metrics) for each in servers]
        self._deadline_seconds = deadline_seconds
        self._watching: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Connect, and look at every server once; those that are not there yet are looked at again and again.

        Raises:
            PolicyEngineError: one is too old, or decides wrongly what is known.
        """
        for each in self._standings:
            await each.server.open()
        try:
            await asyncio.gather(*(each.look() for each in self._standings))
        except BaseException:
            await self.close()
            raise
        self._watching = [asyncio.create_task(_watch(each)) for each in self._standings]

    async def close(self) -> None:
        """Hang up."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        for each in self._standings:
            await each.server.close()

    async def decide(self, facts: bytes, *, decision_id: str) -> Decision:
        """Decide on canonical facts; a decision is a pure function of them, so asking another server harms nothing."""
        began = time.perf_counter()
        try:
            answer = await self._first_answer(facts)
        except OpaError as error:
            return self._question(facts, decision_id).refused(error.rule, error.message, _milliseconds(began))
        self.engine = f"opa {answer.provenance.version}"
        question = self._question(facts, decision_id)
        if not answer.defined:
            return question.refused("engine/undefined", "the policies give no decision at all", _milliseconds(began))
        return question.answered(answer.result, _milliseconds(began))

    async def asked_each(self, facts: bytes) -> Mapping[str, Decision]:
        """Let every server decide, also those that are only asked when others fail."""
        answers = await asyncio.gather(*(each.tested(facts) for each in self._standings))
        return {each.server.name: answer for each, answer in zip(self._standings, answers, strict=True)}

    def ready(self) -> str | None:
        """Say why none can decide now."""
        problems = {each.server.name: each.problem for each in self._standings}
        return None if None in problems.values() else "; ".join(f"{name}: {why}" for name, why in problems.items())

    async def _first_answer(self, facts: bytes) -> Answer:
        """Ask one after the other until one can be believed; each gets its share of the time that is left."""
        until = time.monotonic() + self._deadline_seconds
        # Sorting is stable: servers that work keep their order, and those that do not are only tried last.
        *others, last = sorted(self._standings, key=lambda each: each.problem is not None)
        for left, each in zip(range(len(others) + 1, 1, -1), others, strict=True):
            try:
                return await each.ask(facts, seconds=(until - time.monotonic()) / left)
            except OpaError as error:
                if would_repeat(error):
                    raise
        return await last.ask(facts, seconds=until - time.monotonic())

    def _question(self, facts: bytes, decision_id: str) -> Question:
        return Question(id=decision_id, facts=facts, engine=self.engine, bundle=self.bundle)


async def _watch(standing: Standing) -> None:
    """Look at a server again and again, so that readiness comes back without a job to try it on."""
    while True:
        await asyncio.sleep(_WATCH_SECONDS if standing.problem is None else _MEND_SECONDS)
        with contextlib.suppress(PolicyEngineError):
            await standing.look()


def _milliseconds(began: float) -> float:
    return (time.perf_counter() - began) * 1000
