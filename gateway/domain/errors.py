"""The two ways the gateway says no, and what every error must carry.

A room raises its own subclass; `http/problems.py` alone knows the HTTP status of each `code`, and a
test keeps that table total. Messages are lower case without a full stop, say what was found, what is
allowed and what to do, and never hold a payload, a token, a circuit or a path.
"""

from typing import ClassVar


class GatewayError(Exception):
    """Anything the gateway tells a caller; `code` is stable and documented."""

    code: ClassVar[str]

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class RefusedError(GatewayError):
    """Asking again changes nothing: the request itself must change."""


class UnavailableError(GatewayError):
    """Nothing was forwarded, so asking again is safe and may work."""

    retry_after_seconds: ClassVar[int] = 2


class InsecureError(RefusedError):
    """The gateway will not start or act this way; the message names the mend."""

    code = "insecure-configuration"


class NotFoundError(RefusedError):
    """No such thing for this caller; a foreign tenant's thing looks exactly the same."""

    code = "not-found"

    def __init__(self, *, noun: str, name: str) -> None:
        super().__init__(f"no {noun} {name!r} is visible to this key; check the id and the project of the key")
        self.noun, self.name = noun, name
