"""What a rule refers to must be there: a misspelt fact is undefined on every engine, and its rule never fires.

Facts are held against the schema, tables and packages against the tree. Only what is written as a path is seen; a path
that a rule computes is not.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, get_type_hints

import msgspec

from gateway.policy.bundle import Bundle
from gateway.policy.nouns import Facts

_INPUT: Final = re.compile(r"(?<![\w.])input\.(\w+)(?:\.(\w+))?")
_GOT: Final = re.compile(r'object\.get\(input, \["(\w+)"(?:, "(\w+)")?')
_TABLE: Final = re.compile(r"(?<![\w.])data\.org\.(\w+)")
_PACKAGE: Final = re.compile(r"^import data\.(gateway(?:\.\w+)+)", re.MULTILINE)


def findings(bundle: Bundle, text: str) -> Iterator[tuple[int, str]]:
    """Give line number and words for every reference to what is not there."""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.lstrip().startswith("#"):
            yield from ((number, words) for words in _line(bundle, line))


def _line(bundle: Bundle, line: str) -> Iterator[str]:
    for noun, key in [*_INPUT.findall(line), *_GOT.findall(line)]:
        if noun not in _nouns():
            yield f"there is no fact input.{noun}; policies/schemas/input.json has them all"
        elif key and _nouns()[noun] and key not in _nouns()[noun]:
            yield f"there is no fact input.{noun}.{key}; policies/schemas/input.json has them all"
    for table in _TABLE.findall(line):
        if table not in bundle.data.get("org", {}):
            yield f"there is no table data.org.{table}; it would stand in org/{table}/data.json"
    for package in _PACKAGE.findall(line):
        if not any(path.startswith(f"{package.replace('.', '/')}/") for path in (*bundle.rego, *bundle.tests)):
            yield f"there is no package {package}"


@cache
def _nouns() -> Mapping[str, frozenset[str]]:
    """Give the facts of each noun; of lists and single values none, which a path cannot name."""
    return {name: _keys(kind) for name, kind in get_type_hints(Facts).items()}


def _keys(kind: Any) -> frozenset[str]:
    fields = getattr(kind, "__struct_fields__", ())
    return frozenset(fields if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else ())
