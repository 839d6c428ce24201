"""One console for all tests of a session, and browsers to look at it with."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.e2e import looking, stand
from tests.e2e.looking import Watch
from tests.e2e.stand import Stand
from tests.fakes.oidc_provider import OidcProvider
from tests.running import Gateway


@pytest.fixture(scope="session")
def console(tmp_path_factory) -> Iterator[Stand]:
    home = tmp_path_factory.mktemp("console")
    with OidcProvider() as provider:
        stand.introduce(provider)
        gateway = Gateway(home / "state", settings=stand.settings(home, provider)).init()
        try:
            keys = stand.settle(gateway)
            yield Stand(gateway.start(), provider, keys)
        finally:
            gateway.discard()


@pytest.fixture(scope="module")
def browser(tools) -> Iterator[Browser]:
    """Start a browser for one module: its loop runs in this thread, where no other test's could run beside it."""
    program = tools.require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def context(browser, console) -> Iterator[Callable[..., BrowserContext]]:
    """Open a browser window of its own; at the end nothing may have gone wrong in it."""
    watch = Watch(frozenset({urlsplit(console.url).netloc, urlsplit(console.provider.issuer).netloc}))
    opened: list[BrowserContext] = []

    def begin(*, width: int = 1280, dark: bool = False, script: bool = True) -> BrowserContext:
        made = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            ignore_https_errors=True,
            reduced_motion="reduce",
            base_url=console.url,
        )
        watch.over(made)
        opened.append(made)
        return made

    yield begin
    for each in opened:
        each.close()
    assert watch.problems == []


@pytest.fixture
def visit(context, console) -> Callable[..., Page]:
    """Sign in with the key of a role, and show a page."""

    def begin(path: str = "/console", *, role: str = "auditor", **window: object) -> Page:
        page = context(**window).new_page()
        page.goto(f"{console.url}/sign-in?next={path}")
        page.get_by_label("Gateway key").fill(console.keys[role])
        page.get_by_role("button", name="Sign in with a key").click()
        page.wait_for_url(f"**{path}")
        return page

    return begin


@pytest.fixture
def shot(tmp_path) -> Callable[[Page, str], Path]:
    """Keep a picture of a whole page, in the folder that QGW_SCREENSHOTS names or in the test's own."""
    folder = Path(os.environ.get("QGW_SCREENSHOTS", tmp_path))

    def take(page: Page, name: str) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return take


@pytest.fixture
def wcag() -> Callable[[Page], None]:
    """Fail with everything that keeps people from using a page."""

    def check(page: Page) -> None:
        assert looking.wcag(page) == []

    return check
