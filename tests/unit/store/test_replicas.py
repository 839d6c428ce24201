"""Several replicas on one PostgreSQL database: who lives, who owns, who leads, and who hears what."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text

from gateway.audit.merkle import MerkleChain
from gateway.domain.lease import LeaseLostError
from gateway.domain.writes import JobEdit, RowWrite, Unit
from gateway.store import attempts, entries, rates, replicas
from gateway.store.commit import LedgerUnavailableError, Writer
from gateway.store.engine import Database
from gateway.store.member import Member
from gateway.store.replicas import Seat
from gateway.store.tables import job_stop, subject_name
from tests.records import NOW, genesis, job, leaf, outbox

pytestmark = pytest.mark.tool("postgresql")
LEASE = 0.6


@pytest.fixture
async def database(postgresql_url):
    opened = await Database.open(postgresql_url)
    async with opened.writing() as connection:
        await entries.create(connection, genesis())
    yield opened
    await opened.close()


class Replica:
    """One process: a database of its own, a member, and a writer that writes in its name."""

    def __init__(self, database, seat, lease):
        self.database = database
        self.member = Member(database, Seat(id=seat, address="http://test"), lease_seconds=lease)
        self.writer = Writer(database, MerkleChain())

    async def start(self):
        await self.member.start()
        await self.writer.start()
        self.writer.join(self.member)

    async def permit(self):
        """Open an attempt of a new job, and give the job."""
        new = job()
        await self.writer.commit(Unit(leaf=leaf(), job=new, outbox=replace(outbox(new.id), owner=self.member.id)))
        return new

    async def falls_asleep(self):
        """Beat no more, as a process that was stopped."""
        self.member._living.cancel()
        await asyncio.wait({self.member._living})

    async def heard(self):
        return await asyncio.wait_for(self.member.heard(), 5)

    async def owns(self):
        async with self.database.reading() as connection:
            return {row.job_id for row in await attempts.unfinished(connection, owner=self.member.id)}

    async def close(self):
        await self.writer.close()
        await self.member.leave()
        await self.database.close()


@pytest.fixture
async def join(database, postgresql_url):
    """Let another replica join."""
    made = []

    async def one(seat="", *, lease=LEASE):
        replica = Replica(await Database.open(postgresql_url), seat or f"seat-{len(made)}", lease)
        made.append(replica)
        await replica.start()
        await replica.heard()
        return replica

    yield one
    for each in made:
        await each.close()


async def expired():
    """Wait until a lease that is not renewed has run out."""
    await asyncio.sleep(LEASE * 1.5)


async def test_what_a_dead_replica_left_is_owned_by_exactly_one_other(join):
    dead, *living = [await join() for _ in range(4)]
    jobs = {(await dead.permit()).id for _ in range(5)}
    await dead.falls_asleep()
    await expired()

    taken = await asyncio.gather(*(each.member.take_over() for each in living))

    assert sorted(row.job_id for rows in taken for row in rows) == sorted(jobs)
    assert sorted(len(rows) for rows in taken) == [0, 0, 5]
    assert [await each.owns() for each in living] == [{row.job_id for row in rows} for rows in taken]


async def test_nobody_takes_over_from_a_replica_that_beats(join):
    one, two = await join(), await join()
    await one.permit()
    await expired()

    assert await two.member.take_over() == []
    assert not one.member.fenced.is_set()


async def test_a_replica_that_was_declared_dead_commits_nothing_any_more(join):
    """It may sleep in the middle of anything; the database refuses in its name whatever it does when it wakes up."""
    asleep, other = await join(), await join()
    left = await asleep.permit()
    await asleep.falls_asleep()
    await expired()
    await other.member.take_over()

    with pytest.raises(LedgerUnavailableError, match="took this one's work over"):
        await asleep.permit()

    assert asleep.member.fenced.is_set()
    assert await other.owns() == {left.id}
    with pytest.raises(LeaseLostError):
        asleep.member.lease.check()


async def test_a_replica_that_wakes_up_learns_from_its_next_heartbeat_that_it_is_counted_out(join):
    asleep, other = await join(), await join()
    await asleep.falls_asleep()
    await expired()
    await other.member.take_over()
    async with other.database.reading() as connection:
        assert not await replicas.has_left_something(connection, other.member.id, declare=True)

    await asleep.member._beat_or_note()
    await asleep.member._beat_or_note()

    assert asleep.member.fenced.is_set()


async def test_nothing_may_be_sent_once_the_lease_ran_out_although_nobody_took_over(join):
    asleep = await join()
    asleep.member.lease.check()
    await asleep.falls_asleep()
    await expired()

    with pytest.raises(LeaseLostError):
        asleep.member.lease.check()


async def test_whoever_takes_a_seat_proves_that_its_former_holder_is_gone(join):
    """After kill -9 the next process on the same directory need not wait for a lease to run out."""
    former = await join("here", lease=60)
    left = await former.permit()
    await former.falls_asleep()

    next_one = await join("here", lease=60)

    assert [row.job_id for row in await next_one.member.take_over()] == [left.id]


async def test_whoever_leaves_in_good_order_is_inherited_from_at_once(join):
    leaving, other = await join(lease=60), await join(lease=60)
    left = await leaving.permit()
    await leaving.member.leave()

    assert [row.job_id for row in await other.member.take_over()] == [left.id]


async def test_whoever_was_itself_away_declares_nobody_dead(join):
    """While the database restarts all are away; the first to be back must not take the others for dead."""
    asleep = await join()
    await asleep.permit()
    await asleep.falls_asleep()
    await expired()

    just_back = await join()

    assert await just_back.member.take_over() == []


async def test_one_replica_leads_and_another_does_when_its_connection_breaks(join):
    one, two = await join(), await join()
    assert (one.member.leads, two.member.leads) == (True, False)
    await one.falls_asleep()

    async with two.database.writing() as connection:
        await connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"),
            {"name": replicas.application(one.member.id)},
        )
    async with asyncio.timeout(5):
        while not two.member.leads:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.02)
    await one.member._beat_or_note()
    await one.member._beat_or_note()

    assert not one.member.leads


async def test_a_frozen_leader_loses_the_lead_with_its_life(join):
    """Its connection stands as long as it sleeps, and with it the lock; whoever declares it dead cuts both."""
    one, two = await join(), await join()
    await one.falls_asleep()
    await expired()
    await two.member.take_over()

    async with asyncio.timeout(5):
        while not two.member.leads:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.02)


async def test_others_hear_which_jobs_changed_and_whoever_wrote_does_not(join):
    one, two = await join(), await join()
    changed = await one.permit()
    heard = await two.heard()
    assert (heard.jobs, heard.stops, heard.everything) == ({changed.id}, False, False)

    await two.writer.commit(Unit(edit=JobEdit(job_id=changed.id, tags=("a",))))
    assert (await one.heard()).jobs == {changed.id}


async def test_others_hear_that_a_job_is_to_be_stopped(join):
    one, two = await join(), await join()
    stopped = await one.permit()
    await two.heard()
    stop = {"job_id": stopped.id, "source": "caller", "reason": "", "at": NOW.isoformat()}
    await one.writer.commit(Unit(rows=(RowWrite(table=job_stop.name, values=stop),)))

    assert (await two.heard()).stops


async def test_the_number_of_administrative_changes_moves_for_everybody(join):
    """Also where it was written: a revoked key must end at the very process that revoked it, too."""
    one, two = await join(), await join()
    before = [each.member.rows_told() for each in (one, two)]
    await one.writer.commit(Unit(rows=(RowWrite(table=subject_name.name, values={"digest": "a", "name": "b"}),)))

    async with asyncio.timeout(5):
        while any(  # noqa: ASYNC110  # nobody tells
            (now or 0) >> 32 == (then or 0) >> 32
            for now, then in zip((each.member.rows_told() for each in (one, two)), before, strict=True)
        ):
            await asyncio.sleep(0.01)


async def test_many_changes_at_once_are_told_in_notices_that_postgresql_takes(join):
    one, two = await join(), await join()
    many = await asyncio.gather(*(one.permit() for _ in range(250)))

    heard = set()
    while len(heard) < len(many):
        heard |= (await two.heard()).jobs
    assert heard == {each.id for each in many}


async def test_a_bucket_of_tokens_is_shared_and_fills_again(database):
    async def take(wanted):
        async with database.writing() as connection:
            return await rates.take(connection, "key:a", per_second=20.0, capacity=5.0, wanted=wanted)

    taken = await asyncio.gather(*(take(2.0) for _ in range(4)))
    assert 5.0 <= sum(taken) <= 6.0

    await asyncio.sleep(0.2)
    assert 3.0 <= await take(10.0) <= 5.0
