"""What was derived from an account's credential, such as an access token: in memory only, and only for so long."""

from datetime import datetime, timedelta
from typing import Final

from gateway.domain.clock import Clock
from gateway.domain.secret import Secret
from gateway.ports.vendor import Account

_MARGIN: Final = timedelta(seconds=30)
"""What ends sooner than this might end on the way to the vendor."""


class Memory:
    """By account, version of its credential, and name; rotating a credential forgets all that came of it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[int, dict[str, tuple[Secret, datetime]]]] = {}

    def remember(self, account: Account, name: str, secret: Secret, until: datetime) -> None:
        """Keep something until a moment."""
        version, kept = self._kept.get(account.id, (account.version, {}))
        if version != account.version:
            kept = {}
        self._kept[account.id] = account.version, {**kept, name: (secret, until)}

    def recall(self, account: Account, name: str) -> Secret | None:
        """Give it back while it holds."""
        version, kept = self._kept.get(account.id, (account.version, {}))
        secret, until = kept.get(name, (None, None))
        if version != account.version or until is None or until - _MARGIN <= self._clock.now():
            return None
        return secret

    def forget(self, account: Account) -> None:
        """Drop everything of an account: the vendor did not accept what was derived."""
        self._kept.pop(account.id, None)
