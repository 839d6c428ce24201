"""ID tokens as a good provider writes them, and as it must never be believed to: each kind of mischief has a name."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT = "quantum-gateway"
KEY = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": "first"})
"""Made once: an RSA key takes a while."""
FOREIGN = ECKey.generate_key("P-256", {"kid": "first"})

CLAIMS_WRONG: dict[str, dict[str, Any]] = {
    "nonce": {"nonce": "another"},
    "no-nonce": {"nonce": None},
    "audience": {"aud": "another-program"},
    "no-audience": {"aud": None},
    "many-audiences": {"aud": [CLIENT, "another-program"]},
    "party": {"azp": "another-program"},
    "issuer": {"iss": "https://login.example.org"},
    "expired": {"exp": -120, "iat": -420},
    "old": {"iat": -3600},
    "future": {"iat": 3600},
    "not-yet": {"nbf": 3600},
    "text-expiry": {"exp": "tomorrow"},
    "no-expiry": {"exp": None},
    "true-expiry": {"exp": True},
    "no-subject": {"sub": None},
    "empty-subject": {"sub": ""},
    "long-subject": {"sub": "s" * 256},
}
"""What claims become; numbers are seconds from now, `None` leaves one out."""
HEADERS_WRONG: dict[str, dict[str, Any]] = {
    "access-token": {"typ": "at+jwt"},
    "logout-token": {"typ": "logout+jwt"},
    "critical": {"crit": ["b64"], "b64": True},
    "unknown-key": {"kid": "never-published"},
}


def write(claims: dict[str, Any], key: RSAKey, mischief: str = "") -> str:
    """Sign claims; those that every token has are added."""
    now = int(time.time())
    said = {"aud": CLIENT, "iat": now, "exp": now + 300, **claims}
    for name, value in CLAIMS_WRONG.get(mischief, {}).items():
        said[name] = now + value if type(value) is int else value
    said = {name: value for name, value in said.items() if value is not None}
    header = {"alg": "RS256", "kid": key.kid, **HEADERS_WRONG.get(mischief, {})}
    return FORGERS.get(mischief, _honest)(header, said, key)


def _honest(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    return jwt.encode(header, claims, key)


def _without_signature(header: dict[str, Any], claims: dict[str, Any], _: RSAKey) -> str:
    return f"{_part({**header, 'alg': 'none'})}.{_part(claims)}."


def _with_public_key_as_secret(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    body = f"{_part({**header, 'alg': 'HS256'})}.{_part(claims)}"
    return f"{body}.{_part(hmac.digest(key.as_pem(private=False), body.encode(), 'sha256'))}"


def _with_foreign_key(header: dict[str, Any], claims: dict[str, Any], _: RSAKey) -> str:
    return jwt.encode({**header, "alg": "ES256"}, claims, FOREIGN)


def _with_own_key(header: dict[str, Any], claims: dict[str, Any], _: RSAKey) -> str:
    own = RSAKey.generate_key(2048)
    return jwt.encode({**header, "jwk": own.as_dict(private=False)}, claims, own)


def _changed(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    head, _, signature = jwt.encode(header, claims, key).split(".")
    return f"{head}.{_part({**claims, 'groups': ['admins']})}.{signature}"


def _said_twice(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    return _signed(header, json.dumps(claims)[:-1].encode() + b', "sub": "mallory"}', key)


def _by_hand(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    return _signed(header, json.dumps(claims).encode(), key)


def _signed(header: dict[str, Any], payload: bytes, key: RSAKey) -> str:
    """Sign what no library would write."""
    body = f"{_part(header)}.{_part(payload)}"
    return f"{body}.{_part(key.private_key.sign(body.encode(), PKCS1v15(), SHA256()))}"


def _part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


FORGERS: dict[str, Callable[[dict[str, Any], dict[str, Any], RSAKey], str]] = {
    "no-algorithm": _without_signature,
    "public-key-as-secret": _with_public_key_as_secret,
    "foreign-key": _with_foreign_key,
    "own-key": _with_own_key,
    "changed": _changed,
    "said-twice": _said_twice,
    "critical": _by_hand,
}
MISCHIEF = sorted({*CLAIMS_WRONG, *HEADERS_WRONG, *FORGERS})
"""Every way to write a token that proves nothing."""
