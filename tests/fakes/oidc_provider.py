"""An identity provider on this machine: discovery, a page to choose who one is, PKCE, single-use codes, signatures.

It can be told to do each thing wrong that a provider, or somebody in its place, may do wrong: `mischief` names what;
besides those of `id_tokens` it knows what is named where it happens here.
"""

import base64
import html
import json
import secrets
import threading
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc.jwk import KeySet, RSAKey

from tests.fakes import id_tokens
from tests.fakes.id_tokens import CLIENT, KEY

SECRET = "a secret: with / odd & characters"
ELSEWHERE = "https://elsewhere.example.org/"


class OidcProvider:
    """The provider while it runs."""

    def __init__(self, *, secret: str | None = SECRET) -> None:
        self.people: dict[str, dict[str, Any]] = {}
        """Claims by the name under which somebody stands on the page."""
        self.userinfo: dict[str, dict[str, Any]] = {}
        """What the userinfo endpoint says of somebody, by the same name."""
        self.mischief = ""
        self.metadata: dict[str, Any] = {}
        """Laid over the discovery document."""
        self.seen: list[str] = []
        """Paths that were asked for."""
        self.keys = [KEY]
        self._secret, self._codes = secret, dict[str, dict[str, str]]()
        self._access: dict[str, str] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"provider": self}))
        self.issuer = f"http://localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def rotate(self) -> None:
        """Sign with a new key from now on; the old one stays published."""
        self.keys = [RSAKey.generate_key(2048, {"use": "sig", "kid": f"key-{len(self.keys)}"}), *self.keys]

    def discovery(self) -> dict[str, Any]:
        """Say where everything is."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/leave",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }

    def published(self) -> dict[str, Any]:
        """Give the public keys."""
        return dict(KeySet(list(self.keys)).as_dict(private=False))

    def authorize(self, asked: dict[str, str], name: str) -> str:
        """Let somebody in, or not; gives the address to go back to."""
        said = {"state": asked["state"], "iss": self.issuer}
        if name in self.people:
            said["code"] = secrets.token_urlsafe(16)
            self._codes[said["code"]] = {**asked, "name": name}
        else:
            said["error"] = "access_denied"
        wrong = {"wrong-state": {"state": "another"}, "answers-for-another": {"iss": ELSEWHERE}}
        return f"{asked['redirect_uri']}?{urlencode({**said, **wrong.get(self.mischief, {})})}"

    def trade(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Give tokens for a code, once."""
        asked = self._codes.pop(form.get("code", ""), None)
        if not self._knows(form, authorization):
            return 401, {"error": "invalid_client"}
        proof = base64.urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != proof or asked["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        given = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer"}
        self._access[given["access_token"]] = asked["name"]
        if self.mischief == "no-token":
            return 200, given
        claims = {"iss": self.issuer, "nonce": asked["nonce"], **self.people[asked["name"]]}
        return 200, {**given, "id_token": id_tokens.write(claims, self.keys[0], self.mischief)}

    def tell(self, authorization: str) -> tuple[int, dict[str, Any]]:
        """Say more of whom an access token was given for."""
        name = self._access.get(authorization.removeprefix("Bearer "))
        if name is None or name not in self.userinfo:
            return 401, {"error": "invalid_token"}
        return 200, {"sub": self.people[name]["sub"], **self.userinfo[name]}

    def _knows(self, form: dict[str, str], authorization: str) -> bool:
        if self._secret is None:
            return form.get("client_id") == CLIENT and not authorization
        if "client_secret_basic" not in self.discovery()["token_endpoint_auth_methods_supported"]:
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT, self._secret)
        name, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        return _single(f"id={name}&secret={secret}") == {"id": CLIENT, "secret": self._secret}


class _Handler(BaseHTTPRequestHandler):
    provider: OidcProvider

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, _single(urlsplit(self.path).query)
        self.provider.seen.append(path)
        if self.provider.mischief == "moved":
            self._go(ELSEWHERE)
        elif path == "/.well-known/openid-configuration":
            self._json(200, self.provider.discovery())
        elif path == "/keys":
            self._json(200, self.provider.published())
        elif path == "/userinfo":
            self._json(*self.provider.tell(self.headers.get("authorization", "")))
        elif path == "/leave":
            self._answer(200, b"<!doctype html><title>Goodbye</title><h1>You are signed out</h1>", "text/html")
        elif path == "/authorize":
            self._answer(200, _page(self.provider, query), "text/html; charset=utf-8")
        else:
            self._json(404, {})

    def do_POST(self) -> None:
        form = _single(self.rfile.read(int(self.headers["content-length"])).decode())
        self.provider.seen.append(self.path)
        if self.path == "/choose":
            self._go(self.provider.authorize(json.loads(form["asked"]), form["name"]))
        elif self.provider.mischief == "token-moved":
            self._go(f"{ELSEWHERE}token", status=307)
        elif self.provider.mischief == "enormous":
            self._answer(200, b"[" + b"1," * 1_000_000 + b"1]", "application/json")
        else:
            self._json(*self.provider.trade(form, self.headers.get("authorization", "")))

    def _json(self, status: int, document: dict[str, Any]) -> None:
        self._answer(status, json.dumps(document).encode(), "application/json")

    def _go(self, where: str, *, status: int = 303) -> None:
        self.send_response(status)
        self.send_header("location", where)
        self.send_header("content-length", "0")
        self.end_headers()

    def _answer(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _single(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}


def _page(provider: OidcProvider, asked: dict[str, str]) -> bytes:
    names = [html.escape(each) for each in (*provider.people, "nobody")]
    buttons = "".join(f'<button name="name" value="{each}">{each}</button> ' for each in names)
    kept = html.escape(json.dumps(asked))
    return (
        '<!doctype html><html lang="en"><title>Who are you?</title><link rel="icon" href="data:,"><h1>Who are you?</h1>'
        f'<form method="post" action="/choose"><input type="hidden" name="asked" value="{kept}">{buttons}</form></html>'
    ).encode()
