"""IBM's results of circuits that were sent in parts (`splitting.py`): one pub again, with the shots of all its parts.

Execution spans say which shots ran when, by pub: they are told of the pubs that the client knows, where their kind has
a place for shots. A span holds one slice of each pub, so one that held several parts becomes several, of the same time.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from adapters.ibm import tensors
from adapters.ibm.tensors import typed
from adapters.ibm.vendor_arrays import Unpacker
from gateway.domain.changes import Parts
from gateway.domain.restoring import agreed, grouped, joined

SPANS: Final = "execution_spans"
_SLICES: Final = "DoubleSliceSpan"


class _Place(NamedTuple):
    """Where the shots of a pub that was sent are in the client's."""

    pub: int
    rank: int
    """Which of its parts."""
    first: int
    shots: int
    """Of all parts together."""


def pubs(told: Sequence[dict[str, Any]], parts: Parts) -> list[dict[str, Any]]:
    """Put a primitive's pub results together.

    Raises:
        ValueError: there are not as many as parts, or those of one circuit do not go together.
    """
    unpacker = Unpacker()
    pairs = zip(grouped(told, parts), parts, strict=True)
    return [each[0] if len(each) == 1 else _pub(each, shots, unpacker) for each, shots in pairs]


def plain(told: Sequence[dict[str, Any]], parts: Parts) -> list[dict[str, Any]]:
    """Put results in plain JSON together, whose circuits have one parameter set each; raises as `pubs` does."""
    pairs = zip(grouped(told, parts), parts, strict=True)
    return [each[0] if len(each) == 1 else _plain(each, shots) for each, shots in pairs]


def execution(metadata: Mapping[str, Any], parts: Parts) -> dict[str, Any]:
    """Give the metadata of a whole result with spans of the client's pubs; without any where they cannot be told so."""
    told = metadata.get("execution")
    if not isinstance(told, Mapping) or SPANS not in told:
        return dict(metadata)
    spans = told[SPANS]["__value__"]["spans"]
    if any(span["__type__"] != _SLICES for span in spans):
        return {**metadata, "execution": {name: value for name, value in told.items() if name != SPANS}}
    places = list(_places(parts))
    moved = [new for span in spans for new in _moved(span["__value__"], places)]
    return {**metadata, "execution": {**told, SPANS: typed("ExecutionSpans", {"spans": moved})}}


# ── samples ──────────────────────────────────────────────────────────────────────────────────────
def _pub(parts: Sequence[dict[str, Any]], shots: Sequence[int], unpacker: Unpacker) -> dict[str, Any]:
    values = [each["__value__"] for each in parts]
    bins = [each["data"]["__value__"] for each in values]
    first = bins[0]
    if any((each["field_names"], each["shape"]) != (first["field_names"], first["shape"]) for each in bins):
        raise ValueError("the parts of a circuit have different registers, or other parameter sets")
    fields = {
        name: tensors.bit_array(joined([unpacker.bit_array(each["fields"][name]["__value__"]) for each in bins], shots))
        for name in first["field_names"]
    }
    data = {**values[0]["data"], "__value__": {**first, "fields": fields}}
    metadata = agreed([each.get("metadata") or {} for each in values], shots)
    return {**parts[0], "__value__": {**values[0], "data": data, "metadata": metadata}}


def _plain(parts: Sequence[dict[str, Any]], shots: Sequence[int]) -> dict[str, Any]:
    fields = {}
    for name, field in parts[0]["data"].items():
        others = [each["data"][name] for each in parts]
        counted = [len(each["samples"]) for each in others]
        if counted != list(shots) or any(each["num_bits"] != field["num_bits"] for each in others):
            raise ValueError("the parts of a circuit have registers of different shapes")
        fields[name] = {**field, "samples": [sample for each in others for sample in each["samples"]]}
    return {**parts[0], "data": fields, "metadata": agreed([each.get("metadata") or {} for each in parts], shots)}


# ── when which of them ran ───────────────────────────────────────────────────────────────────────
def _places(parts: Parts) -> Iterator[_Place]:
    """Give every pub that was sent its place, in the order in which they were."""
    for pub, shots in enumerate(parts):
        first = 0
        for rank, each in enumerate(shots):
            yield _Place(pub, rank, first, sum(shots))
            first += each


def _moved(span: Mapping[str, Any], places: Sequence[_Place]) -> Iterator[dict[str, Any]]:
    by_rank: dict[int, dict[str, Any]] = {}
    for sent, (shape, low, high, first, last) in span["data_slices"].items():
        place = places[int(sent)]
        slices = by_rank.setdefault(place.rank, {})
        slices[str(place.pub)] = [[*shape[:-1], place.shots], low, high, place.first + first, place.first + last]
    for _, slices in sorted(by_rank.items()):
        yield typed(_SLICES, {**span, "data_slices": slices})
