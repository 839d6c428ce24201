"""The one table from error code to HTTP status. A test keeps it total over every error class.

Statuses are chosen by what stock SDKs do with them: a refusal is never 409, 429 or 5xx where an SDK would
hammer or hang, and 5xx is answered only while nothing was forwarded. RFC 9457 is the shape outside of any
dialect. Its `type` is a name and no address: a gateway has no page in public, docs/reference/errors.md is its manual.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from gateway.domain.errors import GatewayError, RefusedError, UnavailableError
from gateway.enforcement.rates import RateExceededError

STATUS: Final[Mapping[str, int]] = {
    # who asks
    "credential-missing": 401,
    "credential-invalid": 401,
    "key-malformed": 401,
    "key-revoked": 401,
    "key-expired": 401,
    "key-not-yet-valid": 401,
    "principal-disabled": 401,
    "token-invalid": 401,
    "token-expired": 401,
    "signature-invalid": 401,
    "signature-expired": 401,
    "not-signed-in": 401,
    "id-token-refused": 401,
    # what may not be
    "policy-denied": 403,
    "over-budget": 403,
    "budget-exceeded": 403,
    "quota-exceeded": 403,
    "budget-currency": 403,
    "permission-missing": 403,
    "approver-refused": 403,
    "sign-in-refused": 403,
    "provider-refused": 403,
    "form-refused": 403,
    "option-refused": 403,
    "not-offered": 403,
    "halted": 403,
    "rate-exceeded": 403,
    "work-cancelled": 403,
    "no-placement": 403,
    "not-found": 404,
    "name-unknown": 404,
    "revision-unknown": 404,
    "unknown-operation": 404,
    "unknown-program": 404,
    "repeat-token-reused": 409,
    "not-translatable": 400,
    # What a vendor said no to, the caller's own doing; and its no to our credential, which is not.
    "vendor-refused": 400,
    "vendor-credential": 403,
    "job-ended": 409,
    "job-unfinished": 409,
    "session-closed": 400,
    "session-backend": 400,
    # what cannot be understood
    "malformed-json": 400,
    "malformed-form": 400,
    "unsupported-grant": 400,
    "missing-field": 400,
    "wrong-type": 400,
    "invalid-value": 400,
    "unknown-field": 400,
    "unknown-parameter": 400,
    "bad-request": 400,
    "host-refused": 421,
    "peer-refused": 403,
    "method-refused": 405,
    "body-too-large": 413,
    "body-timeout": 408,
    "sign-in-lost": 400,
    "sign-in-rate": 429,
    "encoding-refused": 415,
    "tags-refused": 400,
    "proof-refused": 400,
    "unknown-classification": 400,
    "payload-unreadable": 400,
    "entry-refused": 400,
    "name-refused": 400,
    "name-taken": 409,
    "synthetic-project": 409,
    "legal-hold": 409,
    "erasure-refused": 409,
    "reason-refused": 400,
    "amount-refused": 400,
    "currency-refused": 400,
    "window-refused": 400,
    "zone-unknown": 400,
    "limit-changed": 409,
    "approval-decided": 409,
    "approval-outdated": 403,
    "limit-fixed": 409,
    "limit-refused": 400,
    "limit-reason": 400,
    "raise-refused": 400,
    "override-refused": 400,
    "break-glass-refused": 409,
    "shadow-running": 409,
    "no-shadow": 404,
    "policy-unknown": 404,
    "policy-engine": 400,
    "policy-damaged": 500,
    "spend-refused": 400,
    "search-refused": 400,
    "export-form": 400,
    "write-refused": 400,
    # what was there and is gone
    "results-gone": 410,
    "sealed-object-erased": 410,
    "sealed-object-damaged": 410,
    "tenant-key-gone": 410,
    # what works again later; nothing was forwarded
    "ledger-unavailable": 503,
    "policy-unavailable": 503,
    "sandbox-busy": 503,
    "not-forwarded": 503,
    "obligation-lapsed": 503,
    "repeat-token-unsettled": 503,
    "vendor-account": 503,
    "vendor-unreachable": 503,
    "vendor-busy": 503,
    "vendor-answer-lost": 503,
    "simulator-queue-full": 503,
    "simulator-closed": 503,
    "database-unavailable": 503,
    "lease-lost": 503,
    "tree-unavailable": 503,
    "followers-full": 503,
    "replay-running": 503,
    "replay-asked": 400,
    "not-signed-yet": 503,
    "witnesses-awaited": 503,
    "evidence-gone": 410,
    "evidence-damaged": 500,
    "verification-running": 503,
    "proof-failed": 500,
    "key-provider-refused": 503,
    "provider-unavailable": 503,
    "internal-error": 500,
}

OPERATORS_ONLY: Final = frozenset(
    {
        "account-busy",
        "account-refused",
        "account-removed",
        "already-initialised",
        "backend-ambiguous",
        "backend-pattern",
        "cannot-listen",
        "checkpoint-pin",
        "circuits-unknown",
        "checkpoint-refused",
        "client-secret",
        "closing-reason",
        "database-url",
        "decision-unknown",
        "engine-missing",
        "entry-unknown",
        "export-place",
        "export-secret",
        "export-taken",
        "foreign-tenant-key",
        "halt-reason",
        "insecure-configuration",
        "insecure-erasure-key",
        "insecure-master-key",
        "invoice-known",
        "invoice-refused",
        "job-not-stranded",
        "job-unknown",
        "key-not-active",
        "label-raised",
        "label-refused",
        "ledger-damaged",
        "ledger-origin",
        "lifetime-refused",
        "no-rerunner",
        "not-initialised",
        "nothing-lost",
        "nothing-to-explain",
        "nothing-to-replay",
        "opa-behind",
        "policy-bundle",
        "policy-check",
        "policy-fails",
        "policy-files",
        "policy-needs-restart",
        "policy-signature",
        "policy-surge",
        "policy-trace",
        "price-file-invalid",
        "price-unknown",
        "principal-stopped",
        "replica-fenced",
        "rerun-failed",
        "role-unknown",
        "rule-name",
        "schema-unknown",
        "sent-body-changed",
        "settings-invalid",
        "state-locked",
        "unknown-adapter",
        "webhook-secret",
        "witness-listen",
        "witness-log",
        "witness-state",
    }
)
"""Said by the command line or at a start; no request can meet them."""


def status_of(error: GatewayError) -> int:
    """Give the HTTP status of an error; one that is missing from the table is still never a success."""
    fallback = 503 if isinstance(error, UnavailableError) else 400
    return STATUS.get(error.code, fallback)


def retry_after(error: GatewayError) -> dict[str, str]:
    """Give the header that tells when to ask again, where asking again is safe."""
    if isinstance(error, UnavailableError | RateExceededError):
        return {"retry-after": str(error.retry_after_seconds)}
    return {}


def problem(error: GatewayError, *, request_id: str) -> bytes:
    """Write an error as RFC 9457 `application/problem+json`, where no dialect is concerned."""
    status = status_of(error)
    return msgspec.json.encode(
        {
            "type": f"urn:qgw:error:{error.code}",
            "title": error.code,
            "status": status,
            "detail": error.message,
            "instance": f"urn:request:{request_id}",
            "retry": not isinstance(error, RefusedError),
        }
    )
