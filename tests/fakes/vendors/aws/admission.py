"""What Braket checks before it takes a task: the action's schema, and whether the device can run the program."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.fakes.vendors.aws import observables, qasm
from tests.fakes.vendors.aws.capabilities import EXECUTABLES, OPENQASM, PARAMETERS, PROGRAM_SET
from tests.fakes.vendors.aws.devices import Device
from tests.fakes.vendors.aws.program import MODIFIED, Program, ProgramError, Step

_EXACT = {"statevector", "amplitude", "densitymatrix"}


@dataclass(frozen=True, slots=True)
class Executable:
    """One source with one value for each of its inputs; a plain task is one, a program set has many."""

    source: str
    inputs: Mapping[str, Any]
    shots: int
    program: int = 0
    place: int = 0
    """Which of the values of its program's inputs."""


def read_action(text: str) -> dict[str, Any]:
    """Read the JSON of an action and look at its header."""
    action = _object(text, "action")
    header = action.get("braketSchemaHeader")
    if not isinstance(header, dict) or header.get("version") != "1" or not isinstance(header.get("name"), str):
        raise ProgramError("action has no braketSchemaHeader of version 1")
    return action


def executables(action: Mapping[str, Any], device: Device, shots: int) -> list[Executable]:
    """Give what an action asks to run, unread; raises `ProgramError`."""
    least, most = device.shots
    if not least <= shots <= most:
        raise ProgramError(f"shots must be between {least} and {most} on {device.name}")
    kind = action["braketSchemaHeader"]["name"]
    if kind == OPENQASM:
        source, inputs = _program(action)
        return [Executable(source, inputs, shots)]
    if kind != PROGRAM_SET or device.simulator:
        raise ProgramError(f"action {kind} is not supported by {device.name}")
    return _set(action, shots)


def check_parameters(text: str | None, device: Device) -> None:
    """Look at deviceParameters, which name their own schema."""
    if text is None:
        return
    given = _object(text, "deviceParameters")
    name = given.get("braketSchemaHeader", {}).get("name", PARAMETERS[device.family])
    # The stock SDK has parameters of their own for IonQ and Rigetti; to IQM it sends those of a simulator.
    if name not in {PARAMETERS[device.family], PARAMETERS["simulator"]}:
        raise ProgramError(f"deviceParameters are of schema {name}, {device.name} takes {PARAMETERS[device.family]}")
    paradigm = given.get("paradigmParameters", {})
    if not isinstance(paradigm, dict) or not isinstance(paradigm.get("qubitCount", 0), int):
        raise ProgramError("paradigmParameters.qubitCount must be a whole number")


def admit(executable: Executable, device: Device) -> Program:
    """Read a program and check it against a device; raises `ProgramError`."""
    program = qasm.read(executable.source, executable.inputs)
    _check_qubits(program, device)
    for step in program.steps:
        _check_step(step, device)
    _check_results(program, device, executable.shots)
    return program


def _program(action: Any) -> tuple[str, Mapping[str, Any]]:
    source, inputs = action.get("source"), action.get("inputs") or {}
    if not isinstance(source, str) or not isinstance(inputs, dict):
        raise ProgramError("an OpenQASM program has a source text and an inputs object")
    if unknown := set(action) - {"braketSchemaHeader", "source", "inputs"}:
        raise ProgramError(f"unknown fields in action: {', '.join(sorted(unknown))}")
    return source, inputs


def _set(action: Mapping[str, Any], shots: int) -> list[Executable]:
    programs = action.get("programs")
    if not isinstance(programs, list) or not programs or not all(isinstance(each, dict) for each in programs):
        raise ProgramError("a program set has at least one program")
    pairs = [(index, place, each) for index, each in enumerate(programs) for place in _places(each)]
    if len(pairs) > EXECUTABLES:
        raise ProgramError(f"{len(pairs)} executables in a program set, at most {EXECUTABLES} are allowed")
    if shots % len(pairs):
        raise ProgramError(f"{shots} shots cannot be shared evenly by {len(pairs)} executables")
    return [
        Executable(source, {name: values[place] for name, values in inputs.items()}, shots // len(pairs), index, place)
        for index, place, each in pairs
        for source, inputs in [_program(each)]
    ]


def _places(program: Any) -> Iterator[int]:
    _, inputs = _program(program)
    lengths = {len(values) if isinstance(values, list) else 0 for values in inputs.values()} or {1}
    if len(lengths) != 1 or 0 in lengths:
        raise ProgramError("the inputs of a program in a set are lists of one length")
    yield from range(lengths.pop())


def _check_qubits(program: Program, device: Device) -> None:
    if len(program.qubits) > len(device.qubits):
        raise ProgramError(f"{len(program.qubits)} qubits, {device.name} has {len(device.qubits)}")
    if program.physical and device.simulator:
        raise ProgramError(f"{device.name} has no physical qubits")
    if program.physical and (strange := set(program.qubits) - set(device.qubits)):
        raise ProgramError(f"{device.name} has no qubit {min(strange)}")


def _check_step(step: Step, device: Device) -> None:
    if step.name.startswith(MODIFIED):
        if not device.simulator:
            raise ProgramError(f"gate modifiers are not supported by {device.name}")
        return
    if step.name not in device.gates:
        raise ProgramError(f"gate {step.name} is not supported by {device.name}")
    if not step.verbatim:
        return
    if step.name not in device.native:
        raise ProgramError(f"gate {step.name} is not native to {device.name}, a verbatim box takes native gates only")
    if len(step.qubits) == 2 and not device.coupled(*step.qubits):
        raise ProgramError(f"qubits {step.qubits[0]} and {step.qubits[1]} of {device.name} are not coupled")


def _check_results(program: Program, device: Device, shots: int) -> None:
    kinds = {each.kind for each in program.wanted}
    if program.wanted and program.measured:
        raise ProgramError("a program either measures or asks for result types, not both")
    if shots == 0 and (not kinds or "sample" in kinds):
        raise ProgramError("without shots, exact result types must be asked for")
    if shots > 0 and kinds & _EXACT:
        raise ProgramError(f"result type {min(kinds & _EXACT)} needs shots to be 0")
    _check_targets(program)
    if shots > 0:
        observables.rotations(program.wanted, program.qubits)


def _check_targets(program: Program) -> None:
    for each in program.wanted:
        if any(len(state) != len(program.qubits) for state in each.states):
            raise ProgramError("an amplitude needs one bit per qubit")
        targets: Sequence[int] = each.targets or ()
        if len(set(targets)) != len(targets):
            raise ProgramError(f"result type {each.kind} names a qubit twice")


def _object(text: str, name: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProgramError(f"{name} is not valid JSON") from error
    if not isinstance(read, dict):
        raise ProgramError(f"{name} must be a JSON object")
    return read
