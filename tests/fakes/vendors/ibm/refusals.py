"""IBM's two ways to say no: the runtime API's error container, and IAM's."""

import uuid

from aiohttp import web

from tests.fakes.vendors.serving import RefusedError

_MORE = "https://quantum.cloud.ibm.com/docs/errors#error-code-"
_GENERIC = {
    404: (1291, "the requested resource does not exist"),
    405: (1299, "the method is not allowed here"),
    409: (1204, "usage exceeds the instance limit"),
    413: (1210, "the body is too large"),
    429: (1429, "too many requests; the rate limit of this user is reached"),
    500: (9999, "internal error"),
    502: (9998, "bad gateway"),
    503: (9997, "the service is unavailable"),
    504: (9996, "gateway timeout"),
}
_RETRY_SECONDS = "1"


def container(status: int, code: int, message: str, solution: str = "Check the request.") -> web.Response:
    """Word an error of the runtime API."""
    error = {"code": code, "message": message, "solution": solution, "more_info": f"{_MORE}{code}"}
    return web.json_response({"errors": [error], "trace": uuid.uuid4().hex}, status=status)


def generic(status: int) -> web.Response:
    """Word an error that has no more to say than its status."""
    code, message = _GENERIC.get(status, (9000, f"error {status}"))
    answer = container(status, code, message)
    if status == 429:
        answer.headers.update({"Retry-After": _RETRY_SECONDS, "X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "0"})
    if status == 503:
        answer.headers["Retry-After"] = _RETRY_SECONDS
    return answer


def unauthorized(message: str) -> RefusedError:
    """Refuse whoever has no valid token."""
    return RefusedError(container(401, 1200, message, "Get a new token from IAM."), "unauthenticated")


def forbidden(message: str) -> RefusedError:
    """Refuse whoever has a token, but not for this."""
    return RefusedError(container(403, 1206, message, "Check the Service-CRN."), "unauthenticated")


def bad_request(message: str) -> RefusedError:
    """Refuse a request that is not what the API describes."""
    return RefusedError(container(400, 1211, message))


def absent(what: str, code: int = 1291) -> RefusedError:
    """Refuse what names something that is not there, or is another instance's."""
    return RefusedError(container(404, code, f"{what} not found."), "absent")


def conflict(message: str, code: int = 1292) -> RefusedError:
    """Refuse what comes too late, or exceeds a limit."""
    return RefusedError(container(409, code, message))


def iam(status: int, code: str, message: str) -> RefusedError:
    """Refuse in IAM's own words."""
    answer = web.json_response(
        {"errorCode": code, "errorMessage": message, "context": {"requestId": uuid.uuid4().hex}}, status=status
    )
    return RefusedError(answer, "unauthenticated" if code == "BXNIM0415E" else "invalid")
