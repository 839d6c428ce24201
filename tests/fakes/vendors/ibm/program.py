"""Running a program: from the parameters of a job to the text of its results.

Qiskit and Aer are imported when the first job runs, not before.
"""

import hashlib
import json
from typing import Any

from tests.fakes.vendors.ibm.devices import Device


class ProgramFailedError(Exception):
    """A program that ends as a failed job, with IBM's code and its words."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


def run(program: str, params: dict[str, Any], device: Device | None) -> str:
    """Run a program and write its results; the same parameters have the same results.

    Args:
        program: `sampler`, `estimator` or `executor`.
        params: as submitted, checked against the API's description.
        device: whose gates the circuits must keep to; without one nothing is simulated, and the results are zeros of
            the right shape.

    Raises:
        ProgramFailedError: the job is to fail.
    """
    from tests.fakes.vendors.ibm import executor, primitives

    seed = int.from_bytes(hashlib.sha256(json.dumps(params, sort_keys=True).encode()).digest()[:4], "big") >> 1
    runners = {"sampler": primitives.sampler, "estimator": primitives.estimator, "executor": executor.executor}
    return json.dumps(runners[program](params, device, seed=seed))


def estimated_seconds(program: str, params: dict[str, Any]) -> float:
    """Estimate what a job takes, from what can be read without its circuits: 250 us a shot and 2 s for each pub."""
    if program == "executor":
        asked = params["quantum_program"]
        items = asked.get("items")
        count = len(items) if isinstance(items, list) else 1
        shots = asked.get("shots")
        return 2.0 * count + 250e-6 * (shots if isinstance(shots, int) else 0) * count
    options = params.get("options") or {}
    default: int = params.get("shots") or options.get("default_shots") or 4096
    counted = [_own_shots(pub) or default for pub in params["pubs"]] if program == "sampler" else [default]
    return 2.0 * len(params["pubs"]) + 250e-6 * sum(counted)


def _own_shots(pub: Any) -> int | None:
    has = isinstance(pub, list) and len(pub) > 2 and isinstance(pub[2], int)
    return pub[2] if has else None
