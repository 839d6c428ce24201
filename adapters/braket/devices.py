"""GetDevice: a backend as Braket describes one, with what it can do as a JSON text of the vendor's own schemas.

`deviceCapabilities` is read by the class that its header names. An emulated device takes the simulators' schema, so
the SDK knows it for one; a device takes its maker's, and any other hardware IQM's, the plainest of a gate-model QPU.
AQT's cannot be written: it insists on numbers that only AQT has.
"""

import json
from datetime import datetime
from typing import Any

from adapters.braket import arns, prices
from adapters.braket.openqasm import GATES
from adapters.braket.searches import device_summary
from adapters.braket.standardized import standardized
from gateway.domain.backend import Backend, Calibration, ExecutionKind
from gateway.domain.clock import rfc3339
from gateway.ports.answers import BackendView

_SCHEMA = "braket.device_schema"
_SIMULATOR = f"{_SCHEMA}.simulators.gate_model_simulator"
_MAKERS = {
    "ionq": ("ionq.ionq_device_capabilities", "1"),
    "iqm": ("iqm.iqm_device_capabilities", "1"),
    "oqc": ("oqc.oqc_device_capabilities", "1"),
    "rigetti": ("rigetti.rigetti_device_capabilities", "2"),
}
_PLAINEST = "iqm"
_WHOLE_DEVICE = frozenset({"ionq"})
"""Whose schema has one value for a device where others have one per qubit or pair."""
_OBSERVABLES = ["x", "y", "z", "h", "i"]
_MOST_QUEUED = 4000
_ALWAYS = {"executionDay": "Everyday", "windowStartHour": "00:00:00", "windowEndHour": "23:59:59"}


def device_view(view: BackendView, *, poll_milliseconds: int) -> dict[str, Any]:
    """Show one device."""
    return {
        **device_summary(view),
        "deviceCapabilities": json.dumps(_capabilities(view, poll_milliseconds), separators=(",", ":")),
        "deviceQueueInfo": _queues(view.status.queue_length),
    }


def _queues(length: int) -> list[dict[str, str]]:
    normal = f">{_MOST_QUEUED}" if length > _MOST_QUEUED else str(length)
    return [
        {"queue": "QUANTUM_TASKS_QUEUE", "queueSize": normal, "queuePriority": "Normal"},
        {"queue": "QUANTUM_TASKS_QUEUE", "queueSize": "0", "queuePriority": "Priority"},
        {"queue": "JOBS_QUEUE", "queueSize": "0"},
    ]


def _capabilities(view: BackendView, poll_milliseconds: int) -> dict[str, Any]:
    backend, snapshot = view.backend, view.calibration
    if backend.vendor == "braket" and backend.told:
        return _vendors(view, poll_milliseconds)
    told: dict[str, Any] = {
        "braketSchemaHeader": _header(backend),
        "service": _service(view, snapshot.taken_at if snapshot else None, poll_milliseconds),
        "action": {"braket.ir.openqasm.program": _action(backend)},
        "deviceParameters": {},
        "paradigm": _paradigm(backend),
        "qgw": _truth(backend, snapshot),
    }
    if snapshot is not None:
        told["standardized"] = standardized(snapshot, whole_device=_maker(backend) in _WHOLE_DEVICE)
    return told


def _vendors(view: BackendView, poll_milliseconds: int) -> dict[str, Any]:
    """Tell what Braket tells; but a reference to pulse calibrations would be followed past the gateway.

    What it costs is what is held for it here, where the gateway knows a price.
    """
    told: dict[str, Any] = json.loads(view.backend.told)
    service = {**told["service"], **_cost(view), "getTaskPollIntervalMillis": poll_milliseconds}
    if isinstance(told.get("pulse"), dict):
        told["pulse"] = {**told["pulse"], "nativeGateCalibrationsRef": None}
    return {**told, "service": service, "qgw": _truth(view.backend, view.calibration)}


