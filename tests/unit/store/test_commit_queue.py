"""The writer's queue: what gathers, who waits how long, and what becomes of those who go away."""

import asyncio
import gc

import pytest
from sqlalchemy.exc import OperationalError

from gateway.audit.merkle import MerkleChain
from gateway.domain.writes import Unit
from gateway.store import commit, entries
from gateway.store.commit import LedgerUnavailableError, Writer
from gateway.telemetry.metrics import Metrics
from tests.records import genesis, job, leaf


async def size(database):
    async with database.reading() as connection:
        return (await entries.head(connection)).size


async def test_under_load_units_that_come_one_after_the_other_share_a_transaction(writer, monkeypatch):
    monkeypatch.setattr(commit, "GATHER_SECONDS", 2.0)
    transactions = counted(writer, monkeypatch)
    await asyncio.gather(*(writer.commit(Unit(leaf=leaf())) for _ in range(3)))
    assert transactions == [3]

    first = asyncio.create_task(writer.commit(Unit(leaf=leaf())))
    await asyncio.sleep(0.01)
    await asyncio.gather(first, writer.commit(Unit(leaf=leaf())))

    assert transactions == [3, 2]


@pytest.mark.parametrize("together", [1, commit.ENOUGH])
async def test_nobody_waits_for_others_behind_a_lone_unit_or_a_large_batch(writer, monkeypatch, together):
    monkeypatch.setattr(commit, "GATHER_SECONDS", 3600.0)
    transactions = counted(writer, monkeypatch)
    await asyncio.gather(*(writer.commit(Unit(leaf=leaf())) for _ in range(together)))

    await writer.commit(Unit(leaf=leaf()))

    assert transactions == [together, 1]


def counted(writer, monkeypatch):
    """Count the units of each transaction from now on."""
    counts, write = [], writer._write

    async def counting(units):
        counts.append(len(units))
        return await write(units)

    monkeypatch.setattr(writer, "_write", counting)
    return counts


async def test_a_writer_that_does_not_run_takes_nothing(writer):
    await writer.close()

    with pytest.raises(LedgerUnavailableError, match="its writer is not running"):
        await writer.commit(Unit(leaf=leaf()))

    assert writer.ready() == "its writer is not running"


async def test_closing_writes_what_waits(writer, database):
    waiting = [asyncio.create_task(writer.commit(Unit(leaf=leaf()))) for _ in range(600)]
    await asyncio.sleep(0)

    await writer.close()

    assert sorted(committed.seq for committed in await asyncio.gather(*waiting)) == list(range(600))
    assert await size(database) == 600


async def test_who_goes_away_while_waiting_leaves_the_entry_to_be_written(writer, database):
    """A client that disconnects has been judged all the same."""
    waiting = [asyncio.create_task(writer.commit(Unit(leaf=leaf()))) for _ in range(10)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)

    await writer.close()

    assert await size(database) == 10


class Stuck:
    """A database whose transactions wait until they are let go, and then may fail."""

    def __init__(self, database):
        self._database, self.gate, self.error, self.dialect = database, asyncio.Event(), None, database.dialect

    async def transact(self, work):
        await self.gate.wait()
        if self.error:
            raise self.error
        return await self._database.transact(work)


@pytest.fixture
async def stuck(database):
    async with database.writing() as connection:
        await entries.create(connection, genesis())
    return Stuck(database)


async def test_a_full_queue_refuses_at_once(stuck, monkeypatch):
    """No queue without a bound: who cannot be served soon is told now."""
    monkeypatch.setattr(commit, "QUEUE", 100)
    running = Writer(stuck, MerkleChain())
    await running.start()
    waiting = [asyncio.create_task(running.commit(Unit(leaf=leaf()))) for _ in range(500)]
    await asyncio.sleep(0.05)
    refused = [task for task in waiting if task.done()]
    stuck.gate.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    await running.close()

    assert len(refused) == 400
    assert all("100 entries wait already" in task.exception().message for task in refused)
    assert sum(not isinstance(outcome, Exception) for outcome in outcomes) == 100


async def test_who_waited_too_long_in_the_queue_is_certainly_not_written(stuck, monkeypatch):
    monkeypatch.setattr(commit, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(commit, "BATCH", 1)
    running = Writer(stuck, MerkleChain())
    await running.start()

    taken, queued = await asyncio.gather(
        running.commit(Unit(leaf=leaf())), running.commit(Unit(leaf=leaf())), return_exceptions=True
    )
    stuck.gate.set()
    await running.close()

    assert (taken.in_doubt, queued.in_doubt) == (True, False)
    assert await size(stuck._database) == 1


async def test_a_failing_database_is_told_to_all_and_recovers_without_a_caller(stuck, monkeypatch):
    """Readiness must heal by itself: while it is red, nobody is sent here."""
    monkeypatch.setattr(commit, "PROBE_SECONDS", 0.01)
    stuck.error = OperationalError("COMMIT", {}, Exception("database or disk is full"))
    stuck.gate.set()
    running = Writer(stuck, MerkleChain())
    await running.start()

    outcomes = await asyncio.gather(*(running.commit(Unit(leaf=leaf())) for _ in range(3)), return_exceptions=True)
    red = running.ready()
    stuck.error = None
    await asyncio.sleep(0.5)
    healed = running.ready()
    await running.close()

    assert all(isinstance(outcome, LedgerUnavailableError) for outcome in outcomes)
    assert (red, healed) == ("the database failed: database or disk is full", None)


async def test_nobody_is_warned_of_an_error_that_nobody_waits_for(stuck, recwarn):
    stuck.error = OSError("gone")
    running = Writer(stuck, MerkleChain())
    await running.start()
    task = asyncio.create_task(running.commit(Unit(leaf=leaf())))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    stuck.gate.set()
    await running.close()
    gc.collect()

    assert list(recwarn) == []


async def test_entries_are_counted_when_they_are_durable(database):
    async with database.writing() as connection:
        await entries.create(connection, genesis())
    metrics = Metrics()
    running = Writer(database, MerkleChain(), metrics)
    await running.start()
    await asyncio.gather(*(running.commit(Unit(leaf=leaf())) for _ in range(3)), running.commit(Unit(job=job())))
    await running.close()

    assert b"gateway_ledger_entries_total 3.0" in metrics.render()[0]
