"""ID tokens: what an identity provider says of a person, believed after every check (OpenID Connect Core, 3.1.3.7).

Only asymmetric algorithms are known here, so that no public key can be taken for a shared secret; nothing in a token's
header chooses an algorithm beyond the list or brings a key of its own. Times are integers in seconds.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias

from joserfc import jws
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey, import_key
from joserfc.jws import JWSRegistry

from gateway.domain.errors import RefusedError
from gateway.domain.strict_json import MalformedJsonError, loads

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
"""Those an operator can choose from; none of them has a shared secret."""
LARGEST_BYTES: Final = 64 * 1024
"""A token with a thousand groups is smaller."""
SKEW_SECONDS: Final = 60
"""How far the provider's clock may stand apart from ours."""
YOUNG_SECONDS: Final = 600
"""How long ago a token may have been issued: it was asked for a moment ago."""
_LONGEST_SUBJECT: Final = 255
_KINDS: Final = frozenset({"RSA", "EC", "OKP"})
_SHORTEST_MODULUS: Final = 342
"""Base64 characters of 2048 bits."""
_TYPES: Final = frozenset({None, "JWT"})
"""`typ` of an ID token; an access token (`at+jwt`) or a logout token is another thing with the same signature."""

Claims: TypeAlias = Mapping[str, Any]


class IdTokenError(RefusedError):
    """The identity provider's token does not prove who signs in; the message says which check failed."""

    code = "id-token-refused"

    def __init__(self, why: str) -> None:
        super().__init__(f"the identity provider's ID token was refused: {why}; sign in again, or ask an administrator")
        self.why = why


class UnknownSigningKeyError(IdTokenError):
    """The token names a key that the provider did not publish; it may have just begun to use it."""

    def __init__(self) -> None:
        super().__init__("it is signed with a key that the provider does not publish")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a token must say to be the answer to what was asked."""

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    algorithms: Sequence[str]


def key_set(document: Any) -> KeySet:
    """Read a provider's keys (RFC 7517): those that can verify signatures; others are passed over.

    Raises:
        ValueError: none is left.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    keys: list[Key] = [key for each in (listed if isinstance(listed, list) else ()) if (key := _key(each)) is not None]
    if not keys:
        raise ValueError("no key that verifies signatures")
    return KeySet(keys)


def claim(claims: Claims, name: str) -> Any:
    """Give a claim by its name; where there is none of that name, dots lead into objects."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def verify(token: str, keys: KeySet, expected: Expected, *, now: datetime) -> Claims:
    """Check a token and give its claims.

    Raises:
        UnknownSigningKeyError: ask the provider for its keys again.
        IdTokenError: any check failed.
    """
    claims = _signed(token, keys, expected.algorithms)
    _check_parties(claims, expected)
    _check_times(claims, int(now.timestamp()))
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise IdTokenError("it answers another sign-in (nonce)")
    return claims


def _key(value: Any) -> RSAKey | ECKey | OKPKey | None:
    """Import one public key; a private, shared or weak one is none that a provider publishes for signatures."""
    if not isinstance(value, dict) or value.get("use", "sig") != "sig" or "d" in value:
        return None
    modulus = value.get("n", "") if value.get("kty") == "RSA" else None
    if value.get("kty") not in _KINDS or (modulus is not None and len(str(modulus)) < _SHORTEST_MODULUS):
        return None
    try:
        key = import_key(value)
    except (JoseError, ValueError, TypeError):
        return None
    return key if isinstance(key, RSAKey | ECKey | OKPKey) else None


def _signed(token: str, keys: KeySet, algorithms: Sequence[str]) -> Claims:
    if len(token) > LARGEST_BYTES:
        raise IdTokenError("it is too large")
    try:
        # RFC 7515, 4: header fields that nobody knows are passed over, unless they are declared critical.
        found = jws.deserialize_compact(
            token, keys, list(algorithms), JWSRegistry(algorithms=list(algorithms), strict_check_header=False)
        )
    except InvalidKeyIdError:
        raise UnknownSigningKeyError from None
    # joserfc lets ValueError out for text that is not base64, and KeyError for a header without `alg`.
    except (JoseError, ValueError, KeyError, TypeError):
        raise IdTokenError("its signature does not verify") from None
    header = found.headers()
    kind = header.get("typ")
    if (kind.upper() if isinstance(kind, str) else kind) not in _TYPES or {"crit", "b64"} & header.keys():
        raise IdTokenError("it is another kind of token (typ)")
    return _claims(found.payload or b"")


def _claims(payload: bytes) -> Claims:
    try:
        claims = loads(payload)
    except MalformedJsonError:
        raise IdTokenError("its claims are not strict JSON") from None
    if not isinstance(claims, dict):
        raise IdTokenError("its claims are no object")
    return claims


def _check_parties(claims: Claims, expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise IdTokenError("it is from another issuer (iss)")
    audience, party = claims.get("aud"), claims.get("azp")
    audiences = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in audiences:
        raise IdTokenError("it is for another program (aud)")
    if party != expected.client_id and (party is not None or len(audiences) > 1):
        raise IdTokenError("it was issued to another program (azp)")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise IdTokenError("it names nobody (sub)")


def _check_times(claims: Claims, now: int) -> None:
    expires, issued = _time(claims, "exp"), _time(claims, "iat")
    if now >= expires + SKEW_SECONDS:
        raise IdTokenError("it has expired (exp)")
    begins = _time(claims, "nbf") if "nbf" in claims else issued
    if not now - YOUNG_SECONDS <= issued <= now + SKEW_SECONDS or begins > now + SKEW_SECONDS:
        raise IdTokenError("it was not issued just now (iat); compare the clocks of both machines")


def _time(claims: Claims, name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise IdTokenError(f"a time in it is no whole number ({name})")
    return value
