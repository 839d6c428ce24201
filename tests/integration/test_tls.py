"""The front door over https with a private CA, and configurations that would give keys away: they do not start."""

import socket
import ssl
from ipaddress import IPv4Address

import pytest
import trustme

from tests.integration import bodies, sockets
from tests.integration.counted import Counted, reported, settled
from tests.running import API, Gateway

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def secured(tmp_path_factory, authority):
    home = tmp_path_factory.mktemp("tls")
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    certificate.cert_chain_pems[0].write_to_path(home / "certificate.pem")
    certificate.private_key_pem.write_to_path(home / "key.pem")
    (home / "key.pem").chmod(0o600)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    gateway = Gateway(
        home / "state",
        settings={
            "GATEWAY_SERVER__TLS__CERTIFICATE": str(home / "certificate.pem"),
            "GATEWAY_SERVER__TLS__PRIVATE_KEY": str(home / "key.pem"),
        },
        trust=trust,
    ).init()
    try:
        yield gateway.start()
    finally:
        gateway.discard()


def test_a_job_runs_over_https_with_a_private_ca(secured):
    job = secured.submit(secured.admin_key, bodies.golden())

    assert secured.ended(secured.admin_key, job)["status"] == "Completed"


def test_who_does_not_trust_the_authority_sends_nothing(secured):
    secured.trust, trust = ssl.create_default_context(), secured.trust
    try:
        with pytest.raises(ssl.SSLCertVerificationError):
            secured.request("GET", f"{API}/backends", key=secured.admin_key)
    finally:
        secured.trust = trust


