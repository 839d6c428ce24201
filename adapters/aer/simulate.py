"""Run a decoded program on Aer and answer in the house's words. Worker process only."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import prod
from typing import Any

import numpy as np
import qiskit_aer
from numpy.typing import NDArray

from adapters.aer import estimation, options, summary
from adapters.aer.compact import Compact, compact
from adapters.aer.noise import Noise, Snapshot
from adapters.aer.sampling import Bits, Engine, by_register, packed
from gateway.domain.clock import rfc3339
from gateway.domain.result import ItemResult, ProgramResult, Register, Tensor
from gateway.ports.reader import Binding, Item, Program

SIMULATOR = f"qiskit-aer {qiskit_aer.__version__}"
_WIDTHS: Mapping[str, tuple[Any, str]] = {"b": ("bool", "?"), "u": ("uint8", "u1"), "f": ("float64", "<f8")}
"""By numpy's kind: a tensor's type and its bytes."""
_ESTIMATION_GATES = ("sx",)
"""What an estimator's change of basis adds, besides z rotations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a program runs under, besides itself."""

    methods: tuple[str, ...]
    """Aer's method for each item; `automatic` for items beyond."""
    seed: int
    memory_bytes: int
    threads: int
    snapshot: Snapshot | None
    """Where noise comes from; `None` runs ideally."""


def run(program: Program, conditions: Conditions) -> ProgramResult:
    """Run every item of a program in turn.

    Raises:
        SimulationFailedError: Aer cannot.
        UncalibratedError: a circuit uses a qubit that the calibration lacks.
    """
    started, wall, cpu = datetime.now(UTC), time.perf_counter(), time.process_time()
    runs = [_Run(program.kind, item, number, conditions) for number, item in enumerate(program.items)]
    items = tuple(one.result() for one in runs)
    return ProgramResult(
        items=items,
        metadata=_metadata(program, conditions, runs),
        started_at=rfc3339(started),
        finished_at=rfc3339(datetime.now(UTC)),
        cpu_seconds=time.process_time() - cpu,
        seconds=time.perf_counter() - wall,
    )


def _metadata(program: Program, conditions: Conditions, runs: Sequence["_Run"]) -> dict[str, Any]:
    """Say what computed this, so that nobody takes it for a measurement."""
    told: dict[str, Any] = {
        "simulator": SIMULATOR,
        "execution_kind": "simulator",
        "method": "+".join(dict.fromkeys(one.method for one in runs)),
        "seed": conditions.seed,
        "noise": "calibrated" if conditions.snapshot else "ideal",
        "options_not_applied": list(options.not_applied(program.kind, program.options)),
    }
    if conditions.snapshot:
        told["calibration_digest"] = conditions.snapshot.digest
        told["gates_without_noise"] = sorted({gate for one in runs if one.noise for gate in one.noise.uncovered})
    return told


class _Run:
    """One item, made ready for its method."""

    def __init__(self, kind: str, item: Item, number: int, conditions: Conditions) -> None:
        self._kind, self._item, self._conditions = kind, item, conditions
        self.method = conditions.methods[number] if number < len(conditions.methods) else "automatic"
        # Every item draws from a stream of its own, so that its result does not depend on its neighbours.
        self._seeds = np.random.SeedSequence([conditions.seed, number]).generate_state(2, dtype=np.uint64)
        self.compact = compact(item.circuit, method=self.method)
        self.noise = self._noise()

    def result(self) -> ItemResult:
        """Run it."""
        binding, observables = self._item.bind(int(self._seeds[0]) >> 1), self._item.observables
        return self._sampled(binding) if observables is None else self._estimated(binding, observables)

    def _noise(self) -> Noise | None:
        if self._conditions.snapshot is None:
            return None
        also = _ESTIMATION_GATES if self._item.observables is not None else ()
        return self._conditions.snapshot.noise(self.compact, also=also)

    @property
    def _engine(self) -> Engine:
        return Engine(
            method=self.method,
            memory_bytes=self._conditions.memory_bytes,
            threads=self._conditions.threads,
            noise=self.noise.model if self.noise else None,
            seed=int(self._seeds[1]) >> 1,
        )

    def _sampled(self, binding: Binding) -> ItemResult:
        shots, shape = self._item.shots or 0, self._item.shape
        values = self._values(binding).reshape(prod(shape), len(self.compact.circuit.parameters))
        bits = self._engine.sample(self.compact.circuit, values, shots)
        return ItemResult(
            registers=_registers(self.compact, bits, shape),
            tensors={name: _tensor(array) for name, array in binding.extras.items()},
            shape=shape,
            shots=shots,
            summary=summary.of_samples(bits, shots),
            metadata=self._metadata(),
        )

    def _estimated(self, binding: Binding, observables: NDArray[np.object_]) -> ItemResult:
        shots = self._item.shots or estimation.shots_for(self._item.precision or 1.0)
        estimate = estimation.estimate(
            self._engine,
            self.compact,
            self._values(binding),
            observables,
            shots=shots,
            idle=self._idle(),
        )
        errors = _tensor(estimate.errors)
        return ItemResult(
            registers={},
            tensors={"evs": _tensor(estimate.values), "stds": errors, "ensemble_standard_error": errors},
            shape=self._item.shape,
            shots=shots,
            summary=summary.of_estimates(estimate.values, estimate.errors, shots),
            metadata={**self._metadata(), "shots": shots, "target_precision": self._item.precision},
        )

    def _values(self, binding: Binding) -> NDArray[np.float64]:
        """Give the parameter values of the compact circuit; a delay that was left out may have had some."""
        whole = np.broadcast_to(
            np.asarray(binding.values, dtype=np.float64), (*self._item.shape, self._item.circuit.num_parameters)
        )
        columns = {parameter: place for place, parameter in enumerate(self._item.circuit.parameters)}
        return whole[..., [columns[parameter] for parameter in self.compact.circuit.parameters]]

    def _idle(self) -> estimation.Idle:
        snapshot, active = self._conditions.snapshot, set(self.compact.qubits)
        if snapshot is None:
            return estimation.Idle(misread={})
        return estimation.Idle(misread={q: snapshot.misread(q) for q in range(snapshot.qubits) if q not in active})

    def _metadata(self) -> dict[str, Any]:
        return {"method": self.method, "circuit_metadata": _json(self._item.circuit.metadata)}


def _registers(small: Compact, bits: Bits, shape: tuple[int, ...]) -> dict[str, Register]:
    registers = {}
    for name, (register, own) in by_register(small.circuit, bits).items():
        rows = packed(own)
        samples = Tensor(dtype="uint8", shape=(*shape, *rows.shape[1:]), data=rows.tobytes())
        registers[name] = Register(bits=register.size, samples=samples)
    return registers


def _tensor(array: Any) -> Tensor:
    """Write an array; whole numbers and angles of any width become the widths a frame knows."""
    dense = np.asarray(array)
    dtype, width = _WIDTHS.get(dense.dtype.kind, _WIDTHS["f"])
    return Tensor(dtype=dtype, shape=dense.shape, data=dense.astype(width).tobytes())


def _json(metadata: Any) -> dict[str, Any]:
    """Give a circuit's own metadata back where it is JSON, as the vendor does."""
    try:
        return dict(json.loads(json.dumps(metadata or {}, allow_nan=False)))
    except (TypeError, ValueError):
        return {}
