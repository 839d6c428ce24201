"""Looking at pages as people do: noticing errors and foreign requests, and what cannot be read or reached."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Response

from tests.running import eventually

_SCRIPTS = Path(__file__).parent
_LOADED = "Failed to load resource"
"""What the browser says of any 4xx; statuses are looked at by themselves."""


@dataclass
class Watch:
    """Notices what goes wrong on every page of a context."""

    hosts: frozenset[str]
    """Whose answers may be used, with their ports."""
    problems: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Begin."""
        context.add_init_script(_script("listen"))
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(f"script failed: {error.error}"))
        context.on("request", lambda request: self._foreign(request.url))
        context.on("response", self._failed)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_LOADED):
            self.problems.append(f"console: {message.text}")

    def _foreign(self, url: str) -> None:
        if urlsplit(url).scheme in {"http", "https"} and urlsplit(url).netloc not in self.hosts:
            self.problems.append(f"foreign request: {url}")

    def _failed(self, response: Response) -> None:
        if response.status >= 500:
            self.problems.append(f"{response.status}: {response.url}")


def wcag(page: Page) -> list[str]:
    """Give what keeps people from using a page."""
    return list(page.evaluate(_script("wcag")))


def tabbed(page: Page, *, most: int = 200) -> list[str]:
    """Go through a page with the tab key alone; gives where the focus could not be seen."""
    page.evaluate("document.activeElement?.blur()")
    hidden, seen, focused_now = [], set(), _script("focused")
    for _ in range(most):
        page.keyboard.press("Tab")
        focused = page.evaluate(focused_now)
        if focused is None or focused["key"] in seen:
            break
        seen.add(focused["key"])
        if not focused["shown"]:
            hidden.append(focused["what"])
    assert len(seen) > 1, "nothing can be reached with the tab key"
    return hidden


def eventually_at(page: Page, url: str, place: str) -> None:
    """Open a page again and again until it leads to a place."""

    def there() -> bool:
        page.goto(url)
        return place in page.url

    eventually(there, pause=0.2)


def _script(name: str) -> str:
    return (_SCRIPTS / f"{name}.js").read_text("utf-8")
