"""The reference page of every setting, made from the tree and from each adapter's own model.

`docs/reference/settings.md` is this function's answer; a test keeps it current.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from gateway.settings.tree import PREFIX, Settings

_INTRODUCTION = """# Settings

Defaults, then the TOML file named by `--config` or `GATEWAY_CONFIG`, then environment variables; the last one wins. A
variable's name is `GATEWAY_`, the section, `__`, the field, in capitals; lists are written as JSON. Unknown names are
refused, and so is a configuration that would expose something: the message says how to mend it. Relative paths start
where the command was called. `deploy/gateway.example.toml` is a file to begin with.

This page is made from `gateway/settings` by `make docs`.
"""
_BOUNDS = {Ge: "at least", Gt: "above", Le: "at most", Lt: "below"}


def page(adapters: Mapping[str, type[BaseModel]]) -> str:
    """Write the page; `adapters` are the models of the installed adapters, by name."""
    sections = [*_sections(Settings, ()), *_adapter_sections(adapters)]
    return "\n".join([_INTRODUCTION, *sections])


def names(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[str]:
    """Give the dotted name of every setting below a model."""
    for name, field in model.model_fields.items():
        below = _model(field.annotation)
        yield from names(below, (*path, name)) if below else (".".join((*path, name)),)


def _adapter_sections(adapters: Mapping[str, type[BaseModel]]) -> Iterator[str]:
    for name, model in sorted(adapters.items()):
        yield from _sections(model, ("adapters", name))


def _sections(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[str]:
    plain = {name: field for name, field in model.model_fields.items() if _model(field.annotation) is None}
    if plain:
        yield _section(path, model, plain)
    for name, field in model.model_fields.items():
        if below := _model(field.annotation):
            yield from _sections(below, (*path, name))


def _section(path: tuple[str, ...], model: type[BaseModel], fields: Mapping[str, FieldInfo]) -> str:
    title = f"## `[{'.'.join(path)}]`\n\n{_one_line(model.__doc__)}" if path else "## At the top"
    head = "| Setting | Variable | Values | Default | What it is |\n|---|---|---|---|---|"
    return "\n".join([title, "", head, *(_row((*path, name), field) for name, field in fields.items()), ""])


def _row(path: tuple[str, ...], field: FieldInfo) -> str:
    variable = PREFIX + "__".join(path).upper()
    cells = (f"`{'.'.join(path)}`", f"`{variable}`", _values(field), _default(field), _one_line(field.description))
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _values(field: FieldInfo) -> str:
    bounds = [
        f"{words} {getattr(mark, kind.__name__.lower())}"
        for mark in field.metadata
        for kind, words in _BOUNDS.items()
        if isinstance(mark, kind)
    ]
    return ", ".join([_type(field.annotation), *bounds])


def _type(annotation: Any) -> str:  # noqa: PLR0911  # one line per kind of type
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{part}`" for part in parts)
    if origin is Annotated:
        return _type(parts[0])
    if origin in {Union, UnionType}:
        return " or ".join(_type(part) for part in parts if part is not NoneType)
    if origin in {tuple, list, frozenset}:
        return f"list of {_type(parts[0])}"
    if origin is dict:
        return "table"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(f"`{member.value}`" for member in annotation)
    known = {str: "text", int: "integer", float: "number", bool: "true or false", Path: "path"}
    return known.get(annotation, "address or network")


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        # Its value would be this machine's, and the page is the same for all.
        return "depends on the machine"
    value = field.default
    if value is PydanticUndefined:
        return "must be given"
    if value is None:
        return "absent"
    if isinstance(value, Enum):
        value = value.value
    return f"`{value}`" if not isinstance(value, tuple | list | dict) or value else "empty"


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _model(annotation: Any) -> type[BaseModel] | None:
    kinds = (annotation, *get_args(annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
