"""Retries across replicas: one lost answer is taken by one retry, wherever it comes in."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from gateway.audit.merkle import MerkleChain
from gateway.domain.writes import Unit
from gateway.enforcement.losses import Losses
from gateway.enforcement.repeats import Delivery, Repeats
from gateway.store import entries, jobs
from gateway.store.commit import Writer
from gateway.store.engine import Database
from gateway.store.member import Member
from gateway.store.replicas import Seat
from gateway.store.view import JobView
from tests.records import NOW, genesis, job, leaf, outbox

pytestmark = pytest.mark.tool("postgresql")
WINDOW = timedelta(seconds=60)
LEASE = 0.6


@dataclass
class Replica:
    """One process, as far as submissions and their answers go."""

    database: Database
    member: Member
    writer: Writer
    repeats: Repeats
    losses: Losses

    @classmethod
    async def open(cls, url, seat, stack):
        database = await Database.open(url)
        stack.push_async_callback(database.close)
        member = Member(database, Seat(id=seat, address="http://test"), lease_seconds=LEASE)
        stack.push_async_callback(member.leave)
        await member.start()
        writer = Writer(database, MerkleChain())
        await writer.start()
        stack.push_async_callback(writer.close)
        writer.join(member)
        repeats = Repeats(shared=True)
        losses = Losses(member=member, database=database, repeats=repeats, jobs=JobView(database, shared=True))
        return cls(database, member, writer, repeats, losses)

    async def submit(self, work="work", token=None):
        """Submit as the submitter does; gives the delivery and the job's id."""
        who = SimpleNamespace(
            key=SimpleNamespace(id="key-1"), project=SimpleNamespace(id="p"), principal=SimpleNamespace(id="q")
        )
        sent = SimpleNamespace(work_digest=work, body_digest=work, repeat_token=token)
        delivery = Delivery(repeats=self.repeats)
        retried = await self.losses.take(who, sent, WINDOW)
        standing, again = self.repeats.join(who, sent, delivery, window=WINDOW, now=NOW, retried=retried)
        if not again:
            made = replace(job(), key_id="key-1", work_digest=work, created_at=datetime.now(UTC))
            self.repeats.begin(standing, made.id)
            owned = replace(outbox(made.id), owner=self.member.id)
            await self.writer.commit(Unit(leaf=leaf(), job=made, outbox=owned))
            self.repeats.settle(standing, made)
        return delivery, (await standing.outcome).id

    async def lose(self, work="work"):
        """Submit, and let the connection break; gives the job's id."""
        delivery, made = await self.submit(work)
        delivery.lost(NOW)
        await self.losses.flush()
        return made

    async def arrived(self, delivery):
        delivery.arrived()
        answered = self.repeats.take_answered()
        await self.database.transact(lambda connection: jobs.note_answered(connection, answered, NOW))


@pytest.fixture
async def replicas(postgresql_url):
    async with AsyncExitStack() as stack:
        database = await Database.open(postgresql_url)
        async with database.writing() as connection:
            await entries.create(connection, genesis())
        await database.close()
        yield [await Replica.open(postgresql_url, f"seat-{number}", stack) for number in range(2)]


async def test_a_retry_at_another_replica_gets_the_lost_job(replicas):
    here, there = replicas
    lost = await here.lose()

    assert (await there.submit())[1] == lost


async def test_one_retry_answers_one_lost_answer(replicas):
    here, there = replicas
    lost = await here.lose()

    told = [(await each.submit())[1] for each in (there, here, there)]
    raced = await asyncio.gather(*(each.submit("other") for each in (here, there)))

    assert told[0] == lost
    assert len(set(told)) == 3
    assert len({made for _, made in raced}) == 2


async def test_two_retries_at_once_share_no_lost_answer(replicas):
    """The second one is a submission of its own, because only one answer was lost."""
    here, there = replicas
    lost = await here.lose()

    told = [made for _, made in await asyncio.gather(here.submit(), there.submit())]

    assert sorted(made == lost for made in told) == [False, True]


async def test_a_retry_whose_own_answer_is_lost_may_come_again(replicas):
    here, there = replicas
    lost = await here.lose()
    assert await there.lose() == lost

    assert (await here.submit())[1] == lost


async def test_work_whose_answer_arrived_is_meant_to_run_again(replicas):
    here, there = replicas
    delivery, first = await here.submit()
    await here.arrived(delivery)

    assert (await there.submit())[1] != first


async def test_a_job_that_was_asked_for_at_another_replica_is_known_to_its_client(replicas):
    here, there = replicas
    lost = await here.lose()
    there.repeats.asked(await there.losses.jobs.find_by_id(lost))
    answered = there.repeats.take_answered()
    await there.database.transact(lambda connection: jobs.note_answered(connection, answered, NOW))

    assert (await there.submit())[1] != lost


async def test_what_a_dead_replica_was_asked_counts_as_lost(replicas):
    """Its clients' connections broke with it, and nobody is left to say so."""
    here, there = replicas
    _, asked = await here.submit()
    here.member._living.cancel()
    await asyncio.sleep(LEASE * 2)
    await there.member.take_over()

    assert (await there.submit())[1] == asked


async def test_a_retry_that_overtakes_the_word_of_a_broken_connection_waits_for_it(replicas):
    here, there = replicas
    delivery, made = await here.submit()
    retry = asyncio.create_task(there.submit())
    await asyncio.sleep(0.1)
    delivery.lost(NOW)
    await here.losses.flush()

    assert (await retry)[1] == made


async def test_a_token_decides_without_any_of_this(replicas):
    here, there = replicas
    lost = await here.lose()

    assert (await there.submit(token="t"))[1] != lost
