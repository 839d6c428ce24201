"""Many questions to one revision: engines in child processes, asked in batches, for replays and for trying changes.

Nobody waits for these answers but who replays, so deadlines are long. A batch that kills or hangs its engine is asked
again in halves, until only the facts that do it are denied with an `engine/…` rule. Times in seconds.
"""

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

from gateway.domain.decision import Decision
from gateway.policy.answer import PolicyEngineError, Question
from gateway.policy.bundle import ENTRYPOINT, Bundle
from gateway.policy.embedded import MODULE, START_SECONDS, load_message, read
from gateway.processes.supervise import Child, ChildError

BATCH: Final = 64
"""Questions in one message: enough that the pipe costs nothing, few enough that no engine idles at the end."""
_ONE_SECONDS: Final = 2.0
"""How long one question may take."""


class BulkEngine:
    """A pool of engines that all hold one revision, open within `async with`."""

    def __init__(self, bundle: Bundle, workers: int = 1, *, besides: Mapping[str, str] | None = None) -> None:
        self.bundle = bundle
        self.engine = "regorus"
        self._workers = workers
        self._besides = besides or {}
        self._idle: asyncio.Queue[Child] = asyncio.Queue()
        self._children: set[Child] = set()

    async def __aenter__(self) -> Self:
        """Start the engines.

        Raises:
            PolicyEngineError: the policies do not load.
        """
        try:
            for _ in range(self._workers):
                self._idle.put_nowait(await self._spawn())
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End them."""
        await self.close()

    async def close(self) -> None:
        """End the engines."""
        while self._children:
            await self._children.pop().close()

    async def decide(self, facts: Sequence[bytes]) -> list[Decision]:
        """Decide on each of many facts, in their order."""
        answers = await self.evaluate(ENTRYPOINT, facts)
        return [read(self._question(each), answer, 0.0) for each, answer in zip(facts, answers, strict=True)]

    async def evaluate(self, rule: str, inputs: Sequence[bytes]) -> list[dict[str, Any]]:
        """Evaluate a rule on many inputs, spread over the engines: each answer holds `json`, `error` or nothing."""
        batches = [inputs[start : start + BATCH] for start in range(0, len(inputs), BATCH)]
        answers = await asyncio.gather(*(self._ask(rule, batch) for batch in batches))
        return [answer for batch in answers for answer in batch]

    async def _ask(self, rule: str, inputs: Sequence[bytes]) -> list[dict[str, Any]]:
        child = await self._idle.get()
        message = {"do": "evaluate_all", "rule": rule, "inputs": list(inputs)}
        try:
            answers = await child.request(message, deadline_seconds=_ONE_SECONDS * len(inputs))
        except ChildError as error:
            self._children.discard(child)
            child = await self._spawn()
            failed = str(error)
        else:
            return list(answers["answers"])
        finally:
            self._idle.put_nowait(child)
        if len(inputs) == 1:
            return [{"error": failed}]
        half = len(inputs) // 2
        return [*await self._ask(rule, inputs[:half]), *await self._ask(rule, inputs[half:])]

    def _question(self, facts: bytes) -> Question:
        return Question(id="replay", facts=facts, engine=self.engine, bundle=self.bundle)

    async def _spawn(self) -> Child:
        child = await Child.spawn(MODULE)
        self._children.add(child)
        message = load_message(self.bundle)
        message["rego"] |= self._besides
        answer = await child.request(message, deadline_seconds=START_SECONDS)
        if "error" in answer:
            raise PolicyEngineError(f"the policies do not load: {answer['error']}; run `gateway policy check`")
        self.engine = answer["engine"]
        return child
