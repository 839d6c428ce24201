"""A witness answers as C2SP tlog-witness says, and never signs two histories."""

import threading

import pytest

from gateway.audit.checkpoint import Checkpoint, signers
from gateway.audit.note import Algorithm, Note, encoded, signatures
from gateway.domain.errors import GatewayError
from gateway.witness.state import LogRefusedError, State, WitnessStateError
from tests.notary import Observer, Scribe, pair
from tests.records import NOW


@pytest.fixture
def scribe():
    return Scribe.begin(40)


@pytest.fixture
def observer(tmp_path, scribe):
    return Observer(tmp_path / "witness").watch(scribe)


def test_what_grows_is_cosigned_by_both_keys(observer, scribe):
    for size in (1, 7, 8, 33, 41):
        note = scribe.sign(size)
        reply = observer.ask(scribe, note)
        checkpoint = scribe.checkpoint(size)

        found = signers(Note(note.text, signatures(reply.body)), checkpoint, observer.keys)
        assert reply.status == 200
        assert set(found.values()) == {int(NOW.timestamp())}
        assert {key.algorithm for key in found} == {Algorithm.COSIGNATURE, Algorithm.ML_DSA_44}


def test_the_same_again_is_cosigned_again_with_a_new_time(observer, scribe):
    observer.cosign(scribe)
    observer.clock.advance(60)

    note = observer.cosign(scribe)

    assert max(signers(note, scribe.checkpoint(), observer.keys).values()) == int(NOW.timestamp()) + 60


def test_another_size_than_the_one_seen_is_answered_with_that(observer, scribe):
    observer.cosign(scribe, 10)

    for old in (0, 9, 11):
        reply = observer.ask(scribe, old=old)
        assert (reply.status, reply.body, reply.content_type) == (409, "10\n", "text/x.tlog.size")


def test_another_root_at_the_same_size_is_a_conflict(observer, scribe):
    observer.cosign(scribe)
    other = scribe.copy()
    other.drafts[-1] = Scribe.begin(1).drafts[-1]

    assert observer.ask(other).status == 409


def test_a_proof_that_does_not_hold_is_refused(observer, scribe):
    observer.cosign(scribe, 10)
    true = scribe.consistency(10)

    for wrong in ([], true[:-1], [*true, bytes(32)], [bytes(32), *true[1:]]):
        assert observer.ask(scribe, proof=wrong).status == 422
    assert observer.ask(scribe, proof=true).status == 200


def test_a_first_checkpoint_has_no_proof(observer, scribe):
    assert observer.ask(scribe, old=0, proof=[bytes(32)]).status == 422


def test_an_unknown_ledger_is_not_watched(observer):
    assert observer.ask(Scribe.begin(3, origin="other/ledger")).status == 404


@pytest.mark.parametrize("keys", [pair("somebody"), pair("first")[:1], pair("first")[1:]])
def test_every_key_of_the_ledger_must_have_signed(observer, scribe, keys):
    assert observer.ask(scribe, scribe.sign(keys=keys)).status == 403


def test_either_pair_may_sign_while_keys_change(observer, scribe):
    observer.state.watch(scribe.origin, tuple(key.public for key in pair("second")))

    assert observer.ask(scribe, scribe.sign(10)).status == 200
    assert observer.ask(scribe, scribe.sign(20, keys=pair("second"))).status == 200
    assert observer.ask(scribe, scribe.sign(30, keys=(*scribe.keys, *pair("second")))).status == 200


