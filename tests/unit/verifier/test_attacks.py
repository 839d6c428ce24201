"""The attack matrix, for the verifier that auditors carry: the attacker has the database and the ledger's own keys.

Each attack is done well: chained anew, tree and header recomputed, checkpoints signed with the stolen keys. A witness's
word from before, or a receipt that somebody kept, gives each of them away; without either, nothing does.
"""

import pytest

from gateway.audit.note import Note
from tests.attacks import ATTACKS, SEEN, SIZE, attacked, edit
from tests.notary import Observer, Scribe
from tests.packs import JOB, Dossier, codes, completed, forwarded, permitted, read_policy, run_a_job
from tests.records import draft

named = pytest.mark.parametrize("attack", ATTACKS, ids=lambda each: each.__name__.replace("_", " "))
CHANGED = {"root-differs", "tail-missing"}


@pytest.fixture
def scribe():
    return Scribe.begin(SIZE - 1)


@pytest.fixture
def seen(observer, scribe):
    """What the witness cosigned, and still shows to everybody."""
    return observer.cosign(scribe, SEEN)


def test_an_honest_ledger_holds_and_says_who_saw_it(verify, scribe, seen):
    report = verify(ledger=scribe.export(), checkpoints=[scribe.sign()], known=[seen])

    assert report.findings == []
    assert (report.entries, report.witnessed.size, report.witnessed.witnesses) == (SIZE, SEEN, ("w0.1", "w0.2"))


@named
def test_without_a_word_from_outside_no_attack_shows(verify, scribe, attack):
    """Why a witness is needed, and why the program says so when it gets none."""
    forged = attacked(scribe, attack)

    report = verify(ledger=forged.export(), checkpoints=[forged.sign()], policy=read_policy(scribe.trust()))

    assert (report.findings, report.witnessed.witnesses) == ([], ())


