"""Coming into the console and leaving it, in a real browser."""

import pytest

from tests.e2e import looking, stand

pytestmark = pytest.mark.long

WIDTHS = pytest.mark.parametrize("width", [pytest.param(1280, id="desktop"), pytest.param(390, id="phone")])
COLOURS = pytest.mark.parametrize("dark", [pytest.param(False, id="light"), pytest.param(True, id="dark")])


@pytest.fixture
def stranger(context, console):
    """Nobody yet, at the way in."""

    def begin(query="", **window):
        page = context(**window).new_page()
        page.goto(f"{console.url}/sign-in{query}")
        return page

    return begin


@pytest.fixture
def provider(console):
    """Let mischief end with the test that makes it."""
    yield console.provider
    console.provider.mischief = ""


def by_provider(page, name):
    page.get_by_role("link", name="Sign in with Example Lab").click()
    page.get_by_role("button", name=name).click()


def who(page):
    return " ".join(page.locator(".who a").inner_text().removeprefix("Signed in as").split())


@WIDTHS
@COLOURS
def test_the_way_in_can_be_used_by_everybody(stranger, shot, wcag, width, dark):
    page = stranger(width=width, dark=dark)

    shot(page, f"sign-in-{width}-{'dark' if dark else 'light'}")
    wcag(page)
    assert looking.tabbed(page) == []


def test_a_key_lets_its_owner_in_without_any_script(visit):
    page = visit("/console/sessions", role="lead", script=False)

    assert who(page) == "lead lead"


def test_a_page_that_was_asked_for_is_shown_after_signing_in(context, console):
    page = context().new_page()
    page.goto(f"{console.url}/sessions")
    assert "/sign-in?next=" in page.url

    page.get_by_label("Gateway key").fill(console.keys["auditor"])
    page.keyboard.press("Enter")

    page.wait_for_url("**/console/sessions")


@pytest.mark.parametrize(
    ("key", "told"),
    [
        pytest.param("qgw_live_nonsense", "is no gateway key", id="no key at all"),
        pytest.param("service", "belongs to a program", id="a program's key"),
    ],
)
def test_a_key_that_opens_nothing_is_refused_in_words(stranger, console, shot, wcag, key, told):
    page = stranger()

    page.get_by_label("Gateway key").fill(console.keys.get(key, key))
    page.get_by_role("button", name="Sign in with a key").click()

    assert told in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Gateway key").input_value() == ""
    wcag(page)
    shot(page, f"sign-in-refused-{key[:8]}")


def test_a_session_is_a_cookie_that_no_script_and_no_neighbour_can_touch(visit):
    page = visit("/console/sessions")

    [cookie] = page.context.cookies()
    assert cookie["name"] == "__Host-qgw-session"
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, True, "Lax", "/")
    assert page.evaluate("document.cookie") == ""


def test_signing_out_ends_the_session_for_good(visit, console, shot, wcag):
    page = visit("/console/sessions")
    kept = page.context.cookies()

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Signed out").wait_for()
    shot(page, "signed-out")
    wcag(page)
    page.context.add_cookies(kept)
    page.goto(f"{console.url}/sessions")

    assert "/sign-in" in page.url


def test_another_browser_of_ones_own_can_be_signed_out(visit, console, shot, wcag):
    """As after a lost notebook: everything but what one sits at is ended."""
    lost = visit("/console/sessions", role="security")
    page = visit("/console/sessions", role="security")
    wcag(page)
    assert looking.tabbed(page) == []
    shot(page, "sessions")

    while page.get_by_role("button", name="End").count():
        page.get_by_role("button", name="End").first.click()
    page.get_by_text("this one").wait_for()
    lost.goto(f"{console.url}/sessions")

    assert "over" not in lost.url
    assert "/sign-in" in lost.url
    assert who(page) == "security security"


