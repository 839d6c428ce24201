"""What no HTTP client would send, byte by byte: a clear 4xx or a closed connection, never a 500 and never a guess."""

import time

import pytest

from tests.integration import bodies, refusals, sockets
from tests.integration.sockets import ask, head
from tests.running import API, eventually

JOBS = f"POST {API}/jobs HTTP/1.1"
BACKENDS = f"GET {API}/backends HTTP/1.1"
MEGABYTE = b"x" * 2**20
FIFTY = 50 * 2**20


@pytest.mark.parametrize(
    "second",
    [
        "Host: 127.0.0.1",
        "Host: elsewhere.example",
        "Authorization: Bearer x",
        "Content-Type: text/plain",
        "Idempotency-Key: x",
    ],
)
def test_a_header_that_decides_something_comes_once(gateway, keys, second):
    """A proxy and its vendor would each pick another one of two."""
    firsts = [] if second.startswith(("Host", "Authorization")) else [f"{second.partition(':')[0]}: first"]

    reply = ask(gateway, head(gateway, BACKENDS, *firsts, second, key=keys["alice"]))

    message = refusals.check(reply, 400, "bad-request")
    assert "2 times" in message


@pytest.mark.parametrize("host", [None, "elsewhere.example", "127.0.0.1.elsewhere.example", "127.0.0.1@elsewhere", "*"])
def test_a_request_for_another_host_is_refused(gateway, keys, host):
    """A name that was rebound by DNS must not reach anything."""
    headers = [] if host is None else [f"Host: {host}"]

    reply = ask(gateway, head(gateway, BACKENDS, *headers, key=keys["alice"], host=False))

    refusals.check(reply, 421, "host-refused")


def test_an_absolute_target_is_no_way_to_another_host(gateway, keys):
    """The server drops the target's authority; what is left is judged by the Host header alone."""
    line = f"GET http://elsewhere.example{API}/backends HTTP/1.1"

    without, with_ours = (ask(gateway, head(gateway, line, key=keys["alice"], host=host)) for host in (False, True))

    refusals.check(without, 421, "host-refused")
    assert with_ours.json()["devices"][0]["name"].startswith("sim_")


def test_two_lengths_smuggle_no_second_request(gateway, keys):
    """Whoever reads the announced length sees one request, whoever reads chunks another one; we hang up after one."""
    smuggled = head(gateway, BACKENDS, key=keys["alice"])
    sent = (
        head(gateway, JOBS, "Content-Length: 5", "Transfer-Encoding: chunked", key=keys["alice"])
        + b"0\r\n\r\n"
        + smuggled
    )

    replies = sockets.answers(sockets.exchange(gateway, sent))

    assert [reply.status for reply in replies] == [400]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param(["Content-Length: 2", "Content-Length: 3"], b"{}", id="two lengths"),
        pytest.param(["Content-Length: 2, 2"], b"{}", id="a list of lengths"),
        pytest.param(["Content-Length: -2"], b"{}", id="less than nothing"),
        pytest.param(["Content-Length: +2"], b"{}", id="a length with a sign"),
        pytest.param(["Content-Length: 0x2"], b"{}", id="a length in hexadecimal"),
        pytest.param(["Transfer-Encoding: identity"], b"{}", id="an encoding that is none"),
        pytest.param(["Transfer-Encoding: chunked, gzip"], b"0\r\n\r\n", id="chunks inside something else"),
        pytest.param(["Transfer-Encoding : chunked"], b"0\r\n\r\n", id="a space before the colon"),
        pytest.param(["X-A: b", " c"], b"", id="a folded header"),
        pytest.param(["X-A: b\x00c"], b"", id="a NUL in a header"),
        pytest.param(["X-A: b\rc"], b"", id="a bare carriage return"),
        pytest.param(["X A: b"], b"", id="a space in a header's name"),
    ],
)
def test_a_malformed_head_goes_no_further_than_the_parser(gateway, keys, headers, body):
    replies = sockets.answers(sockets.exchange(gateway, head(gateway, JOBS, *headers, key=keys["alice"]) + body))

    assert [(reply.status, reply.body) for reply in replies] == [(400, b"")]


