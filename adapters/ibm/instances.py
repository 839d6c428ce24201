"""The virtual instance: a project dressed up as an IBM Cloud resource, as search and catalog show it.

The CRN carries nothing but the opaque id of the project's instance; the key alone decides who one is.
"""

from typing import Any
from uuid import UUID

from gateway.ports.answers import Instance, UsageView


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
    """Answer for a project's usage, in seconds; no limit means no limit fields."""
    answer: dict[str, Any] = {
        "instance_id": crn(view.instance),
        "plan_id": view.instance.id,
        "usage_consumed_seconds": view.used_seconds,
        "usage_period": {"start_time": view.period_start.isoformat(), "end_time": view.period_end.isoformat()},
        "usage_limit_reached": False,
    }
    if view.allocation_seconds is not None:
        answer["usage_allocation_seconds"] = view.allocation_seconds
        answer["usage_limit_seconds"] = view.allocation_seconds
        answer["usage_limit_reached"] = view.used_seconds >= view.allocation_seconds
    return answer


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
