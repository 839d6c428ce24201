"""What an entry names by digest is looked up and held against it; what is gone is said to be."""

import json
from datetime import UTC, date, datetime
from hashlib import sha256

import msgspec
import pytest

from adapters.aer import devices
from adapters.aer.calibration import snapshot
from gateway.casework.inspection import Entry
from gateway.casework.story import RevisionUnknownError, Stories
from gateway.policy.bundle import default_root, load
from gateway.store import calibrations, policies, rows

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def stories(archive):
    return Stories(database=archive.database, vault=archive.vault)


async def keep(archive, *writes):
    async with archive.database.writing() as connection:
        await connection.run_sync(lambda it: rows.put(it, writes))


@pytest.fixture
async def job(archive):
    return await archive.job(await archive.person("alice"), await archive.project("lab"))


async def report(archive, job):
    return await archive.inspection.job(job.id)


def entry(decision):
    return Entry(
        seq=1,
        type="job.denied",
        at="",
        event_id="",
        project_id=None,
        body={"decision": decision},
        names={},
        prev="",
        leaf_hash="",
    )


async def test_a_job_is_told_from_its_permit_to_its_end(archive, stories, job):
    story = await stories.tell(await report(archive, job))

    assert (story.begun.type, story.ended.type) == ("job.permitted", "job.completed")
    assert story.grounds.facts == {"principal": {"name": "alice"}}
    assert (story.cost.held_micros, story.cost.settled_micros) == (None, None)
    assert story.provenance is None
    assert story.judged_by is None


@pytest.mark.parametrize("changed", [False, True])
async def test_facts_are_held_against_the_digest_that_was_recorded(archive, stories, job, changed):
    facts = b'{"principal":{"name":"alice"}}'
    digest = "00" * 32 if changed else sha256(facts).hexdigest()

    grounds = await stories.grounds(entry({"id": job.decision_id, "facts_digest": digest}))

    assert grounds.facts_hold is not changed


async def test_facts_that_were_erased_are_said_to_be(archive, stories, job):
    await archive.vault.shred(job.decision_id)

    grounds = await stories.grounds(entry({"id": job.decision_id, "facts_digest": ""}))

    assert grounds.facts is None
    assert "erased" in grounds.missing


async def test_a_calibration_is_summed_up_in_medians(archive, stories):
    taken = snapshot(devices.device("sim_line_5"), seed=1, day=date(2026, 3, 1))
    content = msgspec.json.encode(taken, order="sorted")
    await keep(archive, calibrations.write(digest="ab" * 32, backend="b", taken_at=NOW, content=content))

    found = await stories.snapshot("ab" * 32)

    assert found.qubits == len(taken.qubits)
    assert found.t1_seconds == pytest.approx(sorted(q.t1_seconds for q in taken.qubits)[len(taken.qubits) // 2])
    assert await stories.snapshot("cd" * 32) is None
    assert await stories.snapshot(None) is None


async def test_policies_are_read_back_rule_by_rule_and_hold(archive, stories):
    bundle = load(default_root())
    rego = msgspec.json.encode(bundle.rego, order="sorted")
    tables = msgspec.json.encode(bundle.tables, order="sorted")
    await keep(
        archive,
        policies.write(digest=bundle.policy_revision, kind="policy", content=rego, first_used_at=NOW),
        policies.write(digest=bundle.data_revision, kind="data", content=tables, first_used_at=NOW),
        policies.write(digest="ef" * 32, kind="prices", content=b'{"prices":[]}', first_used_at=NOW),
    )

    rules, data = await stories.policy(bundle.policy_revision), await stories.policy(bundle.data_revision)

    assert rules.holds
    assert data.holds
    assert not (await stories.policy("ef" * 32)).holds
    assert rules.rules["budget/currency"].title == "Budget and price agree on a currency"
    assert "package gateway.rules.budget.currency" in rules.files[rules.paths["budget/currency"]]
    assert json.loads(data.files["org/roles/data.json"])["auditor"]["backends"] == []
    assert {each.kind for each in await stories.revisions()} == {"policy", "data", "prices"}


async def test_a_revision_that_never_was_is_refused(stories):
    with pytest.raises(RevisionUnknownError, match=r"policy\.loaded"):
        await stories.policy("aa" * 32)
