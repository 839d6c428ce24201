"""The writer's own way into SQLite: the event loop waits for no lock and no disk, and no lock is left behind."""

import asyncio
import sqlite3
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from gateway.store.engine import Database


@pytest.fixture
async def opened(sqlite_url):
    database = await Database.open(sqlite_url)
    yield database
    await database.close()


@pytest.fixture
def other(tmp_path):
    """Another process, as far as the database can tell."""
    connection = sqlite3.connect(tmp_path / "gateway.db", isolation_level=None)
    yield connection
    connection.close()


def naming(digest):
    return lambda own: own.execute(text("INSERT INTO subject_name VALUES (:digest, 'x')"), {"digest": digest})


def named(connection):
    return [row[0] for row in connection.execute("SELECT digest FROM subject_name ORDER BY digest")]


async def test_statements_are_done_where_they_are_asked_for(opened):
    """In another thread, the interpreter's lock would change hands twice for every row."""
    assert await opened.transact(lambda _own: threading.current_thread()) is threading.main_thread()


async def test_the_event_loop_goes_on_while_somebody_else_has_the_lock(opened, other):
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(opened.transact(naming("mine")))
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert not waiting.done()

    other.execute("COMMIT")
    await waiting
    assert named(other) == ["mine"]


async def test_who_stops_waiting_leaves_no_lock_behind(opened, other):
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(opened.transact(naming("given up")))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    other.execute("COMMIT")
    await opened.transact(naming("next"))
    other.execute("BEGIN IMMEDIATE")
    assert named(other) == ["given up", "next"]


async def test_what_fails_is_rolled_back_and_the_next_one_goes_on(opened, other):
    await opened.transact(naming("once"))

    def twice(own):
        naming("before")(own)
        naming("once")(own)

    with pytest.raises(IntegrityError):
        await opened.transact(twice)
    await opened.transact(naming("after"))

    assert named(other) == ["after", "once"]


async def test_a_lock_that_is_not_given_up_is_an_error_and_no_more(opened, other):
    await opened.transact(lambda own: own.execute(text("PRAGMA busy_timeout = 10")))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"):
        await opened.transact(naming("refused"))

    other.execute("ROLLBACK")
    await opened.transact(naming("taken"))
    assert named(other) == ["taken"]


async def test_transactions_that_come_together_go_one_after_the_other(opened, other):
    digests = [f"d-{number}" for number in range(8)]
    await asyncio.gather(*(opened.transact(naming(digest)) for digest in digests), opened.version())
    assert named(other) == digests
