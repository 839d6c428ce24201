"""The wire to a vendor, against servers that misbehave byte by byte."""

import asyncio
import gzip
import socket
import zlib

import pytest

from gateway.ports.vendor import AnswerLostError, VendorUnreachableError
from tests.unit.vendors.servers import OK, answer, get, post, running

SECRET = "canary-credential"


# ── what is sent ─────────────────────────────────────────────────────────────────────────────────
async def test_nothing_is_added_to_a_request(session):
    """A signature covers what was built; anything more would be unsigned, or break it."""
    async with running(OK) as server:
        await session().send(post(f"{server.url}/jobs", b'{"a":1}', headers={"X-Key": "k", "Content-Type": "x/y"}))

    (sent,) = server.requests
    assert sent.body == b'{"a":1}'
    assert {name: value for name, value in sent.headers.items() if name != "user-agent"} == {
        "host": f"127.0.0.1:{server.port}",
        "x-key": "k",
        "content-type": "x/y",
        "content-length": "7",
        "connection": "close",
    }
    assert sent.headers["user-agent"].startswith("quantum-governance-gateway/")


@pytest.mark.parametrize(
    "target",
    ["/a/%2e%2e/b", "/a/../b", "//a//b", "/a%2Fb%3Ac", "/a:b@c", "/?q=%20+%2B&&r", "/%C3%BC?x=%ff", "/a;b=1,2!$'()*"],
)
async def test_a_url_is_sent_as_it_was_built(session, target):
    """A library that tidies a path up asks for another thing than the one that was signed."""
    async with running(OK) as server:
        await session().send(get(server.url + target))

    assert server.requests[0].target == target


async def test_a_large_body_arrives_whole_and_with_its_length(session):
    body = b"x" * (2 * 1024 * 1024)
    async with running(OK) as server:
        await session().send(post(server.url, body))

    assert server.requests[0].body == body
    assert server.requests[0].headers["content-length"] == str(len(body))


async def test_the_environment_has_no_say(session, monkeypatch, tmp_path):
    """A proxy or a netrc that somebody left in the environment would see every credential."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    async with running(OK) as server:
        await session().send(get(server.url))

    assert "authorization" not in server.requests[0].headers


async def test_redirects_are_answers_and_cookies_are_forgotten(session):
    async with running(answer(b"", "Location: /b", "Set-Cookie: a=b; Path=/", status="302 Found")) as server:
        wire = session()
        first = await wire.send(get(server.url))
        await wire.send(get(server.url))

    assert (first.status, first.headers["location"]) == (302, "/b")
    assert len(server.requests) == 2
    assert all("cookie" not in request.headers for request in server.requests)


async def test_every_status_is_an_answer_with_lower_case_headers(session):
    async with running(answer(b"busy", "X-A: 1", "x-a: 2", status="503 Busy")) as server:
        got = await session().send(post(server.url))

    assert (got.status, got.body, got.headers["x-a"]) == (503, b"busy", "1, 2")


# ── never twice ──────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_what_may_change_something_is_sent_once_over_its_own_connection(session, method):
    """aiohttp would send PUT and DELETE again; and a kept connection may be closed as a POST goes out."""
    async with running(lambda request: OK if request.method == "GET" else None) as server:
        wire = session()
        await wire.send(get(server.url))
        with pytest.raises(AnswerLostError, match="acme was asked and gave no usable answer: the connection broke"):
            await wire.send(get(server.url, method=method, body=b"{}"))

    assert [request.method for request in server.requests] == ["GET", method]
    assert server.requests[1].connection == 2


async def test_a_submission_is_not_sent_twice_by_a_server_that_closes_kept_connections(session):
    """Answers promise keep-alive, then every connection is dropped; each submission arrives exactly once."""
    async with running(answer(b"ok", "Connection: keep-alive", "Keep-Alive: timeout=60")) as server:
        wire = session()
        for number in range(20):
            await wire.send(get(f"{server.url}/poll/{number}"))
            server.drop()
            await wire.send(post(f"{server.url}/jobs/{number}"))

    submitted = [request.target for request in server.requests if request.method == "POST"]
    assert submitted == [f"/jobs/{number}" for number in range(20)]


async def test_a_question_that_meets_a_closing_kept_connection_is_asked_again(session):
    """That race is nobody's fault, and asking twice harms nobody."""
    async with running(lambda request: None if request.connection == 1 and len(server.requests) > 1 else OK) as server:
        wire = session()
        await wire.send(get(f"{server.url}/1"))
        got = await wire.send(get(f"{server.url}/2"))

    assert got.body == b"ok"
    assert [(request.target, request.connection) for request in server.requests] == [("/1", 1), ("/2", 1), ("/2", 2)]


