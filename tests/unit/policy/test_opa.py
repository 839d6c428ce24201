"""The client's traps end in one module: nothing is repeated, no error is untyped, and what OPA said is kept."""

import pytest
from aiohttp import web

from gateway.domain.errors import InsecureError
from gateway.domain.secret import Secret
from gateway.policy.bundle import load
from gateway.policy.opa import (
    OpaError,
    OpaMalformedError,
    OpaRefusedError,
    OpaRevisionError,
    OpaServer,
    OpaTimeoutError,
    OpaUnreachableError,
    OpaVersionError,
)
from tests.unit.policy.opas import FakeOpa
from tests.unit.policy.trees import tree


@pytest.fixture
async def fake(tmp_path):
    server = await FakeOpa(load(tree(tmp_path))).start()
    yield server
    await server.stop()


@pytest.fixture
async def server(fake):
    server = OpaServer(fake.url, deadline_seconds=0.3)
    await server.open()
    yield server
    await server.close()


async def test_it_asks_one_path_and_for_provenance(server, fake):
    answer = await server.ask(b'{"a":1}')

    assert answer.result["allow"] is True
    assert answer.provenance.version == "1.21.3"
    path, query, body, _ = fake.asked[-1]
    assert (path, body) == ("/v1/data/gateway/main/decision", {"input": {"a": 1}})
    assert {name: value.lower() for name, value in query.items()} == {
        "provenance": "true",
        "strict-builtin-errors": "true",
    }


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        pytest.param(lambda s: s.reply.pop("provenance"), OpaRevisionError, id="no provenance"),
        pytest.param(lambda s: setattr(s, "reply", []), OpaRevisionError, id="no answer of an OPA"),
        pytest.param(
            lambda s: s.reply.update(provenance=s.provenance(version="1.21.2")), OpaVersionError, id="too old"
        ),
        pytest.param(
            lambda s: s.reply.update(provenance=s.provenance(version="x")), OpaVersionError, id="unknown version"
        ),
        pytest.param(lambda s: setattr(s, "status", 500), OpaRefusedError, id="an error"),
        pytest.param(lambda s: setattr(s, "status", 502), OpaRefusedError, id="a proxy's error"),
        pytest.param(lambda s: setattr(s, "delay", 1), OpaTimeoutError, id="late"),
    ],
)
async def test_whatever_else_it_says_is_an_error_once(server, fake, change, kind):
    """Once: the client would repeat a POST that failed, and a denial does not get better by waiting."""
    change(fake)

    with pytest.raises(kind):
        await server.ask(b"{}")

    assert len(fake.asked) == 1


async def test_what_opa_says_of_an_error_is_kept_without_the_facts(server, fake):
    """The client throws it away; a builtin's message repeats what it was given, so only code and line are kept."""
    fake.status = 500
    place = {"file": "gateway/rules/a/b/b.rego", "row": 7, "col": 2}
    inner = {"code": "eval_builtin_error", "message": 'to_number: parsing "hunter2"', "location": place}
    fake.reply = {"code": "internal_error", "message": "error(s) occurred", "errors": [inner]}

    with pytest.raises(OpaRefusedError) as refused:
        await server.ask(b"{}")

    assert "eval_builtin_error at gateway/rules/a/b/b.rego:7" in refused.value.message
    assert "hunter2" not in refused.value.message
    assert refused.value.decided


async def test_text_that_is_no_json_is_an_error(aiohttp_text):
    server = OpaServer(aiohttp_text)
    await server.open()
    try:
        with pytest.raises(OpaMalformedError):
            await server.ask(b"{}")
    finally:
        await server.close()


@pytest.fixture
async def aiohttp_text():
    application = web.Application()
    application.router.add_post("/{path:.*}", _speak)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def _speak(_):
    return web.Response(text="hello")


async def test_nobody_there_is_an_error(server, fake):
    await fake.stop()

    with pytest.raises(OpaUnreachableError):
        await server.ask(b"{}")


async def test_it_tells_what_opa_says_of_its_bundles(server, fake):
    fake.statuses["result"]["bundles"] = {"rules": {"message": "scope mismatch"}, "org": {"active_revision": "x"}}

    assert await server.troubles() == {"rules": "scope mismatch"}


async def test_a_status_that_is_none_is_an_error(server, fake):
    fake.statuses = {}

    with pytest.raises(OpaError):
        await server.troubles()


async def test_the_token_is_sent(fake):
    server = OpaServer(fake.url, token=Secret.of("s3cret"))
    await server.open()
    await server.ask(b"{}")
    await server.close()

    assert fake.asked[-1][3]["Authorization"] == "Bearer s3cret"


@pytest.mark.parametrize(
    "url",
    ["http://opa.example:8181", "http://10.0.0.7:8181", "ftp://127.0.0.1", "127.0.0.1:8181", "http://127.0.0.1/opa"],
)
def test_facts_and_tokens_do_not_travel_in_clear(url):
    with pytest.raises(InsecureError):
        OpaServer(url)


@pytest.mark.parametrize("url", ["https://opa.example", "http://localhost:8181", "http://[::1]:8181/"])
def test_tls_and_this_machine_are_fine(url):
    assert OpaServer(url).name in url
