"""Each kind of damage is planted once, and found by its name where it was done."""

import asyncio
import re
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.audit.note import Note
from gateway.casework.budgets import Wish
from gateway.casework.fsck.finding import CODES
from gateway.domain.budget import Level, Period
from gateway.domain.writes import Unit
from gateway.store import damage, entries, objects
from gateway.store.erasures import Scope
from tests import records
from tests.unit.casework.test_retention import empty

pytestmark = pytest.mark.long

RUNBOOK = Path(__file__).parents[3] / "docs" / "runbooks" / "fsck.md"


@pytest.fixture
async def whole(archive):
    """A deployment in which everything agrees: enough entries for a full tile, a budget, a job that ended."""
    alice, lab = await archive.person("alice"), await archive.project("lab")
    job = await archive.job(alice, lab)
    async with archive.database.reading() as connection:
        size = (await entries.head(connection)).size
    body = {"codes": {"key-revoked": 1}}
    told = (
        archive.entries.record("requests.refused", by="operator", project_id=None, rows=(), body=body, people={})
        for _ in range(256 - size)
    )
    await asyncio.gather(*told)
    await archive.sign()
    assert await archive.found() == []
    yield archive, job
    if archive.database.dialect == "postgresql":
        # The server's tables are shared by all tests.
        async with archive.database.writing() as connection:
            await connection.execute(text("ALTER TABLE journal ENABLE TRIGGER ALL"))


async def plant(archive, *statements, **values):
    """Change rows as somebody does who owns the database, past every trigger."""
    async with archive.database.writing() as connection:
        guards = {}
        if archive.database.dialect == "sqlite":
            query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            guards = dict((await connection.execute(text(query))).all())
            for name in guards:
                await connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            await connection.execute(text("SET session_replication_role = replica"))
        for statement in statements:
            await connection.execute(text(statement), {k: v for k, v in values.items() if f":{k}" in statement})
        for sql in guards.values():
            await connection.execute(text(sql))
        if archive.database.dialect != "sqlite":
            await connection.execute(text("SET session_replication_role = DEFAULT"))


async def seq_of(archive, type_):
    return (await archive.inspection.entries(type_=type_))[-1].seq


async def edited(archive, job):
    seq = await seq_of(archive, "job.completed")
    async with archive.database.reading() as connection:
        (entry,) = await entries.between(connection, start=seq, stop=seq + 1)
    leaf = entry.leaf.replace(b"sim_line_5", b"ibm_torino")
    await plant(archive, "UPDATE audit_entry SET leaf = :leaf WHERE seq = :seq", leaf=leaf, seq=seq)
    return "entry-edited", f"entry {seq}"


async def column(archive, job):
    seq = await seq_of(archive, "job.completed")
    await plant(archive, "UPDATE audit_entry SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = :seq", seq=seq)
    return "row-differs", f"entry {seq}"


async def emptied(archive, job):
    seq = await seq_of(archive, "job.completed")
    await empty(archive, seq)
    return "pruned-uncovered", f"entry {seq}"


async def tile_changed(archive, job):
    await plant(archive, "UPDATE audit_tile SET root = :root WHERE level = 0", root=bytes(32))
    return "tile-differs", "tile 0/0"


async def tile_gone(archive, job):
    await plant(archive, "DELETE FROM audit_tile WHERE level = 0")
    return "tile-missing", "tile 0/0"


async def pin_of_elsewhere(archive, job):
    path = archive.directory / "log.checkpoint"
    note = path.read_text()
    path.write_text(note.replace(note.splitlines()[2], "A" * 43 + "=", 1))
    return "pin-differs", "log.checkpoint"


async def pin_unreadable(archive, job):
    (archive.directory / "log.checkpoint").write_text("nothing")
    return "pin-differs", "log.checkpoint"


async def checkpoint_changed(archive, job):
    async with archive.database.reading() as connection:
        note = (await connection.execute(text("SELECT note FROM audit_checkpoint"))).scalar_one()
    forged = note.replace(note.splitlines()[2], "A" * 43 + "=", 1)
    assert Note.parse(forged.encode())
    await plant(archive, "UPDATE audit_checkpoint SET note = :note", note=forged)
    return "root-differs", "the ledger"


