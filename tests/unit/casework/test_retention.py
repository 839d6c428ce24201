"""What was kept long enough goes, nothing else does, and the ledger still proves everything."""

import os
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.audit import check
from gateway.audit.export import export
from gateway.audit.proofs import check_inclusion
from gateway.audit.verify import Verifier
from gateway.casework.retention import Days, Rules
from gateway.store import entries, policies
from gateway.store.legal_holds import HoldScope
from gateway.vault.vault import ErasedError
from gateway.verifier import qgw_verify
from tests.unit.casework.test_erasure import of, readable

pytestmark = pytest.mark.long


class KilledError(Exception):
    """The process ended here."""


@pytest.fixture
async def aged(archive):
    """An old job and one of yesterday, and an old one that still runs."""
    alice, lab = await archive.person("alice"), await archive.project("lab")
    old = await archive.job(alice, lab)
    running = await archive.job(alice, lab, end=False)
    archive.clock.later(days=200)
    young = await archive.job(alice, lab)
    archive.clock.later(days=1)
    return old, running, young


async def ended(archive, aged):
    """Let the job that runs end, too: its entries are needed until then."""
    lab = await archive.administration.projects.named("lab")
    return await archive.end(aged[1], lab)


async def test_a_plan_counts_and_changes_nothing(archive, aged):
    old, *_ = aged

    due = await archive.retention().due()

    assert {(each.kind, each.objects, each.held) for each in due.lapsed} == {
        ("payload", 1, 1),
        ("facts", 1, 1),
        ("result", 1, 0),
    }
    assert due.prunable.entries > 0
    assert await readable(archive.vault, *of(old)) == of(old)
    assert await archive.disposal.every() == []


async def test_what_is_old_goes_and_what_is_needed_stays(archive, aged):
    old, running, young = aged

    due, waiting = await archive.retention().run()

    assert waiting == []
    assert await readable(archive.vault, *of(old), *of(young)) == of(young)
    assert await archive.vault.open(object_id=running.id, kind="payload") == b"a circuit"
    assert sorted(each.kind for each in due.lapsed) == ["facts", "payload", "result"]
    assert await archive.found() == []
    again, _ = await archive.retention().run()
    assert (again.lapsed, again.prunable.entries) == ((), 0)


async def test_late_results_of_a_job_that_runs_on_are_still_sealed(archive, aged):
    """Its day has lapsed for everybody else; the job itself was spared."""
    await archive.retention().run()

    done = await ended(archive, aged)

    assert await archive.vault.open(object_id=done.id, kind="payload") == b"a circuit"


@pytest.mark.parametrize("scope", list(HoldScope))
async def test_a_legal_hold_beats_the_rules(archive, aged, scope):
    old, *_ = aged
    await ended(archive, aged)
    names = {HoldScope.JOB: old.client_job_id, HoldScope.PRINCIPAL: "alice", HoldScope.PROJECT: "lab"}
    hold = await archive.legal_holds.set(scope, names.get(scope, ""), reason="case 7")

    await archive.retention().run()

    assert await readable(archive.vault, *of(old)) == of(old)
    told = await archive.inspection.entries(since=0, limit=1000, type_="job.completed")
    assert old.id in {each.body.get("job_id") for each in told}
    await archive.legal_holds.lift(hold.id, reason="case closed")
    await archive.retention().run()
    assert await readable(archive.vault, *of(old)) == []
    told = await archive.inspection.entries(since=0, limit=1000, type_="job.completed")
    assert old.id not in {each.body.get("job_id") for each in told}


async def test_a_projects_own_numbers_go_before_everybodys(archive, aged):
    old, *_ = aged
    rules = Rules(every=Days(payloads=30), projects={"lab": Days(payloads=5000)})

    due, _ = await archive.retention(rules).run()

    assert due.lapsed == ()
    assert await archive.vault.open(object_id=old.id, kind="payload") == b"a circuit"


async def test_without_rules_everything_stays_for_good(archive, aged):
    due, _ = await archive.retention(Rules()).run()

    assert (due.lapsed, due.prunable, await archive.disposal.every()) == ((), None, [])


async def test_what_lapsed_cannot_be_sealed_again(archive, aged):
    old, *_ = aged
    await archive.retention().run()

    with pytest.raises(ErasedError):
        await archive.vault.seal(project_id=old.project_id, object_id=old.id, kind="payload", plaintext=b"again")


