"""Where IBM's SDK puts the caller's key: in a form once, then as a bearer token on every call.

If the exchange fails the SDK sends the key itself, as `Authorization: apikey <key>`; that works here too.
"""

from urllib.parse import parse_qsl

from adapters.ibm.errors import GRANT_TYPE, MalformedFormError, UnsupportedGrantError
from gateway.domain.malformed import MissingFieldError
from gateway.domain.secret import Secret
from gateway.ports.dialect import AccessToken, ApiKey, Credential, WireRequest
from gateway.ports.operations import ExchangeKey

EXCHANGE_PATH = "/iam/identity/token"
_MOST_FIELDS = 20


def find(request: WireRequest) -> Credential | None:
    """Read the `Authorization` header; `None` when it holds nothing we know."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    secret = Secret.of(value.strip())
    match scheme.lower():
        case "bearer":
            return AccessToken(secret)
        case "apikey":
            return ApiKey(secret)
        case _:
            return None


def is_exchange(request: WireRequest) -> bool:
    """Say whether a request asks IAM for a token."""
    return request.method == "POST" and request.path == EXCHANGE_PATH


def exchange(request: WireRequest) -> ExchangeKey:
    """Read a token request.

    Raises:
        RefusedError: no form, another grant type, or no key.
    """
    form = _form(request.body)
    if form.get("grant_type") != GRANT_TYPE:
        raise UnsupportedGrantError
    if not form.get("apikey"):
        raise MissingFieldError(pointer="/apikey")
    return ExchangeKey(key=Secret.of(form["apikey"]))


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except UnicodeDecodeError:
        raise MalformedFormError("it is not ASCII") from None
    except ValueError:
        raise MalformedFormError(f"it has more than {_MOST_FIELDS} fields") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise MalformedFormError("a field stands twice")
    return form
