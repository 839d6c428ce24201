"""Spending limits: the gateway's own limits on money, shown as Braket shows its own, and changed only by operators.

Braket keeps one for a device; here one may count many, and is shown once for each device that it counts. Amounts are
exact decimals; a limit that nothing resets ends, for Braket's clients, in 2100.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from adapters.braket import arns
from adapters.braket.wire import SearchLimitsBody
from gateway.domain.backend import Backend, ExecutionKind
from gateway.domain.budget import Period, Standing, Unit
from gateway.domain.clock import rfc3339
from gateway.ports import bodies
from gateway.ports.answers import LimitsView
from gateway.ports.dialect import WireRequest
from gateway.ports.operations import ShowLimits

_MICROS: Final = 1_000_000
_PAGE: Final = 20
_CURRENCY: Final = "USD"
"""The only one that Braket's clients know."""
_ENDLESS: Final = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchLimits(ShowLimits):
    """SearchSpendingLimits."""

    region: str
    devices: frozenset[str] | None
    """ARNs; `None` is all."""
    offset: int
    most: int


def search(request: WireRequest, *, region: str) -> SearchLimits:
    """Read which limits are asked for; filters narrow one another.

    Raises:
        RefusedError: a filter that is not known.
    """
    body = bodies.complete(SearchLimitsBody, request.body)
    named = [frozenset(each.values) for each in body.filters]
    return SearchLimits(
        backend=None,
        region=region,
        devices=frozenset.intersection(*named) if named else None,
        offset=int(body.page or 0),
        most=body.most or _PAGE,
    )


def found(asked: SearchLimits, answer: LimitsView) -> dict[str, Any]:
    """Show a page of limits, and where the next one begins."""
    every = list(_every(asked, answer))
    end = asked.offset + asked.most
    page: dict[str, Any] = {"spendingLimits": every[asked.offset : end]}
    return {**page, "nextToken": str(end)} if end < len(every) else page


def _every(asked: SearchLimits, answer: LimitsView) -> Iterator[dict[str, Any]]:
    for backend in answer.backends:
        arn = arns.device(backend.name, backend.kind)
        if not _is_asked_for(asked, backend, arn):
            continue
        for standing in answer.standings:
            limit = standing.limit
            counted = (limit.unit, limit.currency) == (Unit.MONEY, _CURRENCY) and limit.upstream in {
                "",
                backend.upstream,
            }
            if counted and limit.window.period is not Period.OPEN:
                yield _summary(asked.region, answer.project_id, arn, standing)


def _is_asked_for(asked: SearchLimits, backend: Backend, arn: str) -> bool:
    return (
        backend.kind is ExecutionKind.HARDWARE
        and arns.region(arn) in {"", asked.region}
        and (asked.devices is None or arn in asked.devices)
    )


def _summary(region: str, project_id: str, arn: str, standing: Standing) -> dict[str, Any]:
    limit = standing.limit
    number = sha256(f"{limit.id} {arn}".encode()).hexdigest()[:32]
    begins, ends = standing.begins_at or limit.created_at, standing.resets_at or _ENDLESS
    return {
        "spendingLimitArn": f"arn:aws:braket:{region}:{arns.account(project_id)}:spending-limit/{number}",
        "deviceArn": arn,
        "timePeriod": {"startAt": begins.timestamp(), "endAt": ends.timestamp()},
        "spendingLimit": _dollars(standing.allowed),
        "queuedSpend": _dollars(standing.held),
        "totalSpend": _dollars(standing.settled),
        "createdAt": rfc3339(limit.created_at),
        "updatedAt": rfc3339(limit.created_at),
        "tags": {"qgw:limit": limit.name},
    }


def _dollars(micros: int) -> str:
    return f"{Decimal(micros) / _MICROS:f}"
