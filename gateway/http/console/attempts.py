"""How often sign-ins may fail from one address, and whose address that is behind a proxy."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import ClassVar, Final

from litestar.types import HTTPScope

from gateway.domain.errors import UnavailableError

_MINUTE: Final = 60.0
_MOST: Final = 10_000
"""Addresses that are counted; more in one minute share what is left."""


class SignInRateError(UnavailableError):
    """Too many sign-ins failed from one address."""

    code = "sign-in-rate"
    retry_after_seconds: ClassVar[int] = 60

    def __init__(self) -> None:
        super().__init__("too many sign-ins failed from your address; wait a minute")


class Attempts:
    """Counts failures by address and minute."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._now = per_minute, now
        self._minute, self._failed = 0, Counter[str]()

    def check(self, address: str) -> None:
        """Refuse an address from which too many failed.

        Raises:
            SignInRateError: wait.
        """
        if self._counts()[self._place(address)] >= self._per_minute:
            raise SignInRateError

    def failed(self, address: str) -> None:
        """Count one that failed."""
        self._counts()[self._place(address)] += 1

    def _counts(self) -> Counter[str]:
        minute = int(self._now() // _MINUTE)
        if minute != self._minute:
            self._minute, self._failed = minute, Counter()
        return self._failed

    def _place(self, address: str) -> str:
        return address if address in self._failed or len(self._failed) < _MOST else "others"


def client_of(scope: HTTPScope, headers: Mapping[str, str], trusted: Sequence[IPv4Network | IPv6Network]) -> str:
    """Give the address of whoever asks: the last one in `X-Forwarded-For` that no declared proxy has.

    Whatever stands before that one was written by the client, and is believed by nobody.
    """
    peer = scope["client"][0] if scope["client"] else "unknown"
    said = [each.strip() for each in headers.get("x-forwarded-for", "").split(",") if each.strip()]
    for address in (peer, *reversed(said)):
        if not _within(address, trusted):
            return address[:64]
    return peer


def _within(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    try:
        return any(ip_address(address) in network for network in networks)
    except ValueError:
        return False
