"""A new rule, ready to be changed: the rule, its test, and its page, which pass every check as they are written.

They go into a directory of overrides, in the places where the gateway looks for them.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gateway.domain.errors import InsecureError

_NAME: Final = re.compile(r"([a-z][a-z0-9]*(?:-[a-z0-9]+)*)/([a-z][a-z0-9]*(?:-[a-z0-9]+)*)")


class RuleNameError(InsecureError):
    """No rule can be called so, or one is already."""

    code = "rule-name"


def scaffold(name: str, directory: Path, *, owner: str, taken: frozenset[str]) -> list[Path]:
    """Write a rule that limits shots, with test and page, as a place to begin; gives what was written.

    Args:
        name: `<area>/<rule>`, lower case with hyphens.
        directory: of the overrides.
        owner: who answers for the rule.
        taken: ids of the rules there are.

    Raises:
        RuleNameError: the name is none, or taken.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise RuleNameError(f"{name[:80]!r} is no name of a rule; write area/rule, lower case, with hyphens")
    if name in taken:
        raise RuleNameError(f"there is a rule {name} already; its id is never used again, so choose another")
    area, rule = (part.replace("-", "_") for part in match.groups())
    folder = f"gateway/rules/{area}/{rule}"
    words = {"ID": name, "PACKAGE": folder.replace("/", "."), "OWNER": owner, "TITLE": match[2].replace("-", " ")}
    texts = {f"{folder}/{rule}.rego": _RULE, f"{folder}/{rule}_test.rego": _TEST, f"docs/{area}/{match[2]}.md": _PAGE}
    return [_write(directory / path, text, words) for path, text in texts.items()]


def _write(path: Path, text: str, words: Mapping[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    for word, value in words.items():
        text = text.replace(f"<{word}>", value)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise RuleNameError(f"{path} is there already; nothing was written over it") from None
    return path


_RULE: Final = """\
# METADATA
# title: <TITLE>
# description: >-
#   No job asks for more shots in all than this rule allows. Change what it looks at, and say here what it is for.
# related_resources:
#   - docs/<ID>.md
# custom:
#   owner: <OWNER>
#   severity: medium
package <PACKAGE>

import data.gateway.result

deny contains result.denial("<ID>", message, "ask for fewer shots or split the job") if {
	_shots > _most
	message := sprintf("the job asks for %d shots, this rule allows %d", [_shots, _most])
}

# What is unknown is not allowed; a payload that could not be read is denied by wire/readable.
deny contains result.unknown("<ID>", "the number of shots") if {
	not is_number(_shots)
	input.wire.readable == true
}

default _shots := null

_shots := input.job.total_shots

_most := 1000000
"""
_TEST: Final = """\
package <PACKAGE>_test

import data.<PACKAGE> as rule
import data.gateway.testing

test_allows[name] if {
	some name, shots in {
		"just the limit": 1000000,
		"one shot": 1,
	}

	count(rule.deny) == 0 with input as testing.changed({"job": {"total_shots": shots}})
}

test_denies[name] if {
	some name, shots in {
		"one over": 1000001,
		"a number that nobody knows": null,
	}

	count(rule.deny) == 1 with input as testing.changed({"job": {"total_shots": shots}})
}
"""
_PAGE: Final = """\
# <ID>

What it is for, and who decided so.

* **Denies** a job that asks for more than 1 000 000 shots in all, and one whose number of shots is unknown.
* **What to do** when it denies: ask for fewer shots, or split the job.
* **Owner**: <OWNER>. Change the rule there, never the message alone.
"""
