"""How pages are written: one template environment, strict and escaping, and what every page knows of its request."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Self

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response
from litestar.enums import MediaType

from gateway.casework import amounts
from gateway.domain.budget import Unit
from gateway.domain.clock import parse_rfc3339
from gateway.http.console.assets import Assets
from gateway.http.console.forms import way
from gateway.http.console.viewer import Viewer

TEMPLATES: Final = Path(__file__).with_name("templates")
_THIN: Final = "\u202f"
"""A narrow space that does not break: between thousands."""
_SHORT: Final = 12


@dataclass(frozen=True, slots=True)
class Link:
    """One place of the navigation."""

    href: str
    text: str
    needs: str = ""
    """Permission without which it is not shown; that protects nothing, the page itself must ask."""
    exact: bool = False
    """Whether it is the current place on its own page alone, and not below it."""
    also: tuple[str, ...] = ()
    """Pages that one comes to from here, and that have no place of their own."""

    def current(self, path: str) -> bool:
        """Say whether a path is there."""
        return path in {self.href, *self.also} or (not self.exact and path.startswith(f"{self.href}/"))


class Pages:
    """Writes templates; made once."""

    def __init__(
        self, *, assets: Assets, navigation: Sequence[Link], origin: str, version: str, templates: Path = TEMPLATES
    ) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(templates),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {each.__name__: each for each in (moment, money, count, short, sentence)}
        self._environment.globals |= {
            "asset": assets.url,
            "assets": assets,
            "navigation": tuple(navigation),
            "origin": origin,
            "version": version,
        }

    def write(self, name: str, **values: Any) -> str:
        """Write one template."""
        return self._environment.get_template(name).render(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the answer to one request is written with."""

    pages: Pages
    path: str
    request_id: str
    viewer: Viewer | None = None
    csrf: str = field(default="", repr=False)
    """Goes into every form; empty where nobody is signed in."""

    def show(self, name: str, *, status: int = HTTPStatus.OK, **values: Any) -> Response[str]:
        """Write a template as the answer."""
        text = self.pages.write(name, page=self, viewer=self.viewer, **values)
        return Response(text, status_code=status, media_type=MediaType.HTML)

    def for_viewer(self, viewer: Viewer, csrf: str) -> Self:
        """Give the same for somebody who was recognised."""
        return replace(self, viewer=viewer, csrf=csrf)

    def without_viewer(self) -> Self:
        """Give the same for somebody who is signed in no more."""
        return replace(self, viewer=None, csrf="")

    def moved(self, path: str) -> Response[None]:
        """Send the browser on, after a form or a sign-in, to a page of the console."""
        return Response(None, status_code=HTTPStatus.SEE_OTHER, headers={"location": way(path)})


def moment(at: datetime | str | None) -> str:
    """Write a moment as people read it, to the second, in UTC."""
    if at is None:
        return "—"
    return f"{parse_rfc3339(at) if isinstance(at, str) else at:%Y-%m-%d %H:%M:%S} UTC"


def money(micros: int | None, currency: str) -> str:
    """Write an amount with as many decimals as it needs, at least two."""
    return "—" if micros is None else f"{amounts.show(micros, Unit.MONEY)} {currency}"


def count(number: int) -> str:
    """Write a whole number with its thousands apart."""
    return f"{number:,}".replace(",", _THIN)


def sentence(message: str) -> str:
    """Make a sentence for a page of an error's words, which have neither a capital nor a full stop."""
    return f"{message[:1].upper()}{message[1:]}."


def short(text: str) -> str:
    """Give the beginning of a digest, by which people tell it from others."""
    return text if len(text) <= _SHORT + 1 else f"{text[:_SHORT]}…"
