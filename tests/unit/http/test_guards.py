"""The door: what a request must look like before anybody reads it."""

import asyncio
from ipaddress import ip_network
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http import guards


def scope(*headers: tuple[bytes, bytes], method: str = "GET", path: bytes = b"/ibm/api/v1/jobs", client="127.0.0.1"):
    return {"method": method, "raw_path": path, "headers": list(headers), "client": (client, 4000)}


@pytest.mark.parametrize(
    "name", [b"host", b"authorization", b"content-length", b"content-type", b"content-encoding", b"idempotency-key"]
)
def test_a_header_that_decides_something_comes_once(name):
    """A proxy and its vendor would each pick another one of two."""
    with pytest.raises(guards.BadRequestError, match="2 times"):
        guards.headers_of(scope((name, b"a"), (name.upper(), b"b")))


def test_other_headers_may_repeat():
    assert guards.headers_of(scope((b"accept", b"a"), (b"Accept", b"b")))["accept"] == "b"


@pytest.mark.parametrize("host", ["gw.example.org", "gw.example.org:8443", "GW.example.ORG", "[::1]:8080"])
def test_our_own_names_are_answered(host):
    guards.check_host({"host": host}, frozenset({"gw.example.org", "::1"}))


@pytest.mark.parametrize("host", ["", "evil.example", "gw.example.org.evil.example", "gw.example.org@evil", "*"])
def test_a_foreign_host_is_refused(host):
    """A name rebound by DNS must not reach anything."""
    with pytest.raises(guards.HostRefusedError):
        guards.check_host({"host": host}, frozenset({"gw.example.org"}))


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(b"/ibm/../api", id="dot segments"),
        pytest.param(b"/ibm/%2e%2E/api", id="encoded dot segments"),
        pytest.param(b"/ibm/.%2e", id="half-encoded dot segments at the end"),
        pytest.param(b"/ibm/./x", id="a single dot"),
        pytest.param(b"/ibm/a\\b", id="a backslash"),
        pytest.param(b"/ibm/a\x00b", id="a raw NUL"),
        pytest.param(b"/ibm/%zz", id="a broken escape"),
        pytest.param(b"http://elsewhere/ibm", id="an absolute target"),
    ],
)
def test_strange_paths_are_refused(path):
    with pytest.raises(guards.BadRequestError):
        guards.check_target(scope(path=path))


@pytest.mark.parametrize("path", [b"/ibm/api/v1/jobs/abc..def", b"/ibm/a%2Fb", b"/ibm/api/v1/backends/sim_line_5"])
def test_plain_paths_pass(path):
    assert guards.check_target(scope(path=path)) == path.decode()


def test_methods_no_api_uses_are_refused():
    with pytest.raises(guards.MethodRefusedError, match="TRACE"):
        guards.check_target(scope(method="TRACE"))


def test_behind_a_proxy_nobody_else_may_connect():
    trusted = (ip_network("10.0.0.0/29"),)

    guards.check_peer(scope(client="10.0.0.1"), trusted)
    with pytest.raises(guards.PeerRefusedError):
        guards.check_peer(scope(client="10.0.0.9"), trusted)


def receiving(*messages):
    pending = iter(messages)

    async def receive():
        return next(pending)

    return receive


def chunk(body: bytes, *, more: bool):
    return {"type": "http.request", "body": body, "more_body": more}


async def test_a_body_is_read_whole():
    receive = receiving(chunk(b"ab", more=True), chunk(b"c", more=False))

    assert await guards.read_body(receive, {}, limit=3, seconds=1) == b"abc"


async def test_an_announced_body_over_the_limit_is_refused_before_it_is_read():
    with pytest.raises(guards.BodyTooLargeError, match="5 bytes announced"):
        await guards.read_body(receiving(), {"content-length": "5"}, limit=4, seconds=1)


async def test_a_chunked_body_over_the_limit_is_refused_at_the_limit():
    receive = receiving(chunk(b"abc", more=True), chunk(b"de", more=True))

    with pytest.raises(guards.BodyTooLargeError):
        await guards.read_body(receive, {}, limit=4, seconds=1)


async def test_a_slow_body_is_given_up():
    async def receive():
        await asyncio.sleep(60)

    with pytest.raises(guards.BodyTimeoutError):
        await guards.read_body(receive, {}, limit=4, seconds=0.01)


async def test_a_body_cut_off_is_no_body():
    with pytest.raises(guards.BadRequestError):
        await guards.read_body(receiving({"type": "http.disconnect"}), {}, limit=4, seconds=1)


async def test_a_compressed_body_is_refused():
    with pytest.raises(guards.EncodingRefusedError):
        await guards.read_body(receiving(), {"content-encoding": "gzip"}, limit=4, seconds=1)


async def test_a_framed_body_is_read_as_it_came():
    """AWS's SDKs frame uploads; whoever verifies their signature must see the frames."""
    receive = receiving({"type": "http.request", "body": b"0\r\n\r\n", "more_body": False})

    assert await guards.read_body(receive, {"content-encoding": "aws-chunked"}, limit=9, seconds=1) == b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        (b"", ()),
        (b"exclude_params=true", (("exclude_params", "true"),)),
        (b"tags=a&tags=b&x=&y", (("tags", "a"), ("tags", "b"), ("x", ""), ("y", ""))),
        (b"a=%2Fb&c=d+e", (("a", "/b"), ("c", "d e"))),
        (b"&a=1&&b=2=3", (("a", "1"), ("b", "2=3"))),
    ],
)
def test_a_query_is_read_in_order_with_its_repetitions(query, pairs):
    assert guards.query_of({"query_string": query}) == pairs


@given(st.text(alphabet="ab=&%+;0", max_size=20))
def test_the_short_way_reads_what_the_general_way_does(query):
    assert list(guards.query_of({"query_string": query.encode()})) == parse_qsl(query, keep_blank_values=True)
