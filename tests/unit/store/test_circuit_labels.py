"""Labels of circuits as rows, on each database: they are raised by anybody, and lowered by what was looked at."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.classification import Classification
from gateway.store import circuit_labels, rows
from gateway.store.circuit_labels import KeptLabel, LabelRaisedError, lowered, raised

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
MARK, OTHER = "a" * 64, "b" * 64
PUBLIC, INTERNAL, CONFIDENTIAL, RESTRICTED = Classification


async def put(database, *writes):
    await database.transact(lambda connection: rows.put(connection, writes))


async def kept(database, *marks):
    async with database.reading() as connection:
        return await circuit_labels.find(connection, marks or (MARK,))


@pytest.mark.parametrize("after", [INTERNAL, CONFIDENTIAL], ids=["a lower one", "the same one"])
async def test_a_label_that_is_not_higher_changes_nothing(database, after):
    await put(database, raised(MARK, CONFIDENTIAL, NOW))

    await put(database, raised(MARK, after, LATER))

    assert await kept(database) == {MARK: KeptLabel(label=CONFIDENTIAL, since=NOW)}


async def test_the_highest_of_one_transaction_stays(database):
    await put(database, *(raised(MARK, label, NOW) for label in (INTERNAL, RESTRICTED, CONFIDENTIAL)))

    assert (await kept(database))[MARK].label is RESTRICTED


async def test_an_administrator_lowers_a_label_and_a_submission_raises_it_again(database):
    await put(database, raised(MARK, RESTRICTED, NOW))
    await put(database, lowered(MARK, INTERNAL, LATER, fixed=False, before=RESTRICTED))
    assert (await kept(database))[MARK] == KeptLabel(label=INTERNAL, since=LATER)

    await put(database, raised(MARK, RESTRICTED, LATER))

    assert (await kept(database))[MARK].label is RESTRICTED


async def test_what_is_lowered_for_good_stays_so(database):
    await put(database, raised(MARK, RESTRICTED, NOW))
    await put(database, lowered(MARK, PUBLIC, LATER, fixed=True, before=RESTRICTED))

    await put(database, raised(MARK, RESTRICTED, LATER))

    assert (await kept(database))[MARK] == KeptLabel(label=PUBLIC, since=LATER, fixed=True)


async def test_a_label_that_was_raised_meanwhile_is_not_lowered(database):
    """Who lowers `internal` has not seen that it is restricted by now."""
    await put(database, raised(MARK, RESTRICTED, NOW), raised(OTHER, INTERNAL, NOW))

    with pytest.raises(LabelRaisedError):
        await put(
            database,
            lowered(OTHER, PUBLIC, LATER, fixed=False, before=INTERNAL),
            lowered(MARK, PUBLIC, LATER, fixed=False, before=INTERNAL),
        )

    assert {mark: each.label for mark, each in (await kept(database, MARK, OTHER)).items()} == {
        MARK: RESTRICTED,
        OTHER: INTERNAL,
    }


async def test_labels_are_counted(database):
    await put(database, raised(MARK, RESTRICTED, NOW), raised(OTHER, RESTRICTED, NOW))

    async with database.reading() as connection:
        assert await circuit_labels.count(connection) == {(RESTRICTED, False): 2}


async def test_many_marks_are_looked_up_at_once(database):
    """A submission has up to a thousand circuits, with four marks each."""
    await put(database, raised(MARK, INTERNAL, NOW))

    assert list(await kept(database, *(f"{number:064}" for number in range(12_000)), MARK)) == [MARK]