async def test_a_question_over_a_fresh_connection_is_asked_once(session):
    async with running(None) as server:
        with pytest.raises(AnswerLostError):
            await session().send(get(server.url))

    assert len(server.requests) == 1


# ── nothing left, or nobody knows ────────────────────────────────────────────────────────────────
async def test_a_refused_connection_is_unreachable(session):
    async with running(OK) as server:
        url = server.url

    with pytest.raises(VendorUnreachableError, match="acme cannot be reached: no connection"):
        await session().send(post(url))


async def test_a_name_that_does_not_resolve_is_unreachable(session, monkeypatch):
    async def fail(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "no")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail)
    with pytest.raises(VendorUnreachableError, match="its name does not resolve"):
        await session().send(post("https://nowhere.example.org/"))


async def test_a_handshake_that_never_ends_is_unreachable_in_time(session):
    """The server waits for a whole request head, which never comes."""
    async with running(OK) as server:
        with pytest.raises(VendorUnreachableError, match="no connection in time"):
            await session(connect_seconds=0.2).send(post(f"https://127.0.0.1:{server.port}/"))

    assert server.requests == []


async def test_a_handshake_that_is_cut_is_unreachable(session):
    listener = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with listener:
        with pytest.raises(VendorUnreachableError):
            await session().send(post(f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"))


async def test_waiting_for_a_free_connection_in_vain_is_unreachable(session):
    """Our own bound was in the way: certainly nothing left."""

    async def slow(_):
        await asyncio.sleep(5)

    async with running(slow) as server:
        wire = session(connections=1)
        first = asyncio.create_task(wire.send(post(f"{server.url}/1")))
        await asyncio.sleep(0.1)
        with pytest.raises(VendorUnreachableError, match="no connection in time"):
            await wire.send(post(f"{server.url}/2", seconds=0.2))
        first.cancel()

    assert [request.target for request in server.requests] == ["/1"]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        pytest.param(None, "the connection broke", id="cut after the request"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhalf", "broke", id="half a body"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Le", "broke", id="half a head"),
        pytest.param(b"connection: close, this is not HTTP\r\n\r\n", "broke", id="not HTTP"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhal", "broke", id="chunks"
        ),
    ],
)
@pytest.mark.parametrize("build", [get, post])
async def test_whatever_goes_wrong_later_is_a_lost_answer(session, build, reply, words):
    async with running(reply) as server:
        with pytest.raises(AnswerLostError, match=words):
            await session().send(build(server.url))

    assert len(server.requests) == 1


async def test_an_answer_that_takes_too_long_is_lost(session):
    async def slow(_):
        await asyncio.sleep(5)

    async with running(slow) as server:
        with pytest.raises(AnswerLostError, match="it took too long"):
            await session().send(post(server.url, seconds=0.2))


