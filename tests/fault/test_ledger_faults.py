"""What the ledger survives: killed writers, several writers, lost connections, a full disk."""

import asyncio
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select, text

from gateway.audit.check import whole
from gateway.audit.ledger import Ledger
from gateway.audit.merkle import MerkleChain
from gateway.domain.clock import SystemClock
from gateway.store.commit import LedgerUnavailableError, Writer
from gateway.store.engine import Database, migrate
from gateway.store.tables import audit_entry
from tests.records import draft

APPENDER = Path(__file__).with_name("appender.py")


@pytest.fixture
async def begun(database, database_url):
    """The address of a ledger with its first entry."""
    writer = Writer(database, MerkleChain())
    await writer.start()
    await Ledger(writer, SystemClock()).open("test/ledger", create=True)
    await writer.close()
    return database_url


def appender(url, *, clients, total):
    command = [sys.executable, str(APPENDER), url, str(clients), str(total)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def acknowledged(output):
    """Event id to place, from whole lines."""
    return {event: int(seq) for event, seq in (line.split() for line in output.decode().splitlines())}


async def recorded(database):
    async with database.reading() as connection:
        rows = await connection.execute(select(audit_entry.c.event_id, audit_entry.c.seq))
        return {row.event_id: row.seq for row in rows}


async def test_no_acknowledged_entry_is_lost_when_a_writer_is_killed(database, begun):
    """kill -9 in the middle of a load, again and again; the next writer goes on with the same chain."""
    promised = {}
    for _ in range(3):
        process = appender(begun, clients=16, total=0)
        lines = [process.stdout.readline() for _ in range(200)]
        process.kill()
        lines.append(process.stdout.read())
        process.wait()
        process.stdout.close()
        promised |= acknowledged(b"".join(lines))

    stored = await recorded(database)
    assert len(promised) >= 600
    assert promised.items() <= stored.items()
    report = await whole(database)
    assert report.ok
    assert report.entries == len(stored)


async def test_two_processes_write_one_chain(database, begun):
    """The command line beside the server, or two replicas."""
    processes = [appender(begun, clients=8, total=300) for _ in range(2)]
    outputs = await asyncio.gather(*(asyncio.to_thread(process.communicate) for process in processes))

    promised = {event: seq for output, _ in outputs for event, seq in acknowledged(output).items()}
    assert len(promised) == 600
    assert sorted(promised.values()) == list(range(1, 601))
    assert (await whole(database)).ok


async def test_a_lost_connection_costs_no_entry_and_doubles_none(postgresql_url):
    """The server ends our connections under load; who asks again asks for the same event, so each is there once."""
    await migrate(postgresql_url)
    database = await Database.open(postgresql_url)
    writer = Writer(database, MerkleChain())
    await writer.start()
    ledger = Ledger(writer, SystemClock())
    await ledger.open("test/ledger", create=True)
    drafts = [draft(at=SystemClock().now()) for _ in range(400)]
    waiting = iter(drafts)

    async def client():
        for each in waiting:
            committed = None
            while committed is None:
                with suppress(LedgerUnavailableError):
                    committed = await ledger.record(each)

    async def interrupt():
        others = text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        for _ in range(5):
            await asyncio.sleep(0.02)
            async with database.reading() as connection:
                await connection.execute(others)

    await asyncio.gather(interrupt(), *(client() for _ in range(8)))
    await writer.close()

    assert {each.event_id for each in drafts} <= (await recorded(database)).keys()
    report = await whole(database)
    assert report.ok
    assert report.entries == 401
    await database.close()


class SmallFile:
    """A database that may not grow: SQLite says the disk is full, whoever runs the test."""

    def __init__(self, tmp_path):
        self.path = tmp_path / "small.db"

    async def fill(self, database):
        await self._allow(database, 70)

    async def free(self, database):
        await self._allow(database, 1_000_000)

    async def _allow(self, database, pages):
        # The limit belongs to a connection: the one that the ledger's writer commits on.
        await database.transact(lambda connection: connection.execute(text(f"PRAGMA max_page_count = {pages}")))


class SmallDisk:
    """A file system of two megabytes, most of them taken."""

    def __init__(self, directory):
        self.path, self._ballast = directory / "small.db", directory / "ballast"

    async def fill(self, _database):
        self._ballast.write_bytes(bytes(1_400_000))

    async def free(self, _database):
        self._ballast.unlink()


@pytest.fixture(params=["file", "disk"])
def small(request, tmp_path):
    if request.param == "file":
        yield SmallFile(tmp_path)
        return
    directory = tmp_path / "disk"
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(directory)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("mount: a small tmpfs needs root and the right to mount")
    yield SmallDisk(directory)
    subprocess.run(["umount", str(directory)], check=True)


async def test_a_full_disk_refuses_and_loses_nothing(small):
    """Fail closed: nothing may run that cannot be recorded. With room again, it goes on."""
    url = f"sqlite+aiosqlite:///{small.path}"
    await migrate(url)
    database = await Database.open(url)
    writer = Writer(database, MerkleChain())
    await writer.start()
    ledger = Ledger(writer, SystemClock())
    await ledger.open("test/ledger", create=True)
    await small.fill(database)

    promised, refusal = {}, None
    while refusal is None:
        outcomes = await asyncio.gather(
            *(ledger.record(draft(at=SystemClock().now(), codes="x" * 500)) for _ in range(20)), return_exceptions=True
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        promised |= {each.event_id: each.seq for each in outcomes if not isinstance(each, Exception)}
        refusal = next(iter(refused), None)

    assert isinstance(refusal, LedgerUnavailableError)
    assert "full" in refusal.message
    assert "full" in writer.ready()
    assert promised.items() <= (await recorded(database)).items()
    assert (await whole(database)).ok

    await small.free(database)
    await ledger.record(draft(at=SystemClock().now()))
    assert writer.ready() is None
    assert (await whole(database)).ok
    await writer.close()
    await database.close()
