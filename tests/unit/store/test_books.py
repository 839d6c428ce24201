"""Nothing is overspent, and each refusal says what is wrong."""

import asyncio
from dataclasses import replace
from unittest.mock import Mock

import pytest
from sqlalchemy import event, text

from gateway.audit.merkle import MerkleChain
from gateway.domain.budget import Level, Unit
from gateway.domain.exceeded import BudgetExceededError, QuotaExceededError
from gateway.domain.writes import Unit as Writes
from gateway.store import commit
from gateway.store.commit import Writer
from gateway.store.engine import Database
from tests.bookkeeping import differences, put, take, taken
from tests.records import hold, leaf, limit, new_id, payer


async def test_the_last_micro_can_be_held_and_not_one_more(writer, database):
    month = limit(amount=1000, name="month")
    await put(writer, month)
    await take(writer, 999)

    with pytest.raises(BudgetExceededError, match=r"project 'project-1' has 0\.000001 USD left .* 'month'") as refused:
        await take(writer, 2)
    await take(writer, 1)

    assert (refused.value.standing.held, refused.value.needed) == (999, 2)
    assert await taken(database, month) == (1000, 0)
    assert await differences(database) == []


async def test_a_refused_hold_leaves_nothing_behind(writer, database):
    """Also where one limit had enough left and only the next had not."""
    wide, narrow = limit(id="a", amount=1000), limit(id="b", amount=5)
    await put(writer, wide, narrow)

    with pytest.raises(BudgetExceededError, match=narrow.name):
        await take(writer, 6)

    assert await taken(database, wide) == await taken(database, narrow) == (0, 0)
    async with database.reading() as connection:
        for table in ("hold", "hold_line", "journal"):
            assert (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0  # noqa: S608


async def test_of_many_at_once_as_many_pass_as_there_is_money_for(writer, database, monkeypatch):
    """They share transactions, also when money runs out: falling back to one by one would stall all replicas then."""
    monkeypatch.delattr(commit, "one_by_one")
    month = limit(amount=100)
    await put(writer, month)

    outcomes = await asyncio.gather(*(take(writer, 7) for _ in range(40)), return_exceptions=True)

    refused = [each for each in outcomes if isinstance(each, BudgetExceededError)]
    assert len(outcomes) - len(refused) == 100 // 7
    assert len({type(each) for each in refused}) == 1
    assert await taken(database, month) == (98, 0)
    assert await differences(database) == []


async def test_among_those_who_ask_at_once_only_who_does_not_fit_is_refused(writer, database):
    """One that a second limit refuses leaves its share of the first to those behind it."""
    wide, narrow = limit(id="a", amount=100), limit(id="b", amount=5, upstream="ibm")
    await put(writer, wide, narrow)

    first, second, third = await asyncio.gather(
        take(writer, 60, payer=payer(upstream="ibm")), take(writer, 60), take(writer, 41), return_exceptions=True
    )

    assert isinstance(first, BudgetExceededError)
    assert first.standing.limit == narrow
    assert second.charge.micros == 60
    assert isinstance(third, BudgetExceededError)
    assert (third.standing.limit, third.standing.left) == (wide, 40)
    assert await taken(database, wide) == (60, 0)
    assert await differences(database) == []


async def test_who_did_not_hear_the_answer_may_ask_again_though_nothing_is_left(writer, database):
    """It was itself that took the last of it."""
    month = limit(amount=10)
    await put(writer, month)
    unit = Writes(leaf=leaf(), hold=hold(new_id(), amount_micros=10))
    committed = await writer.commit(unit)

    assert await writer.commit(unit) == committed
    assert await taken(database, month) == (10, 0)


async def test_several_processes_share_one_budget(writer, database, database_url):
    """Each has its own writer and its own memory of limits; the database decides."""
    others = [await Database.open(database_url) for _ in range(2)]
    writers = [writer, *(Writer(each, MerkleChain()) for each in others)]
    for each in writers[1:]:
        await each.start()
    month = limit(amount=100)
    await put(writers[1], month)
    try:
        outcomes = await asyncio.gather(*(take(writers[number % 3], 3) for number in range(60)), return_exceptions=True)
        await put(writers[2], replace(month, amount=200))
        await take(writers[0], 100)
    finally:
        for each, opened in zip(writers[1:], others, strict=True):
            await each.close()
            await opened.close()

    assert sum(not isinstance(each, BudgetExceededError) for each in outcomes) == 33
    assert await taken(database, month) == (199, 0)
    assert await differences(database) == []


async def test_a_quota_counts_what_costs_nothing(writer, database):
    shots, jobs = limit(unit=Unit.SHOTS, currency="", amount=10_000), limit(unit=Unit.JOBS, currency="", amount=5)
    await put(writer, shots, jobs)
    await take(writer, 0)

    with pytest.raises(QuotaExceededError, match=r"1808 shots left .* and this job holds 8192 shots"):
        await take(writer, 0)

    assert (await taken(database, shots), await taken(database, jobs)) == ((8192, 0), (1, 0))


async def test_of_two_limits_at_odds_the_tighter_decides(writer, database):
    """A team may spend more than its project; neither helps the other."""
    team = limit(level=Level.TEAM, target="quantum", amount=10)
    project = limit(amount=1_000_000)
    await put(writer, team, project)

    with pytest.raises(BudgetExceededError, match="team 'quantum' has"):
        await take(writer, 11)
    await take(writer, 10)

    assert await taken(database, team) == await taken(database, project) == (10, 0)


async def test_a_payer_without_limits_costs_three_statements(writer, database):
    """The version, the holds and their lines in the journal, however many there are in the batch."""
    seen = Mock()
    engine = database._direct._engine if database.dialect == "sqlite" else database._writer.sync_engine
    event.listen(engine, "before_cursor_execute", seen)
    await asyncio.gather(*(take(writer) for _ in range(20)))

    statements = [call.args[2] for call in seen.call_args_list]
    money = [each for each in statements if "limit_version" in each or "hold" in each or "journal" in each]
    batches = sum("FROM limit_version" in each for each in statements)
    assert len(money) == 3 * batches
    assert not any("balance" in each for each in statements)
