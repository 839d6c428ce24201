"""Whether the rules of a revision decide what this release knows of them, whatever tables and self-tests came along."""

from typing import Final

from gateway.casework.selftest.findings import RULES, Finding
from gateway.domain.decision import Decision
from gateway.policy.answer import PolicyEngineError, check_selftest
from gateway.policy.baseline import Baseline
from gateway.policy.bulk import BulkEngine
from gateway.policy.bundle import Bundle, SelfTest

_ALTERED: Final = (
    "this file is not the one that came with the release; bring it back from there, or put what you need into overrides"
)


async def examine(bundle: Bundle, baseline: Baseline, kept: tuple[SelfTest, ...] = ()) -> tuple[Finding, ...]:
    """Decide what the release knows by the rules of a revision, and what earlier revisions knew by all of it.

    Args:
        bundle: the revision.
        baseline: what this release knows.
        kept: self-tests that earlier revisions brought; they count wherever their tables are as they were.
    """
    held = bundle.table_digests.items()
    return (
        *(Finding(part=RULES, what=name, problem=_ALTERED) for name in baseline.altered),
        *await _decided(baseline.under(bundle), baseline.known),
        *await _decided(bundle, tuple(each for each in kept if each.tables.items() <= held)),
    )


async def _decided(bundle: Bundle, known: tuple[SelfTest, ...]) -> list[Finding]:
    if not known:
        return []
    try:
        async with BulkEngine(bundle) as engine:
            decided = await engine.decide([each.facts for each in known])
    except PolicyEngineError as error:
        return [Finding(part=RULES, what="load", problem=error.message)]
    pairs = zip(known, decided, strict=True)
    return [found for found in (_wrong(each, decision) for each, decision in pairs) if found is not None]


def _wrong(known: SelfTest, decision: Decision) -> Finding | None:
    try:
        check_selftest(known, decision)
    except PolicyEngineError as error:
        return Finding(part=RULES, what=known.name, problem=error.message, by_policy=True)
    return None
