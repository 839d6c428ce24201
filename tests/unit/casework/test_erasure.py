"""What was erased opens nowhere: neither here, nor in a copy of the database that was made before."""

import shutil
import sqlite3
import subprocess

import pytest
from sqlalchemy import text

from gateway.audit import check
from gateway.casework.erasure import ErasureRefusedError
from gateway.casework.keys import Wish
from gateway.casework.legal_holds import LegalHoldError
from gateway.casework.names import ReasonRefusedError
from gateway.store.engine import Database
from gateway.store.erasures import Scope
from gateway.store.legal_holds import HoldScope
from gateway.vault.keys import FileKeyProvider
from gateway.vault.locks import Locks
from gateway.vault.vault import ErasedError, Vault

pytestmark = pytest.mark.long

CANARY = b"canary-5be1 "


class KilledError(Exception):
    """The process ended here."""


@pytest.fixture
def backup(archive, tmp_path, request):
    """Copies the database as a backup does, and gives the copy's address and its bytes."""

    def of_sqlite():
        source = request.getfixturevalue("sqlite_url").partition(":///")[2]
        copy = tmp_path / "backup.sqlite3"
        connection = sqlite3.connect(source)
        connection.execute("VACUUM INTO ?", (str(copy),))
        connection.close()
        return f"sqlite+aiosqlite:///{copy}", copy.read_bytes()

    def of_postgresql():
        server, name = request.getfixturevalue("postgresql"), request.getfixturevalue("migrated_postgresql")
        where = ("-h", str(server._directory), "-U", "postgres")
        dump = subprocess.run([server._programs / "pg_dump", *where, name], check=True, capture_output=True).stdout
        copy = server.create()
        quiet = ("-q", "-X", "-v", "ON_ERROR_STOP=1", "-d", copy)
        subprocess.run([server._programs / "psql", *where, *quiet], check=True, input=dump, capture_output=True)
        return server.url(copy), dump

    return of_sqlite if archive.database.dialect == "sqlite" else of_postgresql


async def open_with(url, directory, clock):
    """Open a copy of the database with the keys of a directory."""
    database = await Database.open(url)
    vault = Vault(database, FileKeyProvider(directory / "master.key"), clock, Locks(directory / "erasure.key"))
    await vault.start()
    return database, vault


async def readable(vault, *objects):
    """Which of some objects open."""
    found = []
    for object_id, kind in objects:
        try:
            await vault.open(object_id=object_id, kind=kind)
        except ErasedError:
            continue
        found.append((object_id, kind))
    return found


def of(job):
    return [(job.id, "payload"), (job.id, "result"), (job.decision_id, "facts")]


@pytest.fixture
async def work(archive):
    """Two people in two projects, a job each, and one that was denied."""
    alice, bob = await archive.person("alice.liddell"), await archive.person("bob")
    lab, factory = await archive.project("lab"), await archive.project("factory")
    hers, his = await archive.job(alice, lab, payload=CANARY * 9), await archive.job(bob, factory)
    await archive.administration.keys.new(
        principal="alice.liddell", project="lab", wish=Wish(roles=("scientist",), label="alice's laptop")
    )
    return hers, his, await archive.denied(alice, lab)


def spare(directory):
    """Keep the keys as they are now, as somebody would who copied them before."""
    kept = directory / "before"
    kept.mkdir()
    for name in ("master.key", "erasure.key"):
        shutil.copy(directory / name, kept / name)
    return kept


@pytest.mark.parametrize(
    ("scope", "name", "gone"),
    [
        pytest.param(Scope.JOB, "hers", ["payload", "result", "facts"], id="a job"),
        pytest.param(Scope.PROJECT, "lab", ["payload", "result", "facts", "denied"], id="a project"),
        pytest.param(Scope.PRINCIPAL, "alice.liddell", ["facts", "denied"], id="a person"),
    ],
)
async def test_a_backup_from_before_gives_nothing_away(archive, work, backup, tmp_path, scope, name, gone):
    """The keys that are left after an erasure must not open what a copy of the database still holds."""
    hers, his, denied = work
    hers_all = dict(zip(["payload", "result", "facts", "denied"], [*of(hers), (denied, "facts")], strict=True))
    url, content = backup()
    before = spare(tmp_path)

    assert await archive.erasure.order(scope, hers.client_job_id if name == "hers" else name, reason="asked for") == []

    database, vault = await open_with(url, tmp_path, archive.clock)
    left = [each for label, each in hers_all.items() if label not in gone]
    assert await readable(vault, *hers_all.values()) == left
    assert await readable(vault, *of(his)) == of(his)
    assert await readable(archive.vault, *hers_all.values()) == left
    assert CANARY not in content
    await database.close()

    # Whoever kept the erasure key of before opens all of it: so it was there to be erased.
    database, vault = await open_with(url, before, archive.clock)
    assert await readable(vault, *hers_all.values()) == list(hers_all.values())
    await database.close()


