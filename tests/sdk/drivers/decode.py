"""Decode results as `job.result()` does, without a job: reads `[[program, body], …]` from standard input."""

import json
import sys

from kit import driver
from qiskit.primitives import PrimitiveResult
from qiskit_ibm_runtime.decoders.defaults import DEFAULT_DECODERS


def main():
    return {"decoded": [_shown(_decoded(program, body)) for program, body in json.load(sys.stdin)]}


def _decoded(program, body):
    value = body
    for decoder in (
        DEFAULT_DECODERS[program] if isinstance(DEFAULT_DECODERS[program], list) else [DEFAULT_DECODERS[program]]
    ):
        if getattr(decoder, "is_applicable", lambda _: True)(value):
            value = decoder.decode(value)
    return value


def _shown(result):
    if isinstance(result, PrimitiveResult):
        return [{name: _values(field) for name, field in pub.data.items()} for pub in result]
    return [{name: array.tolist() for name, array in item.items()} for item in result]


def _values(field):
    return field.to_bool_array(order="little").tolist() if hasattr(field, "to_bool_array") else field


driver(main)
