"""Signing pairs: what a client that signs its requests holds in place of a gateway key.

The pair of a key is derived from its id under a key that never leaves the gateway, so nothing more is stored,
every replica knows it, and it ends with its key. Who holds the pair can sign as the key and cannot make the key of it.
"""

import hmac
import re
from base64 import b64encode
from datetime import datetime, timedelta
from typing import Final

from gateway.domain.clock import rfc3339
from gateway.domain.errors import RefusedError
from gateway.domain.ids import KeyId
from gateway.domain.secret import Secret
from gateway.domain.signature import sign
from gateway.identity.api_keys import Deriver
from gateway.ports.dialect import Signature, SigningPair

MAX_SKEW: Final = timedelta(minutes=5)
"""How far the client's clock may stand from ours, either way."""
PREFIX: Final = "QGWK"
_SECRET_LENGTH: Final = 40
_NAMED: Final = re.compile(rf"{PREFIX}([0-9A-Z]{{12}})")


class InvalidSignatureError(RefusedError):
    """A signature that the pair of the named key would not have made of this request."""

    code = "signature-invalid"

    def __init__(self, found: str = "the signature does not fit the request") -> None:
        super().__init__(
            f"{found}; check the secret access key, and that nothing between the client and the gateway changes the "
            "path, the Host header or the body"
        )


class ClockSkewError(RefusedError):
    """A request signed too long ago, or in the future."""

    code = "signature-expired"

    def __init__(self, *, signed_at: datetime, now: datetime) -> None:
        super().__init__(
            f"the request was signed at {rfc3339(signed_at)} and the gateway's clock says {rfc3339(now)}; they may be "
            f"{MAX_SKEW.seconds // 60} minutes apart, so set the clock"
        )


class SigningPairs:
    """Derives the pair of a key, and checks what was signed with one."""

    def __init__(self, deriver: Deriver) -> None:
        self._key = deriver.derive("sigv4/1")

    def of(self, key_id: KeyId) -> SigningPair:
        """Give the pair of a key."""
        secret = b64encode(hmac.digest(self._key, key_id.encode(), "sha256"))[:_SECRET_LENGTH]
        return SigningPair(access_key_id=f"{PREFIX}{key_id.upper()}", secret=Secret(secret))

    def check(self, shown: Signature, *, now: datetime) -> None:
        """Check a signature against the pair of the key that it names, in constant time.

        Raises:
            InvalidSignatureError: its scope contradicts its date, it leaves the body out, or it was made otherwise.
            ClockSkewError: its date is too far from now; told only to who holds the pair.
        """
        expected = sign(
            self.of(named(shown)).secret,
            shown.string_to_sign,
            day=shown.day,
            region=shown.region,
            service=shown.service,
        )
        if not hmac.compare_digest(expected.encode(), shown.signature.encode()):
            raise InvalidSignatureError
        if not shown.body_signed:
            raise InvalidSignatureError("the signature says nothing of the body")
        if shown.day != shown.signed_at.strftime("%Y%m%d"):
            raise InvalidSignatureError("the day of the credential scope is not the day of the request's date")
        if abs(now - shown.signed_at) > MAX_SKEW:
            raise ClockSkewError(signed_at=shown.signed_at, now=now)


def named(shown: Signature) -> KeyId:
    """Say which key a signature names; empty for what is no access key id of ours."""
    found = _NAMED.fullmatch(shown.access_key_id)
    return KeyId(found[1].lower() if found else "")
