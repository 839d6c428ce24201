"""The portable subset of Rego: what OPA and regorus agree on, and nothing besides.

Both engines were run against each other; what they differ in is refused here, line by line, so that a rule
means the same wherever it is decided. Built-in functions are an allow-list. The list of differences stands
in docs/reference/policies.md.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial

BUILTINS = frozenset({
    "abs", "array.concat", "array.slice", "ceil", "concat", "contains", "count", "endswith", "floor", "format_int",
    "glob.match", "indexof", "intersection", "is_array", "is_boolean", "is_null", "is_number", "is_object", "is_set",
    "is_string", "json.remove", "lower", "max", "min", "net.cidr_contains", "object.get", "object.keys",
    "object.remove", "object.union", "product", "regex.match", "replace", "round", "set", "sort", "split", "sprintf",
    "startswith", "substring", "sum", "time.parse_rfc3339_ns", "to_number", "trim", "trim_left", "trim_prefix",
    "trim_right", "trim_space", "trim_suffix", "type_name", "union",
})  # fmt: skip
"""Functions that answered alike on both engines."""

_KEYWORDS = frozenset("as contains default else every false if import in not null package some true with".split())  # noqa: SIM905  # reads as one line
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`')
_CALL = re.compile(r"(?<![\w.])([a-z_][\w.]*)\(")
_DEFINED = re.compile(r"^(?:default )?([a-z_]\w*)(\()?", re.MULTILINE)
_IMPORTED = re.compile(r"^import [\w.]*?(\w+)(?: as (\w+))?$", re.MULTILINE)
_NEGATED = re.compile(r"\bnot (.+)$")
_NAME = re.compile(r"(?<![\w.\"])([a-z_]\w*)(?![\w(])")
_PART = re.compile(r"([a-z_]\w*(?:\.\w+|\[[^\]]*\])+)(?!\()")
_HEAD = re.compile(r"^\w+ contains ([a-z_]\w*(?:\.\w+|\[[^\]]*\])+)(?= if |$)")
_SET = re.compile(r"^\w+ contains [^\n]*(?:\n(?:[ \t})\]][^\n]*)?)*", re.MULTILINE)
_WHOLE = re.compile(r"(?<![\w.])([a-z_]\w*)((?:\.\w+|\[[^\]]*\])+)(?![\w.\[(])")
_KEY = re.compile(r"\[([^\[\]]*)\]")
_VERBS = re.compile(r'sprintf\(\s*"((?:[^"\\]|\\.)*)"')


def findings(text: str) -> Iterator[tuple[int, str]]:
    """Give line number and words for everything in a file that engines may understand differently."""
    code = _blank_strings(text)
    checks: tuple[Callable[[str], str | None], ...] = (
        partial(_call, known=_functions(code)),
        partial(_negation, known=undefinable(code)),
        _head,
        _number,
        _package,
        _template,
    )
    for number, line in enumerate(code.splitlines(), start=1):
        yield from ((number, words) for check in checks if (words := check(line)))
    yield from _format_verbs(text)
    yield from _unbound_heads(code)


def _call(line: str, *, known: frozenset[str]) -> str | None:
    for name in _CALL.findall(line):
        if name.partition(".")[0] not in known and name not in BUILTINS and name not in _KEYWORDS:
            return f"the function {name} is not in the portable subset"
    return None


def _negation(line: str, *, known: frozenset[str]) -> str | None:
    """OPA evaluates the arguments outside the `not`: an undefined one makes the whole line undefined there."""
    negated = _NEGATED.search(line)
    if negated is None:
        return None
    given = _given(negated[1].partition(" with ")[0])
    # A part of something may be missing, and so may a rule; a variable of this body cannot be.
    doubtful = _PART.findall(given) or [name for name in _NAME.findall(given) if name in known]
    if not doubtful:
        return None
    return f"`not` before something that is given {doubtful[0]}: put that into a rule of its own and negate the rule"


def _given(expression: str) -> str:
    """Cut out of a negated expression what it is given: arguments, operands of `in`, or keys in brackets."""
    if "(" in expression:
        return expression.partition("(")[2]
    return expression if " in " in expression else " ".join(_KEY.findall(expression))


def _head(line: str) -> str | None:
    """Where the part is missing, OPA leaves this element out, and regorus fails as a whole."""
    head = _HEAD.match(line)
    return None if head is None else f"`contains {head[1]}`: a part may be missing; name it in the body first"


def _unbound_heads(code: str) -> Iterator[tuple[int, str]]:
    """The same of all that a head is made of: a part of what the body finds must be named there, too."""
    certain = (undefinable(code) | _always_defined(code)) - {"input", "data"}
    for rule in _SET.finditer(code):
        head, _, body = rule[0].partition(" if ")
        added = head.partition(" contains ")[2].strip()
        parts = {match[0]: match[1] for match in _WHOLE.finditer(added) if match[0] != added}
        for part in (part for part, base in parts.items() if base not in certain and part not in body):
            line = code.count("\n", 0, rule.start()) + 1
            yield line, f"`{part}` in what `contains` adds: it may be missing; name it in the body first"


def _number(line: str) -> str | None:
    return "a number with a fraction; engines round differently" if re.search(r"(?<![\w.])\d+\.\d", line) else None


def _package(line: str) -> str | None:
    if line.startswith("package ") and (words := _KEYWORDS & set(line.removeprefix("package ").split("."))):
        return f"the package name has the keyword {min(words)}"
    return None


def _template(line: str) -> str | None:
    return "template strings are unknown to regorus; use sprintf" if "$" in line else None


def _format_verbs(text: str) -> Iterator[tuple[int, str]]:
    for match in _VERBS.finditer(text):
        for verb in re.findall(r"%([^sdvq%])", match[1].replace("%%", "")):
            yield text.count("\n", 0, match.start()) + 1, f"sprintf with %{verb}; only %s %d %v %q are portable"


def _functions(code: str) -> frozenset[str]:
    """Names a call may begin with: functions of this file, and imports."""
    return frozenset(name for name, call in _DEFINED.findall(code) if call) | _imports(code)


def undefinable(code: str) -> frozenset[str]:
    """Give names that can be undefined: documents, imports, and rules of this file without a default."""
    rules = {name for name, call in _DEFINED.findall(code) if not call} - _KEYWORDS
    return frozenset({"input", "data"} | rules) - _always_defined(code) | _imports(code)


def _always_defined(code: str) -> frozenset[str]:
    sets_and_defaults: Mapping[str, str] = {"contains": r"^(\w+) contains ", "default": r"^default (\w+) "}
    return frozenset(name for pattern in sets_and_defaults.values() for name in re.findall(pattern, code, re.MULTILINE))


def _imports(code: str) -> frozenset[str]:
    return frozenset(alias or name for name, alias in _IMPORTED.findall(code))


def _blank_strings(text: str) -> str:
    """Take strings and comments out, keeping lines and columns of the rest."""
    blanked = _STRING.sub(lambda match: re.sub(r"[^\n]", "_", match[0]), text)
    return re.sub(r"#.*", "", blanked)