async def test_the_rules_that_were_followed_are_kept(archive, aged):
    await archive.retention().run(reason="yearly")

    (told,) = await archive.inspection.entries(type_="ledger.pruned")
    async with archive.database.reading() as connection:
        stored = await policies.content(connection, told.body["policy"])
    assert b'"payloads":30' in stored
    assert (told.body["days"], told.body["reason"]) == (120, "yearly")


# ── pruned entries ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def pruned(archive, aged):
    """A ledger whose old entries were emptied."""
    await ended(archive, aged)
    await archive.sign()
    await archive.retention().run()
    return archive


async def test_a_pruned_ledger_holds_and_says_how_much_is_gone(pruned):
    (told,) = await pruned.inspection.entries(type_="ledger.pruned")

    report = await check.whole(pruned.database)

    assert report.ok
    assert report.pruned == told.body["entries"] > 0
    await check.before_start(pruned.database)


async def test_the_standalone_verifier_says_the_same(pruned, tmp_path, capsys):
    """Auditors have nothing but that one file, and an export."""
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b"".join([line async for page in export(pruned.database) for line in page]))

    assert qgw_verify.main([str(path)]) == qgw_verify.main([str(path), "--keeps", "100"])
    told = capsys.readouterr().out
    assert "pruned-" not in told
    assert qgw_verify.main([str(path), "--keeps", "365"]) == 1
    assert "pruned-early" in capsys.readouterr().out


async def test_every_proof_stays_valid(pruned):
    """Of entries that are whole, and of those of which only the hash is left."""
    signed = await pruned.sign()
    root = await pruned.log.tree.root(signed.size)
    async with pruned.database.reading() as connection:
        every = await entries.between(connection, start=0, stop=signed.size)

    assert {each.pruned for each in every} == {True, False}
    for each in every:
        proof = await pruned.log.tree.inclusion(each.seq, signed.size)
        check_inclusion(each.leaf_hash, each.seq, size=signed.size, root=root, proof=proof)


async def test_what_the_ledger_says_of_itself_is_never_emptied(pruned):
    async with pruned.database.reading() as connection:
        head = await entries.head(connection)
        every = await entries.between(connection, start=0, stop=head.size)

    lasting = [each for each in every if each.type.startswith(("ledger.", "retention.", "erasure.", "preservation."))]
    assert len(lasting) > 4
    assert not any(each.pruned for each in lasting)


async def test_an_auditor_may_demand_that_entries_be_kept_longer(pruned):
    report = await check.whole(pruned.database, keeps=365)

    assert [each.code for each in report.findings] == ["pruned-early"]


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE audit_entry SET leaf = '' WHERE seq = {young}", id="too young"),
        pytest.param("UPDATE audit_entry SET leaf = '' WHERE type = 'ledger.created'", id="the ledger's own"),
        pytest.param("UPDATE audit_entry SET leaf = 'x' WHERE seq = {old}", id="filled with something else"),
        pytest.param("UPDATE audit_entry SET leaf = '', leaf_hash = leaf WHERE seq = {old}", id="with another hash"),
        pytest.param("UPDATE audit_entry SET leaf = '', type = 'job.denied' WHERE seq = {old}", id="with another type"),
        pytest.param("DELETE FROM audit_entry WHERE seq = {old}", id="deleted"),
        pytest.param("UPDATE erasure_order SET stop = 9999", id="an order that reaches further"),
        pytest.param("DELETE FROM erasure_order", id="an order taken back"),
    ],
)
async def test_the_database_lets_nothing_else_be_emptied(pruned, statement):
    async with pruned.database.reading() as connection:
        head = await entries.head(connection)
        every = await entries.between(connection, start=0, stop=head.size)
    old = next(each.seq for each in every if each.pruned)

    with pytest.raises(DBAPIError, match="append-only"):
        async with pruned.database.writing() as connection:
            await connection.execute(text(_words(pruned, statement.format(young=head.size - 1, old=old))))


def _words(archive, statement):
    if archive.database.dialect == "sqlite":
        return statement
    return statement.replace("leaf = ''", "leaf = ''::bytea").replace("leaf = 'x'", "leaf = 'x'::bytea")


