"""The one call to STS that the Braket SDK makes: who am I."""

import uuid
from urllib.parse import parse_qs

from aiohttp import web

from tests.fakes.vendors.aws.answers import XMLNS_STS, no, xml
from tests.fakes.vendors.aws.signature import Caller

VERSION = "2011-06-15"


def answer(request: web.Request, caller: Caller, body: bytes, *, account: str) -> web.Response:
    """Tell the caller's account and name."""
    form = {name: values[-1] for name, values in parse_qs(body.decode("latin-1")).items()}
    if request.method != "POST" or form.get("Version") != VERSION:
        raise no("sts", 400, "InvalidAction", "Could not find operation for this version.")
    if form.get("Action") != "GetCallerIdentity":
        raise no("sts", 403, "AccessDenied", f"User is not authorized to perform: sts:{form.get('Action')}")
    inside = (
        f"<Arn>arn:aws:iam::{account}:user/{caller.key_id.lower()}</Arn>"
        f"<UserId>{caller.key_id}</UserId><Account>{account}</Account>"
    )
    return xml(
        f'<GetCallerIdentityResponse xmlns="{XMLNS_STS}"><GetCallerIdentityResult>{inside}</GetCallerIdentityResult>'
        f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    )