async def test_a_body_that_takes_too_long_is_lost(session):
    async with running(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf") as server:
        with pytest.raises(AnswerLostError, match="it took too long"):
            await session().send(post(server.url, seconds=0.3))


async def test_no_error_quotes_what_was_sent(session):
    """Not even through the exception that caused it: logs print chains."""
    async with running(None) as server:
        url = f"{server.url}/{SECRET}?key={SECRET}"
        for request in (post(url, headers={"Authorization": SECRET}), post(f"http://127.0.0.1:1/{SECRET}")):
            with pytest.raises((AnswerLostError, VendorUnreachableError)) as caught:
                await session().send(request)
            assert SECRET not in f"{caught.value!r} {caught.value.__cause__!r}"
            assert caught.value.__suppress_context__


# ── how much is taken in ─────────────────────────────────────────────────────────────────────────
def raw_deflate(body):
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(body) + stream.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("gzip", lambda body: gzip.compress(body[:10]) + gzip.compress(body[10:])),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
        ("identity", bytes),
    ],
)
async def test_compressed_answers_are_unpacked_up_to_the_size_allowed(session, encoding, pack):
    body = bytes(range(256)) * 400
    async with running(answer(pack(body), f"Content-Encoding: {encoding}")) as server:
        wire = session()
        got = await wire.send(get(server.url, largest=len(body)))
        with pytest.raises(AnswerLostError, match=f"its answer is larger than {len(body) - 1} bytes"):
            await wire.send(get(server.url, largest=len(body) - 1))

    assert got.body == body
    assert "content-encoding" not in got.headers


async def test_a_bomb_is_not_unpacked(session):
    """A hundred megabytes in a hundred kilobytes: stopped at the size that was allowed."""
    bomb = gzip.compress(bytes(100 * 1024 * 1024), 9)
    async with running(answer(bomb, "Content-Encoding: gzip")) as server:
        with pytest.raises(AnswerLostError, match="larger than 1000000 bytes"):
            await session().send(get(server.url, largest=1_000_000))


async def test_an_endless_answer_is_cut_off(session):
    async with running(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300_000) as server:
        with pytest.raises(AnswerLostError, match="larger than 100000 bytes"):
            await session().send(get(server.url, largest=100_000))


@pytest.mark.parametrize(
    ("encoding", "body", "words"),
    [
        ("br", b"whatever", "compressed in a way that was not asked for"),
        ("gzip, gzip", b"whatever", "compressed in a way that was not asked for"),
        ("gzip", b"not gzip", "cannot be decompressed"),
        ("gzip", gzip.compress(b"x" * 1000, mtime=0)[:-9], "ends in the middle"),
        ("deflate", zlib.compress(b"x" * 1000)[:-5], "ends in the middle"),
    ],
)
async def test_an_answer_that_cannot_be_unpacked_is_lost(session, encoding, body, words):
    async with running(answer(body, f"Content-Encoding: {encoding}")) as server:
        with pytest.raises(AnswerLostError, match=words):
            await session().send(get(server.url))


async def test_an_empty_answer_may_claim_any_compression(session):
    async with running(answer(b"", "Content-Encoding: gzip", status="204 No Content")) as server:
        assert (await session().send(get(server.url))).body == b""


# ── what is not sent ─────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (get("https://127.0.0.1/a b"), "characters"),
        (get("https://127.0.0.1/a\r\nX: y"), "characters"),
        (get("https://127.0.0.1/\u00fc"), "characters"),
        (get("https://127.0.0.1/a#b"), "characters"),
        (get("https://127.0.0.1/", headers={"A": "b\r\nC: d"}), "characters"),
        (get("https://me:secret@127.0.0.1/"), "without a user"),
        (get("ftp://127.0.0.1/"), "without a user"),
        (get("https:///path"), "without a user"),
        (get("http://vendor.example.org/"), "plain http beyond this machine"),
        (get("http://10.0.0.1/"), "plain http beyond this machine"),
    ],
)
async def test_a_request_that_would_go_otherwise_than_it_stands_is_not_sent(session, request_, words):
    with pytest.raises(VendorUnreachableError, match=words):
        await session().send(request_)


async def test_a_closed_session_opens_again(session):
    async with running(OK) as server:
        wire = session()
        await wire.send(get(server.url))
        await wire.close()
        await wire.close()
        assert (await wire.send(get(server.url))).status == 200

    assert server.connections == 2
