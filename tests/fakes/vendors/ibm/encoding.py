"""Results in IBM's encoding: typed wrappers around numpy arrays, as the stock SDK decodes them.

With `support_qiskit: false` the sampler answers plain JSON instead: hexadecimal samples for people without Qiskit.
"""

import base64
import io
import json
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def typed(name: str, value: Any) -> dict[str, Any]:
    """Wrap a value so that the SDK's decoder makes an object of the named class."""
    return {"__type__": name, "__value__": value}


def ndarray(array: Array) -> dict[str, Any]:
    """Write an array."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return typed("ndarray", base64.standard_b64encode(zlib.compress(buffer.getvalue())).decode())


def bits(array: Array, width: int) -> dict[str, Any]:
    """Write the shots of one register: bytes, most significant first."""
    return typed("BitArray", {"array": ndarray(array), "num_bits": width})


def pub(fields: Mapping[str, Any], shape: Sequence[int], metadata: Any, *, sampled: bool) -> dict[str, Any]:
    """Write the results of one pub; fields are registers of a sampler, or values of an estimator."""
    data = {"field_names": list(fields), "field_types": [], "shape": list(shape), "fields": dict(fields)}
    return typed("SamplerPubResult" if sampled else "PubResult", {"data": typed("DataBin", data), "metadata": metadata})


def result(pubs: Sequence[Mapping[str, Any]], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Write the results of a job."""
    return typed("PrimitiveResult", {"pub_results": list(pubs), "metadata": {**metadata, "version": 2}})


def spans(shapes: Sequence[tuple[tuple[int, ...], int]]) -> dict[str, Any]:
    """Say when the pubs ran: one span, for each pub its shape and its shots."""
    now = datetime.now(UTC)
    slices = {
        str(index): [[*shape, shots], 0, int(np.prod(shape, dtype=int)), 0, shots]
        for index, (shape, shots) in enumerate(shapes)
    }
    start, stop = ({"__type__": "datetime", "__value__": t.isoformat()} for t in (now - timedelta(seconds=1), now))
    span = typed("DoubleSliceSpan", {"start": start, "stop": stop, "data_slices": slices})
    return {"execution_spans": typed("ExecutionSpans", {"spans": [span]})}


def samples(array: Array, width: int) -> dict[str, Any]:
    """Write the shots of one register as plain JSON."""
    rows = array.reshape(-1, array.shape[-1])
    return {"samples": [hex(int.from_bytes(row.tobytes(), "big")) for row in rows], "num_bits": width}


def falsified(text: str) -> str:
    """Alter every array of a result and nothing else: it still decodes, and it is wrong."""
    return json.dumps(_false(json.loads(text)))


def _false(value: Any) -> Any:
    if isinstance(value, list):
        return [_false(member) for member in value]
    if not isinstance(value, dict):
        return value
    if value.get("__type__") == "ndarray":
        array = np.load(io.BytesIO(zlib.decompress(base64.b64decode(value["__value__"]))), allow_pickle=False)
        return ndarray(array ^ 1 if array.dtype == np.uint8 else array + 0.25)
    if value.get("dtype") == "bool" and "data" in value:
        flipped = bytes(byte ^ 1 for byte in zlib.decompress(base64.b64decode(value["data"])))
        return {**value, "data": base64.b64encode(zlib.compress(flipped)).decode()}
    return {name: member if name == "passthrough_data" else _false(member) for name, member in value.items()}
