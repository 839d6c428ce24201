import pytest
import trustme

from gateway.domain.errors import InsecureError
from gateway.settings import SettingsError, load

KEY_PASSWORD = "postgresql+asyncpg://gateway:hunter2@127.0.0.1/gateway"


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "gateway.toml"
        path.write_text(text)
        return path

    return write


def test_nothing_configured_is_a_working_configuration(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    settings = load(None, {})

    assert settings.state_dir == tmp_path / ".gateway"
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path}/.gateway/gateway.sqlite3"
    assert settings.master_key_file == tmp_path / ".gateway" / "master.key"
    assert settings.server.url == "http://127.0.0.1:8080"


def test_the_environment_wins_over_the_file_field_by_field(file):
    config = file('[server]\nport = 9000\nbacklog = 64\n[log]\nlevel = "debug"\n')

    settings = load(config, {"GATEWAY_SERVER__PORT": "9001"})

    assert (settings.server.port, settings.server.backlog, settings.log.level) == (9001, 64, "debug")


def test_the_file_may_be_named_by_the_environment(file):
    assert load(None, {"GATEWAY_CONFIG": str(file("[server]\nport = 9000\n"))}).server.port == 9000


def test_the_command_line_names_the_file_before_the_environment_does(file, tmp_path):
    assert load(file("[server]\nport = 9000\n"), {"GATEWAY_CONFIG": str(tmp_path / "absent")}).server.port == 9000


def test_lists_come_from_the_environment_as_json():
    settings = load(None, {"GATEWAY_SERVER__ALLOWED_HOSTS": '["one.example", "TWO.example"]'})

    assert settings.server.allowed_hosts == ("one.example", "two.example")


def test_adapter_sections_are_handed_on_unjudged(file):
    settings = load(file("[adapters.aer]\nworkers = 2\n"), {"GATEWAY_ADAPTERS__AER__NOISE": "ideal"})

    assert settings.adapters == {"aer": {"workers": 2, "noise": "ideal"}}


def test_a_child_of_the_supervisor_reads_the_same_settings():
    """The supervisor tells its child who its parent is; that is no unknown setting."""
    assert load(None, {"GATEWAY_PARENT_PID": "1"}) == load(None, {})


def test_nothing_outside_is_read_behind_the_callers_back(monkeypatch):
    monkeypatch.setenv("GATEWAY_SERVER__PORT", "1")

    assert load(None, {}).server.port == 8080


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        pytest.param({"GATEWAY_SEVER__PORT": "1"}, "perhaps server", id="an unknown section"),
        pytest.param(
            {"GATEWAY_SERVER__PROT": "1"}, "server.prot: no such setting, perhaps port", id="an unknown field"
        ),
        pytest.param({"GATEWAY_SERVER__TLS__CERT": "x"}, "only certificate, private_key", id="a field far from any"),
        pytest.param(
            {"GATEWAY_SERVER__PORT": "65536"}, "found '65536'; allowed: less than or equal", id="over a bound"
        ),
        pytest.param({"GATEWAY_SERVER__ALLOWED_HOSTS": "a"}, "GATEWAY_SERVER__ALLOWED_HOSTS", id="no list"),
        pytest.param({"GATEWAY_SERVER__ALLOWED_HOSTS": '["*"]'}, "no wildcards", id="a wildcard host"),
        pytest.param({"GATEWAY_SERVER__PUBLIC_URL": "gateway"}, "such as https://", id="an address that is none"),
        pytest.param({"GATEWAY_POLICY__ENGINE": "opa"}, "policy: engine opa needs opa.urls", id="OPA without address"),
        pytest.param({"GATEWAY_LOG__FORMAT": "xml"}, "'json' or 'console'", id="a choice that is none"),
        pytest.param({"GATEWAY_CONFIG": "/nowhere"}, "correct --config", id="a file that is not there"),
    ],
)
def test_a_wrong_setting_is_refused_in_words(environ, said):
    with pytest.raises(SettingsError) as refused:
        load(None, environ)

    assert said in refused.value.message


@pytest.mark.parametrize("text", ["[server", "\x00"], ids=["an open bracket", "no text at all"])
def test_a_file_that_is_no_toml_is_refused(file, text):
    with pytest.raises(SettingsError, match="is no TOML"):
        load(file(text), {})


def test_every_wrong_setting_is_named_at_once():
    with pytest.raises(SettingsError) as refused:
        load(None, {"GATEWAY_SERVER__PORT": "x", "GATEWAY_LOG__LEVEL": "loud"})

    assert len(refused.value.problems) == 2


def test_a_password_is_never_shown():
    """A database address is the one setting that may hold a secret."""
    wrong = KEY_PASSWORD.replace("postgresql+asyncpg", "mysql")

    with pytest.raises(SettingsError) as refused:
        load(None, {"GATEWAY_DATABASE__URL": wrong})

    assert "hunter2" not in refused.value.message
    assert "hunter2" not in repr(load(None, {"GATEWAY_DATABASE__URL": KEY_PASSWORD}))