@named
def test_every_attack_contradicts_what_a_witness_saw(verify, scribe, seen, attack):
    forged = attacked(scribe, attack)
    own = [forged.sign(), forged.sign(forged.size // 2)]

    assert codes(verify(ledger=forged.export(), checkpoints=own, known=[seen])) & CHANGED


@named
def test_nobody_can_carry_a_cosignature_over(verify, scribe, seen, attack):
    forged = attacked(scribe, attack)
    note = forged.sign()
    moved = Note(note.text, (*note.signatures, *seen.signatures[-2:]))

    assert codes(verify(ledger=forged.export(), checkpoints=[moved])) >= {"checkpoint-unsigned", "witnesses-missing"}


@named
def test_what_a_forger_hands_out_lacks_the_witness(verify, scribe, seen, attack):
    """A pack or receipt out of a forged ledger: every proof leads to its root, and no witness ever saw that."""
    forged = run_a_job(attacked(scribe, attack))
    dossier = Dossier(forged, forged.sign())

    for content in (dossier.pack(), dossier.receipt()):
        assert codes(verify(document=content)) & {"witnesses-missing", "checkpoint-unsigned"}


def test_a_restored_backup_contradicts_the_last_word_of_a_witness(verify, observer, scribe):
    """True entries with a true checkpoint of their time: only somebody who saw more, or asks when, can tell."""
    old = observer.cosign(scribe, 10)
    observer.clock.advance(3600)
    newer = observer.cosign(scribe, 20)
    cut = scribe.copy()
    del cut.drafts[10:]
    late = int(observer.clock.now().timestamp()) - 1800

    assert verify(ledger=cut.export(), checkpoints=[old]).findings == []
    assert codes(verify(ledger=cut.export(), checkpoints=[old], not_before=late)) == {"witnesses-old"}
    assert codes(verify(ledger=cut.export(), checkpoints=[old], known=[newer])) == {"tail-missing"}


def test_a_ledger_that_is_only_signed_again_shows(verify, scribe, seen):
    """The entries are as they were; the checkpoint beside them names another root, and every signature holds."""
    forged = attacked(scribe, edit)

    assert "root-differs" in codes(verify(ledger=scribe.export(), checkpoints=[forged.sign()], known=[seen]))


def test_two_histories_for_two_auditors_show_as_soon_as_they_compare(verify, observer, scribe, seen):
    """A fork: the same keys, the same size, two endings; the witness could cosign one of them only."""
    other = scribe.copy()
    other.drafts[SEEN + 2] = draft(codes={"other": 1})
    mine = observer.cosign(scribe)

    assert observer.ask(other).status == 409
    assert codes(verify(ledger=other.export(), known=[mine])) == {"root-differs"}


def test_a_receipt_that_somebody_kept_is_as_good_as_a_witness(verify, observer, scribe):
    """Whoever rewrites history must find every scientist's receipt."""
    run_a_job(scribe)
    receipt = Dossier(scribe, observer.cosign(scribe)).receipt()

    for attack in ATTACKS:
        forged = attacked(scribe, attack)
        assert codes(verify(ledger=forged.export(), receipt=receipt)) & CHANGED, attack.__name__


def test_the_end_of_another_ledger_does_not_fit_either_of_the_two(verify, observer, scribe, seen):
    """Two true ledgers of one name, spliced: every entry is somewhere signed."""
    other = Scribe.begin(SIZE + 5, seed="another")
    spliced = scribe.copy()
    spliced.drafts[10:] = other.drafts[10:]

    theirs = [seen, other.sign()]
    assert codes(verify(ledger=spliced.export(), known=theirs)) >= {"root-differs", "checkpoint-unsigned"}


def test_an_entry_of_another_ledger_does_not_get_into_a_pack(verify, observer, scribe):
    """Its proof leads to another root, whatever checkpoint stands below it."""
    other = run_a_job(Scribe.begin(40, seed="another"))
    run_a_job(scribe)
    mine, theirs = Dossier(scribe, observer.cosign(scribe)), Dossier(other, other.sign())
    at, (leaf, proof) = max(theirs.proofs().items())
    moved = proof.partition(b"\n\n")[0] + b"\n\n" + str(mine.note).encode()

    foreign = {f"entries/{at:012}.json": leaf, f"entries/{at:012}.tlog-proof": moved}
    assert codes(verify(pack=mine.pack(**foreign))) == {"proof-broken"}
    foreign[f"entries/{at:012}.tlog-proof"] = proof
    assert codes(verify(pack=mine.pack(**foreign))) == {"proof-broken"}


def test_payloads_that_change_places_change_what_is_proven(verify, observer, scribe):
    """The job is said to have been another one's work: the digest stands in an entry that a witness saw."""
    run_a_job(scribe)
    note = observer.cosign(scribe)
    forged = scribe.copy()
    at = next(seq for seq, each in enumerate(forged.drafts) if each.type == "job.permitted")
    old = forged.drafts[at]
    forged.drafts[at] = permitted(payload={"digest": "66" * 32, "bytes": 512})
    leaf, told = forged.links[at].leaf, Dossier(scribe, note)

    assert scribe.links[at].leaf != leaf
    assert old.body["payload"] != forged.drafts[at].body["payload"]
    assert codes(verify(pack=told.pack(**{f"entries/{at:012}.json": leaf}))) == {"proof-broken"}


def test_a_pack_that_leaves_an_entry_out_shows_beside_the_ledger(verify, observer, scribe):
    """No proof of inclusion can show that nothing is missing; the whole ledger can."""
    run_a_job(scribe)
    scribe.drafts.append(draft("job.deleted", project_id="project-1", principal="11" * 32, key="22" * 32, job_id=JOB))
    whole = Dossier(scribe, observer.cosign(scribe))
    short = scribe.copy()
    short.drafts[-1] = draft()
    part = Dossier(short, whole.note).seqs
    receipt = whole.receipt(entries=[each for at, each in zip(whole.seqs, _entries(whole), strict=True) if at in part])

    assert verify(receipt=receipt).findings == []
    assert codes(verify(receipt=receipt, ledger=scribe.export())) == {"entry-withheld"}
    assert verify(receipt=whole.receipt(), ledger=scribe.export()).findings == []


def _entries(dossier):
    return [{"leaf": leaf.decode(), "proof": proof.decode()} for leaf, proof in dossier.proofs().values()]


def test_a_job_that_runs_twice_in_two_ledgers_is_told_apart(verify, tmp_path, observer, scribe):
    """Somebody shows the pack of a test deployment: its keys are not those of the policy."""
    elsewhere = run_a_job(Scribe.begin(3, origin="test/elsewhere"))
    anew = run_a_job(Scribe.begin(3, seed="another"))
    other = Observer(tmp_path / "other").watch(anew)

    assert codes(verify(pack=Dossier(elsewhere, elsewhere.sign()).pack())) == {"origin-differs"}
    assert codes(verify(pack=Dossier(anew, other.cosign(anew)).pack())) == {"key-unknown"}


def test_the_entries_of_a_job_are_its_own():
    """What the tests above mean by a job."""
    assert {each.body["job_id"] for each in (permitted(), forwarded(), completed())} == {JOB}
