"""One policy decision through its port, against the engine alone, and in a deployment with a crowd in it."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import uvloop

from gateway.circuits.sandbox import Sandbox
from gateway.domain.circuit import ProgramFacts
from gateway.enforcement.survey import Surveyor
from tests.bench import bodies
from tests.bench.deployment import Deployment, deploy
from tests.bench.engine import LoneEngine
from tests.bench.outcome import Budget, Outcome, ratio
from tests.bench.parts import Parts
from tests.bench.scale import Scale
from tests.bench.stopwatch import median_ms, milliseconds

TITLE = "Policy decisions"
BODY = bodies.bell("sink_waits")
_FLAT = 1.15
"""Noise that still counts as flat."""
_PORT, _LONE, _FEW, _MANY = "decision through the port", "the engine alone", "facts and decision", "the same in a crowd"


def measure(scale: Scale) -> Outcome:
    """Time all four in turn."""
    few = deploy(scale.scratch / "few")
    many = deploy(scale.scratch / "many", scientists=scale.crowd, projects=scale.crowd, more_backends=scale.crowd // 10)
    times = uvloop.run(_times(few, many, scale))
    port = ratio("decision, over the engine alone", times[_PORT], times[_LONE])
    crowd = ratio("in a crowd, over alone", times[_MANY], times[_FEW])
    return Outcome(
        series=(*(milliseconds(what, values) for what, values in times.items()), port, crowd),
        budgets=(
            Budget(promise="below 1.3 times the engine alone", found=port, at_most=1.3),
            Budget(promise="flat in principals, projects and devices", found=crowd, at_most=_FLAT),
        ),
        note=(
            "The engine alone is the same library with the same policies and facts in the measuring process; through "
            "the port it runs in its child process, under a deadline, and its answer is checked. The crowd is "
            f"{scale.crowd} principals with a key each, {scale.crowd} projects and {scale.crowd // 10} more backends; "
            f"flat means within {_FLAT} times."
        ),
    )


async def _times(few: Deployment, many: Deployment, scale: Scale) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {_PORT: [], _LONE: [], _FEW: [], _MANY: []}
    engine = LoneEngine()
    async with AsyncExitStack() as stack:
        alone, crowded = [await _judge(stack, deployment) for deployment in (few, many)]
        for _ in range(scale.runs):
            times[_LONE].append(engine.median_ms(alone.parts.facts, scale.calls))
            times[_PORT].append(await median_ms(alone.parts.decide, scale.calls))
            times[_FEW].append(await median_ms(alone.judge, scale.calls))
            times[_MANY].append(await median_ms(crowded.judge, scale.calls))
    return times


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    """Everything of a decision but the reading of circuits, which is measured elsewhere."""

    parts: Parts
    surveyor: Surveyor

    async def judge(self) -> None:
        """Collect the facts and decide."""
        survey = await self.surveyor.survey(self.parts.caller, self.parts.submission)
        await self.parts.house.serving.decision_point.decide(survey.facts, decision_id="bench")


class _Measured(Sandbox):
    """Knows the circuits already."""

    def __init__(self, facts: ProgramFacts) -> None:
        self._known = facts

    async def measure(self, **_: Any) -> ProgramFacts:
        return self._known


async def _judge(stack: AsyncExitStack, deployment: Deployment) -> _Judge:
    house = await stack.enter_async_context(deployment.in_process())
    parts = await Parts.of(house, deployment.keys[-1], BODY)
    surveyor = house.serving.gate.submitter.judge.surveyor
    return _Judge(parts=parts, surveyor=replace(surveyor, sandbox=_Measured(await parts.decode())))
