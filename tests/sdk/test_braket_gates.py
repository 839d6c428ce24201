"""The SDK's own definitions of its gates, against the golden file that the reader is tested with."""

import json
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "golden" / "braket" / "gates.json"


def test_the_golden_matrices_are_the_sdk_s(braket_sdk):
    assert braket_sdk.run("braket_gates") == json.loads(GOLDEN.read_text("utf-8"))
