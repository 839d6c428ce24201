"""Cosignatures are asked of every witness, believed of none without its key, and a contradiction stops the signing."""

from datetime import timedelta

import pytest

from gateway.audit.collect import REFRESH, Peer, Witnesses
from gateway.audit.note import Note, lines_of, signatures
from gateway.ports.vendor import AnswerLostError, VendorAnswer
from gateway.store import checkpoints
from tests.notary import Observer
from tests.records import NOW
from tests.unit.audit.signing.histories import roll_back, write

pytestmark = pytest.mark.long


class Wire:
    """The way to a witness: hands requests over, or fails as it is told."""

    def __init__(self, observer):
        self.observer, self.answer, self.sent = observer, None, []

    async def send(self, request):
        self.sent.append(request)
        if self.answer is not None:
            return self.answer(request)
        reply = self.observer.witness.add_checkpoint(request.body)
        return VendorAnswer(status=reply.status, headers={}, body=reply.body.encode())


def fixed(status, body=b""):
    return lambda _: VendorAnswer(status=status, headers={}, body=body)


@pytest.fixture
async def wires(tmp_path, signer):
    keys = (await signer.keyring.history()).pairs[0].keys
    made = []
    for number in range(3):
        observer = Observer(tmp_path / f"w{number}", f"witness.test/{number}")
        observer.state.watch(signer.keyring.origin, keys)
        made.append(Wire(observer))
    return made


@pytest.fixture
def witnesses(books, signer, wires):
    def made(required=2):
        peers = tuple(
            Peer(name=f"w{number}", url=f"https://w{number}.test/log", keys=tuple(wire.observer.keys), send=wire.send)
            for number, wire in enumerate(wires)
        )
        return Witnesses(log=signer, peers=peers, required=required, clock=books.clock)

    return made


async def test_every_witness_cosigns_what_is_signed(books, signer, wires, witnesses):
    await signer.sign()
    asked = witnesses()
    await asked.run()

    standing = asked.standing
    assert (standing.signed_size, standing.cosigned_size) == (signer.newest.size, signer.newest.size)
    assert (standing.required, standing.configured, standing.refused) == (2, 3, None)
    assert standing.age_seconds(books.clock.now() + timedelta(seconds=7)) == 7
    assert wires[0].sent[0].url == "https://w0.test/log/add-checkpoint"
    async with books.database.reading() as connection:
        stored = await checkpoints.newest(connection, cosigned_by=3)
    assert len(Note.parse(stored.whole.encode()).signatures) == 2 + 3 * 2


async def test_the_next_one_is_proven_to_continue_the_last(books, signer, witnesses):
    asked = witnesses()
    for _ in range(3):
        await write(books, 7)
        await signer.sign()
        await asked.run()

    assert asked.standing.cosigned_size == signer.newest.size
    assert asked.problems == {}


async def test_a_witness_that_is_behind_says_how_far(books, signer, wires, witnesses):
    """As after the gateway lost what it noted of the witness."""
    await signer.sign()
    await witnesses().run()
    await write(books, 5)
    await signer.sign()

    asked = witnesses()
    await asked.run()

    assert asked.standing.cosigned_size == signer.newest.size
    assert len(wires[0].sent) == 3


async def test_what_was_collected_is_known_after_a_restart(signer, wires, witnesses):
    await signer.sign()
    await witnesses().run()

    again = witnesses()
    await again.start()

    assert again.standing.cosigned_size == signer.newest.size
    assert again.standing.cosigned_at == NOW


@pytest.mark.parametrize(("away", "enough"), [(0, True), (1, True), (2, False), (3, False)])
async def test_so_many_as_are_required_must_have_signed_one_checkpoint(signer, wires, witnesses, away, enough):
    for wire in wires[:away]:
        wire.answer = fixed(503)
    await signer.sign()
    asked = witnesses()
    await asked.run()

    assert (asked.standing.cosigned_size == signer.newest.size) is enough
    assert len(asked.problems) == away


async def test_a_witness_that_is_away_is_left_alone_for_longer_and_longer(books, signer, wires, witnesses):
    def broken(_):
        raise AnswerLostError("w0 gave no answer")

    wires[0].answer = broken
    await signer.sign()
    asked = witnesses()
    counts = []
    for _ in range(8):
        await asked.run()
        counts.append(len(wires[0].sent))
        books.clock.advance(10)

    assert counts[-1] < 6
    wires[0].answer = None
    books.clock.advance(600)
    await asked.run()
    assert asked.problems == {}


async def test_a_ledger_at_rest_is_seen_again_now_and_then(books, signer, wires, witnesses):
    await signer.sign()
    asked = witnesses()
    await asked.run()
    await asked.run()
    assert len(wires[0].sent) == 1

    books.clock.advance(REFRESH.total_seconds())
    for wire in wires:
        wire.observer.clock.advance(REFRESH.total_seconds())
    await asked.run()

    assert asked.standing.age_seconds(books.clock.now()) == 0


