"""Attacks on a ledger by whoever has its database and its keys: each done well, and shown by a witness alone."""

from gateway.audit.log_keys import ROTATED, announcement
from tests.notary import Scribe, pair
from tests.records import draft

SIZE = 24
SEEN = 16
"""How many entries the witness had seen when the attack came."""


def edit(scribe):
    scribe.drafts[7] = draft(codes={"edited": 1})


def drop(scribe):
    del scribe.drafts[7]


def reorder(scribe):
    scribe.drafts[5], scribe.drafts[9] = scribe.drafts[9], scribe.drafts[5]


def insert(scribe):
    scribe.drafts.insert(7, draft(codes={"inserted": 1}))


def truncate(scribe):
    del scribe.drafts[SEEN - 3 :]


def truncate_and_go_on(scribe):
    """A backup was restored, and the gateway went on from it."""
    del scribe.drafts[SEEN - 3 :]
    scribe.write(20, "after the restore")


def rewrite(scribe):
    """All of it anew, but for the announcement of the keys."""
    scribe.drafts[1:] = [draft(codes={"rewritten": number}) for number in range(scribe.size - 1)]


def swap_payloads(scribe):
    """Two jobs exchange the digests of what was submitted."""
    first, second = scribe.drafts[4], scribe.drafts[11]
    scribe.drafts[4] = draft(codes=dict(second.body["codes"]))
    scribe.drafts[11] = draft(codes=dict(first.body["codes"]))


def splice(scribe):
    """The end of another ledger in the place of one's own."""
    scribe.drafts[10:] = Scribe.begin(30, seed="another").drafts[11:]


def slip_in_a_key(scribe):
    """A rotation back in history, signed by the stolen pair, so that a pair of one's own signs from there on."""
    mine = pair("mine")
    body = announcement(scribe.origin, 2, mine, before=scribe.keys)
    scribe.drafts.insert(3, draft(ROTATED, **body))
    scribe.keys = mine


def backdate(scribe):
    """An entry says something else than it did, at the place and time it was written."""
    old = scribe.drafts[2]
    scribe.drafts[2] = draft(at=old.at, codes={"harmless": 1})


ATTACKS = [
    edit,
    drop,
    reorder,
    insert,
    truncate,
    truncate_and_go_on,
    rewrite,
    swap_payloads,
    splice,
    slip_in_a_key,
    backdate,
]


def attacked(honest, attack):
    """Give what the attacker shows in the place of a ledger."""
    scribe = honest.copy()
    attack(scribe)
    return scribe
