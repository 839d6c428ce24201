"""The same facts to both engines, thousands of them, and what they decide compared: rules, obligations, placement.

Words may differ in one way: regorus writes negative numbers with two signs. That is counted, and is no difference.

    python -m tests.policy.differential [--count 10000] [--seed 0] [--policies DIRECTORY]

Exits 0 when both decide everything alike, and every rule denied some and let others go; 1 otherwise.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.policy.bulk import BulkEngine
from gateway.policy.bundle import ENTRYPOINT, Bundle, default_root, load
from gateway.policy.opa import OpaRefusedError, OpaServer
from tests import tools
from tests.policy.generated import Generator
from tests.policy.servers import running

AT_ONCE = 16
"""Questions that OPA is asked side by side."""
FAILED = {"error": True}
"""An evaluation that fails is a denial on both, in words of each engine's own."""


@dataclass
class Comparison:
    """What came of it."""

    decisions: list[Any] = field(default_factory=list, repr=False)
    """The embedded engine's, in the order of the facts."""
    differing: list[tuple[bytes, Any, Any]] = field(default_factory=list)
    worded_otherwise: int = 0
    embedded_seconds: float = 0.0
    opa_seconds: float = 0.0

    @property
    def denials(self) -> Counter[str]:
        """How often each rule denied."""
        return Counter(rule for each in self.decisions for rule in {f["rule"] for f in each.get("deny", ())})

    @property
    def allowed(self) -> int:
        """How many may go."""
        return sum(each.get("allow") is True for each in self.decisions)


def compare(bundle: Bundle, facts: Sequence[bytes], *, opa: str) -> Comparison:
    """Decide on all facts with both engines."""
    with tempfile.TemporaryDirectory(prefix="gateway-differential-") as home:
        bundle.write(Path(home) / "tree")
        with running(opa, Path(home), "--bundle", "tree") as server:
            return asyncio.run(_compare(bundle, facts, server.url))


async def _compare(bundle: Bundle, facts: Sequence[bytes], url: str) -> Comparison:
    found, began = Comparison(), time.perf_counter()
    async with BulkEngine(bundle) as engine:
        found.decisions = [_ours(each) for each in await engine.evaluate(ENTRYPOINT, facts)]
    found.embedded_seconds, began = time.perf_counter() - began, time.perf_counter()
    theirs = await _all_theirs(url, facts)
    found.opa_seconds = time.perf_counter() - began
    pairs = list(zip(facts, found.decisions, theirs, strict=True))
    found.differing = [(each, one, other) for each, one, other in pairs if said(one) != said(other)]
    found.worded_otherwise = sum(one != other for _, one, other in pairs) - len(found.differing)
    return found


def said(decision: Any) -> Any:
    """Keep of a decision what both engines must agree on, word for word but for the texts that people read."""
    if not isinstance(decision, dict):
        return decision
    rules = {name: sorted(each["rule"] for each in decision[name]) for name in ("deny", "warn") if name in decision}
    place = {"placement": place["kind"]} if isinstance(place := decision.get("placement"), dict) else {}
    return {**decision, **rules, **place}


def _ours(answer: dict[str, Any]) -> Any:
    return FAILED if "error" in answer else json.loads(answer.get("json", "null"))


async def _all_theirs(url: str, facts: Sequence[bytes]) -> list[Any]:
    server, turns = OpaServer(url, deadline_seconds=60), asyncio.Semaphore(AT_ONCE)
    await server.open()

    async def theirs(each: bytes) -> Any:
        async with turns:
            try:
                answer = await server.ask(each)
            except OpaRefusedError as error:
                return FAILED if error.decided else {"unasked": error.message}
            return answer.result if answer.defined else None

    try:
        return await asyncio.gather(*map(theirs, facts))
    finally:
        await server.close()


def main() -> int:
    """Compare as asked, and tell how it went."""
    parser = argparse.ArgumentParser(prog="tests.policy.differential")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--policies", type=Path, default=default_root())
    asked = parser.parse_args()
    bundle = load(asked.policies)
    found = compare(
        bundle, list(Generator(bundle, asked.seed).facts(asked.count)), opa=str(tools.install(tools.load()["opa"]))
    )
    for facts, ours, theirs in found.differing[:5]:
        print(f"differs: {facts.decode()}\n  embedded: {ours}\n  OPA: {theirs}")
    for rule, count in sorted(found.denials.items()):
        print(f"{count:6} denied by {rule}")
    print(
        f"{found.allowed:6} allowed, {len(found.differing)} of {asked.count} decided differently, "
        f"{found.worded_otherwise} alike in other words"
    )
    print(f"embedded {found.embedded_seconds:.1f} s, OPA {found.opa_seconds:.1f} s")
    return 1 if found.differing else 0


if __name__ == "__main__":
    sys.exit(main())