async def test_a_witness_that_saw_more_proves_a_rollback(books, signer, wires, witnesses, tmp_path):
    """Database and state directory were restored together: only somebody outside remembers."""
    await signer.sign()
    asked = witnesses()
    await asked.run()
    pinned = signer.pin.read()[0]
    await write(books, 9)
    await signer.sign()
    await asked.run()
    seen = wires[0].observer.size()

    await roll_back(books, signer.newest.size - 9)
    signer.pin.write(pinned)
    signer.newest, signer.cleared = None, False
    await signer.start()
    await witnesses().run()
    await signer.run()

    assert f"cosigned {seen} entries" in signer.refused
    assert signer.newest.size == seen - 9
    assert (await refusing(signer)) is True


async def refusing(signer):
    before = signer.pin.read()[1].size
    await signer.run()
    return signer.pin.read()[1].size == before


@pytest.mark.parametrize(
    ("status", "body"),
    [(422, b""), (409, b"SIZE\n")],
    ids=["a proof it does not accept", "the same size with another root"],
)
async def test_a_witness_that_saw_another_history_stops_the_signing(signer, wires, witnesses, status, body):
    await signer.sign()
    await witnesses().run()
    wires[0].answer = fixed(status, body.replace(b"SIZE", b"%d" % signer.newest.size))

    asked = witnesses()
    await asked.start()
    await asked.run()

    assert signer.refused
    assert asked.standing.refused == signer.refused


@pytest.mark.parametrize(
    ("status", "body", "word"),
    [
        (404, b"", "does not know this ledger"),
        (403, b"", "does not know the ledger's keys"),
        (500, b"", "answered 500"),
        (409, b"what?", "without the size"),
        (200, b"", "line feed"),
        (200, b"\xff\n", "no text"),
        (200, "— somebody AAAAAAAA\n".encode(), "no signature by a key"),
    ],
)
async def test_an_answer_that_is_none_changes_nothing(signer, wires, witnesses, status, body, word):
    wires[0].answer = fixed(status, body)
    await signer.sign()
    asked = witnesses(required=3)
    await asked.run()

    assert word in asked.problems["w0"]
    assert signer.refused is None
    assert asked.standing.cosigned_size == 0


async def test_a_cosignature_from_the_future_is_not_believed(signer, wires, witnesses):
    wires[0].observer.clock.advance(3600)
    await signer.sign()
    asked = witnesses(required=3)
    await asked.run()

    assert "from the future" in asked.problems["w0"]


async def test_foreign_lines_in_an_answer_are_dropped(books, signer, wires, witnesses):
    def more(request):
        reply = wires[0].observer.witness.add_checkpoint(request.body)
        foreign = signatures("— somebody AAAAAAAA\n")
        return VendorAnswer(status=200, headers={}, body=(reply.body + lines_of(foreign)).encode())

    wires[0].answer = more
    await signer.sign()
    await witnesses().run()

    async with books.database.reading() as connection:
        stored = await checkpoints.newest(connection)
    assert "somebody" not in stored.whole


async def test_without_witnesses_nothing_waits(signer, witnesses, books):
    asked = Witnesses(log=signer, peers=(), required=0, clock=books.clock)
    signer.cleared = False
    await asked.run()

    assert signer.cleared
    assert asked.standing.cosigned_at is None


async def test_policy_is_told_how_far_each_witness_is(books, signer, wires, witnesses):
    """So that a rule may demand more of them than the settings, or only those that saw the ledger lately."""
    await write(books, 3)
    await signer.sign()
    asked, first = witnesses(), signer.newest.size
    await asked.run()
    wires[1].answer = fixed(500)
    await write(books, 4)
    await signer.sign()
    await asked.run()

    sizes = [(each.witness, each.size) for each in asked.standing.by]
    assert sizes == [("w0", signer.newest.size), ("w1", first), ("w2", signer.newest.size)]
    assert {each.at for each in asked.standing.by} == {NOW}


async def test_a_replica_that_asks_nobody_reads_what_the_leader_collected(books, signer, witnesses):
    """Only one process asks witnesses, and every one decides."""
    follower = witnesses()
    await follower.start()
    assert (follower.standing.signed_size, follower.standing.by) == (0, ())
    await write(books, 3)
    await signer.sign()
    leader = witnesses()
    await leader.run()

    await follower.look()

    assert follower.standing == leader.standing
    assert len(follower.standing.by) == 3


async def test_a_witness_far_behind_is_read_again_and_again_without_harm(books, signer, wires, witnesses):
    """What is remembered is bounded, and what one witness saw long ago is then the first to be forgotten."""
    asked = witnesses()
    await write(books, 1)
    await signer.sign()
    await asked.run()
    wires[0].answer = fixed(500)
    for _ in range(70):
        await write(books, 1)
        await signer.sign()
        await asked.run()
    await asked.look()

    assert asked.standing.cosigned_size == signer.newest.size
    assert asked.standing.by[0].size < asked.standing.by[1].size == signer.newest.size
