"""Where regorus takes a statement otherwise than OPA does, and the same statement can be said so that both agree.

`some x in input.circuits` is undefined on OPA where that is null, and an error on regorus, which takes the whole
decision with it; `x := input.circuits[_]` is undefined on both. Lines stay where they are. What cannot be said
otherwise is refused by `gateway.policy.portable`.
"""

import re
from typing import Final

_NAME: Final = r"[a-z][a-zA-Z0-9_]*"
_REFERENCE: Final = rf"{_NAME}(?:\.\w+|\[\w+\])+"
_SOME: Final = re.compile(rf"\bsome (?:({_NAME}), )?({_NAME}) in ({_REFERENCE})(?=\s*(?:[;\]}}]|$))", re.MULTILINE)
_TEXT: Final = re.compile(r'("(?:[^"\\\n]|\\.)*"|`[^`]*`|#[^\n]*)')


def spoken(text: str) -> str:
    """Say a file of Rego so that regorus understands it as OPA does; texts and comments stay as they are."""
    parts = _TEXT.split(text)
    parts[::2] = [_SOME.sub(_indexed, code) for code in parts[::2]]
    return "".join(parts)


def _indexed(match: re.Match[str]) -> str:
    key, value, collection = match.groups()
    return f"{value} := {collection}[_]" if key is None else f"some {key}; {value} := {collection}[{key}]"