def _header(backend: Backend) -> dict[str, str]:
    if backend.kind is ExecutionKind.SIMULATOR:
        return {"name": f"{_SIMULATOR}_device_capabilities", "version": "1"}
    name, version = _MAKERS[_maker(backend)]
    return {"name": f"{_SCHEMA}.{name}", "version": version}


def _maker(backend: Backend) -> str:
    found = arns.DEVICE.fullmatch(backend.name)
    provider = found["provider"] if found else ""
    return provider if provider in _MAKERS else _PLAINEST


def _cost(view: BackendView) -> dict[str, Any]:
    return {} if view.tariff is None else {"deviceCost": prices.device_cost(view.tariff)}


def _service(view: BackendView, measured: datetime | None, poll_milliseconds: int) -> dict[str, Any]:
    backend, message = view.backend, view.status.message
    return {
        "braketSchemaHeader": {"name": f"{_SCHEMA}.device_service_properties", "version": "1"},
        "executionWindows": [_ALWAYS],
        "shotsRange": [1, backend.max_shots],
        "deviceCost": None,
        "deviceDocumentation": {
            "imageUrl": None,
            "summary": backend.description if message in backend.description else f"{backend.description}; {message}",
            "externalDocumentationUrl": None,
        },
        "deviceLocation": backend.region,
        "updatedAt": rfc3339(measured or backend.online_since),
        "getTaskPollIntervalMillis": poll_milliseconds,
        **_cost(view),
    }


def _action(backend: Backend) -> dict[str, Any]:
    sampled = {"minShots": 1, "maxShots": backend.max_shots}
    observed = [
        {"name": name, "observables": _OBSERVABLES, **sampled} for name in ("Expectation", "Variance", "Sample")
    ]
    return {
        "actionType": "braket.ir.openqasm.program",
        "version": ["1"],
        "supportedOperations": sorted(GATES),
        "supportedResultTypes": [{"name": "Probability", "observables": None, **sampled}, *observed],
        "supportedModifiers": [
            {"name": "ctrl", "max_qubits": None},
            {"name": "negctrl", "max_qubits": None},
            {"name": "pow", "exponent_types": ["int", "float"]},
            {"name": "inv"},
        ],
        "supportedPragmas": [
            "verbatim",
            "braket_unitary_matrix",
            "braket_result_type_probability",
            "braket_result_type_expectation",
            "braket_result_type_variance",
            "braket_result_type_sample",
        ],
        "forbiddenPragmas": ["braket_noise", "braket_result_type_state_vector", "braket_result_type_density_matrix"],
        "forbiddenArrayOperations": [],
        "requiresAllQubitsMeasurement": False,
        "supportPhysicalQubits": True,
        "requiresContiguousQubitIndices": False,
        "supportsPartialVerbatimBox": True,
        "supportsUnassignedMeasurements": True,
        "disabledQubitRewiringSupported": True,
    }


def _paradigm(backend: Backend) -> dict[str, Any]:
    """Tell size and couplings; the simulators' schema has only the size, the SDK drops the rest there."""
    simulator = backend.kind is ExecutionKind.SIMULATOR
    name = f"{_SIMULATOR}_paradigm_properties" if simulator else f"{_SCHEMA}.gate_model_qpu_paradigm_properties"
    graph: dict[str, list[str]] = {}
    for first, second in backend.coupling_map:
        graph.setdefault(str(first), []).append(str(second))
    return {
        "braketSchemaHeader": {"name": name, "version": "1"},
        "qubitCount": backend.qubits,
        "nativeGateSet": list(backend.basis_gates),
        "connectivity": {
            "fullyConnected": not backend.coupling_map,
            "connectivityGraph": graph if backend.coupling_map else {},
        },
    }


def _truth(backend: Backend, snapshot: Calibration | None) -> dict[str, Any]:
    return {
        "execution_kind": backend.kind.value,
        "vendor": backend.vendor,
        "region": backend.region,
        "calibration_digest": snapshot.digest if snapshot else None,
    }
