"""The time machine: recorded decisions made again by the revision that made them, and by another one."""

import asyncio
import json
import time
from dataclasses import replace

from gateway.casework.recorded import Recordings, Span
from gateway.casework.timemachine import TimeMachine
from gateway.policy.bundle import Bundle
from gateway.settings import load
from gateway.wiring import House, initialise, open_house
from tests.bench.outcome import Budget, Outcome, Series
from tests.bench.scale import Scale
from tests.recorded import Recorder, some_facts

TITLE = "Replay of recorded decisions"
WORKERS = 2
_MINUTES = 10
_ENTRIES = 100_000
_SHOTS = 15_000


def measure(scale: Scale) -> Outcome:
    """Record decisions by a generator, then replay all of them."""
    same, other = asyncio.run(_rates(scale))
    budget = _ENTRIES / (_MINUTES * 60)
    return Outcome(
        series=(same, other),
        budgets=(
            Budget(promise=f"{_ENTRIES:,} decisions in {_MINUTES} minutes, same revision", found=same, at_least=budget),
            Budget(promise=f"{_ENTRIES:,} decisions in {_MINUTES} minutes, another", found=other, at_least=budget),
        ),
        note=(
            f"{scale.decisions:,} recorded decisions, facts of 2 to 3 KB sealed beside each, read, opened, checked and "
            f"decided again by {WORKERS} engines on SQLite. The other revision has a lower limit of shots: about a "
            "sixth of the decisions differ, and are made again by their own revision, too. Starting the engines is "
            "part of it."
        ),
    )


async def _rates(scale: Scale) -> tuple[Series, Series]:
    settings = load(None, {"GATEWAY_STATE_DIR": str(scale.scratch / "replay")})
    await initialise(settings)
    async with open_house(settings) as house:
        project = await house.administration.projects.named("default")
        await Recorder(house, project.id).record(house.bundle, list(some_facts(scale.decisions)))
        other = _stricter(house.bundle)
        # Once each: what takes minutes is its own average.
        same, differing = await _rate(house, house.bundle, flips=False), await _rate(house, other, flips=True)
    return (
        Series(what="the revision that decided", unit="decisions/s", values=(same,)),
        Series(what="another revision", unit="decisions/s", values=(differing,)),
    )


async def _rate(house: House, candidate: Bundle, *, flips: bool) -> float:
    recordings = Recordings(database=house.database, vault=house.vault)
    machine = TimeMachine(recordings=recordings, revisions=house.revisions, workers=WORKERS)
    began = time.perf_counter()
    found = await machine.replay(candidate, Span())
    seconds = time.perf_counter() - began
    assert found.sound, found
    assert bool(found.flipped) is flips, found
    return found.decided / seconds


def _stricter(bundle: Bundle) -> Bundle:
    path = "org/limits/data.json"
    table = json.loads(json.dumps(bundle.tables[path]))
    table["experimental"]["default"]["total_shots"] = _SHOTS
    return replace(bundle, tables={**bundle.tables, path: table})
