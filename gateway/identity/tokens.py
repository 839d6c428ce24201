"""Access tokens: what a gateway key is traded for at a vendor's front door, as its SDK insists.

A token is a JWT of the type `at+jwt` (RFC 9068), signed with HS256 under a key that never leaves the
gateway. It only names the key it stands for; every call looks that key up again, so revoking the key ends
its tokens at once. It lives an hour at most and never longer than its key. IBM's SDK does not verify the
signature but reads `iat` and `exp`, which must be integers.
"""

import secrets
from collections import OrderedDict
from datetime import timedelta
from hashlib import sha256
from typing import Final

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from gateway.domain.clock import Clock
from gateway.domain.errors import RefusedError
from gateway.domain.ids import KeyId
from gateway.domain.principal import Key
from gateway.domain.secret import Secret
from gateway.identity.api_keys import Deriver
from gateway.ports.answers import TokenGranted

MAX_LIFETIME: Final = timedelta(hours=1)
MAX_TOKEN_BYTES: Final = 2048
"""Ours have about 500; a longer text is refused before anything is decoded."""
_ALGORITHMS: Final = ("HS256",)
_HEADER: Final = {"alg": "HS256", "typ": "at+jwt"}
_REMEMBERED: Final = 10_000
_CLOCK_SKEW_SECONDS: Final = 60
"""How far the clocks of two replicas may stand apart."""


class InvalidTokenError(RefusedError):
    """Not a token of this gateway, or one that was changed."""

    code = "token-invalid"

    def __init__(self) -> None:
        super().__init__("the access token is not one of this gateway's; trade your gateway key for a new one")


class TokenExpiredError(RefusedError):
    """A token of ours whose time is over."""

    code = "token-expired"

    def __init__(self) -> None:
        super().__init__("the access token has expired; trade your gateway key for a new one")


class _Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of them, of exactly these types: a text where a number belongs is refused."""

    iss: str
    aud: str
    sub: str
    client_id: str
    iat: int
    exp: int
    jti: str


class Tokens:
    """Signs and reads access tokens; the issuer is the deployment's own name."""

    def __init__(
        self,
        *,
        deriver: Deriver,
        clock: Clock,
        issuer: str,
        audience: str = "qgw",
        lifetime: timedelta = MAX_LIFETIME,
    ) -> None:
        self._key = OctKey.import_key(deriver.derive("access-token/1"))
        self._clock, self._issuer, self._audience = clock, issuer, audience
        self._lifetime = min(lifetime, MAX_LIFETIME)
        self._opening = self._sign(b"{}").partition(b".")[0] + b"."
        self._known: OrderedDict[bytes, _Claims] = OrderedDict()
        """Claims of tokens whose signature was checked, by the token's digest: SDKs poll with one token all day."""

    def grant(self, key: Key) -> TokenGranted:
        """Sign a token that stands for this key, until it expires or an hour has passed."""
        now = self._clock.now()
        claims = _Claims(
            iss=self._issuer,
            aud=self._audience,
            sub=key.principal_id,
            client_id=key.id,
            iat=int(now.timestamp()),
            exp=int(min(now + self._lifetime, key.expires_at).timestamp()),
            jti=secrets.token_hex(16),
        )
        token = Secret(self._sign(msgspec.json.encode(claims)))
        return TokenGranted(token=token, issued_at=claims.iat, expires_at=claims.exp)

    def read(self, token: Secret) -> KeyId:
        """Give the key that a token stands for; whether that key still counts is asked elsewhere.

        Raises:
            InvalidTokenError: not signed by us, for someone else, or of another form than we write.
            TokenExpiredError: ours, but over.
        """
        claims = self._claims(token.reveal())
        now = int(self._clock.now().timestamp())
        if claims.iss != self._issuer or claims.aud != self._audience:
            raise InvalidTokenError
        if claims.iat > now + _CLOCK_SKEW_SECONDS or claims.exp - claims.iat > MAX_LIFETIME.total_seconds():
            raise InvalidTokenError
        if claims.exp <= now:
            raise TokenExpiredError
        return KeyId(claims.client_id)

    def _claims(self, token: bytes) -> _Claims:
        digest = sha256(token).digest()
        known = self._known.get(digest)
        if known is None:
            known = self._known[digest] = self._verified(token)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return known

    def _sign(self, payload: bytes) -> bytes:
        return jws.serialize_compact(_HEADER, payload, self._key, list(_ALGORITHMS)).encode("ascii")

    def _verified(self, token: bytes) -> _Claims:
        """Check size, header, signature and form, in this order.

        The header must be the one we write, byte by byte: nothing in it can choose an algorithm or bring a key.
        """
        if len(token) > MAX_TOKEN_BYTES or not token.startswith(self._opening):
            raise InvalidTokenError
        try:
            signed = jws.deserialize_compact(token, self._key, list(_ALGORITHMS))
            return msgspec.json.decode(signed.payload or b"", type=_Claims)
        # joserfc lets ValueError out for text that is not base64; msgspec's own errors are ValueErrors.
        except (JoseError, ValueError):
            raise InvalidTokenError from None
