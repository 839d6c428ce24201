"""Whether what decides now decides as its policies do: every engine, OPA servers that are asked last included.

What the policies are is not asked of who decides by them: a fresh engine of this process loads the bundle as it was
verified, and says what must come out of all facts that are known. Words may differ between engines, rules may not.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.casework.selftest.findings import ENGINES, Finding, rules, said
from gateway.domain.decision import Decision
from gateway.policy.answer import NOBODY
from gateway.policy.bulk import BulkEngine
from gateway.policy.bundle import Bundle, SelfTest
from gateway.policy.live import BundlePoint

_AT_ONCE: Final = 4
"""Questions side by side: a server is asked for submissions meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What one revision makes of everything that is known."""

    revision: str
    known: tuple[SelfTest, ...]
    decided: tuple[Decision, ...]

    @classmethod
    async def of(cls, bundle: Bundle, known: Sequence[SelfTest]) -> "Reference":
        """Let a fresh engine decide; a self-test of either, whichever facts it has.

        Raises:
            PolicyEngineError: the policies do not load.
        """
        every = tuple({each.facts: each for each in (*known, *bundle.selftests)}.values())
        async with BulkEngine(bundle) as engine:
            decided = await engine.decide([each.facts for each in every])
        return cls(revision=bundle.revision, known=every, decided=tuple(decided))


async def examine(point: BundlePoint, reference: Reference) -> tuple[Finding, ...]:
    """Ask every engine everything, and tell what came out otherwise."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(known: SelfTest, wanted: Decision) -> list[Finding]:
        async with turns:
            answers = await point.asked_each(known.facts)
        return _compared(known, wanted, answers)

    found = await asyncio.gather(*(one(*each) for each in zip(reference.known, reference.decided, strict=True)))
    # Between question and answer another revision may have come into force, whose answers say nothing of this one.
    if point.bundle.revision != reference.revision:
        return ()
    return tuple(each for some in found for each in some)


def _compared(known: SelfTest, wanted: Decision, answers: Mapping[str, Decision]) -> list[Finding]:
    silent = {name for name, answer in answers.items() if _silent(answer)}
    wrong = [
        Finding(part=ENGINES, what=known.name, at=name, problem=f"should be {said(wanted)}, was {said(answer)}")
        for name, answer in answers.items()
        if name not in silent and _outcome(answer) != _outcome(wanted)
    ]
    if silent == answers.keys():
        told = "; ".join(f"{name}: {answer.deny[0].message}" for name, answer in answers.items())
        wrong.append(Finding(part=ENGINES, what=known.name, problem=told, sure=False))
    return wrong


def _silent(answer: Decision) -> bool:
    """Say whether an engine did not get to speak; one that is away, or behind, is told of elsewhere."""
    return bool(answer.deny) and answer.deny[0].rule in NOBODY


def _outcome(decision: Decision) -> tuple[object, ...]:
    place = None if decision.placement is None else decision.placement.kind
    return decision.allow, rules(decision), place, sorted(each.kind for each in decision.obligations)
