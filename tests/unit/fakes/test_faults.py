"""The failures that fake vendors are told to show: what a client meets, and what the vendor did or did not do."""

import asyncio
import json
import time

import aiohttp
import pytest
from aiohttp import web

from tests.fakes.vendors.faults import struck
from tests.fakes.vendors.journal import Journal
from tests.fakes.vendors.serving import JobSeen, Pace, RefusedError, Vendor, serving

CUT = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)


class Toy(Vendor):
    """A vendor with one route that does something, and one that shows it."""

    name = "toy"

    def __init__(self):
        super().__init__(pace=Pace())
        self.bodies = []

    def routes(self):
        return [web.post("/v1/jobs", self._submit), web.get("/v1/jobs/{id}", self._show)]

    def refuse(self, status):
        return web.json_response({"toy": status}, status=status, headers={"Retry-After": "3"})

    def seen(self):
        return [
            JobSeen(id=str(place), status="done", submitted_at="now", body_sha256=body)
            for place, body in enumerate(self.bodies)
        ]

    def change(self, change):
        raise KeyError(change.backend)

    def begin(self):
        self.begun = True

    async def _submit(self, request):
        text = await request.text()
        if text == "wrong":
            raise RefusedError(self.refuse(400))
        if text == "defect":
            raise ZeroDivisionError
        self.bodies.append(text)
        return web.json_response({"id": len(self.bodies)})

    async def _show(self, request):
        return web.json_response({"wrong": struck(request, "wrong_result"), "long": "x" * 1000})


@pytest.fixture
async def toy():
    vendor = Toy()
    async with serving(vendor) as vendor.address:
        yield vendor


