"""What the settings say of the identity provider holds before anybody can sign in, or the gateway does not start."""

from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from gateway.casework.keys import UnknownRoleError
from gateway.settings import load
from gateway.wiring import initialise, open_house
from gateway.wiring.console import ClientSecretError, provider, sign_ins


@pytest.fixture
async def house(tmp_path):
    settings = load(None, {"GATEWAY_STATE_DIR": str(tmp_path / "state")})
    await initialise(settings)
    async with open_house(settings) as house:
        yield house


def told(house, tmp_path, **variables):
    """Give the same house with an identity provider in its settings."""
    (tmp_path / "secret").write_text("s3cret\n")
    (tmp_path / "secret").chmod(0o600)
    chosen = {
        "ISSUER": "https://login.example.org",
        "CLIENT_ID": "gateway",
        "CLIENT_SECRET_FILE": str(tmp_path / "secret"),
        "ROLES": '{"audit": ["auditor"]}',
        **variables,
    }
    environ = {f"GATEWAY_CONSOLE__OIDC__{name}": value for name, value in chosen.items()}
    state = {"GATEWAY_STATE_DIR": str(house.settings.state_dir), "GATEWAY_SERVER__PORT": "8080"}
    return replace(house, settings=load(None, {**state, **environ}))


async def test_the_provider_is_asked_as_the_settings_say(house, tmp_path):
    async with AsyncExitStack() as stack:
        made = provider(told(house, tmp_path, HOSTS='["keys.example.org"]'), stack).registration

    assert made.client_secret.matches(b"s3cret")
    assert made.redirect_uri == "http://127.0.0.1:8080/console/sign-in/callback"
    assert made.hosts == {"keys.example.org"}
    assert "s3cret" not in repr(made)


async def test_without_one_nobody_is_asked(house):
    async with AsyncExitStack() as stack:
        assert provider(house, stack) is None
    assert sign_ins(house).people is None


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        pytest.param(lambda path: path.chmod(0o640), "chmod 600", id="others can read it"),
        pytest.param(lambda path: path.unlink(), "cannot be read", id="it is not there"),
        pytest.param(lambda path: path.write_text(" \n"), "less than", id="it is empty"),
    ],
)
async def test_a_secret_that_is_none_is_refused(house, tmp_path, spoil, problem):
    chosen = told(house, tmp_path)
    spoil(tmp_path / "secret")

    async with AsyncExitStack() as stack:
        with pytest.raises(ClientSecretError, match=problem) as error:
            provider(chosen, stack)

    assert "s3cret" not in str(error.value)


async def test_a_role_that_policy_does_not_know_is_refused(house, tmp_path):
    with pytest.raises(UnknownRoleError, match="emperor"):
        sign_ins(told(house, tmp_path, ROLES='{"audit": ["emperor"]}'))
