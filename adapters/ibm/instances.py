"""The virtual instance: a project dressed up as an IBM Cloud resource, as search and catalog show it.

The CRN carries nothing but the opaque id of the project's instance; the key alone decides who one is.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.ports.answers import Allowance, Instance, UsageView

_MILLISECONDS: Final = 1000


def crn(instance: Instance) -> str:
    """Write the Cloud Resource Name of an instance."""
    return f"crn:v1:bluemix:public:quantum-computing:{instance.region}:a/{instance.id}:{UUID(instance.id)}::"


def search_result(instances: tuple[Instance, ...]) -> dict[str, Any]:
    """Answer a resource search; the SDK leaves out instances without `extensions`."""
    return {"items": [_resource(instance) for instance in instances], "limit": 100}


def plan(instance: Instance, *, plan_id: str, name: str) -> dict[str, Any]:
    """Answer a catalog lookup. `free` is one of six pricing types that the SDK can sort by."""
    about = f"Virtual instance of the project {instance.name} behind a governance gateway"
    return {
        "id": plan_id,
        "name": name.lower(),
        "kind": "plan",
        "active": True,
        "disabled": False,
        "tags": [],
        "images": {"image": ""},
        "provider": {"name": "quantum governance gateway", "email": ""},
        "overview_ui": {"en": {"display_name": name, "description": about, "long_description": about}},
        "metadata": {"pricing": {"type": "free"}},
    }


def usage(view: UsageView) -> dict[str, Any]:
    """Answer for a project's usage, in seconds; no limit means no limit fields.

    The SDK asks before every submission, and warns when the limit is reached; it takes a limit of 0 for none known.
    """
    answer: dict[str, Any] = {
        "instance_id": crn(view.instance),
        "plan_id": view.instance.id,
        "usage_consumed_seconds": view.used_seconds,
        "usage_period": _period(view.period_start, view.period_end),
        "usage_limit_reached": False,
    }
    return answer if view.allowance is None else answer | _limited(view, view.allowance)


def _limited(view: UsageView, allowance: Allowance) -> dict[str, Any]:
    """Tell the tightest limit in its own window; held time counts, because no other job may have it."""
    allowed = allowance.allowed_milliseconds / _MILLISECONDS
    return {
        "usage_consumed_seconds": allowance.taken_milliseconds / _MILLISECONDS,
        "usage_period": _period(allowance.begins_at or view.period_start, allowance.resets_at or view.period_end),
        "usage_allocation_seconds": allowed,
        "usage_limit_seconds": allowed,
        "usage_limit_reached": allowance.left_milliseconds == 0,
        "qgw": {"limit": allowance.limit},
    }


def _period(start: datetime, end: datetime) -> dict[str, str]:
    return {"start_time": start.isoformat(), "end_time": end.isoformat()}


def _resource(instance: Instance) -> dict[str, Any]:
    return {
        "crn": crn(instance),
        "name": instance.name,
        "service_plan_unique_id": instance.id,
        "service_name": "quantum-computing",
        "region": instance.region,
        "tags": [],
        "doc": {"extensions": {"backends": list(instance.backends)}},
    }
