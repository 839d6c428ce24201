"""One governed submission after the other, and the parts of it measured alone."""

import uvloop

from tests.bench import bodies, loads
from tests.bench.constant import answering
from tests.bench.deployment import Deployment, bearer, deploy, submission
from tests.bench.outcome import Budget, Outcome, Series, ratio
from tests.bench.parts import Parts
from tests.bench.scale import Scale
from tests.bench.stopwatch import median_ms, milliseconds
from tests.bench.traffic import Load, Plan, Request, drive

TITLE = "One governed submission"
BODY = bodies.bell("sink_waits")


def measure(scale: Scale) -> Outcome:
    """Drive a gateway and a constant in turn, and time the parts in a deployment of their own."""
    served, opened = deploy(scale.scratch / "served"), deploy(scale.scratch / "opened")
    governed, constant = _driven(served, scale)
    parts = uvloop.run(_parts(opened, scale))
    added = [ours.p50_ms - theirs.p50_ms for ours, theirs in zip(governed, constant, strict=True)]
    alone = [sum(values) for values in zip(*parts.values(), strict=True)]
    own, factor = milliseconds("added by governance, p50", added), ratio("added, over the sum of parts", added, alone)
    return Outcome(
        series=(
            *loads.latencies("governed submission", governed),
            Series(what="constant JSON, p50", unit="ms", values=tuple(load.p50_ms for load in constant)),
            own,
            *(milliseconds(f"{part}, alone", values) for part, values in parts.items()),
            milliseconds("sum of parts", alone),
            factor,
        ),
        budgets=(
            Budget(promise="added p50 at one client below 15 ms", found=own, at_most=15.0),
            Budget(promise="below 3 times the sum of its parts", found=factor, at_most=3.0),
        ),
        note=(
            f"A sampler job of two Bell circuits ({len(BODY)} bytes), everything on, SQLite with synchronous=FULL, to "
            "an upstream that answers at once. Added is what the same request costs more than a constant answer of "
            "the same server. The parts alone are the sandbox, which remembers a payload that comes again, the policy "
            "engine deciding on its facts, and one plain entry made durable; a submission appends two entries with all "
            "that belongs to them."
        ),
    )


def _driven(deployment: Deployment, scale: Scale) -> tuple[list[Load], list[Load]]:
    governed, constant = [], []
    with deployment.running() as gateway:
        request = submission(bearer(gateway, deployment.keys[0]), BODY)
        answer = drive(_plan(gateway.port, request, scale, most=20)).sample
        with answering(answer) as port:
            for _ in range(scale.runs):
                constant.append(drive(_plan(port, request, scale)))
                governed.append(drive(_plan(gateway.port, request, scale)))
    return governed, constant


def _plan(port: int, request: Request, scale: Scale, *, most: int | None = None) -> Plan:
    return Plan(port=port, requests=[request], connections=1, seconds=10 * scale.load_seconds, most=most or scale.calls)


async def _parts(deployment: Deployment, scale: Scale) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {"decode and measure": [], "decide": [], "append": []}
    async with deployment.in_process() as house:
        parts = await Parts.of(house, deployment.keys[0], BODY)
        for _ in range(scale.runs):
            for name, call in zip(times, (parts.decode, parts.decide, parts.append), strict=True):
                times[name].append(await median_ms(call, scale.calls))
    return times
