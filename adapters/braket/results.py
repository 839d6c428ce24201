"""`results.json` of a gate-model task: every shot, the values asked for, and the label of what computed them."""

import json
from collections.abc import Mapping
from typing import Any

from adapters.braket import arns, labels, observed, pragmas
from adapters.braket.openqasm import measured_qubits
from gateway.domain.job import JobRecord
from gateway.domain.result import ProgramResult, Register

NAME = "results.json"
_SCHEMA = "braket.task_result"
_MILLI = 1000
_LONGEST_MOMENT = 24


def encode(job: JobRecord, submitted: bytes, result: ProgramResult) -> bytes:
    """Write a task's results.

    Raises:
        ValueError: the result is not one of a single sampled circuit.
    """
    action = json.loads(json.loads(submitted)["action"])
    qubits, rows = _measurements(result)
    document: dict[str, Any] = {
        "braketSchemaHeader": {"name": f"{_SCHEMA}.gate_model_task_result", "version": "1"},
        "measurements": rows,
        "measuredQubits": qubits,
        "taskMetadata": _task(job, result, shots=len(rows)),
        "additionalMetadata": {"action": action, **_about(result)},
    }
    if wanted := pragmas.result_types(pragmas.outline(action["source"])):
        document["resultTypes"] = [
            {"type": observed.described(each), "value": observed.value(each, rows, qubits)} for each in wanted
        ]
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode("ascii")


def _task(job: JobRecord, result: ProgramResult, *, shots: int) -> dict[str, Any]:
    return {
        "braketSchemaHeader": {"name": f"{_SCHEMA}.task_metadata", "version": "1"},
        "id": arns.task(job),
        "shots": shots,
        "deviceId": arns.device(job.backend, job.kind),
        "createdAt": _to_milliseconds(result.started_at),
        "endedAt": _to_milliseconds(result.finished_at),
        "status": "COMPLETED",
    }


def _to_milliseconds(moment: str) -> str:
    """Shorten a moment to the 24 characters that the vendor's schema takes."""
    return moment if len(moment) <= _LONGEST_MOMENT else f"{moment[: _LONGEST_MOMENT - 1]}Z"


def _about(result: ProgramResult) -> dict[str, Any]:
    told: dict[str, Any] = {"qgw": labels.of_result(result.metadata)}
    if result.metadata.get("execution_kind") == "simulator":
        header = {"name": f"{_SCHEMA}.simulator_metadata", "version": "1"}
        told["simulatorMetadata"] = {"braketSchemaHeader": header, "executionDuration": round(result.seconds * _MILLI)}
    return told


def _measurements(result: ProgramResult) -> tuple[list[int], list[list[int]]]:
    """Give the measured qubits, and each shot's bits in their order."""
    if len(result.items) != 1:
        raise ValueError("a task has one circuit")
    name, register = _measured(result.items[0].registers)
    qubits = measured_qubits(name) or list(range(register.bits))
    width, data = register.samples.shape[-1], register.samples.data
    numbers = (int.from_bytes(data[place : place + width], "big") for place in range(0, len(data), width))
    return qubits, [[number >> place & 1 for place in range(register.bits)] for number in numbers]


def _measured(registers: Mapping[str, Register]) -> tuple[str, Register]:
    named = [(name, register) for name, register in registers.items() if measured_qubits(name)]
    chosen = named or list(registers.items())
    if len(chosen) != 1:
        raise ValueError("a task has one register of measured bits")
    return chosen[0]
