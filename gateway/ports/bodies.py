"""From received bytes to a checked model: strict JSON, strict types, and what nobody knows as JSON pointers.

Every dialect reads its bodies with this, so that one mistake is told in the same words whoever's SDK made it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from gateway.domain import strict_json
from gateway.domain.errors import RefusedError
from gateway.domain.malformed import InvalidValueError, MissingFieldError, UnknownFieldError, WrongTypeError


class WireModel(BaseModel):
    """A JSON object of a vendor's; `model_extra` holds what nobody here knows. A dialect makes its own base of it."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    in_words: ClassVar[Mapping[str, str]] = {}
    """What to tell people instead of a pattern, by pattern."""


Model = TypeVar("Model", bound=WireModel)

MOST_POINTERS: Final = 50
LONGEST_POINTER: Final = 160

_JSON_TYPES: Final = {
    dict: "an object",
    list: "an array",
    str: "text",
    bool: "true or false",
    int: "an integer",
    float: "a number",
    type(None): "null",
}
_ALLOWED: Final = {
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
        raise _refusal(error.errors(include_url=False)[0], under, model.in_words) from None


def complete(model: type[Model], body: bytes) -> Model:
    """Read a small body in which a field that would be ignored misleads.

    Raises:
        UnknownFieldError: the body holds a field that the model does not know.
    """
    parsed = parse(model, body)
    for pointer, owner in _unknown(parsed, ""):
        names = type(owner).model_fields
        raise UnknownFieldError(pointer=pointer, known=(_wire_name(type(owner), name) for name in names))
    return parsed


def unknown(model: WireModel, under: str = "") -> Iterator[str]:
    """List JSON pointers (RFC 6901) of the fields that the model does not know, at any depth."""
    return (pointer for pointer, _ in _unknown(model, under))


def _unknown(model: WireModel, under: str) -> Iterator[tuple[str, WireModel]]:
    for name in model.model_extra or {}:
        yield f"{under}/{_escaped(name)}"[:LONGEST_POINTER], model
    for name in type(model).model_fields:
        if isinstance(value := getattr(model, name), WireModel | list):
            pointer = f"{under}/{_wire_name(type(model), name)}"
            for index, inner in _models(value):
                yield from _unknown(inner, pointer + index)


def _models(value: WireModel | list[Any]) -> Iterator[tuple[str, WireModel]]:
    if isinstance(value, WireModel):
        yield "", value
    else:
        yield from ((f"/{index}", item) for index, item in enumerate(value) if isinstance(item, WireModel))


def _wire_name(model: type[WireModel], name: str) -> str:
    return model.model_fields[name].alias or name


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _refusal(error: ErrorDetails, under: str, in_words: Mapping[str, str]) -> RefusedError:
    # A key of the client's own choice stands in the place of a wrong member; it is cut short, and never a value.
    pointer = under + "".join(f"/{_escaped(str(part))}" for part in error["loc"] if part != "[key]")
    pointer = pointer[:LONGEST_POINTER]
    if error["type"] == "missing":
        return MissingFieldError(pointer=pointer)
    if error["type"] in _ALLOWED:
        found = _JSON_TYPES[type(error["input"])]
        return WrongTypeError(pointer=pointer, found=found, allowed=_ALLOWED[error["type"]])
    # pydantic's sentences name the constraint and never the value.
    pattern = (error.get("ctx") or {}).get("pattern", "")
    return InvalidValueError(place=pointer or "the body", allowed=in_words.get(pattern, error["msg"].lower()))
