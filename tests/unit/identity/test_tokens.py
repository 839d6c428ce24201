"""A token is ours, exactly as we write it, and young; everything else is refused the same way."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from gateway.domain.secret import Secret
from gateway.identity.tokens import MAX_LIFETIME, MAX_TOKEN_BYTES, InvalidTokenError, TokenExpiredError, Tokens
from tests.unit.identity.conftest import NOW, Deriver, Watch

SIGNING_KEY = Deriver().derive("access-token/1")
ISSUED = int(NOW.timestamp())
CLAIMS = {
    "iss": "gateway.example.org",
    "aud": "qgw",
    "sub": "0190-alice",
    "client_id": "abcdefabcdef",
    "iat": ISSUED,
    "exp": ISSUED + 3600,
    "jti": "00",
}
HEADER = {"alg": "HS256", "typ": "at+jwt"}


def part(value):
    raw = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(claims=CLAIMS, header=HEADER, key=SIGNING_KEY, digest="sha256"):
    """Sign as an attacker would who knew the key: so that nothing but the check under test refuses."""
    body = f"{part(header)}.{part(claims)}"
    return f"{body}.{part(hmac.digest(key, body.encode(), digest))}"


def without(claim):
    return {name: value for name, value in CLAIMS.items() if name != claim}


def refused(tokens, text):
    with pytest.raises(InvalidTokenError) as error:
        tokens.read(Secret.of(text))
    return error.value


def test_a_granted_token_stands_for_its_key(tokens, key):
    assert tokens.read(tokens.grant(key).token) == key.id


def test_the_forgery_of_these_tests_would_be_accepted_if_nothing_were_wrong(tokens):
    assert tokens.read(Secret.of(signed())) == "abcdefabcdef"


def test_a_token_reads_as_ibms_sdk_reads_it(tokens, key):
    """The SDK ignores the signature but wants three parts and integer `iat` and `exp`."""
    granted = tokens.grant(key)
    header, payload, _ = granted.token.reveal().decode().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))

    assert json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))) == HEADER
    assert (type(claims["iat"]), type(claims["exp"])) == (int, int)
    assert (granted.issued_at, granted.expires_at) == (claims["iat"], claims["exp"])
    assert claims["client_id"] == key.id
    assert claims["sub"] == key.principal_id


def test_a_token_is_small_and_no_two_are_alike(tokens, key):
    first, second = tokens.grant(key).token.reveal(), tokens.grant(key).token.reveal()

    assert first != second
    assert len(first) < MAX_TOKEN_BYTES / 2


def test_a_token_lives_an_hour(tokens, key, clock):
    granted = tokens.grant(key)
    assert granted.expires_at - granted.issued_at == 3600

    clock.moment += timedelta(minutes=59, seconds=59)
    assert tokens.read(granted.token) == key.id
    clock.moment += timedelta(seconds=1)
    with pytest.raises(TokenExpiredError, match="trade your gateway key"):
        tokens.read(granted.token)


def test_a_token_never_outlives_its_key(tokens, key):
    dying = replace(key, expires_at=NOW + timedelta(minutes=5))

    assert tokens.grant(dying).expires_at == ISSUED + 300


@pytest.mark.parametrize(
    ("asked", "given_"),
    [(timedelta(minutes=1), 60), (timedelta(hours=1), 3600), (timedelta(days=1), 3600)],
)
def test_a_deployment_may_shorten_tokens_but_not_lengthen_them(key, clock, asked, given_):
    tokens = Tokens(deriver=Deriver(), clock=clock, issuer="x", lifetime=asked)

    assert tokens.grant(key).expires_at - ISSUED == given_


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"alg": "none", "typ": "at+jwt"}, id="none"),
        pytest.param({"alg": "None", "typ": "at+jwt"}, id="None"),
        pytest.param({"alg": "HS384", "typ": "at+jwt"}, id="another HMAC"),
        pytest.param({"alg": "RS256", "typ": "at+jwt"}, id="RS256"),
        pytest.param({"alg": ["HS256"], "typ": "at+jwt"}, id="a list of algorithms"),
        pytest.param({"typ": "at+jwt"}, id="no algorithm"),
        pytest.param({"alg": "HS256"}, id="no type"),
        pytest.param({"alg": "HS256", "typ": "JWT"}, id="an identity token"),
        pytest.param({"alg": "HS256", "typ": "AT+JWT"}, id="the type in capitals"),
        pytest.param({**HEADER, "crit": ["b64"], "b64": False}, id="unencoded payload"),
        pytest.param({**HEADER, "crit": ["exp"]}, id="an unknown critical header"),
        pytest.param({**HEADER, "kid": "../../dev/null"}, id="a key id"),
        pytest.param({**HEADER, "jku": "https://attacker.example/keys"}, id="keys from elsewhere"),
        pytest.param({**HEADER, "jwk": {"kty": "oct", "k": part(b"k" * 32)}}, id="its own key"),
        pytest.param({"typ": "at+jwt", "alg": "HS256"}, id="another order"),
        pytest.param([], id="a list"),
        pytest.param(["alg"], id="a list that names the algorithm"),
        pytest.param(None, id="null"),
    ],
)
def test_any_other_header_is_refused_even_with_a_valid_signature(tokens, header):
    refused(tokens, signed(header=header))


def test_an_unsigned_token_is_refused(tokens):
    refused(tokens, f"{part({'alg': 'none', 'typ': 'at+jwt'})}.{part(CLAIMS)}.")
    refused(tokens, f"{part(HEADER)}.{part(CLAIMS)}.")


def test_a_key_of_the_attackers_choice_is_refused(tokens):
    refused(tokens, signed(key=b"k" * 32))
    refused(tokens, signed(key=b""))


def test_an_rsa_signature_is_refused(tokens):
    """Algorithm confusion: neither may an RSA signature be taken, nor a public key as an HMAC secret."""
    rsa = RSAKey.generate_key(2048)
    refused(tokens, jwt.encode({"alg": "RS256", "typ": "at+jwt"}, CLAIMS, rsa))
    refused(tokens, signed(key=rsa.as_pem(private=False)))


def test_a_token_of_another_deployment_is_refused(key, clock, tokens):
    other = Tokens(deriver=Deriver("another deployment"), clock=clock, issuer="gateway.example.org")

    refused(tokens, other.grant(key).token.reveal().decode())


@pytest.mark.parametrize(
    "claims",
    [
        *(pytest.param(without(claim), id=f"no {claim}") for claim in CLAIMS),
        pytest.param({**CLAIMS, "iss": "https://iam.cloud.ibm.com/identity"}, id="another issuer"),
        pytest.param({**CLAIMS, "aud": "other"}, id="another audience"),
        pytest.param({**CLAIMS, "aud": ["qgw"]}, id="a list of audiences"),
        pytest.param({**CLAIMS, "exp": str(ISSUED + 3600)}, id="expiry as text"),
        pytest.param({**CLAIMS, "exp": ISSUED + 3600.5}, id="expiry as a fraction"),
        pytest.param({**CLAIMS, "exp": True}, id="expiry as a truth value"),
        pytest.param({**CLAIMS, "exp": None}, id="expiry null"),
        pytest.param({**CLAIMS, "exp": 10**30}, id="expiry beyond all time"),
        pytest.param({**CLAIMS, "exp": ISSUED + 3601}, id="living longer than we grant"),
        pytest.param({**CLAIMS, "iat": ISSUED - 1_000_000}, id="issued long ago, valid still"),
        pytest.param({**CLAIMS, "iat": ISSUED + 61, "exp": ISSUED + 100}, id="issued in the future"),
        pytest.param({**CLAIMS, "nbf": 0}, id="a claim we never write"),
        pytest.param({**CLAIMS, "admin": True}, id="an invented claim"),
        pytest.param([CLAIMS], id="a list"),
        pytest.param(b"", id="no payload"),
        pytest.param(b"{", id="half of JSON"),
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param(b"[" * 1000, id="deep nesting"),
    ],
)
def test_wrong_claims_are_refused_even_with_a_valid_signature(tokens, claims):
    refused(tokens, signed(claims))


def test_an_expired_token_says_so(tokens):
    with pytest.raises(TokenExpiredError):
        tokens.read(Secret.of(signed({**CLAIMS, "iat": ISSUED - 3600, "exp": ISSUED})))


def test_an_oversized_token_is_refused_before_anything_is_decoded(tokens, monkeypatch):
    def fail(*_, **__):
        raise AssertionError("it was decoded")

    monkeypatch.setattr("gateway.identity.tokens.jws.deserialize_compact", fail)

    refused(tokens, signed({**CLAIMS, "jti": "0" * MAX_TOKEN_BYTES}))
    refused(tokens, signed({**CLAIMS, "jti": "0" * 2_000_000}))


@pytest.mark.parametrize(
    "text", ["", ".", "..", "...", "a.b.c", "é.é.é", "\x00", f"{part(HEADER)}.", f"{part(HEADER)}.!.!"]
)
def test_what_is_no_token_is_refused(tokens, text):
    refused(tokens, text)


TOKENS = Tokens(deriver=Deriver(), clock=Watch(), issuer="gateway.example.org")


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(noise):
    for text in (noise, f"{part(HEADER)}.".encode() + noise, f"{part(HEADER)}.{part(noise)}.{part(noise)}".encode()):
        with pytest.raises(InvalidTokenError):
            TOKENS.read(Secret(text))


@given(place=st.integers(0, len(signed()) - 1), sign=st.sampled_from("ABCxyz019-_.="))
def test_one_changed_character_is_refused(place, sign):
    """Except where base64 keeps unused bits, which change nothing that was signed."""
    original = signed()
    changed = original[:place] + sign + original[place + 1 :]
    try:
        assert TOKENS.read(Secret.of(changed)) == CLAIMS["client_id"]
    except InvalidTokenError:
        return
    assert place == len(original) - 1 or changed == original


def test_the_refusal_shows_nothing_of_the_token(tokens):
    error = refused(tokens, signed({**CLAIMS, "aud": "other"}))

    assert "other" not in error.message
    assert error.__cause__ is None


def test_a_token_we_grant_is_one_that_joserfc_itself_accepts(tokens, key):
    """Checked by the library alone, without our own checks."""
    token = jwt.decode(tokens.grant(key).token.reveal(), OctKey.import_key(SIGNING_KEY), algorithms=["HS256"])

    assert token.header == HEADER
    assert token.claims["exp"] - token.claims["iat"] == MAX_LIFETIME.total_seconds()
    assert hashlib.sha256(SIGNING_KEY).digest() not in tokens.grant(key).token.reveal()
