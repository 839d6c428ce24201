"""The child that simulates: reads an order's body again, runs it on Aer, and answers with the result.

Started by the upstream as `python -m adapters.aer.worker PASSAGE MEMORY_BYTES NAME=MODULE:ATTRIBUTE…`. The
process itself is a zygote: it imports everything, gives up what it does not need, and forks a fresh
process for each principal's jobs, which ends with it. It sees no order itself.
"""

import contextlib
import importlib
import sys
import warnings
from collections.abc import Mapping
from secrets import randbits
from typing import Any

from qiskit import QuantumCircuit, transpile
from qiskit.exceptions import QiskitError

from adapters.aer import codec, options
from adapters.aer.noise import Snapshots, UncalibratedError
from adapters.aer.sampling import SimulationFailedError
from adapters.aer.simulate import Conditions, run
from gateway.domain.result import ProgramResult
from gateway.ports.reader import Reader, ReadLimits, UnreadableError
from gateway.processes.child import bind_to_parent, cpu_budget, harden, isolate_network
from gateway.processes.zygote import serve_forks

_LIMITS = ReadLimits(decompressed_bytes=256 * 2**20, circuits=10_000, bindings=1_000_000)
"""Looser than the sandbox's, which has read the same bytes before."""
_SLACK_BYTES = 512 * 2**20
"""Address space beside the simulation's own: thread stacks, arenas, the result being packed."""
_LONGEST_MESSAGE = 300


class Worker:
    """Runs orders one by one."""

    def __init__(self, readers: Mapping[str, Reader]) -> None:
        self._readers = readers
        self._snapshots = Snapshots()

    def warm_up(self) -> None:
        """Touch what is imported late, so that nothing is left to import once rights are given up."""
        for reader in self._readers.values():
            for body in reader.samples():
                reader.read(body, _LIMITS)
        bell = QuantumCircuit(2)
        bell.h(0)
        bell.cx(0, 1)
        transpile(bell, basis_gates=["cz", "rz", "sx"], optimization_level=0)

    def handle(self, order: dict[str, Any]) -> dict[str, Any]:
        """Run one order: gives `{"result"}`, or `{"code", "message"}` of what is wrong with it."""
        cpu_budget(order["cpu_seconds"])
        try:
            return {"result": codec.encode_result(self._run(order))}
        except BaseException as error:  # noqa: BLE001  # a panic in Rust is no Exception
            code, message = _explained(error)
            return {"code": code, "message": message[:_LONGEST_MESSAGE]}

    def _run(self, order: Mapping[str, Any]) -> ProgramResult:
        program = self._readers[order["reader"]].read(order["body"], _LIMITS)
        calibration = order["calibration"]
        chosen = order.get("seed")
        chosen = options.seed(program.options) if chosen is None else chosen
        conditions = Conditions(
            methods=tuple(order["methods"]),
            seed=randbits(53) if chosen is None else chosen,
            memory_bytes=order["memory_bytes"],
            threads=order["threads"],
            snapshot=self._snapshots.of(codec.decode_calibration(calibration)) if calibration else None,
        )
        return run(program, conditions)


def main(passage: str, memory_bytes: str, *readers: str) -> None:
    """Import, warm up, give up rights, and fork workers until the parent goes."""
    bind_to_parent()
    # Where this is not allowed, `harden` tries again and says so.
    with contextlib.suppress(OSError):
        isolate_network()
    warnings.simplefilter("ignore")
    worker = Worker({name: _reader(where) for name, _, where in (reader.partition("=") for reader in readers)})
    worker.warm_up()
    missed = harden(int(memory_bytes) + _SLACK_BYTES)
    serve_forks(worker.handle, int(passage), greeting={"missed": missed})


def _reader(where: str) -> Reader:
    module, _, attribute = where.partition(":")
    made: Reader = getattr(importlib.import_module(module), attribute)()
    return made


def _explained(error: BaseException) -> tuple[str, str]:
    """Say what is wrong with an order; unforeseen errors are not quoted, for they quote the payload."""
    match error:
        case UnreadableError():
            return "payload-unreadable", error.message
        case UncalibratedError():
            return "simulator-uncalibrated", str(error)
        case SimulationFailedError():
            return "simulator-memory-limit" if error.memory else "simulator-failed", str(error)
        case MemoryError():
            return "simulator-memory-limit", "the simulation needs more memory than one job may use"
        case QiskitError():
            return "simulator-failed", f"the circuit cannot be written for Aer: {error.message}"
    return "simulator-failed", "the circuit made the simulator fail"


if __name__ == "__main__":
    main(*sys.argv[1:])
