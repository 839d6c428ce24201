"""The embedded decision point: regorus in child processes, under a deadline. The default engine.

Whatever a child does but answer in time is a denial: it is killed, replaced, and the job is told that
nothing was forwarded. Replacements are bounded per minute, so that facts which kill the engine cannot keep
the machine busy. Times in seconds unless the name says otherwise.
"""

import asyncio
import time
from collections import deque
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

import msgspec

from gateway.domain.decision import Decision
from gateway.policy.answer import SELF_TEST, PolicyEngineError, Question, check_selftest
from gateway.policy.bundle import ENTRYPOINT, Bundle
from gateway.processes.supervise import Child, ChildDiedError, ChildError, ChildTimeoutError

MODULE = "gateway.policy.engine_child"
START_SECONDS = 30.0
"""How long an engine may take to load the policies and decide what is known."""
_PATIENCE_SECONDS = 5.0
"""How long a question may wait for an engine that is busy with others."""
_TEND_SECONDS = 1.0
_MINUTE_SECONDS = 60.0
_Result = TypeVar("_Result")


class EmbeddedDecisionPoint:
    """Answers from a small pool of engines, each with the whole bundle loaded."""

    def __init__(
        self,
        bundle: Bundle,
        workers: int = 1,
        deadline_seconds: float = 0.25,
        *,
        replacements_per_minute: int = 10,
    ) -> None:
        self.engine = "regorus"
        self.bundle = bundle
        self._workers, self._deadline_seconds = workers, deadline_seconds
        self._idle: asyncio.Queue[Child] = asyncio.Queue()
        self._children: set[Child] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._replaced: deque[float] = deque(maxlen=replacements_per_minute)

    async def start(self) -> None:
        """Start the engines and let each decide what is known.

        Raises:
            PolicyEngineError: the policies do not load, or a self-test has another answer.
        """
        for _ in range(self._workers):
            await self._add_child()
        self._background(self._tend())

    async def close(self) -> None:
        """Stop the engines; questions under way are denied."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        while self._children:
            await self._children.pop().close()

    async def decide(self, facts: bytes, *, decision_id: str) -> Decision:
        """Decide on canonical facts.

        The question goes on when its caller is gone: cancelling it would kill the engine, and a caller who
        hangs up again and again could use up every replacement.
        """
        question = self._question(facts, decision_id)
        task = self._background(self._answer(question))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.cancelled():
                raise
            return question.refused("engine/unavailable", "the gateway is stopping", 0)

    async def asked_each(self, facts: bytes) -> Mapping[str, Decision]:
        """Let one engine decide: each of them has loaded the same bundle, and was tested when it had."""
        decision = await self.decide(facts, decision_id=SELF_TEST)
        return {self.engine: decision}

    def ready(self) -> str | None:
        """Say why it cannot decide now."""
        return None if any(child.alive for child in self._children) else "no policy engine is running"

    def _question(self, facts: bytes, decision_id: str) -> Question:
        return Question(id=decision_id, facts=facts, engine=self.engine, bundle=self.bundle)

    async def _answer(self, question: Question) -> Decision:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                child = await self._take()
        except TimeoutError:
            problem = self.ready() or "every policy engine is busy"
            return question.refused("engine/unavailable", problem, _milliseconds(began))
        try:
            return await self._ask(child, question, self._deadline_seconds)
        finally:
            self._give_back(child)

    async def _ask(self, child: Child, question: Question, deadline_seconds: float) -> Decision:
        began = time.perf_counter()
        message = {"do": "evaluate", "rule": ENTRYPOINT, "input": question.facts}
        try:
            answer = await child.request(message, deadline_seconds=deadline_seconds)
        except ChildTimeoutError:
            return question.refused(
                "engine/timeout", "the policy engine gave no decision in time", _milliseconds(began)
            )
        except ChildDiedError:
            return question.refused(
                "engine/unavailable", "the policy engine ended before it decided", _milliseconds(began)
            )
        return read(question, answer, _milliseconds(began))

    # ── the pool ─────────────────────────────────────────────────────────────────────────────────
    async def _take(self) -> Child:
        """Take an engine that is alive; one that died while it had nothing to do is nobody's denial."""
        while not (child := await self._idle.get()).alive:
            self._give_back(child)
        return child

    def _give_back(self, child: Child) -> None:
        if child.alive:
            self._idle.put_nowait(child)
        else:
            self._background(self._replace(child))

    async def _tend(self) -> None:
        """Look after idle engines, because without any the gateway is not ready and nobody would ask."""
        while True:
            await asyncio.sleep(_TEND_SECONDS)
            for _ in range(self._idle.qsize()):
                self._give_back(self._idle.get_nowait())

    async def _replace(self, child: Child) -> None:
        self._children.discard(child)
        await child.close()
        while True:
            await self._wait_for_a_turn()
            try:
                return await self._add_child()
            except (ChildError, OSError, PolicyEngineError):
                continue

    async def _wait_for_a_turn(self) -> None:
        """Wait until the oldest replacement that counts is a minute ago."""
        if len(self._replaced) == self._replaced.maxlen:
            await asyncio.sleep(max(0.0, self._replaced[0] + _MINUTE_SECONDS - time.monotonic()))
        self._replaced.append(time.monotonic())

    async def _add_child(self) -> None:
        child = await Child.spawn(MODULE)
        try:
            await self._prepare(child)
        except BaseException:
            await child.close()
            raise
        self._children.add(child)
        self._idle.put_nowait(child)

    async def _prepare(self, child: Child) -> None:
        answer = await child.request(load_message(self.bundle), deadline_seconds=START_SECONDS)
        if "error" in answer:
            raise PolicyEngineError(f"the policies do not load: {answer['error']}; run `gateway policy check`")
        self.engine = answer["engine"]
        for known in self.bundle.known:
            check_selftest(known, await self._ask(child, self._question(known.facts, SELF_TEST), START_SECONDS))

    def _background(self, work: Coroutine[Any, Any, _Result]) -> asyncio.Task[_Result]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def load_message(bundle: Bundle, *, tests: bool = False) -> dict[str, Any]:
    """Write what an engine's child loads; with tests, it also counts which lines run."""
    rego = {**bundle.rego, **(bundle.tests if tests else {})}
    return {"do": "load", "rego": rego, "data": msgspec.json.encode(bundle.data), "coverage": tests}


def read(question: Question, answer: dict[str, Any], milliseconds: float) -> Decision:
    """Read what an engine's child answered to one question."""
    if "error" in answer:
        return question.refused("engine/error", f"the policy engine failed: {answer['error']}", milliseconds)
    if "json" not in answer:
        return question.refused("engine/undefined", "the policies give no decision at all", milliseconds)
    return question.answered(msgspec.json.decode(answer["json"]), milliseconds)


def _milliseconds(began: float) -> float:
    return (time.perf_counter() - began) * 1000
