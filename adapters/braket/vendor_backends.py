"""A device as Braket describes it, in our words: what it is, and whether it takes work now.

Qubits keep the device's own numbers, which need not begin at 0: programs for physical qubits, and so our clients,
know no others.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

import msgspec

from adapters.braket import arns
from gateway.domain.backend import Backend, BackendStatus, ExecutionKind
from gateway.ports.vendor import BackendReport, plain_words

OPENQASM: Final = "braket.ir.openqasm.program"
RETIRED: Final = "RETIRED"
_ONLINE: Final = "ONLINE"
_SINCE: Final = datetime(2020, 8, 13, tzinfo=UTC)
"""Braket does not tell since when a device is online; this is since when there is Braket."""
_TASKS: Final = "QUANTUM_TASKS_QUEUE"
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SEVERAL: Final = {"Everyday": _DAYS, "Weekdays": _DAYS[:5], "Weekend": _DAYS[5:]}


def capabilities(device: Mapping[str, Any]) -> dict[str, Any]:
    """Read what a device can do, a JSON text of its own inside GetDevice.

    Raises:
        ValueError: no JSON object.
    """
    return msgspec.json.decode(device["deviceCapabilities"], type=dict[str, Any])


def report(
    summary: Mapping[str, Any], device: Mapping[str, Any], *, region: str, now: datetime
) -> BackendReport | None:
    """Report a device that runs OpenQASM; an analog one, or one that does not say how large it is, is left out.

    Args:
        summary: what SearchDevices says now.
        device: what GetDevice said lately.
        region: where it was asked about.
        now: decides whether an execution window is open.
    """
    able = capabilities(device)
    if OPENQASM not in able.get("action", {}) or "qubitCount" not in able.get("paradigm", {}):
        return None
    backend = replace(_backend(summary, able, region), told=str(device["deviceCapabilities"]).encode())
    return BackendReport(backend=backend, status=_status(summary, device, able, now))


def queue_length(text: str) -> int:
    """Read a length such as `3`, `>4000` or `0 (1 prioritized job(s) running)`."""
    found = _NUMBER.search(text)
    return int(found[0]) if found else 0


def _backend(summary: Mapping[str, Any], able: Mapping[str, Any], region: str) -> Backend:
    action, paradigm, service = able["action"][OPENQASM], able["paradigm"], able["service"]
    name, provider = str(summary["deviceName"]), str(summary["providerName"])
    operations = tuple(str(each).lower() for each in action.get("supportedOperations") or ())
    native = tuple(str(each).lower() for each in paradigm.get("nativeGateSet") or ())
    simulated = summary["deviceType"] == "SIMULATOR"
    return Backend(
        name=str(summary["deviceArn"]),
        upstream="braket",
        vendor="braket",
        region=arns.region(str(summary["deviceArn"])) or region,
        kind=ExecutionKind.SIMULATOR if simulated else ExecutionKind.HARDWARE,
        qubits=int(paradigm["qubitCount"]),
        basis_gates=native or operations,
        gates=(),
        coupling_map=_couplings(paradigm.get("connectivity") or {}),
        supported_instructions=(*operations, "measure", "barrier"),
        max_shots=int(service["shotsRange"][1]),
        max_circuits=1,
        dynamic_circuits=False,
        processor_family=provider,
        processor_revision=name,
        version=str(able["braketSchemaHeader"]["version"]),
        online_since=_SINCE,
        description=plain_words(f"{name} of {provider}"),
        rep_delay_seconds=(0.0, 0.0, 0.0),
        dt_seconds=1e-9,
    )


def _couplings(connectivity: Mapping[str, Any]) -> tuple[tuple[int, int], ...]:
    """List the coupled pairs; none where everything is coupled with everything."""
    if connectivity.get("fullyConnected"):
        return ()
    graph: Mapping[str, Sequence[str]] = connectivity.get("connectivityGraph") or {}
    return tuple((int(one), int(other)) for one, others in graph.items() for other in others)


# ── whether it takes work now ────────────────────────────────────────────────────────────────────
def _status(
    summary: Mapping[str, Any], device: Mapping[str, Any], able: Mapping[str, Any], now: datetime
) -> BackendStatus:
    said = str(summary["deviceStatus"])
    opened = any(_open(window, now.astimezone(UTC)) for window in able["service"].get("executionWindows") or ())
    queues = (each for each in device.get("deviceQueueInfo") or () if each["queue"] == _TASKS)
    return BackendStatus(
        online=said == _ONLINE and opened,
        queue_length=sum(queue_length(str(each["queueSize"])) for each in queues),
        message=said.lower() if opened or said != _ONLINE else "outside its execution windows",
    )


def _open(window: Mapping[str, Any], now: datetime) -> bool:
    """Say whether a window is open; one that ends before it begins ends on the following day."""
    moment = now.time().replace(microsecond=0)
    start, end = time.fromisoformat(window["windowStartHour"]), time.fromisoformat(window["windowEndHour"])
    began = now - timedelta(days=1) if moment <= end < start else now
    day = str(window["executionDay"])
    return _DAYS[began.weekday()] in _SEVERAL.get(day, (day,)) and (
        start <= moment <= end if start <= end else moment >= start or moment <= end
    )
