"""Obligations: what policy may ask the gateway to do when it lets a job go.

A closed list. A kind that is not here, or parameters that do not fit, deny the job: an obligation that
nobody keeps is worse than none.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from gateway.domain.decision import Decision

LIMIT_EXECUTION: Final = "limit-execution"
"""Stop the job after so many seconds of execution: `{"seconds": n}`, n at least 1."""


def _limits_execution(parameters: Mapping[str, Any]) -> bool:
    seconds = parameters.get("seconds")
    return set(parameters) == {"seconds"} and type(seconds) is int and seconds >= 1


KNOWN: Final[Mapping[str, Callable[[Mapping[str, Any]], bool]]] = {LIMIT_EXECUTION: _limits_execution}
"""Kind to a check of its parameters."""


def kept(kind: str, parameters: Mapping[str, Any]) -> bool:
    """Say whether the gateway knows an obligation and can keep it."""
    check = KNOWN.get(kind)
    return check is not None and check(parameters)


def execution_limit_seconds(decision: Decision, *given: int | None) -> int | None:
    """Give the shortest of what obligations allow and of what is given besides; `None` is no limit.

    Given are what the caller asked for, and how long the price holds that was quoted by the second.
    """
    limits = [each.parameters["seconds"] for each in decision.obligations if each.kind == LIMIT_EXECUTION]
    return min([*limits, *(seconds for seconds in given if seconds is not None)], default=None)
