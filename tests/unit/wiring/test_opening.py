"""Beginning a deployment, and opening it again."""

import pytest

from gateway.domain.errors import InsecureError
from gateway.ports.dialect import ApiKey
from gateway.settings import load
from gateway.wiring import initialise, open_house
from gateway.wiring.opening import NotInitialisedError


def settings(tmp_path, **more: str):
    return load(None, {"GATEWAY_STATE_DIR": str(tmp_path / "state"), **more})


async def test_the_first_key_is_an_administrators_and_works(tmp_path):
    issued = await initialise(settings(tmp_path))

    async with open_house(settings(tmp_path)) as house:
        caller = house.authenticator.caller(ApiKey(issued.text))
        first = await house.inspection.entries(since=0, limit=1)

    assert (caller.principal.name, caller.project.name, caller.key.roles) == ("admin", "default", ("admin",))
    assert first[0].type == "ledger.created"


async def test_the_state_is_its_owners_alone(tmp_path):
    await initialise(settings(tmp_path))

    state = tmp_path / "state"
    assert state.stat().st_mode & 0o077 == 0
    assert (state / "master.key").stat().st_mode & 0o777 == 0o600


async def test_a_second_beginning_touches_nothing(tmp_path):
    issued = await initialise(settings(tmp_path))

    with pytest.raises(Exception, match="already"):
        await initialise(settings(tmp_path))

    async with open_house(settings(tmp_path)) as house:
        assert house.authenticator.caller(ApiKey(issued.text))
        assert len(await house.administration.keys.every()) == 1


async def test_a_beginning_that_a_crash_cut_short_is_finished_by_the_next_one(tmp_path):
    """The master key is the first thing made; nothing was sealed with it yet."""
    await initialise(settings(tmp_path))
    (tmp_path / "state" / "gateway.sqlite3").unlink()

    issued = await initialise(settings(tmp_path))

    async with open_house(settings(tmp_path)) as house:
        assert house.authenticator.caller(ApiKey(issued.text))


async def test_what_was_never_begun_is_not_opened(tmp_path):
    with pytest.raises(NotInitialisedError, match="gateway init"):
        async with open_house(settings(tmp_path)):
            pass


async def test_another_ledgers_name_opens_nothing(tmp_path):
    """Exports of two deployments must never be taken for one."""
    await initialise(settings(tmp_path))

    with pytest.raises(InsecureError, match=r"set ledger\.origin back"):
        async with open_house(settings(tmp_path, GATEWAY_LEDGER__ORIGIN="elsewhere/ledger")):
            pass


async def test_a_house_for_the_command_line_serves_nobody(tmp_path):
    await initialise(settings(tmp_path))

    async with open_house(settings(tmp_path)) as house:
        with pytest.raises(AssertionError, match="command line"):
            _ = house.serving


async def test_a_master_key_of_another_deployment_opens_nothing(tmp_path):
    await initialise(settings(tmp_path))
    (tmp_path / "state" / "master.key").write_bytes(bytes(range(32)))

    with pytest.raises(Exception, match="master key"):
        async with open_house(settings(tmp_path)):
            pass
