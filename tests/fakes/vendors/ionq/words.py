"""IonQ's words: how it says no, and how it writes a time.

Every error body has the same three keys; a body that fails validation names the keys that are wrong. Times on the wire
are ISO 8601 in UTC with milliseconds, inside the fake they are seconds since 1970.
"""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid5

from aiohttp import web
from pydantic import ValidationError

from tests.fakes.vendors.serving import RefusedError, Verdict

_NAMES: Final = {
    400: "Bad Request",
    401: "Unauthorized Error",
    403: "Forbidden Error",
    404: "Not Found Error",
    405: "Method Not Allowed",
    413: "Payload Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
_HELP: Final = "for details, or email support@ionq.co for help."
_MESSAGES: Final = {
    401: f"Invalid key provided. See https://docs.ionq.com/#authentication {_HELP}",
    404: f"Resource not found. See https://docs.ionq.com/ {_HELP}",
    429: "Too Many Requests. To get a higher rate limit, please reach out to support@ionq.co",
}
_OUTAGE: Final = "Internal service outage. Visit https://status.ionq.co/ to track this incident."
_VERDICTS: Final[dict[int, Verdict]] = {401: "unauthenticated", 403: "unauthenticated", 404: "absent"}
_TAGS: Final = {"ionq.circuit.v1", "ionq.multi-circuit.v1", "ionq.qasm3.v1", "qis", "native"}
"""What pydantic calls the branches of its unions; no client wrote these as keys."""
_NAMESPACE: Final = UUID("944904d6-2e30-4cfb-8bc4-04afaabcdd42")


def worded(status: int, message: str | None = None, *, source: str = "", keys: tuple[str, ...] = ()) -> web.Response:
    """Word an error; `keys` are the wrong fields, `source` the part of the request they stand in."""
    body = {"statusCode": status, "error": _NAMES.get(status, "Error")}
    body["message"] = message or _MESSAGES.get(status, _OUTAGE if status >= 500 else body["error"])
    validation = {"validation": {"keys": list(keys), "source": source}} if keys else {}
    headers = {"Retry-After": "1"} if status == 429 else {}
    return web.json_response(body | validation, status=status, headers=headers)


def refused(status: int, message: str | None = None) -> RefusedError:
    """Make the refusal that a handler raises."""
    return RefusedError(worded(status, message), _VERDICTS.get(status, "invalid"))


def absent() -> RefusedError:
    """Make the refusal of something that is not there, or is another project's."""
    return refused(404)


def invalid(source: str, key: str, problem: str) -> RefusedError:
    """Make the refusal of one wrong field."""
    return RefusedError(worded(400, f'"{key}" {problem}', source=source, keys=(key,)))


def misread(error: ValidationError, source: str) -> RefusedError:
    """Make the refusal of what the models refuse; values are not repeated, they may be somebody's circuit."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    paths = ([part for part in each["loc"] if part not in _TAGS] for each in found)
    keys = tuple(dict.fromkeys(".".join(map(str, path)) or source for path in paths))[:10]
    return RefusedError(worded(400, f'"{keys[0]}": {found[0]["msg"]}', source=source, keys=keys))


def iso(seconds: float | None) -> str | None:
    """Write a time, or nothing where there is none yet."""
    return None if seconds is None else stamp(seconds)


def stamp(seconds: float) -> str:
    """Write a time."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def named(*parts: object) -> str:
    """Give the UUID that belongs to a name, always the same."""
    return str(uuid5(_NAMESPACE, "/".join(map(str, parts))))
