"""Trying the rules about texts on a file, before they are in force: what a job or result like it would show."""

from dataclasses import replace

from gateway.circuits.sandbox import Sandbox, SandboxLimits
from gateway.domain.leaks import LeakRule, LeakRules, ResultAction, Screened

NAME = "file"
_NOBODY = {"project_id": "nobody", "principal_id": "nobody"}


async def look_through(content: bytes, rules: LeakRules, limits: SandboxLimits) -> list[tuple[LeakRule, int]]:
    """Give the rules that find something in a file, and how often; worker processes come up for it and go again.

    Raises:
        UnreadablePayloadError: only at too high a cost.
        ValueError: it holds no texts, or more than anybody reads.
    """
    sandbox = Sandbox({}, limits)
    await sandbox.start()
    try:
        found = await sandbox.screen({NAME: content}, rules=_telling(rules), **_NOBODY)
    finally:
        await sandbox.close()
    return _by_rule(found, rules)


def _telling(rules: LeakRules) -> LeakRules:
    """Let every rule tell what it finds, and take nothing out."""
    return LeakRules(tuple(replace(rule, results=ResultAction.RECORD) for rule in rules.rules))


def _by_rule(found: Screened, rules: LeakRules) -> list[tuple[LeakRule, int]]:
    if found.unread:
        raise ValueError("it holds no texts, or more than anybody looks through")
    counts = {leak.rule: leak.count for leak in found.leaks}
    return [(rule, counts[rule.id]) for rule in rules.rules if rule.id in counts]