def body(note, first="old 0", proof=""):
    return f"{first}\n{proof}\n{note}".encode()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda _: b"", id="nothing"),
        pytest.param(lambda note: body(note, "old 00"), id="a leading zero"),
        pytest.param(lambda note: body(note, "old -1"), id="a negative size"),
        pytest.param(lambda note: body(note, "new 0"), id="another word"),
        pytest.param(lambda note: body(note, "old 42"), id="an old size beyond the checkpoint's"),
        pytest.param(lambda note: body(note, proof="AAAA\n"), id="a short hash"),
        pytest.param(lambda note: body(note, proof="?\n"), id="no base64"),
        pytest.param(lambda note: body(note, proof=f"{encoded(bytes(32))}\n" * 64), id="a proof too long"),
        pytest.param(lambda note: body(note).replace(b"\n\n", b"\n", 1), id="no blank line"),
        pytest.param(lambda note: body(str(note).replace("\n\n", "\nmore\n\n", 1)), id="an extension line"),
        pytest.param(lambda _: body("text\n\n— x AAAAAAAA\n"), id="no checkpoint"),
        pytest.param(lambda note: b"\xff" + body(note), id="no text"),
    ],
)
def test_what_is_no_request_is_refused(observer, scribe, change):
    assert observer.witness.add_checkpoint(change(scribe.sign())).status == 400
    assert observer.size() == 0


def test_nothing_is_answered_before_it_is_kept(observer, scribe, monkeypatch):
    """A disk that fails must not leave a cosignature that the witness does not remember."""

    def full(*_):
        raise OSError(28, "no space left")

    monkeypatch.setattr(observer.state, "remember", full)
    with pytest.raises(OSError, match="no space"):
        observer.ask(scribe)


def test_what_was_kept_is_known_after_a_restart(tmp_path, observer, scribe):
    observer.cosign(scribe, 20)

    again = State(tmp_path / "witness")

    assert Checkpoint.parse(again.seen(scribe.origin).text).size == 20
    assert [key.public for key in again.keys] == observer.keys


def test_of_many_at_once_each_continues_the_one_before(observer, scribe):
    """Comparing and keeping are one step: an older request never rolls a newer one back."""
    requests = [(size, scribe.sign(size), scribe.consistency(0, size)) for size in range(1, 30)]
    replies = {}

    def ask(size, note, proof):
        replies[size] = observer.ask(scribe, note, old=0, proof=proof).status

    threads = [threading.Thread(target=ask, args=request) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (taken,) = [size for size, status in replies.items() if status == 200]
    assert observer.size() == taken
    assert set(replies.values()) == {200, 409}


def test_everybody_may_ask_what_was_seen(observer, scribe):
    from hashlib import sha256

    note = observer.cosign(scribe, 12)

    reply = observer.witness.newest(sha256(scribe.origin.encode()).hexdigest())
    assert (reply.status, reply.body) == (200, str(note))
    for unknown in ("0" * 64, "../seeds", ""):
        assert observer.witness.newest(unknown).status == 404
    assert observer.witness.who().body.split() == [str(key) for key in observer.keys]


def test_forgetting_keeps_what_was_seen_as_evidence(tmp_path, observer, scribe):
    note = observer.cosign(scribe, 12)

    observer.state.forget(scribe.origin, "their disk burnt down")

    assert observer.size() == 0
    told = (tmp_path / "witness" / "forgotten").read_text()
    assert "burnt down" in told
    assert str(note) in told
    with pytest.raises(LogRefusedError):
        observer.state.forget("other/ledger", "x")


def test_a_witness_is_made_once(tmp_path, observer):
    with pytest.raises(WitnessStateError, match="already"):
        State.create(tmp_path / "witness", "another")
    with pytest.raises(WitnessStateError, match="name"):
        State.create(tmp_path / "other", "two words")
    with pytest.raises(WitnessStateError, match="witness init"):
        State(tmp_path / "nothing")


def test_its_seeds_are_its_owners_alone(tmp_path, observer):
    seeds = tmp_path / "witness" / "seeds"

    assert seeds.stat().st_mode & 0o777 == 0o600
    seeds.chmod(0o644)
    with pytest.raises(WitnessStateError, match="others"):
        State(tmp_path / "witness")


def test_one_process_serves_a_witness(tmp_path, observer):
    second = State(tmp_path / "witness").exclusive()

    with observer.state.exclusive(), pytest.raises(GatewayError, match="another process"), second:
        pass


def test_only_keys_that_sign_checkpoints_are_watched(observer, scribe):
    for keys in ((), tuple(observer.keys[:1]), tuple(key.public for key in pair("x", "other"))):
        with pytest.raises(LogRefusedError):
            observer.state.watch(scribe.origin, keys)
