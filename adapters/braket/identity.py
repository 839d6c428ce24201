"""The part of AWS's Security Token Service that the SDK asks for: whose account this is, to name a default bucket."""

from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from adapters.braket import arns
from adapters.braket.errors import MalformedFormError, NotOfferedError
from gateway.ports.answers import IdentityView
from gateway.ports.dialect import WireRequest
from gateway.ports.operations import ShowIdentity

_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_MOST_FIELDS = 10


class WhoAmI(ShowIdentity):
    """GetCallerIdentity."""


def who_am_i(request: WireRequest) -> WhoAmI:
    """Read a query; there is only one that is answered.

    Raises:
        RefusedError: no form, or another action.
    """
    if _form(request.body).get("Action") != "GetCallerIdentity":
        raise NotOfferedError("of STS only GetCallerIdentity is spoken here; sign with the pair as it is")
    return WhoAmI()


def identity(view: IdentityView) -> bytes:
    """Tell the caller who it is: the project as an account, the principal as its user."""
    account, name = arns.account(view.project_id), escape(view.principal_name)
    return (
        f'<GetCallerIdentityResponse xmlns="{_NAMESPACE}"><GetCallerIdentityResult>'
        f"<Arn>arn:aws:iam::{account}:user/{name}</Arn><UserId>{escape(view.principal_id)}</UserId>"
        f"<Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    ).encode()


def refusal(*, code: str, message: str, request_id: str) -> bytes:
    """Write a refusal."""
    return (
        f'<ErrorResponse xmlns="{_NAMESPACE}"><Error><Type>Sender</Type><Code>{code}</Code>'
        f"<Message>{escape(message)}</Message></Error><RequestId>{escape(request_id)}</RequestId></ErrorResponse>"
    ).encode()


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise MalformedFormError from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise MalformedFormError
    return form
