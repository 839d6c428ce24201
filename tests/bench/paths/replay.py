"""The time machine: recorded decisions made again by the revision that made them, and by another one."""

import asyncio
import json
import os
import time
from dataclasses import dataclass, field, replace

from gateway.casework.recorded import Recordings, Span
from gateway.casework.timemachine import TimeMachine
from gateway.policy.bundle import Bundle
from gateway.settings import load
from gateway.wiring import House, initialise, open_house
from tests.bench.outcome import Budget, Outcome, Series
from tests.bench.processes import resident_mebibytes
from tests.bench.scale import Scale
from tests.recorded import Recorder, some_facts

TITLE = "Replay of recorded decisions"
WORKERS = 2
_MINUTES = 10
_ENTRIES = 100_000
_SHOTS = 15_000
_TIMES = 10
"""How often the same facts are recorded: an entry, a sealed object and an id of its own each time, and decided once."""
_MEBIBYTES = 64.0


@dataclass
class Watched:
    """What a replay tells of its progress, and how large this process was then."""

    looks: list[float] = field(default_factory=list)
    done: int = 0

    def __call__(self, done: int, _total: int) -> None:
        """Take one step of the progress bar."""
        self.looks.append(resident_mebibytes(os.getpid()))
        self.done = done

    @property
    def grown_mebibytes(self) -> float:
        """Give how much larger it became than it was at the first step."""
        return max(self.looks) - self.looks[0]


def measure(scale: Scale) -> Outcome:
    """Record decisions by a generator, then replay all of them."""
    recorded, same, other, grown = asyncio.run(_rates(scale))
    budget = _ENTRIES / (_MINUTES * 60)
    return Outcome(
        series=(same, other, grown, recorded),
        budgets=(
            Budget(promise=f"{_ENTRIES:,} decisions in {_MINUTES} minutes, same revision", found=same, at_least=budget),
            Budget(promise=f"{_ENTRIES:,} decisions in {_MINUTES} minutes, another", found=other, at_least=budget),
            Budget(promise="memory that does not follow the count", found=grown, at_most=_MEBIBYTES),
        ),
        note=(
            f"{scale.decisions:,} recorded decisions, facts of 2 to 3 KB sealed beside each, read, opened, checked and "
            f"decided again by {WORKERS} engines on SQLite; nothing is remembered from one to the next, though "
            f"the same facts were recorded {_TIMES} times. The other revision has a lower limit of shots: about a "
            "sixth of the decisions differ, and are made again by their own revision, too. Starting the engines is "
            "part of it. Memory is that of the replaying process, looked at with each step of its progress bar."
        ),
    )


async def _rates(scale: Scale) -> tuple[Series, ...]:
    settings = load(None, {"GATEWAY_STATE_DIR": str(scale.scratch / "replay")})
    await initialise(settings)
    async with open_house(settings) as house:
        recorded = await _record(house, scale.decisions)
        same, little = await _rate(house, house.bundle, flips=False)
        differing, more = await _rate(house, _stricter(house.bundle), flips=True)
    # Once each: what takes minutes is its own average.
    return (
        Series(what="recording them", unit="decisions/s", values=(recorded,)),
        Series(what="the revision that decided", unit="decisions/s", values=(same,)),
        Series(what="another revision", unit="decisions/s", values=(differing,)),
        Series(what="memory grown meanwhile", unit="MiB", values=(max(little, more),)),
    )


async def _record(house: House, count: int) -> float:
    project, began = await house.administration.projects.named("default"), time.perf_counter()
    recorder = Recorder(house, project.id)
    async for _ in recorder.in_turn(house.bundle, some_facts(count // _TIMES), times=_TIMES):
        """What was decided is in the ledger now, and needed no more."""
    return recorder.recorded / (time.perf_counter() - began)


async def _rate(house: House, candidate: Bundle, *, flips: bool) -> tuple[float, float]:
    """Give how many a second were decided again, and by how much the process grew meanwhile."""
    recordings, watched = Recordings(database=house.database, vault=house.vault), Watched()
    machine = TimeMachine(recordings=recordings, revisions=house.revisions, workers=WORKERS)
    began = time.perf_counter()
    found = await machine.replay(candidate, Span(), progress=watched)
    seconds = time.perf_counter() - began
    assert found.sound, found
    assert bool(found.flipped) is flips, found
    assert watched.done == found.total, watched.done
    return found.decided / seconds, watched.grown_mebibytes


def _stricter(bundle: Bundle) -> Bundle:
    path = "org/limits/data.json"
    table = json.loads(json.dumps(bundle.tables[path]))
    table["experimental"]["default"]["total_shots"] = _SHOTS
    return replace(bundle, tables={**bundle.tables, path: table})
