"""Read documents from standard input as the SDK does, and tell what it made of them."""

import json
import sys

from braket.schema_common import BraketSchemaBase
from braket_kit import driver


def main():
    return {name: about(BraketSchemaBase.parse_raw_schema(text)) for name, text in json.load(sys.stdin).items()}


def about(read):
    told = {"class": type(read).__name__}
    if hasattr(read, "paradigm"):
        told["qubits"] = read.paradigm.qubitCount
        told["connectivity"] = getattr(getattr(read.paradigm, "connectivity", None), "connectivityGraph", None)
    if getattr(read, "standardized", None):
        told["calibrated"] = sorted(read.standardized.oneQubitProperties)
    return told


driver(main)
