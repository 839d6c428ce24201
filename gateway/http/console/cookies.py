"""The console's two cookies: the session, and a sign-in that is on its way to the identity provider."""

from dataclasses import dataclass
from datetime import timedelta

from litestar.datastructures import Cookie

from gateway.domain.secret import Secret
from gateway.identity.challenge import LIFETIME


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names and makes cookies that no script reads and no other site sets off a form with.

    Over TLS their names begin with `__Host-`, so that no neighbour below the same domain can set them. Without it, on
    this machine alone, they cannot: a browser may refuse the `Secure` that such a name takes.
    """

    tls: bool

    @property
    def session(self) -> str:
        """Name the session's."""
        return self._name("qgw-session")

    @property
    def sign_in(self) -> str:
        """Name that of a sign-in under way."""
        return self._name("qgw-sign-in")

    def signed_in(self, token: Secret, lasts: timedelta) -> Cookie:
        """Make the session's."""
        return self._cookie(self.session, token.reveal().decode(), lasts)

    def signed_out(self) -> Cookie:
        """Take the session's away."""
        return self._cookie(self.session, "", timedelta(0))

    def begun(self, value: str) -> Cookie:
        """Make that of a sign-in under way."""
        return self._cookie(self.sign_in, value, LIFETIME)

    def finished(self) -> Cookie:
        """Take that of a sign-in away."""
        return self._cookie(self.sign_in, "", timedelta(0))

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self.tls else name

    def _cookie(self, name: str, value: str, lasts: timedelta) -> Cookie:
        # Lax, not Strict: whoever comes back from the identity provider comes from another site.
        return Cookie(
            key=name,
            value=value,
            path="/",
            max_age=int(lasts.total_seconds()),
            secure=self.tls,
            httponly=True,
            samesite="lax",
        )
