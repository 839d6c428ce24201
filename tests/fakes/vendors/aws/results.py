"""results.json, in the schemas `gate_model_task_result` and `program_set_task_result`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from tests.fakes.vendors.aws.admission import Executable
from tests.fakes.vendors.aws.capabilities import PROGRAM_SET
from tests.fakes.vendors.aws.devices import Device
from tests.fakes.vendors.aws.outcome import Outcome

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What results.json repeats about its task."""

    arn: str
    shots: int
    action: Mapping[str, Any]
    created_at: str
    ended_at: str
    run_milliseconds: int


def document(facts: Facts, device: Device, ran: Sequence[tuple[Executable, Outcome]]) -> Json:
    """Write the results of a finished task."""
    if facts.action["braketSchemaHeader"]["name"] == PROGRAM_SET:
        return _set(facts, device, ran)
    _, outcome = ran[0]
    written = {
        "braketSchemaHeader": _header("task_result.gate_model_task_result"),
        **_measurements(device, outcome),
        "taskMetadata": {
            "braketSchemaHeader": _header("task_result.task_metadata"),
            "id": facts.arn,
            "shots": facts.shots,
            "deviceId": device.arn,
            "createdAt": facts.created_at,
            "endedAt": facts.ended_at,
            "status": "COMPLETED",
        },
        "additionalMetadata": {"action": dict(facts.action), **_provider(facts, device)},
    }
    if outcome.values:
        written["resultTypes"] = list(outcome.values)
    return written


def altered(results: Json) -> Json:
    """Turn every measured bit around, as the fault `wrong_result` wants."""
    changed = dict(results)
    if "measurements" in results:
        changed["measurements"] = [[1 - bit for bit in shot] for shot in results["measurements"]]
    if "measurementProbabilities" in results:
        flipped = str.maketrans("01", "10")
        changed["measurementProbabilities"] = {
            key.translate(flipped): value for key, value in results["measurementProbabilities"].items()
        }
    return changed


def _measurements(device: Device, outcome: Outcome) -> Json:
    """Write the shots; IonQ gives a histogram, the others every shot."""
    if not outcome.samples:
        return {"measuredQubits": list(outcome.measured)}
    if device.family != "ionq":
        return {"measurements": [list(shot) for shot in outcome.samples], "measuredQubits": list(outcome.measured)}
    counts = Counter("".join(map(str, shot)) for shot in outcome.samples)
    shares = {key: count / len(outcome.samples) for key, count in sorted(counts.items())}
    return {"measurementProbabilities": shares, "measuredQubits": list(outcome.measured)}


def _provider(facts: Facts, device: Device) -> Json:
    if device.simulator:
        header = _header("task_result.simulator_metadata")
        return {"simulatorMetadata": {"braketSchemaHeader": header, "executionDuration": facts.run_milliseconds}}
    written: Json = {"braketSchemaHeader": _header(f"task_result.{device.family}_metadata")}
    if device.family != "ionq":
        written["compiledProgram"] = facts.action.get("source", "OPENQASM 3.0;")
    return {f"{device.family}Metadata": written}


def _set(facts: Facts, device: Device, ran: Sequence[tuple[Executable, Outcome]]) -> Json:
    programs = [
        _program(facts.action["programs"][index], device, list(group))
        for index, group in groupby(ran, key=lambda pair: pair[0].program)
    ]
    return {
        "braketSchemaHeader": _header("task_result.program_set_task_result"),
        "programResults": programs,
        "taskMetadata": {
            "braketSchemaHeader": _header("task_result.program_set_task_metadata"),
            "id": facts.arn,
            "deviceId": device.arn,
            "requestedShots": facts.shots,
            "successfulShots": facts.shots,
            "programMetadata": [{"executables": [{} for _ in each["executableResults"]]} for each in programs],
            "createdAt": facts.created_at,
            "endedAt": facts.ended_at,
            "status": "COMPLETED",
            "totalFailedExecutables": 0,
        },
    }


def _program(source: Mapping[str, Any], device: Device, ran: Sequence[tuple[Executable, Outcome]]) -> Json:
    header = _header("task_result.program_set_executable_result")
    return {
        "braketSchemaHeader": _header("task_result.program_result"),
        "source": dict(source),
        "additionalMetadata": {},
        "executableResults": [
            {"braketSchemaHeader": header, "inputsIndex": executable.place, **_measurements(device, outcome)}
            for executable, outcome in ran
        ],
    }


def _header(name: str) -> Json:
    return {"name": f"braket.{name}", "version": "1"}
