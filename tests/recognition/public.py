"""Write circuits of MQT Bench as QPY: `python public.py FILE`, in the environment `mqt-bench` of tests/tools.toml."""

import sys
from pathlib import Path

from mqt.bench import BenchmarkLevel, get_benchmark
from mqt.bench.benchmarks import get_available_benchmark_names
from qiskit import QuantumCircuit, qpy

SIZES = (4, 6, 8, 11)
"""In qubits; a benchmark that does not have one of them is left out there."""
LARGEST = 5_000
"""Instructions: larger circuits would tell the same and take long to compile."""


def main(file: str) -> None:
    """Write every benchmark in every size."""
    found = [circuit for name in get_available_benchmark_names() for size in SIZES if (circuit := _circuit(name, size))]
    with Path(file).open("wb") as stream:
        qpy.dump(found, stream)


def _circuit(name: str, size: int) -> QuantumCircuit | None:
    try:
        circuit = get_benchmark(name, BenchmarkLevel.INDEP, size)
    except Exception:
        # Each benchmark refuses a size in a way of its own.
        return None
    circuit.name = f"{name} {size}"
    circuit.metadata = {}
    return circuit if 0 < len(circuit.data) <= LARGEST else None


if __name__ == "__main__":
    main(sys.argv[1])
