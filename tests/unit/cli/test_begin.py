import re
import stat

from gateway.identity.api_keys import KEY_PATTERN


def test_the_first_key_is_all_that_stdout_holds(gateway):
    """So that KEY=$(gateway init) works."""
    made = gateway("init")

    assert made.status == 0
    assert re.fullmatch(KEY_PATTERN, made.out.strip())
    assert "never again" in made.err


def test_only_the_owner_can_read_what_init_made(gateway, tmp_path):
    gateway("init")

    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "state" / "master.key").stat().st_mode) == 0o600


def test_a_second_init_refuses_and_touches_nothing(deployed, tmp_path):
    before = (tmp_path / "state" / "master.key").read_bytes()

    again = deployed("init")

    assert again.status == 1
    assert "has its first key already" in again.err
    assert (tmp_path / "state" / "master.key").read_bytes() == before


def test_commands_before_init_say_what_to_do(gateway):
    told = gateway("keys", "list")

    assert told.status == 2
    assert told.err.strip().endswith("run: gateway init")
