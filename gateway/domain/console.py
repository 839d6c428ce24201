"""A person's stay in the console: who signed in, how, and for how long at most. The cookie's text is nowhere here."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.domain.ids import KeyId, PrincipalId


class How(StrEnum):
    """What somebody showed at the console's door."""

    KEY = "key"
    OIDC = "oidc"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSession:
    """One browser that is signed in."""

    digest: str = field(repr=False)
    """SHA-256 of the cookie, hexadecimal: by it the session is found."""
    id: str
    """UUIDv7, as the ledger names it; knowing it opens nothing."""
    principal_id: PrincipalId
    key_id: KeyId | None
    """The gateway key that was shown; whatever ends the key ends the session."""
    issuer: str | None
    """The identity provider that vouched, where no key was shown."""
    groups: tuple[str, ...]
    """What that provider said of the person, as far as the settings give roles for it."""
    created_at: datetime
    seen_at: datetime
    """When it was last used, to the minute."""
    until: datetime
    """It ends then, however much it is used."""
    ended_at: datetime | None = None

    @property
    def how(self) -> How:
        """Say what was shown."""
        return How.OIDC if self.key_id is None else How.KEY