@pytest.mark.parametrize("chunks", [b"zz\r\n{}\r\n0\r\n\r\n", b"2\r\n{}XX\r\n0\r\n\r\n", b"fffffffffffffffff\r\n{}"])
def test_malformed_chunks_are_the_clients_fault(gateway, keys, chunks):
    reply = ask(gateway, head(gateway, JOBS, "Transfer-Encoding: chunked", key=keys["mallory"]), chunks)

    refusals.check(reply, 400, "bad-request")


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "OPTIONS", "PROPFIND", "get", "CANARY-5F1E" * 3])
def test_a_method_that_no_vendor_uses_is_refused(gateway, keys, method):
    refusals.check(
        ask(gateway, head(gateway, f"{method} {API}/jobs HTTP/1.1", key=keys["alice"])), 405, "method-refused"
    )


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        pytest.param("/ibm/../ibm/api/v1/jobs", 400, "bad-request", id="dot segments"),
        pytest.param("/ibm/api/v1/jobs/%2e%2E/backends", 400, "bad-request", id="encoded dot segments"),
        pytest.param("/ibm/api/v1/jobs/..", 400, "bad-request", id="dots at the end"),
        pytest.param("/ibm/api/v1/jobs/{canary-5f1e}", 400, "bad-request", id="braces"),
        pytest.param("/ibm/api/v1/jobs/a\\b", 400, "bad-request", id="a backslash"),
        pytest.param("/ibm/api/v1/jobs/%00", 404, "unknown-operation", id="an encoded NUL"),
        pytest.param("/ibm/api/v1/jobs/a%2Fb", 404, "unknown-operation", id="an encoded slash"),
        pytest.param("/ibm/api/v1/jobs/canary-5f1e;b", 404, "unknown-operation", id="a semicolon"),
        pytest.param("/ibm/api/v1/jobs/" + "c" * 10_000, 404, "unknown-operation", id="an id of 10 000 letters"),
        pytest.param("/ibm//api/v1/backends", 404, "unknown-operation", id="two slashes"),
        pytest.param("/ibm/api/v1/backends/", 404, "unknown-operation", id="a slash at the end"),
        pytest.param("/ibm/api/v2/backends", 404, "unknown-operation", id="another version"),
        pytest.param("/ibm", 404, "unknown-operation", id="the mount alone"),
    ],
)
def test_a_strange_path_is_refused_before_anything_is_looked_up(gateway, keys, path, status, code):
    refusals.check(ask(gateway, head(gateway, f"GET {path} HTTP/1.1", key=keys["alice"])), status, code)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "*",
        "//elsewhere.example/ibm",
        "/ibmx",
        "/IBM/api/v1/jobs",
        "/%69bm/api/v1/jobs",
        "/ibm%2Fapi",
        "/metrics",
        "/health/ready",
        "/.env",
        "/canary-5f1e",
    ],
)
def test_outside_of_every_mount_nothing_is_served(gateway, keys, path):
    """There is no dialect to answer in, so the answer has the shape of RFC 9457."""
    reply = ask(gateway, head(gateway, f"GET {path} HTTP/1.1", key=keys["alice"]))

    assert (reply.status, reply.headers["content-type"]) == (404, "application/problem+json")
    assert reply.json()["title"] == "unknown-operation"
    assert b"canary" not in reply.body


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([f"X-Canary: {'c' * 200_000}"], id="one header of 200 kB"),
        pytest.param([f"X-{number}: c" for number in range(2000)], id="two thousand headers"),
        pytest.param([f"Authorization: Bearer {'e' * 20_000}"], id="a token of 20 kB"),
    ],
)
def test_large_headers_are_not_taken(gateway, headers):
    replies = sockets.answers(sockets.exchange(gateway, head(gateway, BACKENDS, *headers)))

    assert [(reply.status, reply.body) for reply in replies] == [(431, b"")]


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + b"a" * 200,
        b"\x00" * 400,
        b"\xff\xfe\r\n\r\n",
        b"SSH-2.0-x\r\n\r\n",
    ],
)
def test_what_is_no_http_gets_no_further(gateway, sent):
    replies = sockets.answers(sockets.exchange(gateway, sent))

    assert [reply.status for reply in replies] in ([], [400])


def test_50_megabytes_announced_are_refused_unread(gateway, keys):
    reply = ask(gateway, head(gateway, JOBS, f"Content-Length: {FIFTY}", key=keys["mallory"]), b"{")

    message = refusals.check(reply, 413, "body-too-large")
    assert str(FIFTY) in message


