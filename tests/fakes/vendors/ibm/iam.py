"""IAM: API keys become bearer tokens that expire.

Tokens are JWTs like IBM's, but signed with a secret of the fake: whoever alters or invents one is found out. The secret
is fixed, so that tokens outlive a restart as they do at IBM.
"""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web

from tests.fakes.vendors.ibm.refusals import iam, unauthorized

GRANT: Final = "urn:ibm:params:oauth:grant-type:apikey"
_SECRET: Final = b"the fake IBM signs with this and trusts nothing else"


class Iam:
    """Who may ask: the keys that are known, and the tokens given for them."""

    def __init__(self, api_keys: Sequence[str], token_seconds: int) -> None:
        self._users = {key: f"IBMid-{hashlib.sha256(key.encode()).hexdigest()[:10].upper()}" for key in api_keys}
        self._token_seconds = token_seconds

    async def exchange(self, request: web.Request) -> web.Response:
        """POST /identity/token."""
        if request.content_type != "application/x-www-form-urlencoded":
            raise iam(400, "BXNIM0108E", "Unsupported content type.")
        form = await request.post()
        if form.get("grant_type") != GRANT:
            raise iam(400, "BXNIM0106E", "Property missing or unsupported: 'grant_type'.")
        if not form.get("apikey"):
            raise iam(400, "BXNIM0109E", "Property missing or empty: 'apikey'.")
        user = self._users.get(str(form["apikey"]))
        if user is None:
            raise iam(400, "BXNIM0415E", "Provided API key could not be found.")
        now = int(time.time())
        token = _mint({"iam_id": user, "id": user, "sub": user, "iat": now, "exp": now + self._token_seconds})
        return web.json_response(
            {
                "access_token": token,
                "refresh_token": "not_supported",
                "token_type": "Bearer",
                "expires_in": self._token_seconds,
                "expiration": now + self._token_seconds,
                "scope": "ibm openid",
            }
        )

    def user(self, request: web.Request) -> str:
        """Tell whose token a request carries; refuses every other credential, an API key included."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorized("a bearer token is missing")
        claims = _read(token)
        if claims is None:
            raise unauthorized("the token is not valid")
        if claims["exp"] <= time.time():
            raise unauthorized("the token has expired")
        return str(claims["sub"])


def _mint(claims: dict[str, Any]) -> str:
    about = {"iss": "https://iam.cloud.ibm.com/identity", "grant_type": GRANT, "scope": "ibm openid", "acr": 1}
    body = {**claims, **about, "jti": uuid.uuid4().hex, "account": {"valid": True, "bss": "0" * 32}}
    signed = f"{_encode({'kid': 'fake', 'alg': 'HS256'})}.{_encode(body)}"
    return f"{signed}.{_base64(_mac(signed))}"


def _read(token: str) -> dict[str, Any] | None:
    signed, _, signature = token.rpartition(".")
    if not hmac.compare_digest(_base64(_mac(signed)).encode(), signature.encode()):
        return None
    body = signed.partition(".")[2]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


def _mac(signed: str) -> bytes:
    return hmac.digest(_SECRET, signed.encode(), "sha256")


def _encode(part: dict[str, Any]) -> str:
    return _base64(json.dumps(part, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
