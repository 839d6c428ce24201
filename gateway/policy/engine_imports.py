"""Imports said in full, for regorus: it evaluates a whole package for any rule that is named by way of an import.

OPA reads `names.backend` below `import data.gateway.names` as `data.gateway.names.backend`, and evaluates that rule
alone. Said so, regorus does the same. An import whose name stands for anything else in its file stays as it is.
"""

import re
from typing import Final

_IMPORT: Final = re.compile(r"^import (data(?:\.\w+)+)(?: as (\w+))?[ \t]*(?=#|$)", re.MULTILINE)


def in_full(code: str) -> str:
    """Say what is imported by its path wherever it is used; `code` has no texts and no comments."""
    for path, alias in _IMPORT.findall(code):
        code = _unfolded(code, alias or path.rpartition(".")[2], path)
    return code


def _unfolded(code: str, name: str, path: str) -> str:
    used = re.compile(rf"^(?:import|package) .*$|(^|(?<![\w.])){name}\b(\.?)", re.MULTILINE)
    if any(_is_another(match) for match in used.finditer(code)):
        return code
    return used.sub(lambda match: match[0] if match[2] is None else f"{path}.", code)


def _is_another(match: re.Match[str]) -> bool:
    """Say whether a name stands alone or begins a line, as a variable, an argument or a rule of this file does."""
    return match[2] is not None and (not match[2] or match.string[match.start() - 1 : match.start()] in {"", "\n"})
