"""Which regular expressions rules may hold: those that RE2 takes too, and that no text makes slow.

Nothing looks around or back, so that whoever moves a rule into Rego finds it unchanged; and nothing that repeats
without bound stands inside another such, which is what makes a backtracking engine take for ever.
"""

import re
from collections.abc import Iterator
from re import _constants as codes  # type: ignore[attr-defined]  # Python's own parser has no public door
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Final

LONGEST: Final = 1000
MANY: Final = 64
"""From here on a repetition counts as unbounded."""
_FORBIDDEN: Final = {
    codes.ASSERT: "looks ahead or behind",
    codes.ASSERT_NOT: "looks ahead or behind",
    codes.GROUPREF: "refers back to a group",
    codes.GROUPREF_EXISTS: "refers back to a group",
    codes.ATOMIC_GROUP: "holds an atomic group",
    codes.POSSESSIVE_REPEAT: "holds a possessive repetition",
}
_REPEATS: Final = (codes.MAX_REPEAT, codes.MIN_REPEAT)


def problem(pattern: str) -> str | None:
    """Say why a rule may not hold this pattern; `None` when it may."""
    if len(pattern) > LONGEST:
        return f"it has more than {LONGEST} characters"
    try:
        parsed = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"it is no regular expression: {error}"
    if parsed.getwidth()[0] == 0:
        return "it matches the empty text"
    return next(_problems(parsed, inside=False), None)


def _problems(parsed: Any, *, inside: bool) -> Iterator[str]:
    for code, argument in parsed:
        if code in _FORBIDDEN:
            yield f"it {_FORBIDDEN[code]}"
        repeats = code in _REPEATS and (argument[1] is codes.MAXREPEAT or argument[1] >= MANY)
        if repeats and inside:
            yield "something without bound is repeated without bound"
        for part in _parts(argument):
            yield from _problems(part, inside=inside or repeats)


def _parts(argument: Any) -> Iterator[Any]:
    """Give the patterns inside of one, wherever the parser keeps them."""
    if isinstance(argument, parser.SubPattern):
        yield argument
    elif isinstance(argument, tuple | list):
        for each in argument:
            yield from _parts(each)
