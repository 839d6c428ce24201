"""Runs circuits on Aer. Imports Qiskit: load it in the worker thread only.

The ideal simulator gives exact probabilities; hardware and noisy simulations give shots. Equal seeds, equal results.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, qasm3, transpile
from qiskit.exceptions import QiskitError
from qiskit_aer import AerError, AerSimulator
from qiskit_aer.noise import NoiseModel, ReadoutError, depolarizing_error

from tests.fakes.vendors.ionq.circuits import built, touched
from tests.fakes.vendors.ionq.measured import Measured, sampled
from tests.fakes.vendors.ionq.preflight import Failure
from tests.fakes.vendors.ionq.wire import CircuitInput

EXACT_QUBITS: Final = 24
"""More used qubits need more memory than a test machine has; shots are then drawn from a matrix product state."""
_ERRORS: Final = {"harmony": (0.004, 0.027, 0.0018), "aria": (0.0005, 0.0134, 0.0039), "forte": (0.0002, 0.0074, 0.005)}
"""How often one-qubit gates, two-qubit gates and readouts err, by family of noise model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How a circuit is to be run."""

    shots: int
    seed: int
    exact: bool
    """Give exact probabilities and no shots."""
    noise: str = "ideal"


def simulated(circuit: CircuitInput, run: Run) -> Measured | Failure:
    """Run one circuit that passed preflight."""
    qubits = touched(circuit)
    made = built(circuit, qubits)
    if run.exact:
        if len(qubits) > EXACT_QUBITS:
            return Failure("SimulationError", f"{len(qubits)} used qubits, this simulator holds {EXACT_QUBITS}")
        return Measured(probabilities=_spread(_exact(made), qubits))
    made.measure_all()
    return sampled([_moved(shot, qubits) for shot in _shots(made, run)])


def interpreted(source: str, run: Run, *, room: int) -> Measured | Failure:
    """Run one OpenQASM 3 program; without classical registers, all qubits are measured into `output_all`."""
    try:
        made = qasm3.loads(source)
    except Exception as error:  # parsers fail on foreign text in more ways than they document
        return Failure("CompilationError", f"the program cannot be compiled: {type(error).__name__}")
    if made.num_qubits > room:
        return Failure("NotEnoughQubits", f"the program has {made.num_qubits} qubits, the backend has {room}")
    if not made.cregs:
        output = ClassicalRegister(made.num_qubits, "output_all")
        made.add_register(output)
        made.measure(made.qubits, output)
    registers = {each.name: [made.find_bit(bit).index for bit in each] for each in made.cregs}
    try:
        shots = _shots(made, run)
    except (QiskitError, AerError) as error:
        return Failure("CompilationError", f"the program cannot be run: {type(error).__name__}")
    counted = sampled(shots, registers=registers)
    return Measured(probabilities=counted.probabilities, registers=registers) if run.exact else counted


def _exact(made: QuantumCircuit) -> Any:
    made.save_statevector()
    simulator = AerSimulator(method="statevector")
    state = simulator.run(transpile(made, simulator, optimization_level=0)).result().get_statevector()
    return np.abs(np.asarray(state)) ** 2


def _shots(made: QuantumCircuit, run: Run) -> list[int]:
    method = "automatic" if made.num_qubits <= EXACT_QUBITS else "matrix_product_state"
    simulator = AerSimulator(method=method, noise_model=_noise(run.noise))
    # A noise model knows only these two gates, so everything is written in them.
    basis = {"backend": simulator} if run.noise == "ideal" else {"basis_gates": ["u", "cx", "if_else", "while_loop"]}
    ready = transpile(made, **basis, optimization_level=0, seed_transpiler=run.seed)
    memory = simulator.run(ready, shots=run.shots, seed_simulator=run.seed, memory=True).result().get_memory()
    return [int(shot.replace(" ", ""), 2) for shot in memory]


def _noise(model: str) -> NoiseModel | None:
    if model == "ideal":
        return None
    one, two, readout = _ERRORS[model.partition("-")[0]]
    noise = NoiseModel()
    noise.add_all_qubit_quantum_error(depolarizing_error(one, 1), ["u"])
    noise.add_all_qubit_quantum_error(depolarizing_error(two, 2), ["cx"])
    noise.add_all_qubit_readout_error(ReadoutError([[1 - readout, readout], [readout, 1 - readout]]))
    return noise


def _spread(probabilities: Any, qubits: Sequence[int]) -> dict[int, float]:
    return {
        _moved(int(index), qubits): round(float(probabilities[index]), 12)
        for index in np.flatnonzero(probabilities > 1e-12)
    }


def _moved(value: int, qubits: Sequence[int]) -> int:
    """Move bit i to where the i-th used qubit is."""
    return sum((value >> place & 1) << qubit for place, qubit in enumerate(qubits))
