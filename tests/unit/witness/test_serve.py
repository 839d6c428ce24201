"""The witness's server takes what it should, in bounds, and says no to the rest."""

import http.client
import ssl
import threading
from contextlib import closing, contextmanager
from hashlib import sha256

import pytest
import trustme

from gateway.witness.serve import LARGEST, Server, WitnessListenError
from tests.notary import Observer, Scribe


@pytest.fixture
def scribe():
    return Scribe.begin(9)


@pytest.fixture
def observer(tmp_path, scribe):
    return Observer(tmp_path / "witness").watch(scribe)


@contextmanager
def serving(observer, **options):
    with Server(observer.witness, "127.0.0.1", 0, **options) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def connection(observer):
    with serving(observer) as server, closing(http.client.HTTPConnection(*server.server_address, timeout=5)) as opened:
        yield opened


def ask(connection, method, path, body=None, headers=None):
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), answer.getheader("content-type")


def request(scribe):
    return f"old 0\n\n{scribe.sign()}".encode()


def test_a_checkpoint_is_cosigned_over_a_kept_connection(connection, scribe, observer):
    status, lines, _ = ask(connection, "POST", "/add-checkpoint", request(scribe))
    again = ask(connection, "POST", "/add-checkpoint", request(scribe))
    seen = ask(connection, "GET", f"/checkpoint/{sha256(scribe.origin.encode()).hexdigest()}")

    assert (status, len(lines.splitlines())) == (200, 2)
    assert again == (409, "10\n", "text/x.tlog.size")
    assert seen[0] == 200
    assert lines in seen[1]


def test_its_keys_are_for_everybody(connection, observer):
    assert ask(connection, "GET", "/keys")[1].split() == [str(key) for key in observer.keys]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/", 404), ("POST", "/", 404), ("GET", "/seeds", 404), ("PUT", "/keys", 501)]
)
def test_other_paths_are_not_found(connection, method, path, status):
    assert ask(connection, method, path)[0] == status


@pytest.mark.parametrize(
    "headers",
    [
        {"content-length": str(LARGEST + 1)},
        {"content-length": "9" * 30},
        {"content-length": "-1"},
        {"transfer-encoding": "chunked"},
    ],
)
def test_a_body_out_of_bounds_is_not_read(connection, headers):
    assert ask(connection, "POST", "/add-checkpoint", headers=headers)[0] == 413


def test_it_speaks_tls(observer, tmp_path):
    authority = trustme.CA()
    server_side, client_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    authority.configure_trust(client_side)

    with serving(observer, tls=server_side) as server:
        opened = http.client.HTTPSConnection(*server.server_address, timeout=5, context=client_side)
        with closing(opened):
            assert ask(opened, "GET", "/keys")[0] == 200


def test_an_address_that_is_taken_is_said_so(observer):
    with serving(observer) as server, pytest.raises(WitnessListenError):
        Server(observer.witness, *server.server_address)
