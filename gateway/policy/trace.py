"""What each rule found on the way to a decision, for people: its values, what it said, and which lines were reached.

Read from the embedded engine: every rule of every package, private ones too, is a value that can be asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from gateway.domain.errors import InsecureError
from gateway.policy import metadata
from gateway.policy.bundle import Bundle
from gateway.policy.embedded import MODULE, START_SECONDS, load_message
from gateway.processes.supervise import Child

SAYS: Final = ("deny", "divert", "warn", "obligations")
_PROBE: Final = {"gateway/trace/trace.rego": "package gateway.trace\n\nrules := data.gateway.rules\n"}
_RULES: Final = "data.gateway.trace.rules"


class PolicyTraceError(InsecureError):
    """The policies do not load, or fail, so there is nothing to follow."""

    code = "policy-trace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rule, evaluated."""

    rule: str
    title: str
    said: Mapping[str, Sequence[Any]]
    """`deny`, `divert`, `warn` and `obligations`, as far as there are any."""
    values: Mapping[str, Any]
    """What it worked out on the way, by the name it has in the file."""
    path: str
    lines: tuple[tuple[int, str, bool], ...]
    """Number, text, and whether it was reached; blank lines and comments are left out."""


async def trace(bundle: Bundle, facts: bytes) -> list[Step]:
    """Evaluate every rule on facts, in the order of their ids; those that said something come first.

    Raises:
        PolicyTraceError: the policies do not load, or fail on these facts.
    """
    message = load_message(bundle)
    message |= {"rego": {**message["rego"], **_PROBE}, "coverage": True}
    child = await Child.spawn(MODULE)
    try:
        await child.request(message, deadline_seconds=START_SECONDS)
        asked = {"do": "evaluate", "rule": _RULES, "input": facts}
        answer = await child.request(asked, deadline_seconds=START_SECONDS)
        report = await child.request({"do": "coverage"}, deadline_seconds=START_SECONDS)
    finally:
        await child.close()
    if "json" not in answer:
        raise PolicyTraceError(f"the policies cannot be followed: {answer.get('error', 'they give nothing')}")
    held = {file["path"]: file for file in msgspec.json.decode(report["json"])["files"]}
    steps = list(_steps(bundle, msgspec.json.decode(answer["json"]), held))
    return sorted(steps, key=lambda each: (not each.said, each.rule))


def _steps(bundle: Bundle, found: Mapping[str, Any], held: Mapping[str, Any]) -> Iterator[Step]:
    for area, rules in found.items():
        for rule, values in rules.items():
            path = f"gateway/rules/{area}/{rule}/{rule}.rego"
            text = bundle.rego[path]
            yield Step(
                rule=f"{area}/{rule.replace('_', '-')}",
                title=metadata.read(text).title,
                said={name: values[name] for name in SAYS if values.get(name)},
                values={name: value for name, value in values.items() if name not in SAYS},
                path=path,
                lines=tuple(_lines(text, held.get(path, {}))),
            )


def _lines(text: str, held: Mapping[str, Sequence[int]]) -> Iterator[tuple[int, str, bool]]:
    ran, not_ran = set(held.get("covered", ())), set(held.get("not_covered", ()))
    for number, line in enumerate(text.splitlines(), start=1):
        if number in ran or number in not_ran:
            yield number, line, number in ran
