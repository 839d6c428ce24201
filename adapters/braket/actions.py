"""What the dialect and the reader must read alike in a CreateQuantumTask body. Standard library and models only."""

from typing import Any

from adapters.braket.wire import Action, CreateTaskBody, OpenQasmAction
from gateway.domain import strict_json
from gateway.domain.errors import RefusedError
from gateway.domain.malformed import InvalidValueError, UnknownProgramError
from gateway.ports import bodies

OPENQASM = "braket.ir.openqasm.program"
_SUPPORTED = (f"{OPENQASM} version 1 (of a program set submit each program by itself, as run_batch does)",)


def action(body: CreateTaskBody) -> OpenQasmAction:
    """Read the action of a task.

    Raises:
        UnknownProgramError: a program set, an annealing problem, an analog or photonic program …
        RefusedError: no strict JSON, or a field that cannot be.
    """
    parsed = _inside(body.action, "/action")
    header = bodies.check(Action, parsed, under="/action").header
    if (header.name, header.version) != (OPENQASM, "1"):
        raise UnknownProgramError(supported=_SUPPORTED)
    if body.shots < 1:
        raise InvalidValueError(
            place="/shots",
            allowed="1 or more, since results come from samples here as on a device; pass shots= to run()",
        )
    return bodies.check(OpenQasmAction, parsed, under="/action")


def options(body: CreateTaskBody) -> dict[str, Any]:
    """Gather what asks for something besides the program, as plain JSON values.

    Raises:
        RefusedError: device parameters that are no strict JSON.
    """
    gathered: dict[str, Any] = {}
    if body.device_parameters is not None:
        gathered["deviceParameters"] = _inside(body.device_parameters, "/deviceParameters")
    if body.associations is not None:
        gathered["associations"] = body.associations
    if body.experimental_capabilities is not None:
        gathered["experimentalCapabilities"] = body.experimental_capabilities
    return gathered


def _inside(text: str, pointer: str) -> Any:
    try:
        return strict_json.loads(text.encode("utf-8", "surrogatepass"))
    except RefusedError:
        raise InvalidValueError(place=pointer, allowed="a text that holds one strict JSON document") from None