def test_a_revoked_key_ends_its_sessions(visit, console):
    issued = stand.inside(console.gateway, lambda house: stand.another_key(house, "auditor"))
    console.keys["revoked"] = issued.text.reveal().decode()
    page = visit("/console/sessions", role="revoked")

    stand.inside(console.gateway, lambda house: house.administration.keys.revoke(issued.key.id))
    looking.eventually_at(page, f"{console.url}/sessions", "/sign-in")

    assert page.get_by_text("Your session is over").is_visible()


def test_the_provider_lets_an_auditor_in(stranger, console, shot):
    page = stranger("?next=/console/sessions")

    by_provider(page, "audrey")

    page.wait_for_url("**/console/sessions")
    assert who(page) == "auditor auditor"
    assert page.get_by_text(console.provider.issuer).is_visible()
    assert {cookie["name"] for cookie in page.context.cookies()} == {"__Host-qgw-session"}
    shot(page, "signed-in-by-provider")


def test_whom_the_provider_let_in_can_sign_out_there_too(stranger, shot, wcag):
    page = stranger()
    by_provider(page, "audrey")
    page.get_by_role("button", name="Sign out").click()
    shot(page, "signed-out-of-the-console")
    wcag(page)

    page.get_by_role("link", name="Sign out there too").click()

    assert page.get_by_role("heading", name="You are signed out").is_visible()


def test_a_scientist_of_the_provider_sees_the_projects_of_her_keys(stranger):
    page = stranger("?next=/console/sessions")

    by_provider(page, "sam")

    assert "lab" in page.locator(".facts").first.inner_text()


@pytest.mark.parametrize(
    ("person", "told"),
    [
        pytest.param("idle", "none of your groups", id="no group with a role"),
        pytest.param("stranger", "no person", id="nobody here"),
        pytest.param("nobody", "access_denied", id="whom the provider refuses"),
    ],
)
def test_whom_the_provider_knows_is_not_therefore_let_in(stranger, shot, wcag, person, told):
    page = stranger()

    by_provider(page, person)

    assert told in page.get_by_role("alert").inner_text()
    assert "__Host-qgw-session" not in {cookie["name"] for cookie in page.context.cookies()}
    wcag(page)
    shot(page, f"refused-{person}")


@pytest.mark.parametrize("mischief", ["nonce", "no-algorithm", "wrong-state"])
def test_a_hostile_provider_lets_nobody_in(stranger, provider, mischief):
    """The whole list is tried without a browser; here it is shown that a browser ends at a page that says no."""
    provider.mischief = mischief
    page = stranger()

    by_provider(page, "audrey")

    assert page.get_by_role("alert").is_visible()
    assert "__Host-qgw-session" not in {cookie["name"] for cookie in page.context.cookies()}


def test_a_code_lets_one_browser_in_once(stranger):
    """Who reads the address in a history or a log has nothing."""
    page, seen = stranger(), []
    page.on("request", lambda request: seen.append(request.url) if "/callback?" in request.url else None)
    by_provider(page, "audrey")

    again, elsewhere = page.context.new_page(), stranger()
    again.goto(seen[0])
    elsewhere.goto(seen[0])

    assert "another browser" in again.get_by_role("alert").inner_text()
    assert "another browser" in elsewhere.get_by_role("alert").inner_text()


def test_a_form_of_another_site_changes_nothing(visit, console, provider):
    """The browser sends the cookie's session along at most for a link; and a form without its token is refused."""
    page = visit("/console/sessions")
    page.goto(f"{provider.issuer}/authorize")
    page.evaluate(
        """(target) => {
          const form = Object.assign(document.createElement('form'), { method: 'post', action: target });
          document.body.append(form);
          form.submit();
        }""",
        f"{console.url}/sign-out",
    )
    page.get_by_role("alert").wait_for()
    assert "not sent from a page of this console" in page.get_by_role("alert").inner_text()

    page.goto(f"{console.url}/sessions")
    assert who(page) == "auditor auditor"
