"""The console at its door, without a browser: what every answer says, and what a request must show."""

from urllib.parse import urlencode

import pytest

from tests.integration.people import entries

pytestmark = pytest.mark.long

FORM = "application/x-www-form-urlencoded"
ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
SCRIPTS = "script-src 'self';"
FORBIDDEN = ("unsafe-inline", "unsafe-eval", "data:", "https:", "http:", "*")


class Visitor:
    """A browser without a window: keeps a cookie, and says where a form comes from."""

    def __init__(self, gateway):
        self.gateway, self.cookie = gateway, ""

    def get(self, path, **headers):
        return self.gateway.request("GET", f"/console{path}", headers={"cookie": self.cookie, **headers})

    def post(self, path, fields=None, **headers):
        sent = {"content-type": FORM, "origin": self.gateway.url, "cookie": self.cookie, **headers}
        return self.gateway.request("POST", f"/console{path}", body=urlencode(fields or {}).encode(), headers=sent)

    def sign_in(self, key):
        reply = self.post("/sign-in", {"key": key, "next": "/console/sessions"})
        assert reply.status == 303, reply.body
        self.cookie = reply.headers["set-cookie"].partition(";")[0]
        return reply

    def csrf(self):
        return self.get("/sessions").body.decode().partition('name="csrf" value="')[2][:64]


@pytest.fixture
def visitor(gateway):
    return Visitor(gateway)


@pytest.fixture
def auditor(visitor, keys):
    visitor.sign_in(keys["auditor"])
    return visitor


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/console/sign-in", 200, id="the way in"),
        pytest.param("GET", "/console/sessions", 303, id="a page without a session"),
        pytest.param("GET", "/console/static/nothing.css", 404, id="a file that is not there"),
        pytest.param("GET", "/console/sign-in/provider", 404, id="a provider where there is none"),
        pytest.param("GET", "/console/sign-in/callback?code=x&state=y", 404, id="somebody whom nobody sent"),
        pytest.param("POST", "/console/sign-in", 403, id="a form from nowhere"),
        pytest.param("PUT", "/console/sessions", 405, id="another method"),
        pytest.param("GET", "/console/../log/checkpoint", 400, id="dots"),
        pytest.param("GET", "/console/static/..%2Fsessions", 404, id="a page as if it were a file"),
        pytest.param("GET", "/console/sign-in/..%2F..%2Fsessions", 404, id="a page as if it were the way in"),
        pytest.param("GET", "/console/static//sessions", 404, id="two slashes"),
    ],
)
def test_every_answer_forbids_what_is_not_ours(gateway, method, path, status):
    reply = gateway.request(method, path, body=b"" if method == "POST" else None)

    assert reply.status == status
    assert {name: reply.headers[name] for name in ALWAYS} == ALWAYS
    assert reply.headers["cache-control"] == "no-store"
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert SCRIPTS in policy
    assert "frame-ancestors 'none'" in policy
    assert not [word for word in FORBIDDEN if word in policy]


