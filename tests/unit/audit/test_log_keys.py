"""Which keys sign is the ledger's own word: nobody slips in a pair that the one before did not sign."""

import msgspec
import pytest

from gateway.audit import log_keys
from gateway.audit.entry import encode
from gateway.audit.log_keys import KeyHistory, LogKeyError
from gateway.audit.note import NoteError
from tests.notary import ORIGIN, Scribe, pair
from tests.records import draft


def history(scribe):
    known = KeyHistory(scribe.origin)
    for link in scribe.links:
        known.take(link.seq, link.leaf)
    return known


def leaf(type_, body):
    return b'{"event":%b,"prev":"","seq":0,"v":1}' % encode(draft(type_, **body)).event


def test_each_checkpoint_is_signed_by_the_pair_announced_before_it():
    scribe = Scribe.begin(4)
    scribe.rotate("second")
    scribe.write(3).rotate("third")
    known = history(scribe)

    assert [pair.generation for pair in known.pairs] == [1, 2, 3]
    assert [known.at(size).generation for size in (1, 5, 6, 9, 10)] == [1, 1, 2, 2, 3]
    assert known.at(0) is None


def test_both_keys_must_sign():
    scribe = Scribe.begin(3)
    known = history(scribe)

    known.check(scribe.sign(), scribe.checkpoint())
    for one in scribe.keys:
        with pytest.raises(NoteError, match="both keys"):
            known.check(scribe.sign(keys=(one,)), scribe.checkpoint())


def test_a_replaced_pair_signs_nothing_later():
    scribe = Scribe.begin(3)
    old = scribe.keys
    scribe.rotate("second")
    known = history(scribe)

    known.check(scribe.sign(keys=(*scribe.keys, *old)), scribe.checkpoint())
    with pytest.raises(NoteError):
        known.check(scribe.sign(keys=old), scribe.checkpoint())


@pytest.mark.parametrize("side", ["old", "new"])
@pytest.mark.parametrize("algorithm", ["ed25519", "ml_dsa_44"])
def test_a_pair_needs_every_signature_of_itself_and_of_the_one_before(side, algorithm):
    before, new = pair("first"), pair("second")
    known = KeyHistory(ORIGIN)
    known.take(0, leaf(log_keys.CREATED, log_keys.announcement(ORIGIN, 1, before)))
    body = log_keys.announcement(ORIGIN, 2, new, before=before)
    stolen = log_keys.announcement(ORIGIN, 2, new, before=pair("somebody"))
    missing = msgspec.json.decode(msgspec.json.encode(body))
    del missing["signatures"][side][algorithm]

    for wrong in (missing, stolen, body | {"generation": 3}, body | {"ed25519": str(before[0].public)}):
        with pytest.raises(LogKeyError):
            known.take(1, leaf(log_keys.ROTATED, wrong))
    known.take(1, leaf(log_keys.ROTATED, body))


def test_a_second_beginning_is_refused_and_the_same_one_is_not():
    """Two replicas that start together announce the same pair."""
    known, body = KeyHistory(ORIGIN), log_keys.announcement(ORIGIN, 1, pair("first"))
    known.take(0, leaf(log_keys.CREATED, body))
    known.take(1, leaf(log_keys.CREATED, body))

    with pytest.raises(LogKeyError):
        known.take(2, leaf(log_keys.CREATED, log_keys.announcement(ORIGIN, 1, pair("other"))))


def test_keys_of_another_ledger_are_refused():
    with pytest.raises(LogKeyError):
        KeyHistory(ORIGIN).take(0, leaf(log_keys.CREATED, log_keys.announcement("other", 1, pair("x", "other"))))


def test_what_a_caller_wrote_is_no_announcement():
    """A reason may hold any text, but the type of an entry is the gateway's."""
    known = KeyHistory(ORIGIN)
    known.take(0, leaf("requests.refused", {"codes": {}, "note": '"type":"ledger.key_created"'}))

    assert known.pairs == []


def test_the_statement_is_no_checkpoint():
    """Otherwise a signature over the one would be one over the other."""
    from gateway.audit.checkpoint import Checkpoint

    statement = log_keys._statement(ORIGIN, 1, [key.public for key in pair("first")], ())
    with pytest.raises(NoteError):
        Checkpoint.parse(statement.decode())
