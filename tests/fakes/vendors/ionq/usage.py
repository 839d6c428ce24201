"""What IonQ's organization used: jobs of hardware that completed, by period and by group."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from aiohttp import web

from tests.fakes.vendors.ionq.job import Job
from tests.fakes.vendors.ionq.words import invalid

TOP_GROUPS: Final = 5
_GROUPS: Final = ("job", "project", "user")
_MODALITIES: Final = ("daily", "weekly", "monthly")


def usage(request: web.Request, organization_id: str, jobs: Iterable[Job]) -> dict[str, Any]:
    """Report on the days from `start_date` up to, but not with, `end_date`."""
    start, end = _day(request, "start_date"), _day(request, "end_date")
    group, modality = _one_of(request, "group_by", _GROUPS), _one_of(request, "modality", _MODALITIES)
    used = [job for job in jobs if job.device.hardware and job.status == "completed" and start <= _ended(job) < end]
    periods: defaultdict[date, list[Job]] = defaultdict(list)
    for job in used:
        periods[_first_day(_ended(job), modality)].append(job)
    return {
        "organization": organization_id,
        "group_type": group,
        "modality": modality,
        "start_date": start.isoformat(),
        "end_date": end.isoformat(),
        "usage_from": f"{start}T00:00:00Z",
        "usage_to": f"{end}T00:00:00Z",
        "usage_unit": "USD",
        "amount_total": _amount(used),
        "job_count": len(used),
        "time_us_total": sum(job.compute_us() for job in used),
        "usage_data": [_period(day, periods[day], group) for day in sorted(periods, reverse=True)],
    }


def _period(day: date, jobs: Sequence[Job], group: str) -> dict[str, Any]:
    groups: defaultdict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        groups[{"job": job.id, "project": job.project_id, "user": job.submitter_id}[group]].append(job)
    shown = [{"group_id": name, "group_name": f"{group} {name[:8]}"} | _sums(mine) for name, mine in groups.items()]
    dearest = sorted(shown, key=lambda each: each["amount"], reverse=True)[:TOP_GROUPS]
    return {"from": day.isoformat(), **_sums(jobs), "group_usages": dearest}


def _sums(jobs: Sequence[Job]) -> dict[str, Any]:
    return {"amount": _amount(jobs), "job_count": len(jobs), "time_us": sum(job.compute_us() for job in jobs)}


def _amount(jobs: Iterable[Job]) -> float:
    return round(sum(job.billed() for job in jobs), 6)


def _ended(job: Job) -> date:
    return datetime.fromtimestamp(job.ended_at or 0, UTC).date()


def _first_day(day: date, modality: str) -> date:
    if modality == "monthly":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if modality == "weekly" else day


def _day(request: web.Request, name: str) -> date:
    try:
        return date.fromisoformat(request.query.get(name, ""))
    except ValueError as error:
        raise invalid("query", name, "is required and must be a date") from error


def _one_of(request: web.Request, name: str, allowed: Sequence[str]) -> str:
    given = request.query.get(name, "")
    if given not in allowed:
        raise invalid("query", name, f"is required and must be one of {', '.join(allowed)}")
    return given
