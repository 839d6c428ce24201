"""The same circuit, as it comes back: under other names, with other angles, compiled, compiled anew."""

from collections.abc import Callable, Mapping
from random import Random

from qiskit import QuantumCircuit, transpile
from qiskit.circuit import CircuitInstruction, ClassicalRegister, QuantumRegister
from qiskit.transpiler import CouplingMap

BASIS = ("cz", "rz", "sx", "x")
Variant = Callable[[QuantumCircuit, Random], QuantumCircuit]


def renamed(circuit: QuantumCircuit, choose: Random) -> QuantumCircuit:
    """Put it on other qubits and bits of other registers, idle ones between, operations in another order."""
    qubits = choose.sample(range(circuit.num_qubits + 2), circuit.num_qubits)
    clbits = choose.sample(range(circuit.num_clbits), circuit.num_clbits)
    other = QuantumCircuit(
        QuantumRegister(circuit.num_qubits + 2, "others"), ClassicalRegister(circuit.num_clbits, "results")
    )
    turned = circuit.copy_empty_like()
    for one in _reordered(circuit, choose):
        turned.append(one)
    # Composing translates what decides, too.
    other.compose(turned, qubits, clbits, inplace=True)
    return other


def reparameterised(circuit: QuantumCircuit, choose: Random) -> QuantumCircuit:
    """Give every gate other angles."""
    other = circuit.copy_empty_like(name="harmless")
    for one in circuit.data:
        operation = one.operation.to_mutable()
        if operation.params and all(isinstance(each, float) for each in operation.params):
            operation.params = [choose.uniform(0.1, 3.0) for _ in operation.params]
        other.append(operation, one.qubits, one.clbits)
    return other


def compiled(level: int) -> Variant:
    """Compile it for hardware that joins all its qubits."""
    return lambda circuit, _: transpile(circuit, basis_gates=BASIS, optimization_level=level, seed_transpiler=1)


def routed(seed: int | None = 1) -> Variant:
    """Compile it for a line of qubits, as the SDK of a vendor does by default; without a seed, by chance."""
    return lambda circuit, choose: transpile(
        circuit,
        basis_gates=BASIS,
        coupling_map=CouplingMap.from_line(circuit.num_qubits + 2),
        optimization_level=2,
        seed_transpiler=choose.randrange(2**31) if seed is None else seed,
    )


def then(first: Variant, second: Variant) -> Variant:
    """Do one after the other."""
    return lambda circuit, choose: second(first(circuit, choose), choose)


OF_SOURCES: Mapping[str, Variant] = {
    "other names, qubits and order": renamed,
    "other angles": reparameterised,
    "other names and angles": then(renamed, reparameterised),
    **{f"compiled at level {level}": compiled(level) for level in range(4)},
    "compiled for a line of qubits": routed(),
}
"""Where the circuit that was labelled is as its author wrote it."""
OF_COMPILED: Mapping[str, Variant] = {
    "compiled again": routed(),
    "compiled again, other names": then(routed(), renamed),
    "compiled again by chance": routed(None),
    "other angles, then compiled": then(reparameterised, routed()),
    "compiled, then other angles": then(routed(), reparameterised),
}
"""Where it was compiled for a line of qubits before it was labelled, as SDKs do."""


def _reordered(circuit: QuantumCircuit, choose: Random) -> list[CircuitInstruction]:
    """Exchange neighbours that share no wire, again and again."""
    order = list(circuit.data)
    for _ in range(4 * len(order)):
        place = choose.randrange(max(1, len(order) - 1))
        one, *rest = order[place : place + 2]
        if rest and {*one.qubits, *one.clbits}.isdisjoint((*rest[0].qubits, *rest[0].clbits)):
            order[place], order[place + 1] = rest[0], one
    return order
