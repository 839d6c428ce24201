"""`deviceCapabilities`: the JSON text in which Braket describes a device, in the schema of the device's provider."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from tests.fakes.vendors.aws import calibration
from tests.fakes.vendors.aws.devices import Device

OPENQASM: Final = "braket.ir.openqasm.program"
PROGRAM_SET: Final = "braket.ir.openqasm.program_set"
EXECUTABLES: Final = 100
"""How many a program set may hold."""
POLL_MILLISECONDS: Final = 200
_ESTIMATED: Final = ("Sample", "Expectation", "Variance")
_EXACT: Final = ("StateVector", "DensityMatrix", "Amplitude")
_OBSERVABLES: Final = ("x", "y", "z", "h", "i", "hermitian")
_SCHEMAS: Final = {
    "iqm": "braket.device_schema.iqm.iqm_device_capabilities",
    "ionq": "braket.device_schema.ionq.ionq_device_capabilities",
    "rigetti": "braket.device_schema.rigetti.rigetti_device_capabilities",
    "simulator": "braket.device_schema.simulators.gate_model_simulator_device_capabilities",
}
PARAMETERS: Final = {
    "iqm": "braket.device_schema.iqm.iqm_device_parameters",
    "ionq": "braket.device_schema.ionq.ionq_device_parameters",
    "rigetti": "braket.device_schema.rigetti.rigetti_device_parameters",
    "simulator": "braket.device_schema.simulators.gate_model_simulator_device_parameters",
}


def text(device: Device, calibrated_at: datetime) -> str:
    """Write the whole description."""
    written: dict[str, Any] = {
        "braketSchemaHeader": {"name": _SCHEMAS[device.family], "version": "1"},
        "service": _service(device, calibrated_at),
        "action": _action(device),
        "deviceParameters": _parameters(device),
        "paradigm": _paradigm(device),
    }
    if not device.simulator:
        written["provider"] = calibration.provided(device, calibrated_at)
        written["standardized"] = calibration.standardized(device, calibrated_at)
    return json.dumps(written)


def _service(device: Device, updated_at: datetime) -> dict[str, Any]:
    price, unit = device.cost
    return {
        "braketSchemaHeader": {"name": "braket.device_schema.device_service_properties", "version": "1"},
        "executionWindows": [dict(window) for window in device.windows],
        "shotsRange": list(device.shots),
        "deviceCost": {"price": price, "unit": unit},
        "deviceDocumentation": {
            "imageUrl": None,
            "summary": device.message or f"{device.provider} {device.name}, played by a fake",
            "externalDocumentationUrl": None,
        },
        "deviceLocation": device.location,
        "updatedAt": updated_at.isoformat(),
        "getTaskPollIntervalMillis": POLL_MILLISECONDS,
    }


def _action(device: Device) -> dict[str, Any]:
    program = {
        "actionType": OPENQASM,
        "version": ["1"],
        "supportedOperations": sorted(device.gates),
        "supportedModifiers": _modifiers() if device.simulator else [],
        "supportedPragmas": _pragmas(device),
        "forbiddenPragmas": [],
        "maximumQubitArrays": None if device.simulator else 1,
        "maximumClassicalArrays": None if device.simulator else 1,
        "forbiddenArrayOperations": [],
        "requiresAllQubitsMeasurement": False,
        "supportPhysicalQubits": not device.simulator,
        "requiresContiguousQubitIndices": False,
        "supportsPartialVerbatimBox": False,
        "supportsUnassignedMeasurements": True,
        "disabledQubitRewiringSupported": not device.simulator,
        "supportedResultTypes": _results(device),
    }
    if device.simulator:
        return {OPENQASM: program}
    several = {
        "actionType": PROGRAM_SET,
        "version": ["1"],
        "maximumExecutables": EXECUTABLES,
        "maximumTotalShots": device.shots[1],
    }
    return {OPENQASM: program, PROGRAM_SET: several}


def _modifiers() -> list[Mapping[str, Any]]:
    plain = [{"name": name} for name in ("ctrl", "negctrl", "inv")]
    return [*plain, {"name": "pow", "exponent_types": ["int", "float"]}]


def _pragmas(device: Device) -> list[str]:
    results = ["probability", "expectation", "variance", "sample"]
    if device.simulator:
        results += ["state_vector", "density_matrix", "amplitude"]
        return ["braket_unitary_matrix", *(f"braket_result_type_{name}" for name in results)]
    return ["verbatim", *(f"braket_result_type_{name}" for name in results)]


def _results(device: Device) -> list[dict[str, Any]]:
    least, most = device.shots
    estimated = [
        {"name": name, "observables": list(_OBSERVABLES), "minShots": max(least, name == "Sample"), "maxShots": most}
        for name in _ESTIMATED
    ]
    exact = [{"name": name, "minShots": 0, "maxShots": 0} for name in _EXACT if device.simulator]
    return [*estimated, {"name": "Probability", "minShots": least, "maxShots": most}, *exact]


def _parameters(device: Device) -> dict[str, Any]:
    """Give the JSON schema of what may be sent as deviceParameters."""
    header = {"name": PARAMETERS[device.family], "version": "1"}
    return {
        "title": "DeviceParameters",
        "type": "object",
        "properties": {
            "braketSchemaHeader": {"const": header},
            "paradigmParameters": {
                "type": "object",
                "properties": {"qubitCount": {"type": "integer"}, "disableQubitRewiring": {"type": "boolean"}},
                "required": ["qubitCount"],
            },
        },
        "required": ["paradigmParameters"],
    }


def _paradigm(device: Device) -> dict[str, Any]:
    if device.simulator:
        name = "braket.device_schema.simulators.gate_model_simulator_paradigm_properties"
        return {"braketSchemaHeader": {"name": name, "version": "1"}, "qubitCount": len(device.qubits)}
    graph: dict[str, list[str]] = {}
    for one, other in device.edges or ():
        graph.setdefault(str(one), []).append(str(other))
        graph.setdefault(str(other), []).append(str(one))
    return {
        "braketSchemaHeader": {
            "name": "braket.device_schema.gate_model_qpu_paradigm_properties",
            "version": "1",
        },
        "connectivity": {"fullyConnected": device.edges is None, "connectivityGraph": graph},
        "qubitCount": len(device.qubits),
        "nativeGateSet": list(device.native.values()),
    }
