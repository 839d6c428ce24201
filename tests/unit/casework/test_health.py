"""What is said of the ledger: signed or waiting, watched or by nobody, in order or not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.casework import health
from gateway.casework.health import Tone
from gateway.store import checkpoints


@pytest.fixture
async def signed(archive):
    await archive.project("lab")
    await archive.sign()
    return archive


def watched(archive, *names, required=1):
    return replace(archive.proving, witnesses=dict.fromkeys(names, ()), required=required)


async def seen(archive, name, *, at=None):
    async with archive.database.writing() as connection:
        await checkpoints.cosign(connection, archive.log.newest.size, name, "— line\n", at or archive.clock.now())


async def told(archive, proving=None, **more):
    found = await health.look(proving or archive.proving, archive.clock, **more)
    return found, [(word.tone, word.text) for word in found.words]


async def test_a_ledger_that_is_signed_and_watched_is_in_order(signed):
    await seen(signed, "w")

    found, words = await told(signed, watched(signed, "w"))

    size = signed.log.newest.size
    assert found.tone is Tone.GOOD
    assert words == [
        (Tone.GOOD, f"the first {size} of {size} entries are signed"),
        (Tone.GOOD, f"1 of 1 witnesses cosigned the first {size} of {size} entries"),
    ]
    assert (found.witnesses[0].behind, found.witnesses[0].late) == (0, False)


async def test_nothing_signed_yet_is_said(archive):
    _, words = await told(archive)

    assert words[0][0] is Tone.WARN
    assert "no checkpoint was signed yet" in words[0][1]


async def test_without_a_witness_it_says_what_that_means(signed):
    found, words = await told(signed)

    assert found.tone is Tone.WARN
    assert "could write its history anew" in words[1][1]


async def test_entries_that_wait_too_long_are_an_alarm(signed):
    await signed.project("another")
    assert (await told(signed))[1][0][0] is Tone.GOOD

    signed.clock.later(days=1)

    assert (await told(signed))[1][0] == (Tone.BAD, "1 entries wait for a signed checkpoint longer than they should")


async def test_a_refusal_to_sign_is_the_first_thing_said(signed):
    signed.log.refuse("history was changed")

    assert (await told(signed))[1][0] == (Tone.BAD, "nothing is signed any more: history was changed")


async def test_a_quorum_that_never_was_is_an_alarm(signed):
    found, _ = await told(signed, watched(signed, "w"))

    assert found.tone is Tone.BAD
    assert found.published is None


async def test_a_silent_witness_and_one_that_fails_are_named(signed):
    await seen(signed, "silent", at=signed.clock.now() - timedelta(hours=1))
    await seen(signed, "failing")

    _, words = await told(signed, watched(signed, "silent", "failing"), problems={"failing": "it answered 500"})

    assert (Tone.WARN, "the witness silent has not seen the ledger lately") in words
    assert (Tone.WARN, "the witness failing did not cosign: it answered 500") in words
