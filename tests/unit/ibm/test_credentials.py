"""Where the caller's key stands."""

import pytest

from adapters.ibm import IbmDialect, IbmSettings
from gateway.domain.errors import RefusedError
from gateway.ports.dialect import AccessToken, ApiKey, WireRequest
from gateway.ports.operations import ExchangeKey

DIALECT = IbmDialect(IbmSettings())
GRANT = "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey"


def request(*, body=b"", **headers):
    return WireRequest(method="POST", path="/iam/identity/token", query=(), headers=headers, body=body)


@pytest.mark.parametrize(
    ("header", "kind", "secret"),
    [
        pytest.param("Bearer a.b.c", AccessToken, b"a.b.c", id="after an exchange"),
        pytest.param("bearer  a.b.c ", AccessToken, b"a.b.c", id="spelled otherwise"),
        pytest.param("apikey qgw_k", ApiKey, b"qgw_k", id="when the exchange failed"),
    ],
)
def test_the_authorization_header_holds_a_token_or_a_key(header, kind, secret):
    credential = DIALECT.credential(request(authorization=header))

    assert type(credential) is kind
    found = credential.token if kind is AccessToken else credential.key
    assert found.reveal() == secret


@pytest.mark.parametrize("header", ["", "Basic dTpw", "Bearerabc"])
def test_anything_else_is_no_credential(header):
    assert DIALECT.credential(request(authorization=header)) is None


def test_a_key_is_exchanged_as_the_cloud_sdk_asks():
    operation = DIALECT.operation(request(body=f"{GRANT}&apikey=qgw_%2Bk&response_type=cloud_iam".encode()))

    assert isinstance(operation, ExchangeKey)
    assert operation.key.reveal() == b"qgw_+k"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param("", "unsupported-grant", id="nothing"),
        pytest.param("grant_type=password&apikey=k", "unsupported-grant", id="another grant"),
        pytest.param(GRANT, "missing-field", id="no key"),
        pytest.param(f"{GRANT}&apikey=", "missing-field", id="an empty key"),
        pytest.param(f"{GRANT}&apikey=a&apikey=b", "malformed-form", id="two keys"),
        pytest.param(f"{GRANT}&apikey=é", "malformed-form", id="raw letters that are no ASCII"),
        pytest.param("&".join(f"f{n}=1" for n in range(21)), "malformed-form", id="too many fields"),
    ],
)
def test_a_token_request_that_is_none_is_refused(body, code):
    with pytest.raises(RefusedError) as refused:
        DIALECT.operation(request(body=body.encode()))

    assert refused.value.code == code