def test_old_protocols_are_not_spoken(secured):
    """TLS 1.3 only: what is older has known ways in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    with (
        socket.create_connection(("127.0.0.1", secured.port), timeout=10) as connection,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        context.wrap_socket(connection)


def test_plain_http_is_not_answered_on_the_same_port(secured):
    with socket.create_connection(("127.0.0.1", secured.port), timeout=10) as connection:
        connection.sendall(b"GET /ibm/api/v1/backends HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        answer = connection.recv(100)

    assert not answer.startswith(b"HTTP/1.1 200")


def test_handshakes_that_fail_are_counted_apart(secured):
    """Whoever never gets through TLS has no connection that could carry a request."""
    before = settled(secured)

    for sent in (b"\x16\x03\x01\x00\x05no TLS at all", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"):
        sockets.exchange(secured, sent)
    with pytest.raises(ssl.SSLCertVerificationError), _channel(secured, ssl.create_default_context()):
        pass

    assert reported(secured, before, connections=3) == Counted(taken=0, served=0, failed=3, open=0, requests=0)


def test_what_dies_behind_a_good_handshake_is_counted_as_without_tls(secured):
    before = settled(secured)

    with _channel(secured, secured.trust) as channel:
        channel.sendall(b"NO HTTP AT ALL\r\n\r\n")
        assert channel.recv(100).startswith(b"HTTP/1.1 400 ")
    assert secured.request("GET", f"{API}/backends", key=secured.admin_key).status == 200

    assert reported(secured, before, connections=2) == Counted(taken=2, served=1, failed=0, open=0, requests=1)


def _channel(gateway: Gateway, trust: ssl.SSLContext) -> ssl.SSLSocket:
    connection = socket.create_connection(("127.0.0.1", gateway.port), timeout=10)
    return trust.wrap_socket(connection, server_hostname="127.0.0.1")


def test_the_sdks_environment_names_https(secured):
    exports = secured.cli("env", "ibm", "--key", secured.admin_key)

    assert f"https://127.0.0.1:{secured.port}/ibm-experimental" in exports


EVERYWHERE = str(IPv4Address(0))
REFUSED = [
    pytest.param({"GATEWAY_SERVER__HOST": EVERYWHERE}, "server.tls.certificate", id="an open door without TLS"),
    pytest.param({"GATEWAY_SERVER__HOST": "192.0.2.1"}, "server.trusted_proxies", id="an open address without a proxy"),
    pytest.param(
        {"GATEWAY_SERVER__PUBLIC_URL": "http://gateway.example.org"}, "use https", id="a public name in the clear"
    ),
    pytest.param({"GATEWAY_MANAGEMENT__HOST": EVERYWHERE}, "listen on 127.0.0.1", id="metrics for everybody"),
    pytest.param({"GATEWAY_SERVER__ALLOWED_HOSTS": '["*"]'}, "exact host names", id="any host name"),
    pytest.param(
        {
            "GATEWAY_SERVER__HOST": EVERYWHERE,
            "GATEWAY_SERVER__PUBLIC_URL": "https://gateway.example.org",
            "GATEWAY_SERVER__TRUSTED_PROXIES": '["0.0.0.0/0"]',
        },
        "name the proxy's own address",
        id="a proxy that may be anybody",
    ),
    pytest.param(
        {"GATEWAY_DATABASE__URL": "postgresql+asyncpg://user:canary@db.example.org/gateway"},
        "ssl=verify-full",
        id="a database in the clear",
    ),
    pytest.param(
        {"GATEWAY_POLICY__ENGINE": "opa", "GATEWAY_POLICY__OPA__URLS": '["http://opa.example.org"]'},
        "use https",
        id="policy in the clear",
    ),
    pytest.param({"GATEWAY_SERVER__PROT": "80"}, "server", id="a setting misspelt"),
    pytest.param({"GATEWAY_CANARY": "1"}, "GATEWAY_CANARY", id="a setting nobody knows"),
    pytest.param({"GATEWAY_ADAPTERS__AER__CANARY": "1"}, "adapters.aer", id="an adapter's setting nobody knows"),
    pytest.param({"GATEWAY_LEDGER__ORIGIN": "elsewhere/ledger"}, "set ledger.origin back", id="another ledger's name"),
]


@pytest.fixture(scope="module")
def idle(tmp_path_factory):
    """A deployment that nobody serves."""
    gateway = Gateway(tmp_path_factory.mktemp("idle") / "state").init()
    yield gateway
    gateway.discard()


def refusal(gateway: Gateway, settings=()) -> str:
    """Try to serve with other settings, and give what was said on the way out."""
    done = Gateway(gateway.state_dir, settings=dict(settings)).run("serve")
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


@pytest.mark.parametrize(("settings", "mend"), REFUSED)
def test_an_insecure_or_unknown_configuration_does_not_start_and_names_the_mend(idle, settings, mend):
    said = refusal(idle, settings)

    assert mend in said
    assert "canary@" not in said


def test_a_master_key_that_others_can_read_is_refused(idle):
    (idle.state_dir / "master.key").chmod(0o644)

    said = refusal(idle)

    (idle.state_dir / "master.key").chmod(0o600)
    assert "chmod 600" in said


def test_a_tls_key_that_others_can_read_is_refused(idle, secured):
    key = idle.state_dir / "key.pem"
    key.write_bytes((secured.state_dir.parent / "key.pem").read_bytes())
    key.chmod(0o644)

    said = refusal(idle, {**secured.settings, "GATEWAY_SERVER__TLS__PRIVATE_KEY": str(key)})

    assert "chmod 600" in said


@pytest.mark.parametrize("spoilt", ["CERTIFICATE", "PRIVATE_KEY"])
@pytest.mark.parametrize("content", ["no PEM\n", None])
def test_a_certificate_that_cannot_be_used_is_named(idle, secured, spoilt, content):
    """Found out at the start and not at the first handshake."""
    broken = idle.state_dir / "broken.pem"
    broken.unlink(missing_ok=True)
    if content is not None:
        broken.write_text(content)
        broken.chmod(0o600)

    said = refusal(idle, {**secured.settings, f"GATEWAY_SERVER__TLS__{spoilt}": str(broken)})

    assert "server.tls." in said
    assert "correct the path" in said


def test_a_gateway_that_was_never_initialised_says_how_to_begin(tmp_path):
    assert "gateway init" in refusal(Gateway(tmp_path))


def test_a_second_gateway_on_the_same_state_names_the_one_that_serves(secured):
    """Two writers of one ledger would each believe in another head."""
    holder = secured.processes()[1].pid

    assert f"process {holder}" in refusal(secured)
    assert secured.ready()