async def empty(archive, seq):
    """Empty an entry as somebody does who owns the database."""
    off, on = ("SET session_replication_role = replica", "SET session_replication_role = DEFAULT")
    async with archive.database.writing() as connection:
        if archive.database.dialect == "sqlite":
            trigger = "SELECT sql FROM sqlite_master WHERE name = 'audit_entry_refuse_update'"
            made = (await connection.execute(text(trigger))).scalar_one()
            await connection.execute(text("DROP TRIGGER audit_entry_refuse_update"))
        else:
            await connection.execute(text(off))
        await entries.prune(connection, [seq])
        await connection.execute(text(made if archive.database.dialect == "sqlite" else on))


async def test_an_entry_that_was_emptied_without_a_word_is_found(archive, aged):
    """An operator who hides one entry leaves its hash behind, and nothing that excuses it."""
    denied = await archive.job(await archive.person("bob"), await archive.project("factory"))
    seq = (await archive.inspection.entries(type_="job.completed"))[-1].seq
    assert denied.status.final
    await empty(archive, seq)

    report = await check.whole(archive.database)

    assert [(each.code, each.seq) for each in report.findings] == [("pruned-uncovered", seq)]


async def test_nor_does_an_order_for_older_ones_excuse_it(pruned):
    seq = (await pruned.inspection.entries(type_="job.completed"))[-1].seq
    await empty(pruned, seq)

    report = await check.whole(pruned.database)

    assert [(each.code, each.seq) for each in report.findings] == [("pruned-uncovered", seq)]


async def test_nor_an_announcement_that_lies_about_their_age(archive, aged):
    """Whoever runs the gateway can announce what they like; how old the neighbours are, nobody can change."""
    await archive.job(await archive.person("bob"), await archive.project("factory"))
    seq = (await archive.inspection.entries(type_="job.completed"))[-1].seq
    body = {"stop": seq + 2, "days": 120, "entries": 1, "held": 0, "policy": "x", "reason": "tidy"}
    await archive.job(await archive.person("eve"), await archive.project("other"))
    await archive.entries.record("ledger.pruned", by="operator", project_id=None, rows=(), body=body, people={})
    await empty(archive, seq)

    report = await check.whole(archive.database)

    assert [each.code for each in report.findings] == ["pruned-early"]


async def test_another_entry_cannot_pass_for_an_announcement(archive, aged):
    await archive.job(await archive.person("bob"), await archive.project("factory"))
    seq = (await archive.inspection.entries(type_="job.completed"))[0].seq
    body = {"codes": {}, "stop": 10_000, "days": 1, "x": {"type": "ledger.pruned"}}
    await archive.entries.record("requests.refused", by="operator", project_id=None, rows=(), body=body, people={})
    await empty(archive, seq)

    report = await check.whole(archive.database)

    assert [each.code for each in report.findings] == ["pruned-uncovered"]


async def test_a_pruned_entry_cannot_be_given_another_hash(pruned):
    lines = [line async for page in _export(pruned) for line in page]
    place = next(number for number, line in enumerate(lines) if b'"pruned":' in line)
    swapped = lines[place][:9] + os.urandom(32).hex().encode() + lines[place][73:]
    verifier = Verifier()

    verifier.header(lines[0])
    verifier.feed([*lines[1:place], swapped, *lines[place + 1 :]])

    assert {"chain-broken", "root-differs"} & {each.code for each in verifier.report().findings}


def _export(archive):
    return export(archive.database)


async def test_a_crash_after_the_announcement_leaves_a_ledger_that_holds(archive, aged, monkeypatch):
    await ended(archive, aged)

    async def killed(*_):
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr("gateway.casework.disposal.Disposal._prune", killed)
        with pytest.raises(KilledError):
            await archive.retention().run()
    assert (await check.whole(archive.database)).pruned == 0

    assert (await archive.retention().run())[1] == []

    report = await check.whole(archive.database)
    assert report.ok
    assert report.pruned > 0


async def test_entries_that_work_under_way_rests_on_stay(archive, aged):
    """The permit of an attempt must be found again after a crash."""
    _, running, _ = aged

    await archive.retention(replace(Rules(), entries=30)).run()

    told = await archive.inspection.entries(since=0, limit=1000, type_="job.permitted")
    assert running.id in {each.body.get("job_id") for each in told}
