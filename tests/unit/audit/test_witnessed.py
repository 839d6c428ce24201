"""The attack matrix: whoever has the database and the ledger's own keys, and what gives the attack away.

Every attack here is done well: entries are chained anew, tree and header recomputed, checkpoints signed with the stolen
keys. Only a witness's word from before is not the attacker's to make.
"""

import msgspec
import pytest

from gateway.audit.log_keys import ROTATED, announcement
from gateway.audit.note import Note, signatures
from gateway.audit.trust import Trust, policy
from gateway.audit.verify import verify as verify_alone
from gateway.audit.witnessed import note_line, notes_in, verify
from tests.attacks import ATTACKS, SEEN, SIZE, attacked, edit
from tests.notary import Observer, Scribe, pair
from tests.records import NOW, draft


@pytest.fixture
def honest():
    return Scribe.begin(SIZE - 1)


@pytest.fixture
def observer(tmp_path, honest):
    return Observer(tmp_path / "witness").watch(honest)


@pytest.fixture
def seen(observer, honest):
    """What the witness cosigned, and still shows to everybody."""
    return observer.cosign(honest, SEEN)


named = pytest.mark.parametrize("attack", ATTACKS, ids=lambda each: each.__name__.replace("_", " "))


def test_an_honest_ledger_holds_and_says_who_saw_it(honest, observer, seen):
    report = verify(
        honest.export(), honest.trust(observer), checkpoints=[str(honest.sign()).encode()], known=[str(seen).encode()]
    )

    assert report.ok, report.findings
    assert (report.witnessed.size, report.witnessed.at) == (SEEN, int(NOW.timestamp()))
    assert report.witnessed.witnesses == ("w0.1", "w0.2")
    assert report.checkpoints == 2


@named
def test_the_log_alone_misses_every_attack_with_its_keys(honest, attack):
    """Why a witness is needed: signed by both keys, every forgery looks right to who knows nothing else."""
    forged = attacked(honest, attack)

    report = verify(forged.export(), honest.trust(), checkpoints=[str(forged.sign()).encode()])

    assert verify_alone(forged.export()).ok
    assert report.ok, report.findings


