"""Braket's published service model, as botocore carries it: which operation is asked, and whether it is well-formed.

Stricter than the SDK's own check, which leaves maxima, patterns and enumerations to the service. Answers are checked
with the same model before they leave, so the fake cannot teach anybody a wrong shape.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, unquote

from botocore.loaders import Loader  # type: ignore[import-untyped]  # ships no types
from botocore.model import ServiceModel  # type: ignore[import-untyped]  # as above
from botocore.validate import ParamValidator, ValidationErrors  # type: ignore[import-untyped]  # as above

Params = dict[str, Any]


class ModelError(ValueError):
    """A request that the model does not allow; the sentence is for the user."""


class Found(NamedTuple):
    """An operation of the model, and what its path said."""

    name: str
    located: Mapping[str, str]


class ServiceShapes:
    """The operations of Braket."""

    def __init__(self) -> None:
        self._service = ServiceModel(Loader().load_service_model("braket", "service-2"), "braket")
        self._operations = {name: self._service.operation_model(name) for name in self._service.operation_names}
        self._routes = [(each.http["method"], _pattern(each.http["requestUri"]), name) for name, each in self._all()]

    def routes(self) -> Sequence[tuple[str, str]]:
        """Give method and path template of every operation."""
        return [(each.http["method"], each.http["requestUri"]) for _, each in self._all()]

    def status(self, operation: str) -> int:
        """Give the status of success."""
        return int(self._operations[operation].http["responseCode"])

    def find(self, method: str, raw_path: str) -> Found | None:
        """Find the operation of a raw path; an ARN is one segment of it, its slashes encoded."""
        for wanted, pattern, name in self._routes:
            if method == wanted and (found := pattern.fullmatch(raw_path)):
                return Found(name, {key: unquote(value) for key, value in found.groupdict().items()})
        return None

    def read(self, found: Found, raw_query: str, body: bytes) -> Params:
        """Read path, query and body into the operation's parameters; raises `ModelError`."""
        shape = self._operations[found.name].input_shape
        located = {name: each for name, each in shape.members.items() if each.serialization.get("location")}
        params: Params = {**found.located, **_queried(located, raw_query)}
        inside = set(shape.members) - set(located)
        params |= _json(body) if inside else _nothing(body)
        _check(params, shape)
        return params

    def check_answer(self, operation: str, answer: Mapping[str, Any]) -> None:
        """Assert that an answer is what the model promises."""
        _check(dict(answer), self._operations[operation].output_shape)

    def _all(self) -> Sequence[tuple[str, Any]]:
        return list(self._operations.items())


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))


def _queried(located: Mapping[str, Any], raw_query: str) -> Params:
    known = {each.serialization["name"]: (name, each) for name, each in located.items() if _in_query(each)}
    params: Params = {}
    for key, value in parse_qsl(raw_query, keep_blank_values=True):
        if key not in known:
            raise ModelError(f'Unknown query parameter "{key}"')
        name, shape = known[key]
        if shape.type_name == "list":
            params.setdefault(name, []).append(value)
        else:
            params[name] = value
    return params


def _in_query(shape: Any) -> bool:
    return bool(shape.serialization.get("location") == "querystring")


def _nothing(body: bytes) -> Params:
    if body:
        raise ModelError("This operation takes no body")
    return {}


def _json(body: bytes) -> Params:
    try:
        read = json.loads(body or b"{}", object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ModelError("The request body is not valid JSON") from error
    if not isinstance(read, dict):
        raise ModelError("The request body must be a JSON object")
    return read


def _once(pairs: list[tuple[str, Any]]) -> Params:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _check(params: Params, shape: Any) -> None:
    report = _StrictValidator().validate(params, shape)
    if report.has_errors():
        raise ModelError(f"1 validation error detected: {report.generate_report()}")


class _Report(ValidationErrors):  # type: ignore[misc]  # botocore ships no types
    """Words the troubles botocore does not look for."""

    def _format_error(self, error: tuple[str, str, Mapping[str, Any]]) -> str:
        kind, name, more = error
        known: str | None = super()._format_error(error)
        return known or f"Value at {name.lstrip('.')} failed to satisfy constraint: Member must {kind} {more['limit']}"


class _StrictValidator(ParamValidator):  # type: ignore[misc]  # botocore ships no types
    """botocore's validator, and the constraints it leaves to the service."""

    VALIDATED_METADATA_ATTRS: Final = ParamValidator.VALIDATED_METADATA_ATTRS | {"max", "pattern", "enum"}

    def validate(self, params: Any, shape: Any) -> _Report:
        errors = _Report()
        self._validate(params, shape, errors, name="")
        return errors

    def _validate(self, params: Any, shape: Any, errors: Any, name: str) -> None:
        super()._validate(params, shape, errors, name)
        limits = shape.metadata
        if isinstance(params, bool) and shape.type_name in {"integer", "long", "double", "float"}:
            errors.report(name, "not be", limit="a boolean")
        if "max" in limits and (size := _size(params)) is not None and size > limits["max"]:
            errors.report(name, "be at most", limit=limits["max"])
        if not isinstance(params, str):
            return
        if "enum" in limits and params not in limits["enum"]:
            errors.report(name, "be one of", limit=", ".join(limits["enum"]))
        if "pattern" in limits and re.fullmatch(limits["pattern"], params) is None:
            errors.report(name, "match", limit=limits["pattern"])


def _size(value: Any) -> float | None:
    if isinstance(value, str | list | dict):
        return len(value)
    return value if isinstance(value, int | float) else None
