"""Arrays as the SDK packs them, and as people type them. No pickle, and nothing allocated on a header's word.

Parameter values are float64 `[*shape, parameters]`, last axis in the order of `circuit.parameters`.
"""

import io
import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.lib import format as npy
from qiskit import QuantumCircuit
from qiskit.primitives.containers.bindings_array import BindingsArray

from adapters.ibm.reader.strict import Budget, expect
from gateway.ports.reader import UnreadableError

_NPY_MAGIC = b"\x93NUMPY\x01\x00"
_LENGTH_BYTES = 2
_HEADERS = 256
"""Read headers that are kept: arrays of one shape begin alike, and a header is a program's text to its parser."""


def parameter_values(value: Any, circuit: QuantumCircuit, where: str, budget: Budget) -> np.ndarray[Any, Any]:
    """Decode the parameter values of one pub, by the rules of qiskit's own primitives.

    Raises:
        UnreadableError: `malformed`, `too-large`, or `parameters`: not as many as the circuit has.
    """
    parameters = tuple(circuit.parameters)
    if value is None:
        values: dict[Any, Any] = {}
    elif isinstance(value, dict) and "__type__" not in value:
        values = {name: numbers(given, f"{where}, one parameter", budget) for name, given in value.items()}
    else:
        values = {parameters: numbers(value, where, budget)}
    try:
        # qiskit's own rules: a single parameter may leave out its axis.
        return np.asarray(BindingsArray(values).as_array(parameters), dtype=np.float64)
    except (ValueError, TypeError):
        raise UnreadableError(
            "parameters", f"{where} does not give one value for each of the circuit's {len(parameters)} parameters"
        ) from None


def numbers(value: Any, where: str, budget: Budget) -> np.ndarray[Any, Any]:
    """Decode an array of finite real numbers, packed or as nested lists.

    Raises:
        UnreadableError: `malformed`, `too-large` or `parameters`.
    """
    array = np.asarray(_packed(value, where, budget) if isinstance(value, dict) else _listed(value, where))
    if array.dtype.kind not in "iuf":
        raise UnreadableError("parameters", f"{where} must hold real numbers")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise UnreadableError("parameters", f"{where} must hold finite numbers")
    return array


def read_npy(raw: bytes, where: str) -> np.ndarray[Any, Any]:
    """Read numpy's own format, version 1, of plain numbers only.

    Raises:
        UnreadableError: `malformed`.
    """
    try:
        return _npy(raw)
    except (ValueError, TypeError, SyntaxError, RecursionError, OverflowError):
        raise UnreadableError("malformed", f"{where} is not a numpy array of plain numbers") from None


def _npy(raw: bytes) -> np.ndarray[Any, Any]:
    if not raw.startswith(_NPY_MAGIC):
        raise ValueError("not numpy format 1.0")
    begin = len(_NPY_MAGIC) + _LENGTH_BYTES
    end = begin + int.from_bytes(raw[len(_NPY_MAGIC) : begin], "little")
    shape, fortran, dtype = _header(raw[len(_NPY_MAGIC) : end])
    data = raw[end:]
    if dtype.kind not in "iufb" or math.prod(shape) * dtype.itemsize != len(data):
        raise ValueError("the header does not fit the data")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


@lru_cache(_HEADERS)
def _header(encoded: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    return npy.read_array_header_1_0(io.BytesIO(encoded))


def _packed(value: dict[str, Any], where: str, budget: Budget) -> Any:
    if value.get("__type__") != "ndarray":
        raise UnreadableError("malformed", f"{where} must be a packed numpy array or nested lists")
    inner = value.get("__value__")
    if isinstance(inner, list):
        return _listed(inner, where)
    return read_npy(budget.inflate(expect(inner, str, where), where), where)


def _listed(value: Any, where: str) -> Any:
    try:
        return np.asarray(value) if value != [] else np.empty(0)
    except (ValueError, OverflowError):
        raise UnreadableError("parameters", f"{where} must be a regular array") from None
