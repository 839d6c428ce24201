"""Run one circuit with many parameter sets on Aer and give every shot's bits. Worker process only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import ControlFlowOp
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel

from adapters.aer.compact import names

Bits: TypeAlias = NDArray[np.uint8]
"""0 or 1 per element, classical bit 0 first."""

_SHOTS_AT_ONCE = 200_000
"""Bounds the texts in which Aer hands shots over, about 200 bytes each."""


class SimulationFailedError(Exception):
    """Aer could not run the circuit; the message is Aer's own."""

    def __init__(self, message: str, *, memory: bool) -> None:
        super().__init__(message)
        self.memory = memory
        """Whether memory was what it lacked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """How to run: Aer's method, its memory and threads, the noise, and the seed of everything drawn."""

    method: str
    memory_bytes: int
    threads: int
    noise: NoiseModel | None
    seed: int

    def sample(self, circuit: QuantumCircuit, values: NDArray[np.float64], shots: int) -> Bits:
        """Run a circuit once per row of parameter values.

        Args:
            circuit: compact, in Aer's words.
            values: `[runs, parameters]`, in the order of `circuit.parameters`.
            shots: how often each row is repeated.

        Returns:
            `[runs, shots, classical bits]`, in the order in which the shots ran.

        Raises:
            SimulationFailedError: Aer refuses, or runs out of memory.
        """
        bits = np.zeros((len(values), shots, circuit.num_clbits), dtype=np.uint8)
        if circuit.num_clbits == 0 or "measure" not in names(circuit):
            return bits
        simulator = self._simulator()
        seeds = np.random.SeedSequence(self.seed)
        for rows, columns in _portions(len(values), shots):
            seed = int(seeds.spawn(1)[0].generate_state(1)[0])
            result = _run(simulator, circuit, values[rows], columns.stop - columns.start, seed)
            for place, experiment in enumerate(result.results, start=rows.start):
                bits[place, columns] = _unpacked(experiment.data.memory, circuit.num_clbits)
        return bits

    def _simulator(self) -> AerSimulator:
        return AerSimulator(
            method=self.method,
            noise_model=self.noise,
            max_parallel_threads=self.threads,
            max_memory_mb=max(1, self.memory_bytes // 2**20),
            # Aer's default is a random walk over single bit flips, which never gets from 00 to 11 of a Bell state.
            extended_stabilizer_sampling_method="norm_estimation",
        )


def by_register(circuit: QuantumCircuit, bits: Bits) -> dict[str, tuple[ClassicalRegister, Bits]]:
    """Split shots into registers: `[runs, shots, bits]` of each, least significant bit first."""
    places = {bit: index for index, bit in enumerate(circuit.clbits)}
    return {register.name: (register, bits[..., [places[bit] for bit in register]]) for register in circuit.cregs}


def packed(bits: Bits) -> Bits:
    """Pack the last axis into big-endian bytes, padded on the left: each row is the register's integer."""
    missing = -bits.shape[-1] % 8
    wide = np.pad(bits[..., ::-1], [(0, 0)] * (bits.ndim - 1) + [(missing, 0)])
    return np.packbits(wide, axis=-1)


def _run(simulator: AerSimulator, circuit: QuantumCircuit, values: NDArray[np.float64], shots: int, seed: int) -> Any:
    circuits, binds = _bound(circuit, values)
    result = simulator.run(circuits, parameter_binds=binds, shots=shots, memory=True, seed_simulator=seed).result()
    if not result.success:
        message = next((one.status for one in result.results if not one.success), result.status)
        raise SimulationFailedError(str(message), memory="nsufficient memory" in message or "bad_alloc" in message)
    return result


def _bound(
    circuit: QuantumCircuit, values: NDArray[np.float64]
) -> tuple[list[QuantumCircuit], list[dict[Any, list[float]]] | None]:
    """Let Aer put the parameters in, once for all rows; where bodies hold them, only qiskit can."""
    if not circuit.parameters:
        return [circuit] * len(values), None
    if any(isinstance(instruction.operation, ControlFlowOp) for instruction in circuit.data):
        return [circuit.assign_parameters(row) for row in values], None
    return [circuit], [dict(zip(circuit.parameters, values.T.tolist(), strict=True))]


def _portions(runs: int, shots: int) -> Iterator[tuple[slice, slice]]:
    """Cut runs and shots into portions of bounded size: many whole runs, or one run in pieces."""
    rows = max(1, _SHOTS_AT_ONCE // max(1, shots))
    for first in range(0, runs, rows):
        for start in range(0, shots, _SHOTS_AT_ONCE):
            yield slice(first, min(first + rows, runs)), slice(start, min(start + _SHOTS_AT_ONCE, shots))


def _unpacked(memory: Sequence[str], clbits: int) -> Bits:
    """Turn Aer's hexadecimal numbers into bits."""
    digits = 2 * ((clbits + 7) // 8)
    text = "".join([shot[2:].zfill(digits) for shot in memory])
    rows = np.frombuffer(bytes.fromhex(text), dtype=np.uint8).reshape(len(memory), digits // 2)
    return np.unpackbits(rows, axis=1)[:, ::-1][:, :clbits]
