"""Refusals in the shapes that AWS's SDKs show best: JSON for Braket, XML for S3 and STS, each with a code of AWS's.

boto raises an exception named by the code and shows the message; it repeats what is 429 or 5xx, whatever it says. So
nothing that asking again cannot change has such a status, and who asks wrongly is told so with 403, as AWS does.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus

from adapters.braket import credentials, identity, storage
from gateway.domain.errors import GatewayError, UnavailableError
from gateway.ports.dialect import WireAnswer, WireRequest

_STATUS: Mapping[str, int] = {"unknown-operation": HTTPStatus.FORBIDDEN, "unknown-program": HTTPStatus.BAD_REQUEST}
"""Where the SDK would take a 404 for a device or task that is not there."""
_BY_CODE: Mapping[str, str] = {
    "credential-missing": "MissingAuthenticationTokenException",
    "signature-invalid": "InvalidSignatureException",
    "signature-expired": "InvalidSignatureException",
}
_SPENT: frozenset[str] = frozenset({"over-budget", "budget-exceeded", "quota-exceeded"})
"""What AWS answers with 402 `ServiceQuotaExceededException`, which its SDK shows and does not repeat."""
_BY_STATUS: Mapping[int, str] = {
    401: "UnrecognizedClientException",
    402: "ServiceQuotaExceededException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    409: "ConflictException",
}
_S3: Mapping[str, str] = {
    "MissingAuthenticationTokenException": "AccessDenied",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "UnrecognizedClientException": "InvalidAccessKeyId",
    "AccessDeniedException": "AccessDenied",
    "ResourceNotFoundException": "NoSuchKey",
    "ConflictException": "OperationAborted",
    "ServiceQuotaExceededException": "QuotaExceeded",
    "ValidationException": "InvalidRequest",
    "InternalServiceException": "ServiceUnavailable",
}
_S3_BY_ERROR: Mapping[str, str] = {"signature-expired": "RequestTimeTooSkewed"}
_STS: Mapping[str, str] = {
    "UnrecognizedClientException": "InvalidClientTokenId",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "AccessDeniedException": "AccessDenied",
}


def refuse(request: WireRequest, error: GatewayError, *, status: int, request_id: str) -> WireAnswer:
    """Write a refusal for the service that the request was signed for; unsigned, for Braket."""
    status = _told(error, status)
    code = _BY_CODE.get(error.code) or _BY_STATUS.get(status) or _other(status)
    # AWS answers 403 to whoever it does not know; its SDKs are made for that.
    shown = HTTPStatus.FORBIDDEN if status == HTTPStatus.UNAUTHORIZED else status
    headers = {"x-amzn-requestid": request_id, **_pause(error)}
    match credentials.scope(request)[1]:
        case "s3":
            code = _S3_BY_ERROR.get(error.code, _S3[code])
            body = storage.refusal(code=code, message=error.message, request_id=request_id)
            return WireAnswer(status=shown, body=body, headers=headers, content_type=storage.XML)
        case "sts":
            body = identity.refusal(code=_STS.get(code, code), message=error.message, request_id=request_id)
            return WireAnswer(status=shown, body=body, headers=headers, content_type="text/xml")
        case _:
            told = {"message": error.message, "qgw": {"code": error.code, "request_id": request_id}}
            headers["x-amzn-errortype"] = code
            return WireAnswer(status=shown, body=json.dumps(told).encode("ascii"), headers=headers)


def _told(error: GatewayError, status: int) -> int:
    if error.code in _SPENT:
        return HTTPStatus.PAYMENT_REQUIRED
    if status == HTTPStatus.NOT_FOUND:
        return _STATUS.get(error.code, status)
    return HTTPStatus.PAYMENT_REQUIRED if status == HTTPStatus.TOO_MANY_REQUESTS else status


def _other(status: int) -> str:
    return "InternalServiceException" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "ValidationException"


def _pause(error: GatewayError) -> dict[str, str]:
    """Say when to ask again in the header that boto reads; it ignores `Retry-After`."""
    if not isinstance(error, UnavailableError):
        return {}
    return {"x-amz-retry-after": str(error.retry_after_seconds * 1000)}