@pytest.fixture
async def ask(toy):
    """Ask the toy, on a new connection each time. The client library itself repeats a GET that was cut, but no POST."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:

        async def asked(method, path, url=None, **more):
            async with session.request(method, (url or toy.address.url) + path, **more) as answer:
                return answer.status, await answer.text(), answer.headers

        yield asked


@pytest.fixture
def rule(ask):
    async def ruled(match, kind, **more):
        status, text, _ = await ask(
            "POST", "/_control/faults", json={"rules": [{"match": match, "kind": kind, **more}]}
        )
        assert status == 200, text

    return ruled


async def test_without_rules_everything_works(toy, ask):
    assert (await ask("POST", "/v1/jobs", data="one"))[0] == 200
    assert toy.bodies == ["one"]


@pytest.mark.parametrize(
    ("kind", "done"),
    [
        pytest.param("cut_before_read", 0, id="before the body was read nothing was done"),
        pytest.param("cut_after_read", 0, id="after the body was read nothing was done either"),
        pytest.param("accept_then_cut", 1, id="the work was done and nobody was told"),
    ],
)
async def test_a_cut_connection_gives_no_answer(toy, ask, rule, kind, done):
    await rule("POST /jobs$", kind)

    with pytest.raises(CUT):
        await ask("POST", "/v1/jobs", data="one")

    assert len(toy.bodies) == done


@pytest.mark.parametrize(("kind", "done"), [("status", 0), ("accept_then_status", 1)])
async def test_an_error_status_comes_in_the_vendors_words(toy, ask, rule, kind, done):
    await rule("POST /jobs$", kind, status=502)

    assert (await ask("POST", "/v1/jobs", data="one"))[:2] == (502, '{"toy": 502}')
    assert len(toy.bodies) == done


async def test_a_rule_may_bring_its_own_words(ask, rule):
    await rule("POST /jobs$", "status", body={"mine": 1}, headers={"X-Mine": "2"})

    status, text, headers = await ask("POST", "/v1/jobs")
    assert (status, text, headers["X-Mine"]) == (503, '{"mine": 1}', "2")


async def test_an_echo_repeats_the_request_and_does_nothing(toy, ask, rule):
    """Careless services quote what they were sent, and whoever shows their words must know it."""
    await rule("POST /jobs$", "echo", status=400)

    status, text, _ = await ask("POST", "/v1/jobs", headers={"Authorization": "apiKey k-1"}, json={"note": "n-1"})

    assert status == 400
    assert "apiKey k-1" in text
    assert "n-1" in text
    assert toy.bodies == []


async def test_throttling_has_the_vendors_headers(toy, ask, rule):
    await rule("POST /jobs$", "throttle")

    status, _, headers = await ask("POST", "/v1/jobs")
    assert (status, headers["Retry-After"], toy.bodies) == (429, "3", [])


@pytest.mark.parametrize("kind", ["delay", "accept_then_delay"])
async def test_a_delayed_answer_is_late_and_right(toy, ask, rule, kind):
    await rule("POST /jobs$", kind, seconds=0.2)
    began = time.monotonic()

    assert (await ask("POST", "/v1/jobs", data="one"))[0] == 200
    assert time.monotonic() - began >= 0.2
    assert toy.bodies == ["one"]


async def test_a_job_is_accepted_before_its_delayed_answer(toy, ask, rule):
    """A client that gives up has a job all the same."""
    await rule("POST /jobs$", "accept_then_delay", seconds=30)

    with pytest.raises(asyncio.TimeoutError):
        await ask("POST", "/v1/jobs", data="one", timeout=aiohttp.ClientTimeout(total=0.2))

    assert toy.bodies == ["one"]


async def test_half_an_answer_ends_too_early(ask, rule):
    await rule("GET /jobs/", "half_answer")

    with pytest.raises(aiohttp.ClientPayloadError):
        await ask("GET", "/v1/jobs/1")


async def test_garbage_is_no_json_and_says_200(ask, rule):
    await rule("GET /jobs/", "garbage")

    status, text, _ = await ask("GET", "/v1/jobs/1")
    assert (status, text[:1]) == (200, "<")


async def test_a_lie_is_left_to_the_handler(ask, rule):
    await rule("GET /jobs/", "wrong_result", times=1)

    assert '"wrong": true' in (await ask("GET", "/v1/jobs/1"))[1]
    assert '"wrong": false' in (await ask("GET", "/v1/jobs/1"))[1]


async def test_a_rule_strikes_as_often_as_it_says_and_only_what_it_names(ask, rule):
    await rule("POST /jobs$", "status", times=2)

    assert [(await ask("GET", "/v1/jobs/1"))[0], *[(await ask("POST", "/v1/jobs"))[0] for _ in range(3)]] == [
        *(200, 503, 503, 200)
    ]


async def test_the_same_seed_throws_the_same_dice(ask):
    rules = {"rules": [{"match": "* .", "kind": "status", "probability": 0.5}], "seed": 7}
    runs = []
    for _ in range(2):
        await ask("POST", "/_control/faults", json=rules)
        runs.append([(await ask("GET", "/v1/jobs/1"))[0] for _ in range(20)])

    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 503}


async def test_deleted_rules_strike_no_more(ask, rule):
    await rule("* .", "status")
    await ask("DELETE", "/_control/faults")

    assert (await ask("GET", "/v1/jobs/1"))[0] == 200


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"match": "POST /jobs", "kind": "explode"}, id="an unknown kind"),
        pytest.param({"match": "POST /jobs", "kind": "status", "time": 3}, id="a misspelt field"),
        pytest.param({"match": "/jobs", "kind": "status"}, id="no method"),
    ],
)
async def test_a_rule_that_would_do_nothing_is_refused(ask, wrong):
    assert (await ask("POST", "/_control/faults", json={"rules": [wrong]}))[0] == 400


async def test_an_outage_of_503_ends_by_itself(ask):
    await ask("POST", "/_control/outage", json={"seconds": 0.3, "kind": "503"})

    assert (await ask("GET", "/v1/jobs/1"))[0] == 503
    await asyncio.sleep(0.4)
    assert (await ask("GET", "/v1/jobs/1"))[0] == 200


async def test_a_hanging_vendor_never_answers(toy, ask):
    await ask("POST", "/_control/outage", json={"seconds": 0.4, "kind": "hang"})
    began = time.monotonic()

    with pytest.raises(CUT):
        await ask("POST", "/v1/jobs")
    assert time.monotonic() - began > 0.2
    assert toy.bodies == []


async def test_a_refusing_vendor_has_no_listener_until_it_is_back(ask):
    await ask("POST", "/_control/outage", json={"seconds": 0.4, "kind": "refuse"})
    await asyncio.sleep(0.1)

    with pytest.raises(aiohttp.ClientConnectorError):
        await ask("GET", "/v1/jobs/1")
    await asyncio.sleep(0.6)
    assert (await ask("GET", "/v1/jobs/1"))[0] == 200


async def test_a_refusing_vendor_can_be_called_back_by_its_other_door(toy, ask):
    await ask("POST", "/_control/outage", json={"seconds": 600, "kind": "refuse"})
    await asyncio.sleep(0.1)

    assert (await ask("DELETE", "/_control/outage", url=toy.address.control))[0] == 204
    await asyncio.sleep(0.1)
    assert (await ask("GET", "/v1/jobs/1"))[0] == 200


async def test_the_books_tell_requests_refusals_failures_and_jobs(toy, ask, rule, caplog):
    for body in ("one", "wrong", "defect"):
        await ask("POST", "/v1/jobs", data=body)
    await ask("GET", "/nowhere")
    await rule("GET /jobs/", "status")
    await ask("GET", "/v1/jobs/1")

    _, text, _ = await ask("GET", "/_control/state", url=toy.address.control)
    state = json.loads(text)
    assert state["requests"] == {"POST /v1/jobs": 3, "GET unknown": 1, "GET /v1/jobs/{id}": 1}
    assert state["verdicts"] == {"unauthenticated": 0, "invalid": 1, "absent": 1, "crashed": 1}
    assert state["faults"] == {"status": 1}
    assert [job["body_sha256"] for job in state["jobs"]] == ["one"]
    assert "the fake itself failed" in caplog.text


async def test_a_change_of_no_known_backend_is_refused(ask):
    assert (await ask("POST", "/_control/backends", json={"backend": "nobody"}))[0] == 404


def test_a_journal_keeps_the_last_word(tmp_path):
    journal = Journal(tmp_path / "state")
    journal.keep("job", "a", 1)
    journal.keep("job", "b", 2)
    journal.keep("job", "a", 3)
    journal.forget("job", "b")
    journal.close()

    again = Journal(tmp_path / "state")
    assert again.table("job") == {"a": 3}
    again.close()


def test_a_line_that_was_cut_short_was_never_kept(tmp_path):
    """A vendor that is killed in the middle of a write has not acknowledged it."""
    (tmp_path / "state").write_text('["job","a",1]\n["job","b"')

    journal = Journal(tmp_path / "state")
    assert journal.table("job") == {"a": 1}
    journal.close()
