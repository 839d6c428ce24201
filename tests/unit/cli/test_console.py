"""`gateway console`: who is signed in is listed, and sent out, from the command line."""

import asyncio
import os

import pytest

from gateway.settings import load
from gateway.wiring import open_house
from gateway.wiring.console import sign_ins


@pytest.fixture
def signed_in(staffed):
    """Sign the first administrator in, as a gateway would."""

    async def work():
        async with open_house(load(None, dict(os.environ))) as house:
            key = (await house.administration.keys.every())[0].key
            _, session = await sign_ins(house).with_key(house.authenticator.owner(key.id))
            return session

    def begin():
        return asyncio.run(work())

    return begin


def test_open_sessions_are_listed_and_ended(staffed, signed_in):
    one, two = signed_in(), signed_in()

    listed = staffed("console", "sessions", "--json").json
    assert [(each["id"], each["principal"]) for each in listed] == [(one.id, "admin"), (two.id, "admin")]
    assert listed[0]["signed in by"] == f"key {one.key_id}"

    assert staffed("console", "end", one.id).status == 0
    assert [each["id"] for each in staffed("console", "sessions", "--json").json] == [two.id]
    assert staffed("console", "end", "--all").status == 0
    assert staffed("console", "sessions", "--json").json == []


def test_an_ended_session_is_in_the_ledger(staffed, signed_in):
    session = signed_in()

    staffed("console", "end", session.id)

    entry = staffed("audit", "show", "--json").json[-1]
    assert (entry["type"], entry["body"]["session"]) == ("console.signed_out", session.id)


def test_an_unknown_session_is_not_ended(staffed):
    told = staffed("console", "end", "typo")

    assert (told.status, "no session 'typo'" in told.err) == (1, True)


@pytest.mark.parametrize("aim", [[], ["some", "--all"]], ids=["nothing", "both"])
def test_one_says_which(staffed, aim):
    assert staffed("console", "end", *aim).status == 2
