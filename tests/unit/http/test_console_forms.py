"""A form counts when this very console's page sent it, in this very session; and nobody is led elsewhere by one."""

import pytest

from gateway.domain.secret import Secret
from gateway.http.console.forms import Form, FormRefusedError, check_csrf, check_origin, csrf_of, way

TOKEN = Secret.of("a-cookie-of-forty-three-characters-or-more-0")
SENT = {"host": "gateway.example.org", "origin": "https://gateway.example.org", "sec-fetch-site": "same-origin"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_a_page_of_this_host_may_send_a_form():
    check_origin(SENT, scheme="https")


def test_a_browser_that_does_not_say_how_it_came_about_still_says_from_where():
    check_origin({name: value for name, value in SENT.items() if name != "sec-fetch-site"}, scheme="https")


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"origin": "https://evil.example.org"}, id="another host"),
        pytest.param({"origin": "http://gateway.example.org"}, id="without TLS"),
        pytest.param({"origin": "https://gateway.example.org:8443"}, id="another port"),
        pytest.param({"origin": "https://gateway.example.org.evil.example"}, id="a longer name"),
        pytest.param({"origin": "null"}, id="a hidden origin"),
        pytest.param({"origin": ""}, id="no origin"),
        pytest.param({"sec-fetch-site": "same-site"}, id="a neighbour's page"),
        pytest.param({"sec-fetch-site": "cross-site"}, id="another site's page"),
        pytest.param({"sec-fetch-site": "none"}, id="no page at all"),
        pytest.param({"host": ""}, id="no host"),
    ],
)
def test_nobody_else_may(changed):
    with pytest.raises(FormRefusedError):
        check_origin({**SENT, **changed}, scheme="https")


def test_a_form_carries_the_token_of_its_session_in_a_field_or_a_header():
    check_csrf({}, Form([("csrf", csrf_of(TOKEN))]), TOKEN)
    check_csrf({"qgw-csrf": csrf_of(TOKEN)}, Form([]), TOKEN)


@pytest.mark.parametrize("shown", ["", "0" * 64, csrf_of(Secret.of("another session")), "é"])
def test_a_form_of_another_session_is_refused(shown):
    with pytest.raises(FormRefusedError):
        check_csrf({}, Form([("csrf", shown)]), TOKEN)


def test_the_token_tells_nothing_of_the_cookie():
    assert TOKEN.reveal().decode() not in csrf_of(TOKEN)


def test_fields_are_read_without_the_space_around_them():
    form = Form.parse(FORM, b"key=+qgw_live_x%0A&type=a&type=b&empty=")

    assert (form["key"], form["missing"], form["empty"]) == ("qgw_live_x", "", "")
    assert form.get_all("type") == ("a", "b")
    assert ("empty" in form, "missing" in form) == (True, False)


def test_no_body_is_an_empty_form():
    assert Form.parse({}, b"").get_all("csrf") == ()


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param({"content-type": "application/json"}, b"{}", id="json"),
        pytest.param({"content-type": "text/plain"}, b"csrf=1", id="what any page may send without being asked"),
        pytest.param({}, b"csrf=1", id="nothing said"),
        pytest.param(FORM, b"key=%ff", id="no text"),
        pytest.param(FORM, "key=é".encode(), id="not encoded"),
        pytest.param(FORM, b"&".join(b"a=1" for _ in range(201)), id="too many fields"),
    ],
)
def test_what_is_no_form_is_refused(headers, body):
    with pytest.raises(FormRefusedError):
        Form.parse(headers, body)


@pytest.mark.parametrize("path", ["/console", "/console/timeline?type=job.*&text=a%20b", "/console?x=1"])
def test_one_goes_on_to_a_page_of_the_console(path):
    assert way(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/consoles",
        "https://evil.example.org/console",
        "//evil.example.org/console",
        "/console\\evil",
        "/console/\r\nset-cookie: a=b",
        "/console/ x",
        "/console/é",
        "javascript:alert(1)",
        "/log/checkpoint",
    ],
)
def test_nobody_is_led_elsewhere(path):
    assert way(path) == "/console"
