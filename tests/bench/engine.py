"""The policy engine alone: the same library, policies and facts, with no process, port or gateway around it."""

import statistics
import time

from gateway.policy.bundle import ENTRYPOINT, default_root, load
from gateway.policy.embedded import load_message
from gateway.policy.engine_child import Engine


class LoneEngine:
    """An engine in this process."""

    def __init__(self) -> None:
        self._engine = Engine()
        self._engine.load(load_message(load(default_root(), None)))

    def median_ms(self, facts: bytes, calls: int) -> float:
        """Decide on the same facts again and again; gives the median of the times."""
        question = {"do": "evaluate", "rule": ENTRYPOINT, "input": facts}
        times = []
        for _ in range(calls):
            began = time.perf_counter()
            answer = self._engine.evaluate(question)
            times.append(time.perf_counter() - began)
            assert b'"allow":true' in answer["json"].replace(b" ", b""), answer
        return statistics.median(times) * 1000
