"""What a browser sends back: fields, where it was sent from, and a token that no other site can know."""

import hmac
import re
from collections.abc import Mapping
from typing import Final, Self
from urllib.parse import parse_qsl

from gateway.domain.errors import RefusedError
from gateway.domain.secret import Secret

LARGEST_BYTES: Final = 64 * 1024
CSRF: Final = "csrf"
"""The field, and with `qgw-` before it the header, that a form's token comes in."""
_FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 200
_WAY: Final = re.compile(r"/console(?:[/?][!-~]*)?")


class FormRefusedError(RefusedError):
    """A form that was not sent by a page of this console, or is no form."""

    code = "form-refused"


class Form:
    """The fields of a form; a field may come several times."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs

    @classmethod
    def parse(cls, headers: Mapping[str, str], body: bytes) -> Self:
        """Read a body.

        Raises:
            FormRefusedError: it is no form, or has too many fields.
        """
        if not body:
            return cls([])
        if headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            raise FormRefusedError(f"a form is sent as {_FORM}; send it from the page")
        try:
            text = body.decode("ascii")
            return cls(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"))
        except ValueError:
            raise FormRefusedError("the form cannot be read; open the page again and send it once more") from None

    def __getitem__(self, name: str) -> str:
        """Give a field's first value without the space around it, or nothing."""
        return next((value.strip() for field, value in self._pairs if field == name), "")

    def __contains__(self, name: object) -> bool:
        """Say whether a field was sent."""
        return any(field == name for field, _ in self._pairs)

    def get_all(self, name: str) -> tuple[str, ...]:
        """Give every value of a field."""
        return tuple(value.strip() for field, value in self._pairs if field == name)


def csrf_of(token: Secret) -> str:
    """Give the token of a session's forms; from it nobody learns the cookie."""
    return hmac.digest(token.reveal(), b"csrf", "sha256").hex()


def check_origin(headers: Mapping[str, str], *, scheme: str) -> None:
    """Refuse what another site made a browser send. Every browser says where a POST comes from.

    Raises:
        FormRefusedError: it does not come from a page of this very host.
    """
    ours = f"{scheme}://{headers.get('host', '')}".lower()
    if headers.get("sec-fetch-site", "same-origin") != "same-origin" or headers.get("origin", "").lower() != ours:
        raise FormRefusedError("the form was not sent from a page of this console; open the page and send it again")


def check_csrf(headers: Mapping[str, str], form: Form, token: Secret) -> None:
    """Refuse a form that was not made for this session.

    Raises:
        FormRefusedError: its token is another one, or missing.
    """
    shown = form[CSRF] or headers.get(f"qgw-{CSRF}", "")
    if not hmac.compare_digest(shown.encode(), csrf_of(token).encode()):
        raise FormRefusedError("the page is from another session; open it again and send the form once more")


def way(text: str) -> str:
    """Give the path to go on to after signing in, if it is one of the console's own; else its first page."""
    return text if _WAY.fullmatch(text) and "\\" not in text else "/console"
