"""From received bytes to a checked model: strict JSON, strict types, and what nobody knows as JSON pointers."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from adapters.ionq.wire import IN_WORDS, Wire
from gateway.domain import strict_json
from gateway.domain.errors import RefusedError
from gateway.domain.malformed import InvalidValueError, MissingFieldError, UnknownFieldError, WrongTypeError

Model = TypeVar("Model", bound=Wire)

MOST_POINTERS = 50
LONGEST_POINTER = 160

_JSON_TYPES = {
    dict: "an object",
    list: "an array",
    str: "text",
    bool: "true or false",
    int: "an integer",
    float: "a number",
    type(None): "null",
}
_ALLOWED = {
    "string_type": "text",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "bool_type": "true or false",
    "list_type": "an array",
    "dict_type": "an object",
    "model_type": "an object",
}


def parse(model: type[Model], body: bytes) -> Model:
    """Read a body into a model.

    Raises:
        RefusedError: not strict JSON, a field missing, of the wrong type, or with an impossible value.
    """
    return check(model, strict_json.loads(body))


def check(model: type[Model], value: Any, *, under: str = "") -> Model:
    """Check parsed JSON against a model; `under` is the pointer it stands at."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _refusal(error.errors(include_url=False)[0], under) from None


def complete(model: type[Model], body: bytes) -> Model:
    """Read a small body in which a field that would be ignored misleads.

    Raises:
        UnknownFieldError: the body holds a field that the model does not know.
    """
    parsed = parse(model, body)
    for pointer, owner in _unknown(parsed, ""):
        raise UnknownFieldError(pointer=pointer, known=type(owner).model_fields)
    return parsed


def unknown(model: Wire, under: str = "") -> Iterator[str]:
    """List JSON pointers (RFC 6901) of the fields that the model does not know, at any depth."""
    return (pointer for pointer, _ in _unknown(model, under))


def _unknown(model: Wire, under: str) -> Iterator[tuple[str, Wire]]:
    for name in model.model_extra or {}:
        yield f"{under}/{_escaped(name)}"[:LONGEST_POINTER], model
    for name in type(model).model_fields:
        if isinstance(value := getattr(model, name), Wire):
            yield from _unknown(value, f"{under}/{name}")


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _refusal(error: ErrorDetails, under: str) -> RefusedError:
    pointer = under + "".join(f"/{_escaped(str(part))}" for part in error["loc"])
    if error["type"] == "missing":
        return MissingFieldError(pointer=pointer)
    if error["type"] in _ALLOWED:
        found = _JSON_TYPES[type(error["input"])]
        return WrongTypeError(pointer=pointer, found=found, allowed=_ALLOWED[error["type"]])
    return InvalidValueError(place=pointer or "the body", allowed=_constraint(error.get("ctx") or {}, error["msg"]))


def _constraint(context: Mapping[str, Any], message: str) -> str:
    # pydantic's sentences name the constraint and never the value.
    return IN_WORDS.get(context.get("pattern", ""), message.lower())
