"""Filters of SearchQuantumTasks, and the pages of every list."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from tests.fakes.vendors.aws.tasks import Task

_TEXTS: Final = ("quantumTaskArn", "deviceArn", "jobArn", "status")


def chosen(task: Task, filters: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether a task passes every filter; raises `ValueError` on one that Braket does not have."""
    return all(_passes(task, each["name"], each["operator"], each["values"]) for each in filters)


def page(name: str, items: Sequence[Any], params: Mapping[str, Any], usual: int) -> dict[str, Any]:
    """Give the page that `nextToken` and `maxResults` ask for, and the token of the next if there is one."""
    token = params.get("nextToken", "0")
    start = int(token) if token.isdigit() else 0
    end = start + params.get("maxResults", usual)
    return {name: list(items[start:end])} | ({"nextToken": str(end)} if end < len(items) else {})


def _passes(task: Task, name: str, operator: str, values: Sequence[str]) -> bool:
    if name == "createdAt":
        return _compare(_time(task.created_at), operator, [_time(each) for each in values])
    if name not in _TEXTS:
        raise ValueError(f"Filter name {name} is not supported.")
    if operator != "EQUAL":
        raise ValueError(f"Operator {operator} is not supported for {name}.")
    own = {"quantumTaskArn": task.arn, "deviceArn": task.request["deviceArn"], "status": task.status}
    return own.get(name) in values


def _compare(created: datetime, operator: str, values: Sequence[datetime]) -> bool:
    if len(values) != (2 if operator == "BETWEEN" else 1):
        raise ValueError(f"Operator {operator} takes another number of values than {len(values)}.")
    match operator:
        case "LT":
            return created < values[0]
        case "LTE":
            return created <= values[0]
        case "GT":
            return created > values[0]
        case "GTE":
            return created >= values[0]
        case "BETWEEN":
            return values[0] <= created <= values[1]
    return created == values[0]


def _time(text: str) -> datetime:
    """Read an ISO 8601 time; one without a zone is UTC."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)
