"""Backends in IBM's shape: the list, the configuration that `transpile` needs, the status.

Units on this wire: `dt` in nanoseconds, repetition delays in microseconds.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from adapters.ibm import envelopes
from adapters.ibm.documents import parsed
from gateway.domain.backend import Backend, BackendStatus, ExecutionKind, GateSpec
from gateway.ports.answers import BackendView

_MICRO, _NANO = 1e6, 1e9


def devices(views: Sequence[BackendView]) -> list[dict[str, Any]]:
    """List backends as `least_busy` sorts them: by queue, so simulators queue behind all real hardware."""
    behind = max((view.status.queue_length + 1 for view in views if _is_hardware(view.backend)), default=0)
    return [_device(view, extra=0 if _is_hardware(view.backend) else behind) for view in views]


def status(view: BackendView) -> dict[str, Any]:
    """Show whether a backend takes work; anything but `active` becomes a warning when the SDK submits."""
    return {
        "state": view.status.online,
        "status": _banner(view.backend, view.status),
        "message": view.status.message,
        "length_queue": view.status.queue_length,
        "backend_version": view.backend.version,
    }


def configuration(backend: Backend) -> dict[str, Any]:
    """Describe a backend so that the SDK builds a transpiler target of it.

    `simulator` is always false: a true one makes the SDK skip calibration, circuit checks and sessions. A backend of
    IBM's is described as IBM describes it: of its timing and its places the gateway itself knows nothing.
    """
    if backend.vendor == "ibm" and backend.told:
        return {**envelopes.discreet(parsed(backend.told)), "local": False, "simulator": False, "qgw": _truth(backend)}
    return {
        **_identity(backend),
        **_gates(backend),
        "local": False,
        "simulator": False,
        "conditional": False,
        "open_pulse": False,
        "memory": True,
        "n_registers": 1,
        "max_shots": backend.max_shots,
        "max_experiments": backend.max_circuits,
        "meas_levels": [2],
        "meas_map": [list(range(backend.qubits))],
        "parallel_compilation": True,
        "supported_features": ["qasm3", "dynamic_circuits"] if backend.dynamic_circuits else ["qasm3"],
        **_timing(backend),
    }


def _identity(backend: Backend) -> dict[str, Any]:
    return {
        "backend_name": backend.name,
        "backend_version": backend.version,
        "description": backend.description,
        "online_date": backend.online_since.isoformat(),
        "n_qubits": backend.qubits,
        "processor_type": _processor(backend),
        "sample_name": f"family: {backend.processor_family}, revision: {backend.processor_revision}",
        "credits_required": False,
        "qgw": _truth(backend),
    }


def _truth(backend: Backend) -> dict[str, Any]:
    return {"execution_kind": backend.kind.value, "vendor": backend.vendor, "region": backend.region}


def _gates(backend: Backend) -> dict[str, Any]:
    return {
        "basis_gates": list(backend.basis_gates),
        "gates": [_gate(gate) for gate in backend.gates],
        "coupling_map": _lists(backend.coupling_map),
        "supported_instructions": list(backend.supported_instructions),
    }


def _gate(gate: GateSpec) -> dict[str, Any]:
    answer: dict[str, Any] = {"name": gate.name, "parameters": list(gate.parameters), "qasm_def": ""}
    if gate.qubits:
        answer["coupling_map"] = _lists(gate.qubits)
    return answer


def _timing(backend: Backend) -> dict[str, Any]:
    shortest, default, longest = backend.rep_delay_seconds
    return {
        "dt": backend.dt_seconds * _NANO,
        "dtm": backend.dt_seconds * _NANO,
        "dynamic_reprate_enabled": True,
        "rep_delay_range": [shortest * _MICRO, longest * _MICRO],
        "default_rep_delay": default * _MICRO,
        "timing_constraints": {"acquire_alignment": 1, "granularity": 1, "min_length": 1, "pulse_alignment": 1},
    }


def _device(view: BackendView, *, extra: int) -> dict[str, Any]:
    backend, state = view.backend, view.status
    return {
        "name": backend.name,
        "status": {"name": "online" if state.online else "offline", "reason": state.message},
        "is_simulator": not _is_hardware(backend),
        "qubits": backend.qubits,
        "physical_qubits": backend.qubits,
        "queue_length": state.queue_length + extra,
        "processor_type": _processor(backend),
    }


def _processor(backend: Backend) -> dict[str, str]:
    return {"family": backend.processor_family, "revision": backend.processor_revision}


def _banner(backend: Backend, state: BackendStatus) -> str:
    if _is_hardware(backend):
        return "active" if state.online else state.message
    return state.message if "simulator" in state.message.lower() else f"simulator: {state.message}"


def _is_hardware(backend: Backend) -> bool:
    return backend.kind is ExecutionKind.HARDWARE


def _lists(tuples: Iterable[Iterable[int]]) -> list[list[int]]:
    return [list(one) for one in tuples]
