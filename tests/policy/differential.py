"""The same facts to both engines, thousands of them, and what they decide compared: rules, obligations, placement.

They are decided by the tables that ship and by organisations with tables of their own, some of them wrong: levels,
obligations, approvals, what is done about texts and labels. Words may differ in one way: regorus writes negative
numbers with two signs. That is counted, and is no difference.

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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from gateway.policy.bulk import BulkEngine
from gateway.policy.bundle import ENTRYPOINT, Bundle, default_root, load
from gateway.policy.opa import OpaRefusedError, OpaServer
from tests import tools
from tests.policy import houses
from tests.policy.generated import Generator
from tests.policy.golden import canonical_json
from tests.policy.servers import running

HOUSES = 6
"""Organisations whose tables are drawn, besides the tables that ship and those that were filled by hand."""
AT_ONCE = 16
"""Questions that OPA is asked side by side."""
_SHIPPED = "as it ships"
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

    def __iadd__(self, other: "Comparison") -> Self:
        """Take what came of others to it."""
        self.decisions += other.decisions
        self.differing += other.differing
        self.worded_otherwise += other.worded_otherwise
        self.embedded_seconds += other.embedded_seconds
        self.opa_seconds += other.opa_seconds
        return self

    @property
    def denials(self) -> Counter[str]:
        """How often each rule denied."""
        return Counter(rule for each in self.decisions for rule in {f["rule"] for f in each.get("deny", ())})

    @property
    def allowed(self) -> int:
        """How many may go."""
        return sum(each.get("allow") is True for each in self.decisions)

    @property
    def obligations(self) -> Counter[str]:
        """How often each kind of obligation was among what a decision asks for."""
        return Counter(kind for each in self.decisions for kind in {o["kind"] for o in each.get("obligations", ())})

    @property
    def lifted(self) -> int:
        """How many denials were only warnings."""
        warnings = (w["message"] for each in self.decisions for w in each.get("warn", ()))
        return sum("; lifted by " in said or "; advisory because " in said for said in warnings)

    def __str__(self) -> str:
        """Tell it in one line."""
        return (
            f"{len(self.differing)} of {len(self.decisions)} decided differently, {self.allowed} allowed, "
            f"{self.worded_otherwise} alike in other words"
        )


def organisations(bundle: Bundle, seed: int) -> Mapping[str, Bundle]:
    """Give policies with the tables that ship, and with others where they have such tables."""
    if "org/obligations/data.json" not in bundle.tables:
        return {_SHIPPED: bundle}
    drawn = {f"drawn {number}": houses.made(bundle, seed + number) for number in range(HOUSES)}
    return {_SHIPPED: bundle, "filled by hand": houses.filled(bundle), **drawn}


def compare_all(bundles: Mapping[str, Bundle], count: int, seed: int, *, opa: str) -> Comparison:
    """Decide on so many facts with both engines: half of them by what ships, and as many by all the others together."""
    found, others = Comparison(), len(bundles) - 1
    for name, bundle in bundles.items():
        share = (count - count // 2 if others else count) if name == _SHIPPED else count // 2 // others
        some = compare(bundle, list(Generator(bundle, seed).facts(share)), opa=opa)
        print(f"{name:>14}: {some}", flush=True)
        found += some
    return found


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
    # Engines order sets of objects differently; `gateway.policy.answer` puts them into an order of its own.
    obliged = {"obligations": sorted(map(canonical_json, decision["obligations"]))} if "obligations" in decision else {}
    return {**decision, **rules, **place, **obliged}


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
    opa = str(tools.install(tools.load()["opa"]))
    found = compare_all(organisations(load(asked.policies), asked.seed), asked.count, asked.seed, opa=opa)
    for facts, ours, theirs in found.differing[:5]:
        print(f"differs: {facts.decode()}\n  embedded: {ours}\n  OPA: {theirs}")
    for rule, count in sorted(found.denials.items()):
        print(f"{count:6} denied by {rule}")
    for kind, count in sorted(found.obligations.items()):
        print(f"{count:6} oblige to {kind}")
    print(f"{found.lifted:6} denials were only warnings\n{found}")
    print(f"embedded {found.embedded_seconds:.1f} s, OPA {found.opa_seconds:.1f} s")
    return 1 if found.differing else 0


if __name__ == "__main__":
    sys.exit(main())
