"""What reserving adds to a permit: those that hold nothing, those that no limit counts, and those that three count."""

import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import uvloop

from gateway.audit.merkle import MerkleChain
from gateway.domain.budget import Level, Limit, Unit
from gateway.domain.writes import SealedWrite
from gateway.domain.writes import Unit as Writes
from gateway.store import entries, limits
from gateway.store.commit import Writer
from gateway.store.engine import Database, migrate
from tests import records
from tests.bench.outcome import Budget, Outcome, Series, ratio
from tests.bench.scale import Scale

TITLE = "Reservations"
CLIENTS = 64
SLICES = 16
"""Turns of each way in one run: all three see the same machine, whatever else it does meanwhile."""
PERMITS_PER_CALL = 10
"""A transaction of 64 clients takes milliseconds; so many more make a run long enough to be measured."""
PAYLOAD_BYTES, FACTS_BYTES = 4096, 6144
PLENTY = 1 << 50
_BODY = {f"circuits/each-rule-of-policy-has-a-name-{number:02}": number for number in range(40)}
"""Makes an entry of two kibibytes, as a permit's is."""
_Make = Callable[[], Writes]


def measure(scale: Scale) -> Outcome:
    """Permit all three ways in turn, on one database."""
    plain, free, counted = uvloop.run(_all(scale))
    free_ratio = ratio("reserving where no limit counts, over no reservation", free, plain)
    factor = ratio("reserving where three limits count, over no reservation", counted, plain)
    return Outcome(
        series=(
            Series(what="permit without a reservation", unit="ms", values=tuple(plain)),
            Series(what="permit that no limit counts", unit="ms", values=tuple(free)),
            Series(what="permit that three limits count", unit="ms", values=tuple(counted)),
            free_ratio,
            factor,
        ),
        budgets=(Budget(promise="reserving adds less than 30 %", found=factor, at_most=1.3),),
        note=(
            f"{CLIENTS} clients in one process on SQLite, each waiting until its permit is durable before it asks for "
            f"the next. A permit is an entry of 2 KiB, {PAYLOAD_BYTES} bytes of sealed payload, {FACTS_BYTES} bytes of "
            "sealed facts, a job and its attempt; a reservation is its hold, its line in the journal, and for each "
            "limit its balance and the line that settles it. The limits are a project's budget, a team's shots and the "
            "organisation's jobs. Milliseconds are elapsed time over permits, the median of the turns of a run."
        ),
    )


async def _all(scale: Scale) -> tuple[list[float], list[float], list[float]]:
    writer = await _opened(scale.scratch / "reservations.db")
    times: tuple[list[float], list[float], list[float]] = ([], [], [])
    ways = (_plain, _free, _counted)
    count = scale.calls * PERMITS_PER_CALL // SLICES
    await _milliseconds(writer, _counted, CLIENTS)
    try:
        for _ in range(scale.runs):
            turns = [[await _milliseconds(writer, make, count) for make in ways] for _ in range(SLICES)]
            for found, of_one_way in zip(times, zip(*turns, strict=True), strict=True):
                found.append(statistics.median(of_one_way))
    finally:
        await writer.close()
        await writer.database.close()
    return times


async def _opened(path: Path) -> Writer:
    url = f"sqlite+aiosqlite:///{path}"
    await migrate(url)
    database = await Database.open(url)
    async with database.writing() as connection:
        await entries.create(connection, records.genesis())
    writer = Writer(database, MerkleChain())
    await writer.start()
    rows = tuple(limits.write(each) for each in _limits())
    await writer.commit(Writes(leaf=records.leaf(), rows=rows))
    return writer


def _limits() -> tuple[Limit, ...]:
    whole = records.limit(amount=PLENTY, target="counted")
    quota = replace(whole, unit=Unit.SHOTS, currency="", level=Level.TEAM, id=records.new_id(), name="shots")
    jobs = replace(quota, unit=Unit.JOBS, level=Level.ORGANISATION, target="", upstream="counted", name="jobs")
    return whole, quota, replace(jobs, id=records.new_id())


def _plain() -> Writes:
    """Everything a permitted submission writes but its reservation."""
    one = records.job()
    return Writes(
        leaf=records.leaf(**_BODY),
        job=one,
        sealed=(_sealed(one.id, "payload", PAYLOAD_BYTES), _sealed(one.decision_id, "facts", FACTS_BYTES)),
        outbox=records.outbox(one.id),
    )


def _free() -> Writes:
    return _held("nobody's")


def _counted() -> Writes:
    return _held("counted")


def _held(name: str) -> Writes:
    writes = _plain()
    assert writes.job is not None
    who = records.payer(project_id=name, team=name, upstream=name)
    return replace(writes, hold=records.hold(writes.job.id, payer=who, project_id=name))


def _sealed(object_id: str, kind: str, size: int) -> SealedWrite:
    return replace(records.sealed(object_id, kind), ciphertext=bytes(size), plaintext_bytes=size)


async def _milliseconds(writer: Writer, make: _Make, count: int) -> float:
    """Let every client permit in turn until `count` are durable; what they permit is made beforehand."""
    waiting = iter([make() for _ in range(count)])

    async def client() -> None:
        for unit in waiting:
            await writer.commit(unit)

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return (time.perf_counter() - began) / count * 1000