async def cosignature_left(archive, job):
    at = "2026-03-01T12:00:00.000000Z"
    await plant(archive, "INSERT INTO audit_cosignature VALUES (77, 'w', '', :at)", at=at)
    return "cosignature-orphaned", "checkpoint of 77 entries"


async def guard_dropped(archive, job):
    if archive.database.dialect == "sqlite":
        name, statement = "journal_refuse_update", "DROP TRIGGER journal_refuse_update"
    else:
        name, statement = "journal_refuse_change", "ALTER TABLE journal DISABLE TRIGGER journal_refuse_change"
    async with archive.database.writing() as connection:
        await connection.execute(text(statement))
    return "guard-missing", f"trigger {name}"


async def object_swapped(archive, job):
    """Another payload, sealed by the gateway's own keys, in the place of the one that was judged."""
    other = await archive.vault.seal(project_id=job.project_id, object_id=job.id, kind="payload", plaintext=b"other")
    await plant(
        archive,
        "UPDATE sealed_object SET wrapped_dek = :dek, ciphertext = :body, ciphertext_digest = :digest "
        "WHERE object_id = :job AND kind = 'payload'",
        dek=other.wrapped_dek,
        body=other.ciphertext,
        digest=other.ciphertext_digest,
        job=job.id,
    )
    return "object-differs", f"payload of {job.id}"


async def payload_swapped(archive, job):
    await object_swapped(archive, job)
    return "payload-differs", f"payload of {job.id}"


async def object_gone(archive, job):
    await plant(archive, "DELETE FROM sealed_object WHERE object_id = :decision", decision=job.decision_id)
    return "object-missing", f"facts of {job.decision_id}"


async def object_damaged(archive, job):
    await plant(
        archive, "UPDATE sealed_object SET ciphertext = :body WHERE object_id = :job", body=b"\x01xx", job=job.id
    )
    return "object-damaged", f"payload of {job.id}"


async def object_unlocked(archive, job):
    """A wrapped key whose bytes were changed, with a ciphertext that nobody touched."""
    await plant(
        archive,
        "UPDATE sealed_object SET wrapped_dek = :dek WHERE object_id = :job",
        dek=b"\x02" + b"x" * 99,
        job=job.id,
    )
    return "object-damaged", f"payload of {job.id}"


async def tenant_key_gone(archive, job):
    await plant(archive, "DELETE FROM tenant_key WHERE project_id = :project", project=job.project_id)
    archive.vault._keys._kept.clear()
    return "object-damaged", f"payload of {job.id}"


async def tenant_key_changed(archive, job):
    await plant(
        archive,
        "UPDATE tenant_key SET wrapped = :key WHERE project_id = :project",
        key=b"\x01" + b"x" * 60,
        project=job.project_id,
    )
    archive.vault._keys._kept.clear()
    return "key-unreadable", f"version 1 of {job.project_id}"


async def object_back(archive, job):
    """Rows from a backup, put back after the erasure."""
    async with archive.database.reading() as connection:
        before = await objects.load(connection, job.id, "payload")
    await archive.erasure.order(Scope.JOB, job.client_job_id, reason="asked for")
    await plant(
        archive,
        "UPDATE sealed_object SET wrapped_dek = :dek, ciphertext = :body WHERE object_id = :job AND kind = 'payload'",
        dek=before.wrapped_dek,
        body=before.ciphertext,
        job=job.id,
    )
    return "object-revived", f"payload of {job.id}"


async def job_gone(archive, job):
    await plant(archive, "DELETE FROM attempt WHERE job_id = :job", "DELETE FROM job WHERE id = :job", job=job.id)
    return "job-missing", f"job {job.id}"


async def job_moved(archive, job):
    await plant(archive, "UPDATE job SET project_id = 'other' WHERE id = :job", job=job.id)
    return "job-differs", f"job {job.id}"


async def job_from_nowhere(archive, job):
    await plant(archive, "DELETE FROM attempt WHERE job_id = :job", job=job.id)
    return "job-unrecorded", f"job {job.id}"


async def attempt_moved(archive, job):
    await plant(archive, "UPDATE attempt SET seq = seq + 1 WHERE job_id = :job", job=job.id)
    return "attempt-unrecorded", f"attempt 1 of job {job.id}"


