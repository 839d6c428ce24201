"""How AWS says no: JSON from Braket, two kinds of XML from S3 and STS, each with its own name for the same trouble."""

import re
import uuid
from typing import Any, Final, Literal
from xml.sax.saxutils import escape

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from tests.fakes.vendors.serving import RefusedError, Verdict

Service = Literal["braket", "s3", "sts"]

XMLNS_S3: Final = "http://s3.amazonaws.com/doc/2006-03-01/"
XMLNS_STS: Final = "https://sts.amazonaws.com/doc/2011-06-15/"
_SCOPE: Final = re.compile(r"Credential=[^/\s]+/\d{8}/[^/\s]+/([a-z0-9-]+)/aws4_request")
_BRAKET_PATH: Final = re.compile(r"/(?:devices?|quantum-tasks?|jobs?|tags|spending-limits?)(?:/|$)")
_BRAKET_WORDS: Final = {
    400: "ValidationException",
    402: "ServiceQuotaExceededException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    409: "ConflictException",
    410: "DeviceRetiredException",
    424: "DeviceOfflineException",
    429: "ThrottlingException",
    500: "InternalServiceException",
    503: "ServiceUnavailableException",
}
_S3_WORDS: Final = {
    400: "InvalidRequest",
    403: "AccessDenied",
    404: "NoSuchKey",
    405: "MethodNotAllowed",
    429: "SlowDown",
    500: "InternalError",
    503: "SlowDown",
}
_STS_WORDS: Final = {403: "AccessDenied", 429: "Throttling", 500: "InternalFailure", 503: "ServiceUnavailable"}
_WORDS: Final[dict[str, dict[int, str]]] = {"braket": _BRAKET_WORDS, "s3": _S3_WORDS, "sts": _STS_WORDS}
_SENTENCES: Final = {
    403: "Access denied.",
    404: "The specified resource does not exist.",
    429: "Rate exceeded",
    500: "An internal error occurred.",
    503: "The service is temporarily unavailable; please reduce your request rate.",
}


def service_of(request: web.Request) -> str:
    """Tell which service is meant: the credential scope says so, and without one the path must."""
    if found := _SCOPE.search(request.headers.get("Authorization", "")):
        return found[1]
    if _BRAKET_PATH.match(request.raw_path):
        return "braket"
    return "sts" if request.method == "POST" and request.path == "/" else "s3"


def no(
    service: str, status: int, code: str, message: str, *, verdict: Verdict = "invalid", **more: Any
) -> RefusedError:
    """Make the error that answers with a service's refusal."""
    return RefusedError(worded(service, status, code, message, **more), verdict)


def worded(service: str, status: int, code: str, message: str, **more: Any) -> web.Response:
    """Write a refusal; `more` becomes fields of the JSON, or elements of S3's XML."""
    match service:
        case "s3":
            parts = {"Code": code, "Message": message, **more, "RequestId": "4442587FB7D0A2F9", "HostId": "fake"}
            body = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in parts.items())
            return xml(f"<Error>{body}</Error>", status)
        case "sts":
            body = f"<Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message>"
            request_id = uuid.uuid4()
            whole = f"<Error>{body}</Error><RequestId>{request_id}</RequestId>"
            return xml(f'<ErrorResponse xmlns="{XMLNS_STS}">{whole}</ErrorResponse>', status)
    headers = {"x-amzn-ErrorType": code, "x-amzn-RequestId": str(uuid.uuid4())}
    return web.json_response({"message": message, **more}, status=status, headers=headers)


def xml(text: str, status: int = 200) -> web.Response:
    """Answer in XML."""
    declared = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'
    return web.Response(text=declared, status=status, content_type="application/xml")


class Refusal(web.Response):
    """A refusal that knows its status alone: its words depend on the service asked, known when it is sent."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Take the words of the service that was asked, if nobody gave others."""
        if isinstance(request, web.Request) and not self.body:
            service = service_of(request)
            code = _WORDS.get(service, _BRAKET_WORDS).get(self.status, "InternalFailure")
            written = worded(service, self.status, code, _SENTENCES.get(self.status, "The request was refused."))
            self.body = b"" if request.method == "HEAD" else written.body
            for name, value in written.headers.items():
                if name != "Content-Length":
                    self.headers.setdefault(name, value)
        return await super().prepare(request)
