"""What dies below the application never reaches it, and is counted all the same."""

import socket

import pytest

from tests.integration import sockets
from tests.integration.counted import Counted, reported, settled
from tests.integration.sockets import head
from tests.running import API, eventually

pytestmark = pytest.mark.long

LINE = f"GET {API}/backends HTTP/1.1"


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        pytest.param(b"NO HTTP AT ALL\r\n\r\n", b"HTTP/1.1 400 ", id="a malformed request line"),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + b"x" * 64 * 1024 + b"\r\n\r\n",
            b"HTTP/1.1 431 ",
            id="an oversized header",
        ),
        pytest.param(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ", b"", id="a head that never ends"),
        pytest.param(b"", b"", id="nothing at all"),
    ],
)
def test_a_connection_that_dies_before_its_first_request_is_counted(gateway, sent, answered):
    before = settled(gateway)

    received = sockets.exchange(gateway, sent)

    assert received.startswith(answered)
    assert bool(received) == bool(answered)
    assert reported(gateway, before, connections=1) == Counted(taken=1, served=0, failed=0, open=0, requests=0)


def test_a_client_that_hangs_up_at_once_is_counted(gateway):
    before = settled(gateway)

    for _ in range(5):
        socket.create_connection(("127.0.0.1", gateway.port), timeout=10).close()

    assert reported(gateway, before, connections=5) == Counted(taken=5, served=0, failed=0, open=0, requests=0)


def test_a_connection_is_served_once_however_many_requests_it_carries(gateway, keys):
    """So what was taken and never served is what died, whether clients keep connections alive or not."""
    before = settled(gateway)

    with gateway.client(key=keys["alice"]) as client:
        assert [client("GET", f"{API}/backends").status for _ in range(3)] == [200] * 3
    assert gateway.request("GET", f"{API}/backends").status == 401

    assert reported(gateway, before, connections=2) == Counted(taken=2, served=2, failed=0, open=0, requests=4)


def test_what_dies_after_a_first_request_stays_a_served_connection(gateway, keys):
    """The limit of what can be known, as the reference says: the server does not tell how a connection ended."""
    before = settled(gateway)

    replies = sockets.answers(sockets.exchange(gateway, head(gateway, LINE, key=keys["alice"]) + b"NO HTTP\r\n\r\n"))

    assert [reply.status for reply in replies] == [200, 400]
    assert reported(gateway, before, connections=1) == Counted(taken=1, served=1, failed=0, open=0, requests=1)


def test_open_connections_are_shown_while_they_are_open(gateway):
    settled(gateway)

    with sockets.held(gateway, [b"GET / HTTP/1.1\r\n"] * 7):
        eventually(lambda: Counted.by(gateway).open == 7)

    eventually(lambda: Counted.by(gateway).open == 0)
