"""The time that sessions may be open: held as they open, settled when they end, and never more than is left."""

import asyncio
from dataclasses import replace

import pytest

from gateway.domain.budget import Level, Period, Unit, Window
from gateway.domain.exceeded import QuotaExceededError
from gateway.enforcement.errors import SessionClosedError
from gateway.enforcement.repeats import TokenReusedError
from gateway.enforcement.sessions import LONGEST_TTL_SECONDS
from gateway.ports.operations import CloseSession, OpenSession
from gateway.store import books, holds, limits
from gateway.store.sessions import load
from tests import records
from tests.fakes import values
from tests.fault.small_house import ToyUpstream
from tests.policy.cast import SUBMISSION
from tests.unit.enforcement.vendor_house import quietly

HOUR = 3600
OPENING = OpenSession(backend=values.BACKEND.name, mode="dedicated", max_ttl_seconds=HOUR)


@pytest.fixture
async def process(small_deployment):
    async with small_deployment.process(ToyUpstream()) as process:
        yield process


async def opened(process, **changes):
    """Open one as the front door would."""
    dialect = process.small.house.dialects["ibm"]
    view = await process.serving.gate.sessions.open(process.small.caller, replace(OPENING, **changes), dialect)
    return view.session


async def close(process, session):
    await process.serving.gate.sessions.close(process.small.caller, CloseSession(session_id=session.id, cancel=False))


async def expire(process):
    await process.serving.gate.sessions.expire()


async def limited(process, hours, **changes):
    """Let the project's sessions be open for so many hours in all."""
    made = records.limit(
        level=Level.PROJECT,
        target=process.small.caller.project.id,
        unit=Unit.SESSION_SECONDS,
        currency="",
        amount=hours * HOUR,
        name="session-time",
        window=Window(period=Period.TOTAL),
        created_at=process.clock.now(),
    )
    limit = replace(made, **changes)
    await process.small.house.ledger.keep(limits.write(limit))
    await process.serving.limits.refresh()
    return limit


async def taken(process, limit):
    """Give held and settled seconds."""
    async with process.small.house.database.reading() as connection:
        (standing,) = await books.standings(connection, [limit], process.clock.now())
    return standing.held, standing.settled


async def test_a_session_holds_its_time_and_is_charged_for_how_long_it_was_open(process):
    limit = await limited(process, 2)
    session = await opened(process)
    assert await taken(process, limit) == (HOUR, 0)

    process.clock.passes(600)
    await close(process, session)

    held, settled = await taken(process, limit)
    assert (held, 600 <= settled < 660) == (0, True)
    (entry,) = await process.bodies("session.closed")
    assert (entry["max_ttl_seconds"], entry["seconds"]) == (HOUR, settled)
    assert (await process.bodies("session.opened"))[0]["seconds"] == HOUR


async def test_closing_twice_charges_once(process):
    limit = await limited(process, 2)
    session = await opened(process)

    await asyncio.gather(close(process, session), close(process, session))
    await close(process, session)

    assert (await taken(process, limit))[0] == 0
    assert len(await process.bodies("session.closed")) == 1


async def test_what_is_past_its_time_is_settled_without_anybody(process):
    """A process that ends before it leaves the hold; whichever clock finds it next settles it, once."""
    limit = await limited(process, 2)
    session = await opened(process)
    process.clock.passes(3 * HOUR)

    await expire(process)
    await expire(process)

    assert await taken(process, limit) == (0, HOUR)
    assert [entry["session"] for entry in await process.bodies("session.expired")] == [session.id]
    async with process.small.house.database.reading() as connection:
        closed = await load(connection, session.id)
        assert await books.phantoms(connection) == []
    assert (closed.accepting_jobs, (closed.closed_at - session.created_at).total_seconds()) == (False, HOUR)


async def test_an_expired_session_says_so(process):
    session = await opened(process)
    process.clock.passes(2 * HOUR)
    await expire(process)
    submission = replace(SUBMISSION, backend=values.BACKEND.name, session_id=session.id)

    with pytest.raises(SessionClosedError, match="its time to live has passed"):
        await process.serving.gate.sessions.admit(process.small.caller, submission)