async def test_a_persons_name_is_in_no_backup(archive, work, backup, tmp_path):
    alice = await archive.administration.principals.named("alice.liddell")
    digest = archive.vault.subject(alice.id)
    url, content = backup()

    await archive.erasure.order(Scope.PRINCIPAL, "alice.liddell", reason="asked for")

    database, vault = await open_with(url, tmp_path, archive.clock)
    assert b"liddell" not in content
    assert await vault.named([digest]) == {}
    assert await archive.vault.named([digest]) == {}
    names = {each.name: each.disabled for each in await archive.administration.principals.every()}
    assert names == {f"erased-{alice.id[-12:]}": True, "bob": False}
    assert {each.key.label for each in await archive.administration.keys.every()} == {""}
    assert all(each.key.revoked_at for each in await archive.administration.keys.every())
    await database.close()


async def test_the_ledger_still_holds_and_says_why(archive, work):
    hers, *_ = work

    await archive.erasure.order(Scope.JOB, hers.client_job_id, reason="contract ended")

    (told,) = await archive.inspection.entries(type_="erasure.ordered")
    assert (told.body["target"], told.body["reason"]) == (hers.id, "contract ended")
    assert (await check.whole(archive.database)).ok
    assert await archive.found() == []


async def test_nothing_new_is_sealed_for_a_project_that_was_erased(archive, work):
    """What a late answer of a vendor would bring is not kept either."""
    hers, *_ = work
    await archive.erasure.order(Scope.PROJECT, "lab", reason="left us")

    with pytest.raises(ErasedError):
        await archive.vault.seal(project_id=hers.project_id, object_id=hers.id, kind="result/late", plaintext=b"")


async def test_a_plan_changes_nothing(archive, work):
    hers, *_ = work

    plan = await archive.erasure.plan(Scope.PROJECT, "lab")

    assert (plan.objects, plan.keys, plan.hold, plan.jobs_under_way) == (4, 1, None, 0)
    assert await readable(archive.vault, *of(hers)) == of(hers)
    assert await archive.disposal.every() == []


@pytest.mark.parametrize(
    ("held", "target"),
    [
        (HoldScope.JOB, "hers"),
        (HoldScope.PRINCIPAL, "alice.liddell"),
        (HoldScope.PROJECT, "lab"),
        (HoldScope.EVERYTHING, ""),
    ],
)
@pytest.mark.parametrize("scope", [Scope.JOB, Scope.PRINCIPAL, Scope.PROJECT])
async def test_a_legal_hold_beats_every_erasure_it_touches(archive, work, held, target, scope):
    hers, *_ = work
    names = {Scope.JOB: hers.client_job_id, Scope.PRINCIPAL: "alice.liddell", Scope.PROJECT: "lab"}
    hold = await archive.legal_holds.set(held, hers.client_job_id if target == "hers" else target, reason="case 7")

    with pytest.raises(LegalHoldError, match="case 7"):
        await archive.erasure.order(scope, names[scope], reason="asked for")

    assert await readable(archive.vault, *of(hers)) == of(hers)
    await archive.legal_holds.lift(hold.id, reason="case closed")
    assert await archive.erasure.order(scope, names[scope], reason="asked for") == []


async def test_a_hold_elsewhere_is_in_nobodys_way(archive, work):
    hers, his, _ = work
    await archive.legal_holds.set(HoldScope.JOB, his.client_job_id, reason="case 8")

    await archive.erasure.order(Scope.PROJECT, "lab", reason="left us")

    assert await readable(archive.vault, *of(hers), *of(his)) == of(his)


async def test_work_under_way_is_not_erased(archive, work):
    lab = await archive.administration.projects.named("lab")
    alice = await archive.administration.principals.named("alice.liddell")
    await archive.job(alice, lab, end=False)

    with pytest.raises(ErasureRefusedError, match="1 jobs"):
        await archive.erasure.order(Scope.PROJECT, "lab", reason="left us")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "two\nlines"])
async def test_an_erasure_needs_a_reason_that_fits_on_a_line(archive, work, reason):
    hers, *_ = work
    with pytest.raises(ReasonRefusedError):
        await archive.erasure.order(Scope.JOB, hers.client_job_id, reason=reason)