async def end_invented(archive, job):
    alice, lab = (
        (await archive.administration.principals.every())[0],
        await archive.administration.projects.named("lab"),
    )
    running = await archive.job(alice, lab, end=False)
    await plant(
        archive,
        "UPDATE job SET status = 'completed', finished_at = '2026-03-02T12:00:00.000000Z' WHERE id = :running",
        running=running.id,
    )
    return "outcome-missing", f"job {running.id}"


async def end_changed(archive, job):
    await plant(archive, "UPDATE job SET status = 'failed' WHERE id = :job", job=job.id)
    return "outcome-differs", f"job {job.id}"


async def line_invented(archive, job):
    await archive.writer.commit(records_unit(archive, job))
    await plant(archive, "UPDATE journal SET seq = 100000")
    async with archive.database.reading() as connection:
        line = (await connection.execute(text("SELECT id FROM journal"))).scalar_one()
    return "journal-unrecorded", f"journal line {line}"


def records_unit(archive, job):
    return Unit(leaf=records.leaf(at=archive.clock.now()), hold=records.hold(job.id))


async def balance_changed(archive, job):
    limit = Wish(level=Level.PROJECT, target="lab", amount="10", currency="USD", per=Period.MONTH)
    await archive.administration.budgets.set("cap", limit)
    (shown,) = await archive.administration.budgets.every()
    start = "2026-03-01T00:00:00.000000Z"
    await plant(archive, "INSERT INTO balance VALUES (:limit, :start, 5, 0)", limit=shown.limit.id, start=start)
    return "books-differ", f"limit cap from {start}"


async def order_gone(archive, job):
    await archive.erasure.order(Scope.JOB, job.client_job_id, reason="asked for")
    (order,) = await archive.disposal.every()
    await plant(archive, "DELETE FROM erasure_order")
    return "order-missing", f"order {order.id}"


async def order_invented(archive, job):
    at = "2026-03-01T12:00:00.000000Z"
    await plant(
        archive,
        "INSERT INTO erasure_order VALUES ('x', 'job', :job, '[]', '[]', '[]', NULL, :at, '', NULL)",
        job=job.id,
        at=at,
    )
    return "order-unrecorded", "order x"


async def order_forgotten(archive, job):
    archive.seen[0] = 0
    (order,) = await archive.erasure.order(Scope.JOB, job.client_job_id, reason="asked for")
    return "order-undone", f"order {order.id}"


DAMAGES = (
    *(edited, column, emptied, tile_changed, tile_gone, pin_of_elsewhere, pin_unreadable, checkpoint_changed),
    *(cosignature_left, guard_dropped, object_swapped, payload_swapped, object_gone, object_damaged, object_unlocked),
    *(tenant_key_gone, tenant_key_changed, object_back, job_gone, job_moved, job_from_nowhere, attempt_moved),
    *(end_invented, end_changed, line_invented, balance_changed, order_gone, order_invented, order_forgotten),
)


@pytest.mark.parametrize("do", [pytest.param(each, id=each.__name__) for each in DAMAGES])
async def test_damage_is_found_and_named(whole, do):
    archive, job = whole

    code, where = await do(archive, job)

    assert (code, where) in await archive.found()


async def test_the_index_is_part_of_it(whole):
    archive, _ = whole
    index = archive.fsck().index
    await index.follow()
    await plant(archive, "UPDATE audit_index SET reason = 'another' WHERE seq = 3")

    assert ("index-differs", "entry 3") in await archive.found()


async def test_every_finding_can_be_planted():
    source = Path(__file__).read_text()

    assert [code for code in CODES if f'"{code}"' not in source] == []


async def test_the_guards_are_those_that_migrations_leave(archive):
    names = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    dialect = archive.database.dialect
    async with archive.database.reading() as connection:
        there = set((await connection.execute(text(names[dialect]))).scalars())

    assert there == damage.GUARDS[dialect]


def test_the_runbook_says_what_to_do_about_each():
    cells = re.findall(r"^\| (`[^|]*) \|", RUNBOOK.read_text(), re.MULTILINE)

    assert {code for cell in cells for code in re.findall("`([a-z-]+)`", cell)} >= set(CODES)
