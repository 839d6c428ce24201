"""When memory is brought up to the database, and how often somebody unknown can make that happen."""

import asyncio
import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from gateway.store.elsewhere import PAUSE_SECONDS, Elsewhere
from gateway.store.engine import Database

SOMEBODY = "INSERT INTO subject_name VALUES (hex(randomblob(4)), 'x')"


@pytest.fixture
async def database(sqlite_url):
    opened = await Database.open(sqlite_url)
    yield opened
    await opened.close()


@pytest.fixture
def write(tmp_path):
    def once():
        with sqlite3.connect(tmp_path / "gateway.db") as other:
            other.execute(SOMEBODY)
        other.close()

    return once


class Counted:
    """A view that fails as often as it is told."""

    def __init__(self, failures=0):
        self.times, self.failures = 0, failures

    async def refresh(self):
        self.times += 1
        if self.times <= self.failures:
            raise OperationalError("SELECT", {}, OSError())


async def test_views_are_refreshed_only_when_somebody_wrote(database, write):
    view = Counted()
    elsewhere = Elsewhere(database, [view.refresh])

    await elsewhere.take_in()
    await elsewhere.take_in()
    assert view.times == 1

    write()
    await elsewhere.take_in()
    assert view.times == 2


async def test_what_could_not_be_read_is_asked_for_again(database):
    """A change noticed and then lost would leave a revoked key good for ever."""
    view = Counted(failures=1)
    elsewhere = Elsewhere(database, [view.refresh])

    with pytest.raises(OperationalError):
        await elsewhere.take_in()
    await elsewhere.take_in()

    assert view.times == 2


async def test_a_request_sees_what_was_written_before_it_came(database, write):
    view = Counted()
    elsewhere = Elsewhere(database, [view.refresh])
    await elsewhere.take_in()

    write()

    assert await elsewhere.look()
    assert view.times == 2


async def test_a_crowd_of_unknown_keys_asks_the_database_once(database, monkeypatch):
    elsewhere = Elsewhere(database, [])
    asked = 0
    version = database.version

    async def counted():
        nonlocal asked
        asked += 1
        return await version()

    monkeypatch.setattr(database, "version", counted)
    await elsewhere.take_in()
    began = asyncio.get_running_loop().time()
    await asyncio.gather(*(elsewhere.look() for _ in range(200)))

    assert asked == 2
    assert asyncio.get_running_loop().time() - began >= PAUSE_SECONDS / 2


async def test_a_database_that_does_not_answer_is_told_and_not_raised(database, write):
    view = Counted(failures=1)
    elsewhere = Elsewhere(database, [view.refresh])

    assert not await elsewhere.look()
    assert await elsewhere.look()
