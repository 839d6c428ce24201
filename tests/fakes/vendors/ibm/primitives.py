"""The programs `sampler` and `estimator` on Aer. Ideal: what the calibration says is not simulated.

Imports Qiskit; only ever imported where jobs run.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from qiskit import QuantumCircuit
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit_aer import AerSimulator
from qiskit_aer.primitives import EstimatorV2, SamplerV2

from tests.fakes.vendors.ibm import encoding
from tests.fakes.vendors.ibm.circuits import array, circuit
from tests.fakes.vendors.ibm.devices import MOST_SHOTS, Device
from tests.fakes.vendors.ibm.program import ProgramFailedError

_INVALID = 1524
_DEFAULT_SHOTS = 4096
_DEFAULT_PRECISION = 1 / 64
_QUBITS = 10_000
_WIDEST_STATEVECTOR = 24
Made = TypeVar("Made")


def sampler(params: dict[str, Any], device: Device | None, *, seed: int) -> dict[str, Any]:
    """Run all pubs and write their results."""
    options = params.get("options") or {}
    if (options.get("execution") or {}).get("meas_type", "classified") != "classified":
        raise ProgramFailedError(_INVALID, "only classified measurements are available")
    default = params.get("shots") or options.get("default_shots") or _DEFAULT_SHOTS
    pubs = [_sampler_pub(sent, device, default) for sent in params["pubs"]]
    measured = [sample(pub, seed) if device else _zeros(pub) for pub in pubs]
    if not params.get("support_qiskit", True):
        plain = [{name: encoding.samples(*shots) for name, shots in registers.items()} for registers in measured]
        return {"results": [{"data": data, "metadata": {}} for data in plain], "metadata": {"version": 2}}
    written = [
        encoding.pub(
            {name: encoding.bits(*shots) for name, shots in registers.items()},
            pub.shape,
            {"circuit_metadata": pub.circuit.metadata or {}},
            sampled=True,
        )
        for pub, registers in zip(pubs, measured, strict=True)
    ]
    return encoding.result(written, {"execution": encoding.spans([(pub.shape, pub.shots) for pub in pubs])})


def estimator(params: dict[str, Any], device: Device | None, *, seed: int) -> dict[str, Any]:
    """Run all pubs and write their results; the standard deviation is the precision asked for."""
    options = params.get("options") or {}
    shots = options.get("default_shots")
    default = params.get("precision") or (shots**-0.5 if shots else options.get("default_precision"))
    pubs = [_estimator_pub(sent, device, default or _DEFAULT_PRECISION) for sent in params["pubs"]]
    written = [_estimate(pub, seed if device else None) for pub in pubs]
    return encoding.result(written, {"dynamical_decoupling": {"enable": False}, "resilience": {}})


def sample(pub: SamplerPub, seed: int) -> dict[str, tuple[encoding.Array, int]]:
    """Run a sampler pub; gives for each register its shots and its width."""
    backend = AerSimulator(seed_simulator=seed, method=_method(pub.circuit))
    backend.set_max_qubits(_QUBITS)
    data = SamplerV2.from_backend(backend, seed=seed).run([pub]).result()[0].data
    return {name: (field.array, field.num_bits) for name, field in data.items()}


def _method(run: QuantumCircuit) -> str:
    """Leave the choice to Aer unless a state vector could not be held; idle qubits do not count."""
    used = {bit for step in run.data if step.operation.name not in {"barrier", "delay"} for bit in step.qubits}
    return "automatic" if len(used) <= _WIDEST_STATEVECTOR else "matrix_product_state"


def _zeros(pub: SamplerPub) -> dict[str, tuple[encoding.Array, int]]:
    return {
        register.name: (np.zeros((*pub.shape, pub.shots, -(-register.size // 8)), dtype=np.uint8), register.size)
        for register in pub.circuit.cregs
    }


def _sampler_pub(sent: Any, device: Device | None, default: int) -> SamplerPub:
    parts = list(sent) if isinstance(sent, list) else [sent]
    run = circuit(parts[0], device)
    pub = _coerced(lambda: SamplerPub.coerce((run, _values(run, parts[1:2]), *parts[2:3]), shots=default))
    if not 1 <= pub.shots <= MOST_SHOTS:
        raise ProgramFailedError(_INVALID, f"shots must be between 1 and {MOST_SHOTS}")
    if not run.cregs:
        raise ProgramFailedError(_INVALID, "a sampler needs a circuit with classical registers")
    return pub


def _estimator_pub(sent: list[Any], device: Device | None, default: float) -> EstimatorPub:
    run = circuit(sent[0], device)
    values = _values(run, sent[2:3])
    return _coerced(lambda: EstimatorPub.coerce((run, sent[1], values, *sent[3:4]), precision=default))


def _values(run: QuantumCircuit, sent: list[Any]) -> Any:
    """Read parameter values: an array in the order of the circuit's parameters, or a mapping by their names."""
    values = array(sent[0]) if sent else None
    if isinstance(values, dict):
        return {name: array(value) for name, value in values.items()}
    return values if run.num_parameters else None


def _estimate(pub: EstimatorPub, seed: int | None) -> dict[str, Any]:
    if seed is None:
        evs, stds = np.zeros(pub.shape), np.zeros(pub.shape)
    else:
        backend = {"seed_simulator": seed}
        values = EstimatorV2(options={"backend_options": backend, "run_options": backend}).run([pub]).result()[0].data
        evs, stds = np.asarray(values.evs, dtype=float), np.asarray(values.stds, dtype=float)
    fields = {name: encoding.ndarray(field) for name, field in (("evs", evs), ("stds", stds))}
    metadata = {
        "shots": round(pub.precision**-2),
        "target_precision": pub.precision,
        "circuit_metadata": pub.circuit.metadata or {},
        "resilience": {},
        "num_randomizations": 32,
    }
    spread = {"ensemble_standard_error": encoding.ndarray(stds)}
    return encoding.pub({**fields, **spread}, pub.shape, metadata, sampled=False)


def _coerced(coerce: Callable[[], Made]) -> Made:
    try:
        return coerce()
    except Exception as error:
        raise ProgramFailedError(_INVALID, f"a pub is not valid: {type(error).__name__}") from error
