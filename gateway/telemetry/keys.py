"""Which keys a log line may have. A key that is not here is dropped, so nothing is logged by accident.

Values are identifiers, names from closed sets, counts and durations; never a body, a circuit, a credential
or a text that a caller wrote.
"""

from collections.abc import Mapping
from typing import Final

ALLOWED: Final[Mapping[str, str]] = {
    "action": "what was done, from a closed set",
    "adapter": "name of an adapter",
    "address": "address a listener is bound to",
    "age_seconds": "how old something is",
    "attempt": "number of an attempt, 1 is the first",
    "backend": "name of a backend",
    "bytes": "size of a body or object",
    "child": "which kind of child process",
    "circuits": "how many circuits",
    "claims": "how often a permit was issued again after a crash",
    "client_job_id": "the job id that the client sees",
    "code": "stable code of an error",
    "count": "how many",
    "decision_id": "id of a policy decision",
    "dialect": "how the client speaks",
    "digest": "SHA-256 of something, hexadecimal",
    "dropped_keys": "keys that were left out of this line because they are not allowed",
    "engine": "policy engine and version",
    "error": "type of an exception",
    "event_id": "id of a ledger entry's event",
    "exit_code": "how a child process ended",
    "fallback": "whether the job is not where the caller asked",
    "job_id": "the gateway's own job id",
    "key_id": "id of a gateway key, which is no secret",
    "kind": "hardware or simulator, or the kind of a sealed object",
    "library": "name of a library's logger",
    "message": "the gateway's own words for an error, or a library's, shortened",
    "method": "HTTP method, or a simulator's method",
    "milliseconds": "how long it took",
    "missing": "what is not ready",
    "operation": "which of the closed set of operations",
    "pid": "process id",
    "principal_id": "id of a principal",
    "project_id": "id of a project",
    "reason": "why, from a closed set",
    "request_id": "id of the HTTP request, also in the answer's headers",
    "retry_seconds": "when it is tried again",
    "revision": "digest of policies, policy data or prices",
    "rule": "id of a policy rule",
    "seq": "number of a ledger entry",
    "session_id": "id of a session",
    "size": "number of entries in the ledger",
    "stack": "where an exception came from: file, line and function of each frame, without values",
    "status": "HTTP status or job status",
    "total_shots": "shots of a whole job",
    "upstream": "name of an upstream",
    "vendor": "name of a vendor",
    "version": "version of the gateway or of a format",
    "worker": "name of a background worker",
}
"""Key and its meaning; the reference page is made from it."""
