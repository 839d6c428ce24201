"""Sampler and estimator: pubs to items, by the rules of qiskit's `SamplerPub.coerce` and `EstimatorPub.coerce`.

A sampler pub is `[circuit, values, shots]`, an estimator pub `[circuit, observables, values, precision]`; the
tail may be missing or null. Values and observables broadcast as numpy does. Shots are per parameter set.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from adapters.ibm.reader.arrays import parameter_values
from adapters.ibm.reader.circuits import Decoded, decode
from adapters.ibm.reader.observables import observables
from adapters.ibm.reader.strict import Budget, expect, finite, whole_number
from gateway.ports.reader import Binder, Binding, Item, Program, ReadLimits, UnreadableError

DEFAULT_SHOTS = 4096
DEFAULT_PRECISION = 0.015625
_SAMPLER_PARTS = 3
_ESTIMATOR_PARTS = 4


def sampler(params: Mapping[str, Any], limits: ReadLimits) -> Program:
    """Decode the parameters of a sampler job.

    Raises:
        UnreadableError: malformed, or over a limit.
    """
    options = _options(params)
    default = whole_number(
        DEFAULT_SHOTS if options.get("default_shots") is None else options["default_shots"],
        "params.options.default_shots",
        code="shots",
        least=1,
    )

    def item(parts: list[Any], decoded: Decoded, where: str, budget: Budget) -> Item:
        values = parameter_values(parts[1], decoded.circuit, f"{where}[1]", budget)
        shots = default if parts[2] is None else whole_number(parts[2], f"{where}[2]", code="shots", least=1)
        return Item(
            circuit=decoded.circuit,
            shape=values.shape[:-1],
            bind=fixed(values),
            shots=shots,
            precision=None,
            observables=None,
            source=decoded.source,
        )

    return _program("sampler", params, options, limits, _SAMPLER_PARTS, item)


def estimator(params: Mapping[str, Any], limits: ReadLimits) -> Program:
    """Decode the parameters of an estimator job.

    Raises:
        UnreadableError: malformed, or over a limit.
    """
    options = _options(params)
    default = _default_precision(options)

    def item(parts: list[Any], decoded: Decoded, where: str, budget: Budget) -> Item:
        circuit = decoded.circuit
        asked = observables(parts[1], circuit.num_qubits, f"{where}[1]", most=limits.bindings)
        values = parameter_values(parts[2], circuit, f"{where}[2]", budget)
        shape = _broadcast(asked.shape, values.shape[:-1], where)
        check_size(shape, where, limits)
        return Item(
            circuit=circuit,
            shape=shape,
            bind=fixed(np.broadcast_to(values, (*shape, values.shape[-1]))),
            shots=None,
            precision=default if parts[3] is None else _precision(parts[3], f"{where}[3]"),
            observables=np.broadcast_to(asked, shape),
            source=decoded.source,
        )

    return _program("estimator", params, options, limits, _ESTIMATOR_PARTS, item)


def fixed(values: np.ndarray[Any, Any]) -> Binder:
    """Make a binder of values that were given, whatever the seed."""
    return lambda _seed: Binding(values=values)


def check_size(shape: tuple[int, ...], where: str, limits: ReadLimits) -> int:
    """Count the parameter sets of one item.

    Raises:
        UnreadableError: none at all (`parameters`), or `too-large`.
    """
    size = math.prod(shape)
    if size < 1:
        raise UnreadableError("parameters", f"{where} has no parameter set, so there is nothing to run")
    if size > limits.bindings:
        raise UnreadableError("too-large", f"{where} has {size} parameter sets, at most {limits.bindings} can be read")
    return size


def check_total(items: list[Item], limits: ReadLimits) -> None:
    """Bound the parameter sets of a whole submission.

    Raises:
        UnreadableError: `too-large`.
    """
    total = sum(check_size(item.shape, f"item {index}", limits) for index, item in enumerate(items))
    if total > limits.bindings:
        raise UnreadableError(
            "too-large", f"the job has {total} parameter sets in all, at most {limits.bindings} can be read"
        )


def check_circuits(count: int, where: str, limits: ReadLimits) -> None:
    """Bound the circuits of a submission.

    Raises:
        UnreadableError: none (`malformed`), or `too-large`.
    """
    if count < 1:
        raise UnreadableError("malformed", f"{where} is empty, so there is nothing to run")
    if count > limits.circuits:
        raise UnreadableError("too-large", f"{where} holds {count} circuits, at most {limits.circuits} can be read")


def _program(
    kind: str,
    params: Mapping[str, Any],
    options: Mapping[str, Any],
    limits: ReadLimits,
    parts: int,
    item: Callable[[list[Any], Decoded, str, Budget], Item],
) -> Program:
    pubs = expect(params.get("pubs"), list, "params.pubs")
    check_circuits(len(pubs), "params.pubs", limits)
    budget = Budget(limits.decompressed_bytes)
    items, versions = [], set()
    known: dict[str, Decoded] = {}
    for index, pub in enumerate(pubs):
        where = f"params.pubs[{index}]"
        padded = _padded(pub, parts, where)
        # Often one circuit stands in many pubs: it is unpacked once, and counts once for what may be unpacked.
        written = json.dumps(padded[0])
        decoded = known.get(written) or decode(padded[0], f"{where}[0]", budget)
        known[written] = decoded
        versions.add(decoded.version)
        items.append(item(padded, decoded, where, budget))
    check_total(items, limits)
    return Program(kind=kind, items=tuple(items), options=options, payload_versions=tuple(sorted(versions)))


def _padded(pub: Any, parts: int, where: str) -> list[Any]:
    given = expect(pub, list, where)
    if not 1 <= len(given) <= parts:
        raise UnreadableError("malformed", f"{where} has {len(given)} parts, it may have 1 to {parts}")
    return given + [None] * (parts - len(given))


def _options(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the options; one of them stands beside them on the wire."""
    options = expect({} if params.get("options") is None else params["options"], dict, "params.options")
    level = params.get("resilience_level")
    return options if level is None else {**options, "resilience_level": level}


def _default_precision(options: Mapping[str, Any]) -> float:
    """Give the precision of pubs that name none; as IBM documents, `default_shots` overrides it."""
    if options.get("default_shots") is not None:
        where = "params.options.default_shots"
        return 1 / math.sqrt(whole_number(options["default_shots"], where, code="shots", least=1))
    if options.get("default_precision") is not None:
        return _precision(options["default_precision"], "params.options.default_precision")
    return DEFAULT_PRECISION


def _precision(value: Any, where: str) -> float:
    precision = finite(value, where, code="precision")
    if precision <= 0:
        raise UnreadableError("precision", f"{where} must be greater than 0; no number of shots is exact")
    return precision


def _broadcast(first: tuple[int, ...], second: tuple[int, ...], where: str) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(first, second)
    except ValueError:
        raise UnreadableError(
            "parameters", f"the observables and parameter values of {where} have shapes that do not fit together"
        ) from None