def test_50_megabytes_without_a_key_are_not_looked_at(gateway):
    reply = ask(gateway, head(gateway, JOBS, f"Content-Length: {FIFTY}"), b"{")

    refusals.check(reply, 401, "credential-missing")


def test_50_megabytes_sent_are_refused_before_they_arrived(gateway, keys):
    pieces = [MEGABYTE] * 50

    reply = ask(gateway, head(gateway, JOBS, f"Content-Length: {FIFTY}", key=keys["mallory"]), *pieces)

    refusals.check(reply, 413, "body-too-large")


def test_50_megabytes_in_chunks_are_refused_where_the_limit_is_passed(gateway, keys):
    pieces = sockets.chunked([MEGABYTE] * 50)

    reply = ask(gateway, head(gateway, JOBS, "Transfer-Encoding: chunked", key=keys["mallory"]), *pieces)

    refusals.check(reply, 413, "body-too-large")


def test_nobody_uploads_with_a_wrong_key(gateway, keys):
    reply = ask(gateway, head(gateway, JOBS, f"Content-Length: {FIFTY}", key="canary-5f1e"), *[MEGABYTE] * 50)

    refusals.check(reply, 401, "key-malformed")


def test_a_client_that_waits_to_be_asked_for_its_body_is_answered_at_once(gateway, keys):
    """Command-line clients send `Expect` before large bodies; the refusal saves both the transfer."""
    headers = ["Expect: 100-continue", f"Content-Length: {FIFTY}"]

    refusals.check(ask(gateway, head(gateway, JOBS, *headers, key=keys["mallory"])), 413, "body-too-large")


def test_a_client_that_is_slow_with_its_headers_is_hung_up_on(gateway):
    started = time.monotonic()

    received = sockets.exchange(gateway, b"GET /ibm HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ")

    assert received == b""
    assert time.monotonic() - started < sockets.PATIENCE_SECONDS


def test_a_client_that_is_slow_with_its_body_is_told_so(gateway, keys):
    reply = ask(gateway, head(gateway, JOBS, "Content-Length: 1000", key=keys["mallory"]), b"{")

    refusals.check(reply, 408, "body-timeout")


def test_slow_clients_keep_nobody_waiting(gateway, keys):
    """A hundred half-open requests cost memory, not service."""
    with sockets.held(gateway, [head(gateway, JOBS, "Content-Length: 1000", key=keys["mallory"])] * 100):
        started = time.monotonic()
        job = gateway.submit(keys["alice"], bodies.golden())
        gateway.ended(keys["alice"], job)
        elapsed = time.monotonic() - started

    assert elapsed < 20


def test_a_client_that_hangs_up_in_the_middle_of_its_body_harms_nobody(gateway, keys):
    for _ in range(20):
        sockets.exchange(
            gateway, head(gateway, JOBS, "Content-Length: 1000", key=keys["mallory"]) + b"{", patience=0.01
        )

    assert gateway.request("GET", f"{API}/backends", key=keys["alice"]).status == 200


def test_a_client_that_hangs_up_before_the_answer_still_has_its_job(gateway, keys):
    """Nobody stops a submission between its permit and its forwarding."""
    body = bodies.text(bodies.golden(tags=["hung-up"]))
    sockets.exchange(
        gateway, head(gateway, JOBS, f"Content-Length: {len(body)}", key=keys["alice"]) + body, patience=0.001
    )

    found = eventually(lambda: gateway.request("GET", f"{API}/jobs?tags=hung-up", key=keys["alice"]).json()["jobs"])

    assert gateway.ended(keys["alice"], found[0]["id"])["status"] == "Completed"


def test_an_upgrade_is_not_taken(gateway, keys):
    headers = [
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ]

    replies = sockets.answers(
        sockets.exchange(gateway, head(gateway, BACKENDS, *headers, "Connection: close", key=keys["alice"]))
    )

    assert replies[0].status in {200, 400}


def test_forwarding_headers_change_nothing(gateway, keys):
    """Only a declared proxy is believed, and none is declared here."""
    headers = [
        "X-Forwarded-Host: elsewhere.example",
        "X-Forwarded-For: 10.0.0.1",
        "Forwarded: for=10.0.0.1",
        "X_Forwarded_For: 10.0.0.1",
    ]

    assert ask(gateway, head(gateway, BACKENDS, *headers, key=keys["alice"])).status == 200
