"""One sign-in on its way to the identity provider and back, kept by the browser alone.

The browser keeps a random seed in a cookie; state, nonce and PKCE verifier are derived from it under a key that only
the gateway has. So nothing is stored for visitors who never come back, any replica can finish what another began, a
cookie that was changed belongs to no state, and nobody but us knows the verifier.
"""

import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Final

from gateway.domain.clock import Clock
from gateway.domain.errors import RefusedError
from gateway.identity.api_keys import Deriver
from gateway.identity.provider import Challenge

LIFETIME: Final = timedelta(minutes=10)
"""How long somebody may take at the provider."""
SKEW: Final = timedelta(minutes=1)
"""How far the clocks of two replicas may stand apart."""
_COOKIE: Final = re.compile(r"[A-Za-z0-9_-]{43}\.(?P<at>[0-9]{1,12})\.(?P<way>[A-Za-z0-9_-]{0,2048})")


class SignInLostError(RefusedError):
    """Somebody came back from the provider whom this browser did not send there, or not lately."""

    code = "sign-in-lost"

    def __init__(self) -> None:
        super().__init__(
            "this sign-in was begun in another browser, at another address of the gateway, or too long ago; begin again"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A sign-in that was begun."""

    cookie: str = field(repr=False)
    challenge: Challenge


class Challenges:
    """Begins sign-ins, and recognises them as they come back."""

    def __init__(self, deriver: Deriver, clock: Clock) -> None:
        self._key, self._clock = deriver.derive("console-sign-in/1"), clock

    def begin(self, way: str) -> Begun:
        """Begin one; `way` is the path to go on to afterwards."""
        at = int(self._clock.now().timestamp())
        cookie = f"{_text(secrets.token_bytes(32))}.{at}.{_text(way.encode())}"
        return Begun(cookie=cookie, challenge=self._challenge(cookie))

    def end(self, cookie: str, state: str) -> tuple[Challenge, str]:
        """Recognise one that came back; give it, and the path to go on to.

        Raises:
            SignInLostError: not this browser's, or too old.
        """
        parsed, challenge = _COOKIE.fullmatch(cookie), self._challenge(cookie)
        if parsed is None or not hmac.compare_digest(state.encode(), challenge.state.encode()):
            raise SignInLostError
        age = timedelta(seconds=self._clock.now().timestamp() - int(parsed["at"]))
        if not -SKEW <= age <= LIFETIME:
            raise SignInLostError
        return challenge, urlsafe_b64decode(parsed["way"] + "==").decode()

    def _challenge(self, cookie: str) -> Challenge:
        verifier = self._derived("verifier", cookie)
        return Challenge(
            state=self._derived("state", cookie),
            nonce=self._derived("nonce", cookie),
            verifier=verifier,
            challenge=_text(sha256(verifier.encode()).digest()),
        )

    def _derived(self, purpose: str, cookie: str) -> str:
        return _text(hmac.digest(self._key, f"{purpose}\0{cookie}".encode(), "sha256"))


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
