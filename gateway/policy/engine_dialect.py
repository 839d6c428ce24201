"""Where regorus takes a statement otherwise than OPA does, and the same statement can be said so that both agree.

`some x in input.circuits` is undefined on OPA where that is null, and an error on regorus, which takes the whole
decision with it; `x := input.circuits[_]` is undefined on both, as is a look at the type before it. `not f(input.x)`
is undefined on OPA where `input.x` is, and true on regorus; `input.x == input.x; not f(input.x)` is undefined on both.
Lines stay where they are. What cannot be said otherwise is refused by `gateway.policy.portable`.
"""

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from gateway.policy.engine_imports import in_full
from gateway.policy.portable import undefinable

_NAME: Final = r"[a-z][a-zA-Z0-9_]*"
_REFERENCE: Final = rf"_?{_NAME}(?:\.\w+|\[\w+\])+"
_ENDS: Final = r"(?=\s*(?:[;\]}#]|$))"
_SOME: Final = re.compile(rf"(\bif )?\bsome (?:({_NAME}|_), )?({_NAME}|_) in ({_REFERENCE}){_ENDS}", re.MULTILINE)
_COLLECTIONS: Final = '{"array", "object", "set"}'
_TEXT: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`]*`|#[^\n]*')
_KEPT: Final = re.compile(r'"(\d+)"|#(\d+)')

_NEGATION: Final = re.compile(
    r"(?P<before>^[ \t]*|[;{|][ \t]*|\bif )not (?P<said>[^;#\n]+?)(?=[ \t]*(?:[;#]|$))", re.MULTILINE
)
_COMPREHENSION: Final = re.compile(r"[\[{][^\[\]{}|]*\|[^\[\]{}]*(?:[\[{][^\[\]{}]*[\]}][^\[\]{}]*)*[\]}]")
_PART: Final = re.compile(r"(?<![\w.\]])([a-z_]\w*(?:\.\w+|\[[^\[\]]*\])*)(?![\w.\[(])")
_PLAIN: Final = re.compile(r"[a-z_]\w*(?:\.\w+|\[[^\[\]]*\])*")
_KEY: Final = re.compile(r"\[([^\[\]]*)\]")
_DOCUMENTS: Final = frozenset({"input", "data"})
_EQUALITY: Final = re.compile(r"(?<![!<>:=])==?(?!=)")


def spoken(text: str) -> str:
    """Say a file of Rego so that regorus understands it as OPA does; texts and comments stay as they are."""
    texts: list[str] = []
    code = _TEXT.sub(partial(_put_aside, texts), text)
    code = _NEGATION.sub(partial(_assured, undefinable(code) - _DOCUMENTS), _SOME.sub(_indexed, code))
    return _KEPT.sub(lambda match: texts[int(match[1] or match[2])], in_full(code))


def _put_aside(texts: list[str], match: re.Match[str]) -> str:
    texts.append(match[0])
    return f"#{len(texts) - 1}" if match[0].startswith("#") else f'"{len(texts) - 1}"'


def _indexed(match: re.Match[str]) -> str:
    condition, key, value, collection = match.groups(default="")
    if value == "_" and not key:
        return match[0]
    if key in {"", "_"}:
        return f"{condition}{value} := {collection}[_]"
    # `some key; value := collection[key]` would be an error of regorus the second time it comes by.
    said = f"type_name({collection}) in {_COLLECTIONS}; some {key}, {value} in {collection}"
    return f"{condition}{{ {said} }}" if condition else said


# ── what is negated ──────────────────────────────────────────────────────────────────────────────
def _assured(doubtful: frozenset[str], match: re.Match[str]) -> str:
    """Have what a negated statement is given be there first; a whole statement behind `if` needs braces then."""
    before, said = match["before"], match["said"]
    given = dict.fromkeys(part for part in _given(said) if part in doubtful or not part.isidentifier())
    if not given or " with " in said or (before == "if " and not _whole(said)):
        return match[0]
    assured = "".join(f"{part} == {part}; " for part in given)
    return f"{before}{{ {assured}not {said} }}" if before == "if " else f"{before}{assured}not {said}"


def _whole(said: str) -> bool:
    """Say whether a statement ends where its line does."""
    return " else " not in said and all(said.count(one) == said.count(other) for one, other in ("()", "[]", "{}"))


def _given(said: str) -> Iterator[str]:
    """Name what OPA looks up before it negates: all but what is negated itself, or compared with another."""
    said = _COMPREHENSION.sub("_", said)
    for side in _EQUALITY.split(said):
        plain = _PLAIN.fullmatch(side.strip(" \t()"))
        for part in _KEY.findall(side) if plain else (side,):
            yield from _PART.findall(part)