async def test_more_time_than_is_left_is_refused_and_nothing_opens(process):
    limit = await limited(process, 1)

    with pytest.raises(QuotaExceededError, match="'session-time'"):
        await opened(process, max_ttl_seconds=HOUR + 1)

    assert await taken(process, limit) == (0, 0)
    assert await process.bodies("session.opened") == []


async def test_a_session_without_a_length_lasts_as_long_as_is_left(process):
    await limited(process, 3)
    await limited(process, 1, name="elsewhere", upstream="ionq")

    assert (await opened(process, max_ttl_seconds=None)).max_ttl_seconds == 3 * HOUR
    assert isinstance(await quietly(opened(process, max_ttl_seconds=None)), QuotaExceededError)


@pytest.mark.parametrize("asked", [None, 10**9])
async def test_no_session_is_open_for_longer_than_a_working_day(process, asked):
    assert (await opened(process, max_ttl_seconds=asked)).max_ttl_seconds == LONGEST_TTL_SECONDS


async def test_one_token_opens_one_session(process):
    limit = await limited(process, 5)
    first = await opened(process, repeat_token="mine")

    again = await asyncio.gather(*(opened(process, repeat_token="mine") for _ in range(3)))

    assert {each.id for each in again} == {first.id}
    assert await taken(process, limit) == (HOUR, 0)
    assert len(await process.bodies("session.opened")) == 1


async def test_a_token_that_comes_twice_at_once_opens_one_session(process):
    """Nobody has a session yet when both look for it; the second one's hold is in the way of a second session."""
    limit = await limited(process, 5)

    both = await asyncio.gather(opened(process, repeat_token="mine"), opened(process, repeat_token="mine"))

    assert len({each.id for each in both}) == 1
    assert await taken(process, limit) == (HOUR, 0)


async def test_a_token_is_one_callers_and_one_openings(process):
    mine = await opened(process, repeat_token="mine")

    with pytest.raises(TokenReusedError, match=mine.id):
        await opened(process, repeat_token="mine", max_ttl_seconds=60)
    assert (await opened(process, repeat_token="other")).id != mine.id
    assert (await opened(process)).id != mine.id


async def test_a_session_of_an_older_release_held_nothing_and_closes_all_the_same(process):
    session = await opened(process)
    house = process.small.house
    async with house.database.writing() as connection:
        await connection.exec_driver_sql("DELETE FROM hold")

    await close(process, session)

    assert (await process.bodies("session.closed"))[0]["seconds"] is None
    async with house.database.reading() as connection:
        assert await holds.held(connection, session.id) is None


async def bound(process, session, seconds):
    """Let policy have a job of a session, and the session be open for no longer than that."""
    job = replace(SUBMISSION, backend=session.backend, session_id=session.id)
    await process.serving.gate.sessions.bound(process.small.caller, job, seconds)
    return await process.serving.gate.sessions.find(process.small.caller, session.id)


@pytest.mark.parametrize(
    ("seconds", "left"),
    [(60, 60), (HOUR, HOUR), (2 * HOUR, HOUR), (None, HOUR)],
    ids=["less", "as much", "more", "none"],
)
async def test_policy_closes_a_session_earlier_and_never_later(process, seconds, left):
    session = await opened(process)

    assert (await bound(process, session, seconds)).max_ttl_seconds == left


async def test_a_session_that_was_open_long_enough_takes_no_job(process):
    session = await opened(process)
    process.clock.passes(61)

    with pytest.raises(SessionClosedError):
        await bound(process, session, 60)


async def test_a_session_that_policy_shortens_is_on_record(process):
    session = await opened(process)
    await bound(process, session, 60)

    (entry,) = await process.small.house.inspection.entries(since=0, limit=100, type_="session.shortened")

    assert (entry.body["session"], entry.body["max_ttl_seconds"]) == (session.id, 60)
