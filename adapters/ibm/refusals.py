"""Refusals in the shapes that IBM's clients show best.

The runtime SDK prints `error.message` when a header `uber-trace-id` is there too, and the raw body
otherwise. The cloud SDK (search, catalog) prints `errors[0].message`; IAM clients read `errorMessage`.
IBM's own documentation has `errors` and `trace`. One body carries them all.
"""

import json
from typing import Any

from gateway.domain.errors import GatewayError, UnavailableError
from gateway.ports.dialect import WireAnswer


def refuse(error: GatewayError, *, status: int, request_id: str, docs_url: str) -> WireAnswer:
    """Write a refusal."""
    body = {
        "error": {"code": error.code, "message": error.message},
        "errors": [
            {
                "code": error.code,
                "message": error.message,
                "solution": _solution(error),
                "more_info": f"{docs_url}#{error.code}",
            }
        ],
        "trace": request_id,
        **_iam(error, request_id),
    }
    return WireAnswer(status=status, body=json.dumps(body).encode("ascii"), headers={"uber-trace-id": request_id})


def _iam(error: GatewayError, request_id: str) -> dict[str, Any]:
    return {"errorCode": error.code, "errorMessage": error.message, "context": {"requestId": request_id}}


def _solution(error: GatewayError) -> str:
    if isinstance(error, UnavailableError):
        return "nothing was forwarded, so asking again is safe"
    return "change what the message names; asking again as it is changes nothing"
