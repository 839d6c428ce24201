"""Refusals in the one shape whose text IonQ's SDK shows, with a status on which it neither hammers nor hangs.

The SDK repeats a POST at once, four times, on 429 and 502 to 504, and a GET for ever on these and on 409, and
heeds no `Retry-After`. It would fail on an `error` without a `statusCode` beside it.
"""

import json
from http import HTTPStatus

from gateway.domain.errors import GatewayError
from gateway.ports.dialect import WireAnswer, WireRequest

_INSTEAD = {
    HTTPStatus.TOO_MANY_REQUESTS: HTTPStatus.FORBIDDEN,
    HTTPStatus.BAD_GATEWAY: HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE: HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.GATEWAY_TIMEOUT: HTTPStatus.INTERNAL_SERVER_ERROR,
}


def refuse(request: WireRequest, error: GatewayError, *, status: int, request_id: str) -> WireAnswer:
    """Write a refusal."""
    shown = _status(request.method, status)
    body = {
        "statusCode": shown,
        "error": error.code,
        "message": error.message,
        "request_id": request_id,
    }
    return WireAnswer(status=shown, body=json.dumps(body).encode("ascii"))


def _status(method: str, status: int) -> int:
    if method == "GET" and status == HTTPStatus.CONFLICT:
        return HTTPStatus.BAD_REQUEST
    return _INSTEAD.get(HTTPStatus(status), status)
