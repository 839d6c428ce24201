"""An ID token counts when every check of it holds; whatever else is signed, sent or said is refused."""

from datetime import UTC, datetime, timedelta

import pytest
from joserfc.jwk import KeySet, OctKey, RSAKey

from gateway.identity import id_token
from gateway.identity.id_token import ALGORITHMS, Expected, IdTokenError, UnknownSigningKeyError
from tests.fakes import id_tokens
from tests.fakes.id_tokens import CLIENT, FOREIGN, KEY, MISCHIEF

ISSUER = "https://login.example.org/lab"
EXPECTED = Expected(issuer=ISSUER, client_id=CLIENT, nonce="n", algorithms=("RS256",))
SAID = {"iss": ISSUER, "sub": "audrey", "nonce": "n"}


@pytest.fixture
def keys():
    return id_token.key_set(KeySet([KEY]).as_dict(private=False))


def read(token, keys, expected=EXPECTED, *, later=timedelta(0)):
    return id_token.verify(token, keys, expected, now=datetime.now(UTC) + later)


def test_what_the_provider_says_is_given(keys):
    claims = read(id_tokens.write({**SAID, "groups": ["audit"]}, KEY), keys)

    assert (claims["sub"], claims["groups"]) == ("audrey", ["audit"])


@pytest.mark.parametrize("mischief", MISCHIEF)
def test_no_kind_of_mischief_is_believed(keys, mischief):
    with pytest.raises(IdTokenError):
        read(id_tokens.write(SAID, KEY, mischief), keys)


def test_mischief_is_refused_even_where_every_algorithm_is_allowed(keys):
    """The key decides what it can verify, not the header: a public key is never a shared secret."""
    generous = Expected(issuer=ISSUER, client_id=CLIENT, nonce="n", algorithms=ALGORITHMS)

    for mischief in ("no-algorithm", "public-key-as-secret", "foreign-key"):
        with pytest.raises(IdTokenError):
            read(id_tokens.write(SAID, KEY, mischief), keys, generous)


def test_an_algorithm_that_is_not_listed_is_refused(keys):
    with pytest.raises(IdTokenError, match="does not verify"):
        read(
            id_tokens.write(SAID, KEY), keys, Expected(issuer=ISSUER, client_id=CLIENT, nonce="n", algorithms=["ES256"])
        )


def test_a_token_for_several_programs_counts_if_it_was_issued_to_this_one(keys):
    token = id_tokens.write({**SAID, "aud": [CLIENT, "another"], "azp": CLIENT}, KEY)

    assert read(token, keys)["sub"] == "audrey"


@pytest.mark.parametrize(
    ("later", "good"),
    [
        pytest.param(timedelta(seconds=355), True, id="just expired, within the skew of clocks"),
        pytest.param(timedelta(seconds=365), False, id="expired"),
        pytest.param(timedelta(seconds=-55), True, id="our clock is a little behind"),
        pytest.param(timedelta(seconds=-65), False, id="issued in our future"),
    ],
)
def test_clocks_may_stand_a_minute_apart(keys, later, good):
    token = id_tokens.write(SAID, KEY)

    if good:
        assert read(token, keys, later=later)
    else:
        with pytest.raises(IdTokenError):
            read(token, keys, later=later)


def test_a_key_that_was_not_published_is_told_apart(keys):
    """The provider may have begun to use it a moment ago, and is asked again; everything else is final."""
    with pytest.raises(UnknownSigningKeyError):
        read(id_tokens.write(SAID, KEY, "unknown-key"), keys)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("a.b", id="two parts"),
        pytest.param("é.é.é", id="no base64"),
        pytest.param("e30.e30.e30", id="an empty header"),
        pytest.param(".".join(["e30"] * 5), id="an encrypted one"),
        pytest.param("x" * (id_token.LARGEST_BYTES + 1), id="too large"),
    ],
)
def test_what_is_no_token_is_refused_and_not_repeated(keys, text):
    with pytest.raises(IdTokenError) as error:
        read(text, keys)

    assert len(error.value.message) < 200


def test_only_keys_that_verify_signatures_are_taken():
    public, whole = KEY.as_dict(private=False), RSAKey.generate_key(2048, {"kid": "whole"})
    documents = [
        OctKey.import_key("a shared secret of some length").as_dict(),
        {**public, "use": "enc"},
        {**public, "n": public["n"][:171]},
        whole.as_dict(private=True),
        {"kty": "unheard-of"},
        {"kty": "RSA", "n": "!", "e": "AQAB"},
        "no key",
        FOREIGN.as_dict(private=False),
    ]

    assert [key.kid for key in id_token.key_set({"keys": documents}).keys] == ["first"]


@pytest.mark.parametrize(
    "document", [{}, {"keys": []}, {"keys": "none"}, [], None, {"keys": [{"kty": "oct", "k": "AA"}]}]
)
def test_a_document_without_such_a_key_is_none(document):
    with pytest.raises(ValueError, match="no key"):
        id_token.key_set(document)
