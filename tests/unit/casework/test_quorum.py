"""What is risky is announced, seen by enough witnesses, and only then done."""

import json
from dataclasses import dataclass, field, replace

import pytest

from gateway.audit.checkpoint import Checkpoint, SigningKey
from gateway.audit.note import Algorithm, Note, lines_of
from gateway.casework.quorum import Action, Quorum, WitnessesAwaitedError
from gateway.domain.secret import Secret
from gateway.policy.bundle import default_root
from gateway.store import checkpoints

KEYS = {
    name: SigningKey(f"witness.test/{name}", Algorithm.COSIGNATURE, Secret(name.encode() * 16))
    for name in ("a1", "b2", "c3")
}


@dataclass
class Committee:
    """Three witnesses of an archive's ledger, and a quorum that asks for two of them."""

    archive: object
    table: dict = field(default_factory=lambda: {"log-keys": 2, "erasure": "settings"})

    @property
    def quorum(self):
        keys = {name: (key.public,) for name, key in KEYS.items()}
        return Quorum(
            database=self.archive.database,
            proving=replace(self.archive.proving, witnesses=keys, required=1),
            entries=self.archive.entries,
            tables=lambda: {"org": {"witnesses": {"actions": self.table}}},
        )

    async def cosign(self, *names, forged=False):
        """Sign the ledger as it stands, and let witnesses cosign that."""
        await self.archive.sign()
        newest = self.archive.log.newest
        note = Note.parse(newest.note.encode())
        at = int(self.archive.clock.now().timestamp())
        for name in names:
            key = replace(KEYS[name], seed=Secret(b"\7" * 32)) if forged else KEYS[name]
            line = lines_of([key.sign(Checkpoint.parse(note.text), at=at)])
            async with self.archive.database.writing() as connection:
                await checkpoints.cosign(connection, newest.size, name, line, self.archive.clock.now())

    async def take(self, action=Action.LOG_KEYS, target="checkpoints"):
        await self.quorum.take(action, target)

    async def told(self, type_):
        found = await self.archive.inspection.entries(since=0, limit=100, type_=type_)
        return [each.body for each in found]


@pytest.fixture
def committee(archive):
    return Committee(archive)


async def test_what_is_announced_is_done_once_enough_witnesses_have_seen_it(committee):
    with pytest.raises(WitnessesAwaitedError, match="2 of the witnesses must see"):
        await committee.take()
    await committee.cosign("a1", "b2")

    await committee.take()

    (announced,), (taken,) = await committee.told("action.announced"), await committee.told("action.taken")
    assert (announced["action"], announced["target"], announced["witnesses"]) == ("log-keys", "checkpoints", 2)
    assert (taken["action"], taken["target"]) == ("log-keys", "checkpoints")


async def test_asking_again_announces_nothing_twice(committee):
    for _ in range(3):
        with pytest.raises(WitnessesAwaitedError):
            await committee.take()

    assert len(await committee.told("action.announced")) == 1


async def test_an_announcement_is_good_for_one_time(committee):
    with pytest.raises(WitnessesAwaitedError):
        await committee.take()
    await committee.cosign("a1", "b2")
    await committee.take()

    with pytest.raises(WitnessesAwaitedError):
        await committee.take()

    assert len(await committee.told("action.announced")) == 2


async def test_an_announcement_lapses_after_a_day(committee):
    with pytest.raises(WitnessesAwaitedError):
        await committee.take()
    committee.archive.clock.later(days=2)
    await committee.cosign("a1", "b2")

    with pytest.raises(WitnessesAwaitedError):
        await committee.take()


async def test_what_was_announced_of_one_thing_excuses_no_other(committee):
    with pytest.raises(WitnessesAwaitedError):
        await committee.take()
    await committee.cosign("a1", "b2")

    with pytest.raises(WitnessesAwaitedError):
        await committee.take(target="another")


@pytest.mark.parametrize(
    "who",
    [
        pytest.param({"names": ("a1",)}, id="too few of them"),
        pytest.param({"names": ("a1", "b2"), "forged": True}, id="signatures by other keys"),
        pytest.param({"names": ()}, id="none of them"),
    ],
)
async def test_less_than_the_quorum_is_none(committee, who):
    """Rows of cosignatures can be written by whoever has the database; signatures cannot."""
    with pytest.raises(WitnessesAwaitedError):
        await committee.take()
    await committee.cosign(*who["names"], forged=who.get("forged", False))

    with pytest.raises(WitnessesAwaitedError):
        await committee.take()

    assert await committee.told("action.taken") == []


async def test_witnesses_who_saw_what_was_before_do_not_count(committee):
    await committee.archive.project("lab")
    await committee.cosign("a1", "b2", "c3")

    with pytest.raises(WitnessesAwaitedError):
        await committee.take()
    with pytest.raises(WitnessesAwaitedError):
        await committee.take()


async def test_what_policy_asks_no_witness_for_is_done_at_once_and_recorded(committee):
    committee.table["key-copy"] = 0

    await committee.take(Action.KEY_COPY, "erasure.key")

    assert await committee.told("action.announced") == []
    (taken,) = await committee.told("action.taken")
    assert (taken["action"], taken["target"]) == ("key-copy", "erasure.key")


@pytest.mark.parametrize("stated", ["settings", None, True, -1, "two", [2]])
async def test_what_is_no_number_is_as_many_as_the_settings_demand(committee, stated):
    committee.table["policy"] = stated

    assert committee.quorum.demanded(Action.POLICY) == 1


@pytest.mark.parametrize("tables", [{}, {"org": {}}, {"org": {"witnesses": {"actions": []}}}])
async def test_a_table_that_is_none_excuses_nothing(committee, tables):
    quorum = replace(committee.quorum, tables=lambda: tables)

    assert [quorum.demanded(each) for each in Action] == [1] * len(Action)


async def test_an_entry_that_is_not_in_the_ledger_was_seen_by_nobody(committee):
    await committee.archive.project("lab")
    await committee.cosign("a1", "b2")

    assert await committee.quorum.met(Action.LOG_KEYS, 0)
    assert not await committee.quorum.met(Action.LOG_KEYS, 10_000)


async def test_what_could_never_be_done_is_said(committee):
    committee.table["log-keys"] = 4

    assert committee.quorum.impossible() == [Action.LOG_KEYS]


def test_the_table_as_it_is_shipped_names_everything_that_can_wait():
    table = json.loads((default_root() / "org" / "witnesses" / "data.json").read_text())["actions"]

    assert set(table) == set(Action)
    assert {name for name, number in table.items() if number != "settings"} == {Action.BREAK_GLASS}
