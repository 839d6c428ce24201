"""The console cannot be configured so that anybody could vouch, or that nobody could come in."""

import pytest
from pydantic import ValidationError

from gateway.domain.errors import InsecureError
from gateway.identity.id_token import ALGORITHMS
from gateway.settings import load
from gateway.settings.console import Console, Oidc
from gateway.settings.load import SettingsError

OIDC = {"issuer": "https://login.example.org/lab", "client_id": "gateway", "roles": {"audit": ("auditor",)}}


def test_it_is_there_by_default_for_keys_alone():
    console = Console()

    assert (console.enabled, console.keys, console.oidc) == (True, True, None)


def test_environment_variables_reach_all_of_it():
    prefix = "GATEWAY_CONSOLE__OIDC__"
    settings = load(
        None,
        {
            f"{prefix}ISSUER": "https://login.example.org",
            f"{prefix}CLIENT_ID": "gateway",
            f"{prefix}ROLES": '{"audit": ["auditor", "security"]}',
            f"{prefix}PRINCIPALS": '{"248": "audrey"}',
        },
    )

    assert settings.console.oidc.roles == {"audit": ("auditor", "security")}
    assert settings.console.oidc.principals == {"248": "audrey"}


def test_an_issuer_beyond_this_machine_takes_tls():
    """In the clear anybody on the way could vouch for anybody."""
    with pytest.raises(InsecureError, match="https"):
        Oidc(**{**OIDC, "issuer": "http://login.example.org"})

    assert Oidc(**{**OIDC, "issuer": "http://localhost:8000"})


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"issuer": "login.example.org"}, id="an issuer without a scheme"),
        pytest.param({"issuer": "https://user@login.example.org"}, id="an issuer with a user"),
        pytest.param({"issuer": "https://login.example.org?tenant=1"}, id="an issuer with a query"),
        pytest.param({"roles": {}}, id="nobody has a role"),
        pytest.param({"roles": {"audit": ()}}, id="a group without a role"),
        pytest.param({"scopes": ("profile",)}, id="without openid"),
        pytest.param({"algorithms": ("HS256",)}, id="an algorithm with a shared secret"),
        pytest.param({"algorithms": ("none",)}, id="no algorithm"),
        pytest.param({"algorithms": ()}, id="none at all"),
        pytest.param({"hosts": ("*.example.org",)}, id="a wildcard"),
        pytest.param({"client_secret": "s3cret"}, id="a secret that does not stand in a file"),
    ],
)
def test_what_could_not_be_right_is_refused(changed):
    with pytest.raises(ValidationError):
        Oidc(**{**OIDC, **changed})


def test_every_algorithm_that_can_be_chosen_can_be_verified():
    for algorithm in ALGORITHMS:
        assert Oidc(**{**OIDC, "algorithms": (algorithm,)}).algorithms == (algorithm,)


def test_a_door_without_a_handle_is_refused():
    with pytest.raises(SettingsError, match="nobody could sign in"):
        load(None, {"GATEWAY_CONSOLE__KEYS": "false"})

    assert not Console(keys=False, oidc=OIDC).keys
    assert not Console(keys=False, enabled=False).enabled