def test_what_pages_look_like_may_be_kept_for_good(visitor):
    page = visitor.get("/sign-in").body.decode()
    sheet = page.partition('<link rel="stylesheet" href="/console')[2].partition('"')[0]

    reply = visitor.get(sheet)

    assert (reply.status, reply.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_a_page_loads_nothing_from_elsewhere_and_has_nothing_inline(auditor):
    for path in ("/sign-in", "/sessions", "/nowhere"):
        page = auditor.get(path).body.decode()

        assert "://" not in page
        assert not [word for word in (" style=", "<style", " onclick=", "javascript:") if word in page]


def test_a_key_opens_a_session_whose_cookie_only_the_gateway_reads(gateway, visitor, keys):
    reply = visitor.sign_in(keys["auditor"])

    name, *attributes = reply.headers["set-cookie"].split("; ")
    assert name.startswith("qgw-session=")
    assert {each.lower() for each in attributes} >= {"httponly", "samesite=lax", "path=/"}
    assert reply.headers["location"] == "/console/sessions"
    token = visitor.cookie.partition("=")[2]
    entry = entries(gateway, "console.signed_in")[-1]
    assert (entry.body["how"], entry.body["roles"]) == ("key", ["auditor"])
    assert token not in str(entry)
    assert token not in gateway.log()
    assert keys["auditor"] not in gateway.log()


def test_whoever_is_sent_to_the_way_in_comes_back_to_the_page(visitor):
    reply = visitor.get("/timeline?type=job.*")

    assert reply.headers["location"] == "/console/sign-in?next=%2Fconsole%2Ftimeline%3Ftype%3Djob.%2A"


def test_a_form_counts_with_the_token_of_its_session_alone(auditor):
    for fields in ({}, {"csrf": "0" * 64}):
        reply = auditor.post("/sign-out", fields)
        assert (reply.status, b"form-refused" in reply.body) == (403, True)

    assert auditor.get("/sessions").status == 200
    assert auditor.post("/sign-out", {"csrf": auditor.csrf()}).status == 200
    assert auditor.get("/sessions").status == 303


def test_a_form_of_another_site_is_refused_whatever_it_carries(auditor):
    fields = {"csrf": auditor.csrf()}

    assert auditor.post("/sign-out", fields, origin="https://evil.example.org").status == 403
    assert auditor.post("/sign-out", fields, **{"sec-fetch-site": "cross-site"}).status == 403
    assert auditor.get("/sessions").status == 200


def test_another_site_signs_nobody_in(visitor, keys):
    """Else somebody could work in a stranger's name without knowing."""
    reply = visitor.post("/sign-in", {"key": keys["auditor"]}, origin="https://evil.example.org")

    assert (reply.status, "set-cookie" in reply.headers) == (403, False)


@pytest.mark.parametrize(
    "cookie", ["qgw-session=", f"qgw-session={'x' * 43}", 'qgw-session="', "a=b; qgw-session=\xff"]
)
def test_a_cookie_of_nobody_leads_to_the_way_in(visitor, cookie):
    reply = visitor.get("/sessions", cookie=cookie)

    assert reply.status == 303
    assert reply.headers["location"] == "/console/sign-in?next=%2Fconsole%2Fsessions"


def test_a_neighbours_cookies_do_not_hide_the_session(auditor):
    """Whatever else is served at the same host writes cookies as it likes."""
    strange = 'a={"b": [1, 2]}; =; c'

    assert auditor.get("/sessions", cookie=f"{strange}; {auditor.cookie}; d=1").status == 200


def test_a_gateway_key_as_a_bearer_token_is_no_session(gateway, keys):
    """The console knows cookies alone; whoever has a key and no browser asks the API."""
    assert gateway.request("GET", "/console/sessions", token=keys["auditor"]).status == 303


def test_a_session_is_no_key(gateway, auditor):
    for path in ("/api/v1/budgets", "/ibm/api/v1/backends"):
        assert gateway.request("GET", path, headers={"cookie": auditor.cookie}).status == 401


def test_a_large_form_is_not_read(visitor):
    assert visitor.post("/sign-in", {"key": "x" * 70_000}).status == 413


def test_a_wrong_host_is_told_so(visitor):
    assert visitor.get("/sign-in", host="evil.example.org").status == 421


def test_an_error_is_a_page_without_markup_of_strangers(auditor):
    reply = auditor.get("/sign-in?next=%22%3E%3Cscript%3E")

    assert b"<script>" not in reply.body
    assert auditor.get("/%3Cscript%3E").status == 404


def test_too_many_failures_make_one_wait(another):
    another.settings["GATEWAY_CONSOLE__ATTEMPTS_PER_MINUTE"] = "2"
    visitor = Visitor(another.start())
    statuses = [visitor.post("/sign-in", {"key": "qgw_live_nonsense"}).status for _ in range(6)]

    # A new minute may begin in between.
    assert 2 <= statuses.count(401) <= 4
    last = next(
        reply for reply in iter(lambda: visitor.post("/sign-in", {"key": "nonsense"}), None) if reply.status == 429
    )
    assert last.headers["retry-after"] == "60"
    assert b"wait a minute" in last.body


def test_a_console_that_is_switched_off_is_not_there(another):
    another.settings["GATEWAY_CONSOLE__ENABLED"] = "false"

    assert another.start().request("GET", "/console").status == 404


def test_the_past_is_decided_again_before_the_viewers_eyes(auditor, finished):
    page = auditor.get("/replays").body.decode()
    assert '<option value="files">' in page

    told = auditor.post("/replays", {"candidate": "files", "days": "7", "csrf": auditor.csrf()})

    assert told.status == 200
    text = told.body.decode()
    assert "Nothing would have been decided otherwise" in text
    assert 'class="progress-step"' in text


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param({"candidate": "files", "days": "0"}, 400, id="no time at all"),
        pytest.param({"candidate": "files", "project": "nobodys"}, 404, id="no such project"),
        pytest.param({"candidate": "ffffffff"}, 404, id="no such revision"),
    ],
)
def test_a_replay_that_cannot_be_meant_is_refused_with_a_page(auditor, fields, status):
    told = auditor.post("/replays", {**fields, "csrf": auditor.csrf()})

    assert told.status == status
    assert "<html" in told.body.decode()


def test_a_scientist_decides_nothing_again(visitor, keys):
    visitor.sign_in(keys["alice"])

    assert visitor.get("/replays").status == 403


def test_the_page_of_policies_tells_of_the_self_test(auditor):
    assert "self-test" in auditor.get("/policies").body.decode()
