"""One program: converted, checked, and measured at its end into one register that names its qubits.

Where results are asked for, each qubit is turned into the basis they need before it is measured. A program that
neither measures nor asks for results has every qubit measured that it uses, as Braket does.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import ClassicalRegister

from adapters.braket import pragmas
from adapters.braket.openqasm import register_name
from adapters.braket.pragmas import Outline, PragmaError, ResultType
from adapters.braket.reader.conversion import Converted, convert
from gateway.ports.reader import UnreadableError

_IDLE = frozenset({"barrier", "delay"})
_HALF_TURN = 0.7853981633974483
"""A quarter of pi: from the basis of the Hadamard observable to the computational one."""


def circuit(source: str, inputs: Mapping[str, Any]) -> QuantumCircuit:
    """Read a program.

    Raises:
        UnreadableError: `openqasm`, `too-large`, `parameters`, `measurement` or `results`.
    """
    told = pragmas.outline(source)
    wanted = _wanted(told)
    converted = convert(source, inputs)
    _check_outline(told, converted)
    measured, used = _measurements(converted.circuit)
    if measured and wanted:
        raise UnreadableError(
            "results", "the program measures and asks for results too; leave the measurements out, results need none"
        )
    qubits = measured or sorted(used.union(*(result.targets or () for result in wanted)))
    if not qubits or max(qubits) >= converted.circuit.num_qubits:
        raise UnreadableError("measurement", "the program uses no qubit, or measures one that it does not have")
    return _finished(converted.circuit, qubits, _bases(wanted, qubits))


def _wanted(told: Outline) -> tuple[ResultType, ...]:
    try:
        return pragmas.result_types(told)
    except PragmaError as error:
        raise UnreadableError("results", str(error)) from None


def _bases(wanted: Sequence[ResultType], qubits: Sequence[int]) -> Mapping[int, str]:
    widest = max((len(qubits if each.targets is None else each.targets) for each in _probabilities(wanted)), default=0)
    if widest > pragmas.MOST_PROBABILITIES:
        raise UnreadableError(
            "results", f"a probability has {widest} qubits, at most {pragmas.MOST_PROBABILITIES} are computed"
        )
    try:
        return pragmas.bases(wanted, qubits)
    except PragmaError as error:
        raise UnreadableError("results", str(error)) from None


def _probabilities(wanted: Sequence[ResultType]) -> list[ResultType]:
    return [each for each in wanted if each.kind == "probability"]


def _check_outline(told: Outline, converted: Converted) -> None:
    """Insist that the text alone says what the parser found: the results are computed from the text."""
    same = list(told.results) == converted.results
    if not same or (told.results and dict(told.registers) != converted.registers):
        raise UnreadableError(
            "results", "results are asked for in a way that cannot be told for certain; declare qubits by plain numbers"
        )


def _measurements(written: QuantumCircuit) -> tuple[list[int], set[int]]:
    """Give the measured qubits in the order of their bits, and all that something acts on.

    Raises:
        UnreadableError: `measurement`: something depends on, follows or overwrites a measurement.
    """
    places: dict[int, int] = {}
    used: set[int] = set()
    for step in written.data:
        qubits = [written.find_bit(qubit).index for qubit in step.qubits]
        if step.operation.name in _IDLE:
            continue
        if not set(qubits).isdisjoint(places.values()):
            raise UnreadableError("measurement", "something acts on a qubit after it was measured; measure at the end")
        used.update(qubits)
        if step.operation.name == "measure":
            bit = written.find_bit(step.clbits[0]).index
            if bit in places:
                raise UnreadableError("measurement", "two measurements share a bit; give each its own")
            places[bit] = qubits[0]
    return [places[bit] for bit in sorted(places)], used


def _finished(written: QuantumCircuit, qubits: Sequence[int], bases: Mapping[int, str]) -> QuantumCircuit:
    made = QuantumCircuit(written.num_qubits, global_phase=written.global_phase)
    for step in written.data:
        if step.operation.name != "measure":
            made.append(step.operation, [written.find_bit(qubit).index for qubit in step.qubits])
    for qubit, letter in bases.items():
        _turn(made, qubit, letter)
    register = ClassicalRegister(len(qubits), register_name(qubits))
    made.add_register(register)
    made.measure(qubits, register)
    return made


def _turn(made: QuantumCircuit, qubit: int, letter: str) -> None:
    match letter:
        case "x":
            made.h(qubit)
        case "y":
            made.sdg(qubit)
            made.h(qubit)
        case "h":
            made.ry(-_HALF_TURN, qubit)