@pytest.mark.parametrize(
    ("environ", "mend"),
    [
        pytest.param({"GATEWAY_SERVER__HOST": "0.0.0.0"}, "server.tls.certificate", id="every address"),  # noqa: S104
        pytest.param({"GATEWAY_SERVER__HOST": "10.1.2.3"}, "server.trusted_proxies", id="plain http on a network"),
        pytest.param(
            {"GATEWAY_SERVER__HOST": "10.1.2.3", "GATEWAY_SERVER__PUBLIC_URL": "https://gateway.example"},
            "server.trusted_proxies",
            id="a proxy whose address is not declared",
        ),
        pytest.param(
            {"GATEWAY_SERVER__HOST": "10.1.2.3", "GATEWAY_SERVER__TRUSTED_PROXIES": '["10.1.2.4"]'},
            "server.public_url (https)",
            id="a proxy that is not said to terminate TLS",
        ),
        pytest.param({"GATEWAY_SERVER__PUBLIC_URL": "http://gateway.example"}, "use https", id="keys in the clear"),
        pytest.param({"GATEWAY_SERVER__TRUSTED_PROXIES": '["0.0.0.0/0"]'}, "proxy's own address", id="trust in all"),
        pytest.param({"GATEWAY_MANAGEMENT__HOST": "10.1.2.3"}, "listen on 127.0.0.1", id="open management"),
        pytest.param(
            {"GATEWAY_POLICY__OPA__URLS": '["http://opa.example"]'}, "use https", id="decisions that can be forged"
        ),
        pytest.param(
            {"GATEWAY_DATABASE__URL": "postgresql+asyncpg://gateway@db.example/gateway"},
            "ssl=verify-full",
            id="a database over a plain network",
        ),
    ],
)
def test_an_exposed_configuration_cannot_be_built(environ, mend):
    with pytest.raises(InsecureError) as refused:
        load(None, environ)

    assert mend in refused.value.message


def test_a_wildcard_listener_must_know_its_names(tmp_path):
    pair = {"GATEWAY_SERVER__TLS__CERTIFICATE": str(tmp_path / "c"), "GATEWAY_SERVER__TLS__PRIVATE_KEY": str(tmp_path)}

    with pytest.raises(InsecureError, match=r"server\.allowed_hosts"):
        load(None, pair | {"GATEWAY_SERVER__HOST": "::"})


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"GATEWAY_SERVER__HOST": "::1"}, id="loopback in IPv6"),
        pytest.param({"GATEWAY_SERVER__HOST": "localhost"}, id="loopback by name"),
        pytest.param(
            {
                "GATEWAY_SERVER__HOST": "10.1.2.3",
                "GATEWAY_SERVER__PUBLIC_URL": "https://gateway.example",
                "GATEWAY_SERVER__TRUSTED_PROXIES": '["10.1.2.0/24"]',
            },
            id="behind a declared proxy",
        ),
        pytest.param({"GATEWAY_DATABASE__URL": KEY_PASSWORD}, id="a database on this machine"),
        pytest.param(
            {"GATEWAY_DATABASE__URL": "postgresql+asyncpg://gateway@db.example/gateway?ssl=verify-full"},
            id="a database over TLS",
        ),
    ],
)
def test_a_protected_configuration_is_taken(environ):
    load(None, environ)


@pytest.mark.parametrize(("mode", "refused"), [(0o600, False), (0o640, True), (0o604, True)])
def test_a_private_key_that_others_can_read_is_refused(tmp_path, mode, refused):
    key = tmp_path / "key.pem"
    trustme.CA().issue_cert("gateway.example").private_key_and_cert_chain_pem.write_to_path(key)
    key.chmod(mode)
    pair = {"GATEWAY_SERVER__TLS__CERTIFICATE": str(key), "GATEWAY_SERVER__TLS__PRIVATE_KEY": str(key)}

    if refused:
        with pytest.raises(InsecureError, match="chmod 600"):
            load(None, pair)
    else:
        assert load(None, pair).server.url == "https://127.0.0.1:8080"


def test_a_certificate_and_a_key_that_do_not_belong_together_are_refused(tmp_path):
    """The server itself would crash on them, again and again."""
    authority, pair = trustme.CA(), {}
    for name, pem in (
        ("CERTIFICATE", authority.issue_cert("gateway.example").cert_chain_pems[0]),
        ("PRIVATE_KEY", authority.issue_cert("gateway.example").private_key_pem),
    ):
        path = tmp_path / name
        pem.write_to_path(path)
        path.chmod(0o600)
        pair[f"GATEWAY_SERVER__TLS__{name}"] = str(path)

    with pytest.raises(SettingsError, match="no pair"):
        load(None, pair)


def test_the_gateway_answers_to_its_own_names_only():
    settings = load(
        None,
        {
            "GATEWAY_SERVER__HOST": "10.1.2.3",
            "GATEWAY_SERVER__PUBLIC_URL": "https://Gateway.example/",
            "GATEWAY_SERVER__TRUSTED_PROXIES": '["10.1.2.4"]',
        },
    )

    assert settings.server.host_names == {"gateway.example", "10.1.2.3"}
    assert settings.server.url == "https://Gateway.example"
