"""Results in the words of the program that was submitted, with the label of what computed them.

Sampler and estimator answer typed JSON. The executor answers its own schema, in the version that was
submitted, and gives back what the client asked to have passed through: the SDK's client-side primitives
find there how to make a sampler's or estimator's result of it.
"""

import json
from collections.abc import Mapping
from math import prod
from typing import Any

from adapters.ibm import labels, tensors
from adapters.ibm.tensors import typed
from gateway.domain.result import ItemResult, ProgramResult

_UNCOMPRESSED = ("v0.1", "v0.2", "v1.0", "v1.1")


def encode(submitted: bytes, result: ProgramResult) -> bytes:
    """Write a program's results as the body of GET /jobs/{id}/results."""
    body = json.loads(submitted)
    match body["program_id"]:
        case "sampler":
            answer = _primitive(result, [_sampled(item) for item in result.items], {"execution": _execution(result)})
        case "estimator":
            answer = _primitive(result, [_estimated(item) for item in result.items], {})
        case _:
            answer = _program(body["params"], result)
    return json.dumps(answer, separators=(",", ":"), allow_nan=False).encode("ascii")


def _primitive(result: ProgramResult, pubs: list[Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {**metadata, "version": 2, labels.LABEL: labels.of_result(result.metadata)}
    return typed("PrimitiveResult", {"pub_results": pubs, "metadata": metadata})


def _sampled(item: ItemResult) -> dict[str, Any]:
    fields = {name: tensors.bit_array(register) for name, register in item.registers.items()}
    return typed("SamplerPubResult", {"data": tensors.data_bin(fields, item.shape), "metadata": _metadata(item)})


def _estimated(item: ItemResult) -> dict[str, Any]:
    fields = {name: tensors.ndarray(tensor) for name, tensor in item.tensors.items()}
    return typed("PubResult", {"data": tensors.data_bin(fields, item.shape), "metadata": _metadata(item)})


def _metadata(item: ItemResult) -> dict[str, Any]:
    return {"circuit_metadata": {}, **item.metadata}


def _execution(result: ProgramResult) -> dict[str, Any]:
    """Say when which shots ran: all of them between the same two moments."""
    slices = {
        str(index): [[*item.shape, item.shots], 0, prod(item.shape), 0, item.shots]
        for index, item in enumerate(result.items)
    }
    span = {
        "start": typed("datetime", result.started_at),
        "stop": typed("datetime", result.finished_at),
        "data_slices": slices,
    }
    return {"execution_spans": typed("ExecutionSpans", {"spans": [typed("DoubleSliceSpan", span)]})}


def _program(params: Mapping[str, Any], result: ProgramResult) -> dict[str, Any]:
    version, program = params["schema_version"], params["quantum_program"]
    label = labels.of_result(result.metadata)
    return {
        "schema_version": version,
        "data": [_item(item, version) for item in result.items],
        "metadata": {"chunk_timing": [_chunk(result)], labels.LABEL: label},
        "passthrough_data": passed_through(program, label),
        "semantic_role": program.get("semantic_role"),
    }


def _chunk(result: ProgramResult) -> dict[str, Any]:
    """Say that everything ran in one chunk; SDK 0.49 fails on a chunk that names no parts."""
    parts = [_part(index, item.shape) for index, item in enumerate(result.items)]
    return {"start": result.started_at, "stop": result.finished_at, "parts": parts}


def _part(index: int, shape: tuple[int, ...]) -> dict[str, Any]:
    size = prod(shape)
    return {
        "idx_item": index,
        "size": size,
        "permutation": list(range(len(shape))),
        "element_range": [0, size, 1],
    }


def _item(item: ItemResult, version: str) -> dict[str, Any]:
    compressed = version not in _UNCOMPRESSED
    registers = {
        name: tensors.register_bits(register, compressed=compressed) for name, register in item.registers.items()
    }
    others = {name: tensors.dense(tensor, compressed=compressed) for name, tensor in item.tensors.items()}
    metadata = None if version == "v0.1" else {"scheduler_timing": None, "stretch_values": None}
    return {"results": registers | others, "metadata": metadata}


def passed_through(program: Mapping[str, Any], label: Mapping[str, Any]) -> Any:
    """Give back what was passed through; where it is the SDK's own, with the label where the SDK shows it.

    The SDK copies `options` into the result's metadata and `circuits_metadata` into each pub's. What a
    client passes through for itself, without a semantic role, comes back untouched.
    """
    passed = program.get("passthrough_data")
    if not program.get("semantic_role") or not isinstance(passed, dict):
        return passed
    if not isinstance(post := passed.get("post_processor"), dict):
        return passed
    shown = dict(post)
    if isinstance(post.get("options"), dict):
        shown["options"] = {**post["options"], labels.LABEL: label}
    if isinstance(post.get("circuits_metadata"), list):
        shown["circuits_metadata"] = [_beside(circuit, label) for circuit in post["circuits_metadata"]]
    return {**passed, "post_processor": shown}


def _beside(circuit: Any, label: Mapping[str, Any]) -> Any:
    return {**circuit, labels.LABEL: label} if isinstance(circuit, dict) else circuit
