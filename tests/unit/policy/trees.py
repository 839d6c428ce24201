"""Small trees of policies for tests, written into a temporary directory."""

import json

MAIN = """# METADATA
# title: Decision
# description: A decision as the test wants it.
package gateway.main

decision := input.answer if not input.slow

decision := {"n": count([1 | some x in numbers.range(1, 3000); some y in numbers.range(1, 3000); x + y < 0])} if {
	input.slow == true
}
"""


def tree(directory, files=(), *, main=MAIN):
    """Write a tree: its decision, and whatever else is given as path and content."""
    for path, content in {"gateway/main/main.rego": main, **dict(files)}.items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return directory


def answer(**changes):
    """A decision that allows."""
    return {
        "allow": True,
        "deny": [],
        "warn": [],
        "placement": {"kind": "requested", "reason": ""},
        "obligations": [],
        **changes,
    }
