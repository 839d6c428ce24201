"""Accounts at vendors: stored whole, found by whom they belong to, and never without what followed from them."""

from dataclasses import replace

import pytest

from gateway.domain.backend import ExecutionKind
from gateway.domain.writes import AttemptUpdate, Unit
from gateway.ports.vendor import Account
from gateway.store import accounts, objects, projects
from gateway.store.accounts import StoredAccount
from gateway.store.commit import UnitError, WriteRefusedError
from gateway.store.view import AccountView
from tests.records import NOW, job, leaf, outbox, sealed
from tests.unit.store.test_aggregates import PROJECT


def stored(name, *, vendor="acme", project_id=None, removed_at=None, after=0):
    account = Account(
        id=f"id-{name}", vendor=vendor, name=name, project_id=project_id, attributes={"region": "mars-1"}, version=1
    )
    created = NOW.replace(second=after)
    return StoredAccount(account=account, created_at=created, removed_at=removed_at)


MAIN, SPARE = stored("main"), stored("spare", after=1)
OWN = stored("own", project_id=PROJECT.id, after=2)
GONE = stored("gone", removed_at=NOW, after=3)
OTHER = stored("other", vendor="umbrella", after=4)


async def keep(writer, *every):
    rows = (projects.write(PROJECT), *(accounts.write(each) for each in every))
    await writer.commit(Unit(leaf=leaf(), rows=rows))


async def seen(writer):
    view = AccountView(writer.database)
    await view.refresh()
    return view


async def test_an_account_is_read_back_whole(writer):
    await keep(writer, OWN, GONE, MAIN)

    async with writer.database.reading() as connection:
        assert await accounts.every(connection) == [MAIN, OWN, GONE]


async def test_two_accounts_never_share_a_name(writer):
    await keep(writer, GONE)
    twin = replace(MAIN, account=replace(MAIN.account, name="gone"))

    with pytest.raises(WriteRefusedError):
        await keep(writer, twin)


async def test_a_project_uses_its_own_account_and_everybody_else_the_common_one(writer):
    await keep(writer, MAIN, OWN, OTHER)
    view = await seen(writer)

    assert view.account("acme", PROJECT.id) == OWN.account
    assert view.account("acme", "another project") == MAIN.account
    assert view.account("acme", None) == MAIN.account
    assert view.account("umbrella", PROJECT.id) == OTHER.account
    assert view.account("nobody", None) is None


async def test_nobody_uses_another_projects_account(writer):
    await keep(writer, OWN)
    view = await seen(writer)

    assert view.account("acme", "another project") is None
    assert view.account("acme", None) is None


async def test_new_jobs_use_the_newest_account_and_old_ones_find_theirs(writer):
    await keep(writer, SPARE, MAIN)
    view = await seen(writer)

    assert view.account("acme", None) == SPARE.account
    assert view.by_id(MAIN.account.id) == MAIN.account
    assert view.live("acme") == (MAIN.account, SPARE.account)


async def test_a_removed_account_is_found_but_not_used(writer):
    """Jobs that ran through it still say so."""
    await keep(writer, GONE)
    view = await seen(writer)

    assert view.account("acme", None) is None
    assert view.live("acme") == ()
    assert view.by_id(GONE.account.id) == GONE.account
    assert view.by_id("never was") is None


async def test_a_view_changes_when_it_is_refreshed(writer):
    await keep(writer, MAIN)
    view = await seen(writer)
    await keep(writer, replace(MAIN, account=replace(MAIN.account, version=2)))

    assert view.by_id(MAIN.account.id).version == 1
    await view.refresh()
    assert view.by_id(MAIN.account.id).version == 2


@pytest.mark.parametrize(("state", "counted"), [("sending", 1), ("forwarded", 1), ("done", 0), ("abandoned", 0)])
async def test_what_an_account_must_still_follow_is_counted(writer, state, counted):
    mine, other = job(), job()
    for record, account_id in ((mine, "id-main"), (other, "id-spare")):
        attempt = replace(outbox(record.id, kind=ExecutionKind.HARDWARE), account_id=account_id)
        await writer.commit(Unit(leaf=leaf(), job=record, outbox=attempt))
    await writer.commit(Unit(attempt=AttemptUpdate(job_id=mine.id, attempt=1, state=state, vendor_job_id=None)))

    async with writer.database.reading() as connection:
        assert await accounts.under_way(connection, "id-main") == counted
        assert await accounts.under_way(connection, "id-spare") == 1
        assert await accounts.under_way(connection, "id-other") == 0


# ── erasing one kind of an object ────────────────────────────────────────────────────────────────
async def test_one_kind_is_erased_with_the_entry_that_says_so(writer):
    await writer.commit(Unit(leaf=leaf(), sealed=(sealed("a", "old"), sealed("b", "old"))))

    await writer.commit(Unit(leaf=leaf(), sealed=(sealed("a", "new"),), erased_kinds=(("a", "old"),)))

    async with writer.database.reading() as connection:
        assert await objects.kinds(connection, "a") == ("new",)
        assert await objects.kinds(connection, "b") == ("old",)


async def test_nothing_is_erased_when_the_unit_is_refused(writer):
    """A second rotation at the same time loses, and takes nothing with it."""
    await writer.commit(Unit(leaf=leaf(), sealed=(sealed("a", "old"), sealed("a", "new"))))

    with pytest.raises(WriteRefusedError):
        await writer.commit(Unit(leaf=leaf(), sealed=(sealed("a", "new"),), erased_kinds=(("a", "old"),)))

    async with writer.database.reading() as connection:
        assert await objects.kinds(connection, "a") == ("new", "old")


async def test_erasing_rests_on_an_entry(writer):
    with pytest.raises(UnitError):
        await writer.commit(Unit(erased_kinds=(("a", "old"),)))