async def test_an_order_waits_until_witnesses_have_seen_it(archive, work):
    """Whoever took the gateway over must not be able to destroy evidence before anybody hears of it."""
    hers, *_ = work
    archive.seen[0] = 0

    (waiting,) = await archive.erasure.order(Scope.JOB, hers.client_job_id, reason="asked for")

    assert await readable(archive.vault, *of(hers)) == of(hers)
    assert ("order-undone", f"order {waiting.id}") in await archive.found()
    archive.seen[0] = 10_000
    assert await archive.disposal.carry_out() == []
    assert await readable(archive.vault, *of(hers)) == []


@pytest.mark.parametrize("scope", [Scope.JOB, Scope.PRINCIPAL, Scope.PROJECT])
async def test_a_hold_that_comes_later_stops_what_still_waits(archive, work, scope):
    hers, *_ = work
    names = {Scope.JOB: hers.client_job_id, Scope.PRINCIPAL: "alice.liddell", Scope.PROJECT: "lab"}
    held = {Scope.JOB: HoldScope.JOB, Scope.PRINCIPAL: HoldScope.PRINCIPAL, Scope.PROJECT: HoldScope.PROJECT}
    archive.seen[0] = 0
    hold = await archive.legal_holds.set(HoldScope.JOB, hers.client_job_id, reason="too early")
    await archive.legal_holds.lift(hold.id, reason="not this one")
    who = await archive.administration.principals.named("alice.liddell")
    await archive.erasure.order(scope, names[scope], reason="asked for")

    target = who.id if scope is Scope.PRINCIPAL else hers.project_id if scope is Scope.PROJECT else names[scope]
    hold = await archive.legal_holds.set(held[scope], target, reason="case 9")
    archive.seen[0] = 10_000

    assert len(await archive.disposal.carry_out()) == 1
    assert await readable(archive.vault, *of(hers)) == of(hers)
    await archive.legal_holds.lift(hold.id, reason="case closed")
    assert await archive.disposal.carry_out() == []


@pytest.mark.parametrize("step", ["apply", "empty", "finish"])
async def test_a_crash_between_two_steps_is_mended_by_the_next_call(archive, work, monkeypatch, step):
    hers, *_ = work
    patched = {
        "apply": "gateway.vault.locks.Locks.apply",
        "empty": "gateway.casework.disposal.Disposal._empty",
        "finish": "gateway.store.erasures.finish",
    }

    def killed(*_, **__):
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(patched[step], killed)
        with pytest.raises(KilledError):
            await archive.erasure.order(Scope.JOB, hers.client_job_id, reason="asked for")

    assert await archive.disposal.carry_out() == []
    assert await readable(archive.vault, *of(hers)) == []
    assert await archive.found() == []


async def test_another_copy_of_the_erasure_key_catches_up_before_it_is_used(archive, work, tmp_path):
    """Replicas on other machines have copies of their own, and so has a spare that is put back after a fire."""
    hers, his, _ = work
    elsewhere = spare(tmp_path)
    await archive.erasure.order(Scope.JOB, hers.client_job_id, reason="asked for")

    other = Vault(
        archive.database, FileKeyProvider(elsewhere / "master.key"), archive.clock, Locks(elsewhere / "erasure.key")
    )
    await other.start()

    assert await readable(other, *of(hers), *of(his)) == of(his)
    assert other.locks.of("0" * 40) is not None


async def test_an_order_that_is_not_in_the_ledger_erases_nothing(archive, work):
    """A row written past the ledger must not be a way to destroy evidence quietly."""
    hers, *_ = work
    async with archive.database.writing() as connection:
        await connection.execute(
            text("INSERT INTO erasure_order VALUES ('x', 'project', :id, '[]', '[]', '[\"\"]', NULL, :at, '', NULL)"),
            {"id": hers.project_id, "at": "2026-03-01T12:00:00.000000Z"},
        )

    (left,) = await archive.disposal.carry_out()

    assert left.id == "x"
    assert await readable(archive.vault, *of(hers)) == of(hers)
    assert ("order-unrecorded", "order x") in await archive.found()


async def test_who_can_only_write_the_database_cannot_make_the_key_forget(archive, work, tmp_path):
    """Else one forged row, shown as carried out, would destroy what every backup holds."""
    hers, his, _ = work
    url_of = {"id": hers.project_id, "at": "2026-03-01T12:00:00.000000Z"}
    columns = "('x', 'project', :id, '[]', '[]', '[\"\"]', NULL, :at, 'forged', :at)"
    async with archive.database.writing() as connection:
        await connection.execute(text(f"INSERT INTO erasure_order VALUES {columns}"), url_of)  # noqa: S608  # our own words

    await archive.vault.follow()

    assert await readable(archive.vault, *of(hers), *of(his)) == [*of(hers), *of(his)]
    assert ("order-unrecorded", "order x") in await archive.found()
