"""A receipt has all entries of its job and nobody else's, however far the index is; and is the same each time."""

import json
from dataclasses import replace
from datetime import date
from hashlib import sha256

import msgspec
import pytest

from adapters.aer import devices
from adapters.aer.calibration import snapshot
from gateway.casework.evidence import Evidence, EvidenceDamagedError, measured
from gateway.casework.index import Index
from gateway.casework.proving import NotSignedYetError
from gateway.casework.receipts import EvidenceGoneError, Receipts
from gateway.vendors.calibrations import digest as digest_of
from gateway.verifier import qgw_verify
from tests import records


@pytest.fixture
def receipts(archive):
    return Receipts(database=archive.database, proving=archive.proving)


@pytest.fixture
def index(archive):
    return Index(database=archive.database)


@pytest.fixture
async def jobs(archive):
    """Two jobs of two people, an entry of one between those of the other."""
    await archive.sign()
    alice, bob = await archive.person("alice"), await archive.person("bob")
    lab = await archive.project("lab")
    first = await archive.job(alice, lab, end=False)
    second = await archive.job(bob, lab)
    await archive.end(first, lab)
    await archive.sign()
    return first, second


async def told(receipts, name):
    receipt = await receipts.of(await receipts.find(name))
    return receipt, [json.loads(each.leaf)["event"]["type"] for each in receipt.proofs]


@pytest.mark.parametrize("indexed", ["not at all", "in part", "wholly"])
async def test_it_is_the_same_however_far_the_index_is(archive, receipts, index, jobs, indexed):
    if indexed == "wholly":
        await index.follow()
    if indexed == "in part":
        await index.follow()
        await archive.job(await archive.person("carol"), await archive.project("other"))
        await archive.sign()

    for job in jobs:
        receipt, types = await told(receipts, job.client_job_id)
        assert types == ["ledger.key_created", "job.permitted", "job.completed"]
        assert {json.loads(each.leaf)["event"]["body"].get("job_id") for each in receipt.proofs} == {None, job.id}
        assert receipt.pending == ()
        proven, entries = qgw_verify.receipt(json.dumps(receipt.document()).encode())
        assert (proven.job, len(entries)) == (job.id, 2)


async def test_our_own_id_finds_it_too(receipts, jobs):
    assert (await receipts.find(jobs[0].id)) == (await receipts.find(jobs[0].client_job_id))


async def test_what_no_checkpoint_has_yet_is_pending(archive, receipts, index, jobs):
    lab = await archive.administration.projects.named("lab")
    third = await archive.job(await archive.person("carol"), lab, end=False)
    case = await receipts.find(third.id)
    with pytest.raises(NotSignedYetError):
        await receipts.of(case)

    await archive.sign()
    await archive.end(third, lab)
    receipt = await receipts.of(case)

    assert len(receipt.pending) == 1
    assert receipt.proofs[-1].seq < receipt.pending[0]
    with pytest.raises(NotSignedYetError):
        await Evidence(receipts=receipts, vault=archive.vault).pack(case)


@pytest.mark.parametrize("indexed", [False, True])
async def test_a_refusal_is_found_by_its_decision(archive, receipts, index, jobs, indexed):
    lab = await archive.administration.projects.named("lab")
    dora = await archive.person("dora")
    denied = await archive.denied(dora, lab)
    await archive.sign()
    if indexed:
        await index.follow()

    case = await receipts.find(denied)
    receipt, types = await told(receipts, denied)

    assert types == ["ledger.key_created", "job.denied"]
    assert (case.project_id, case.record) == (lab.id, None)
    assert case.refusal.body["principal"] == archive.vault.subject(dora.id)
    assert receipt.document()["job"] == denied


@pytest.mark.parametrize("name", ["", "x" * 300, "ffffffff-ffff-4fff-bfff-ffffffffffff", records.new_id()])
async def test_what_is_not_there_is_not_found(receipts, jobs, name):
    assert await receipts.find(name) is None


async def test_of_a_pruned_job_nothing_can_be_shown(archive, receipts, jobs):
    """Its hashes still stand in the tree; an older export has the entries."""
    archive.clock.later(days=200)
    await archive.job(await archive.person("carol"), await archive.project("other"))
    await archive.retention().run()
    await archive.sign()

    with pytest.raises(EvidenceGoneError):
        await receipts.of(await receipts.find(jobs[0].id))


async def test_a_pack_that_would_not_verify_is_not_handed_out(archive, receipts, jobs, monkeypatch):
    """Whatever is wrong with what is stored is found here, and not by the auditor."""

    def broken(_):
        raise qgw_verify.BrokenError("document-differs", "facts.json is not the one")

    monkeypatch.setattr(qgw_verify, "documents", lambda _: {})
    monkeypatch.setattr(qgw_verify, "DERIVED", {})
    monkeypatch.setattr(qgw_verify, "pack", broken)

    with pytest.raises(EvidenceDamagedError, match=r"facts\.json is not the one"):
        await Evidence(receipts=receipts, vault=archive.vault).pack(await receipts.find(jobs[0].id))


@pytest.mark.parametrize("vendor", [False, True])
def test_a_calibration_is_packed_as_what_its_digest_is_about(vendor):
    """A snapshot of an emulated device is named by its day, a vendor's by its moment."""
    taken = snapshot(devices.device("sim_line_5"), seed=1, day=date(2026, 3, 1))
    if vendor:
        taken = replace(taken, digest=digest_of(taken))
    stored = msgspec.json.encode(taken, order="sorted")

    written = measured(stored, taken.digest)

    assert sha256(written).hexdigest() == taken.digest
    assert json.loads(written)["backend"] == taken.backend