@named
def test_every_attack_contradicts_what_a_witness_saw(honest, observer, seen, attack):
    forged = attacked(honest, attack)
    own = [str(forged.sign()).encode(), str(forged.sign(forged.size // 2)).encode()]

    report = verify(forged.export(), honest.trust(observer), checkpoints=own, known=[str(seen).encode()])

    assert {"root-differs", "tail-missing"} & {finding.code for finding in report.findings}


@named
def test_no_witness_cosigns_an_attack(honest, observer, seen, attack):
    """With any proof that can be made, at any size that still can be sent."""
    forged = attacked(honest, attack)
    keys = (*forged.keys, *honest.keys)

    for size in range(max(0, forged.size - 3), forged.size + 1):
        note = forged.sign(size, keys)
        for old in {0, min(SEEN, size), min(observer.size(), size)}:
            reply = observer.ask(forged, note, old=old)
            assert reply.status in {400, 409, 422}, (size, old)
    assert observer.size() == SEEN


@named
def test_nobody_can_carry_a_cosignature_over(honest, observer, seen, attack):
    """The witness's lines under a forged checkpoint are found false, and count for nothing."""
    forged = attacked(honest, attack)
    note = forged.sign()
    moved = Note(note.text, (*note.signatures, *seen.signatures[-2:]))

    report = verify(forged.export(), honest.trust(observer), checkpoints=[str(moved).encode()])

    assert {"checkpoint-unsigned", "witnesses-missing"} <= {finding.code for finding in report.findings}


def test_an_old_checkpoint_hides_a_cut_only_until_somebody_asks_when_it_was_seen(honest, observer):
    """The attacker shows a shorter ledger with a true checkpoint of its time; the witness saw more since."""
    old = observer.cosign(honest, 10)
    observer.clock.advance(3600)
    newer = observer.cosign(honest, 20)
    cut = honest.copy()
    del cut.drafts[10:]
    shown = [str(old).encode()]
    trust, since = honest.trust(observer), int(NOW.timestamp()) + 1800

    assert verify(cut.export(), trust, checkpoints=shown).ok
    late = verify(cut.export(), trust, checkpoints=shown, not_before=since)
    asked = verify(cut.export(), trust, checkpoints=shown, known=[str(newer).encode()])

    assert [finding.code for finding in late.findings] == ["witnesses-old"]
    assert "tail-missing" in {finding.code for finding in asked.findings}


def test_two_histories_shown_to_two_auditors_cannot_both_be_cosigned(honest, observer, seen):
    """A fork: the same keys, the same size, two endings."""
    other = honest.copy()
    other.drafts[SEEN + 2] = draft(codes={"other": 1})
    mine = observer.cosign(honest)

    assert observer.ask(other).status == 409
    assert observer.ask(other, old=SEEN).status == 409
    report = verify(other.export(), honest.trust(observer), known=[str(mine).encode()])
    assert "root-differs" in {finding.code for finding in report.findings}


def test_a_witness_of_ones_own_is_no_witness(tmp_path, honest, observer, seen):
    """Whoever forges may also run a witness; only those of the policy count."""
    forged = attacked(honest, edit)
    own = Observer(tmp_path / "own", "witness.test/one").watch(forged)

    report = verify(forged.export(), honest.trust(observer), checkpoints=[str(own.cosign(forged)).encode()])

    assert "witnesses-missing" in {finding.code for finding in report.findings}


def test_a_ledger_made_anew_with_other_keys_is_not_the_expected_one(honest, observer):
    other = Scribe.begin(SIZE - 1, seed="another")

    report = verify(other.export(), honest.trust(observer), checkpoints=[str(other.sign()).encode()])

    assert "key-unknown" in {finding.code for finding in report.findings}


def test_the_export_of_another_ledger_is_told_apart(honest, observer, seen):
    other = Scribe.begin(SIZE - 1, origin="other/ledger")

    report = verify(other.export(), honest.trust(observer), known=[str(seen).encode()])

    assert "origin-differs" in {finding.code for finding in report.findings}


def test_two_of_three_witnesses_are_needed_and_two_suffice(tmp_path, honest):
    observers = [Observer(tmp_path / str(number), f"witness.test/{number}").watch(honest) for number in range(3)]
    trust = honest.trust(*observers, required=2)
    note = honest.sign()
    lines = [signatures(observer.ask(honest, note).body) for observer in observers]

    one = Note(note.text, (*note.signatures, *lines[0]))
    two = Note(note.text, (*note.signatures, *lines[0], *lines[2]))

    assert not verify(honest.export(), trust, checkpoints=[str(one).encode()]).ok
    assert verify(honest.export(), trust, checkpoints=[str(two).encode()]).ok


def test_keys_that_were_replaced_are_followed_from_any_pair_that_is_known(tmp_path, honest):
    first = honest.keys
    honest.rotate("second")
    honest.write(5)
    second = honest.keys
    notes = [str(honest.sign(10, first)).encode(), str(honest.sign()).encode()]

    for keys in (first, second):
        trust = Trust.parse(policy([key.public for key in keys], {}, 0))
        assert verify(honest.export(), trust, checkpoints=notes).ok
    late = [str(honest.sign(keys=first)).encode()]
    report = verify(honest.export(), trust, checkpoints=late)
    assert [finding.code for finding in report.findings] == ["checkpoint-unsigned"]


def test_a_witness_that_was_not_told_of_new_keys_is_still_understood(honest, observer):
    """It keeps the lines of the pair it knows, which signs along for a while."""
    first, trust = honest.keys, honest.trust(observer)
    honest.rotate("second")
    note = honest.sign(keys=(*honest.keys, *first))
    assert observer.ask(honest, note).status == 200
    seen = observer.state.seen(honest.origin)

    report = verify(honest.export(), trust, checkpoints=[str(note).encode()], known=[str(seen).encode()])

    assert report.findings == ()
    assert report.witnessed.size == honest.size


def test_a_rotation_that_the_pair_before_did_not_sign_is_found(honest):
    honest.announce(ROTATED, announcement(honest.origin, 2, pair("mine"), before=pair("guessed")))

    report = verify(honest.export(), honest.trust())

    assert [(finding.seq, finding.code) for finding in report.findings] == [(SIZE, "key-refused")]


@pytest.mark.parametrize("spoil", [lambda note: note.replace("\n\n", "\napproved-by: ceo\n\n", 1), lambda _: "nothing"])
def test_a_checkpoint_with_more_than_its_lines_is_none(honest, spoil):
    report = verify(honest.export(), honest.trust(), checkpoints=[spoil(str(honest.sign())).encode()])

    assert [finding.code for finding in report.findings] == ["checkpoint-unreadable"]


def test_checkpoints_are_read_one_by_one_or_as_lines(honest):
    notes = [str(honest.sign(size)) for size in (5, 6)]
    content = b"".join(map(note_line, notes))

    assert [note.decode() for note in notes_in(content)] == notes
    assert list(notes_in(notes[0].encode())) == [notes[0].encode()]
    assert msgspec.json.decode(content.splitlines()[0]) == {"checkpoint": notes[0]}
