"""Aer run directly on a submission's circuit: what the simulator costs without a gateway around it.

`python -m tests.bench.aer_alone RUNS BACKEND ideal|calibrated` reads a submission from stdin and prints the
seconds of each run as JSON. Reading, measuring and compiling are left out, so the gateway is compared with
the strictest rival: one that already holds the finished circuit and its noise model.
"""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), "1")
_PATIENCE_SECONDS = 300.0


def seconds(body: bytes, *, backend: str, noise: str, runs: int) -> list[float]:
    """Run it in a process of its own, on one thread as a worker of the gateway does."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.bench.aer_alone", str(runs), backend, noise],
        input=body,
        stdout=subprocess.PIPE,
        env={**os.environ, **_ONE_THREAD},
        check=True,
        timeout=_PATIENCE_SECONDS,
    )
    times: list[float] = json.loads(done.stdout)
    return times


def main(runs: str, backend: str, noise: str) -> None:
    """Prepare everything, then time the simulation alone."""
    from qiskit_aer import AerSimulator

    from adapters.aer import calibration, devices, feasibility
    from adapters.aer.compact import compact
    from adapters.aer.noise import Snapshot
    from adapters.aer.settings import AerSettings
    from adapters.ibm.reader import IbmReader
    from gateway.circuits.limits import SandboxLimits
    from gateway.circuits.measure import measure

    settings, noisy = AerSettings(), noise == "calibrated"
    program = IbmReader().read(sys.stdin.buffer.read(), SandboxLimits().reading)
    limits = feasibility.Limits(cpu_seconds=settings.cpu_seconds, memory_bytes=settings.memory_bytes, noisy=noisy)
    plan = feasibility.choose(measure(program).circuits[0], limits)
    assert plan is not None, "the gateway would not simulate it either"
    small = compact(program.items[0].circuit, method=plan.method)
    snapshot = calibration.snapshot(devices.device(backend), seed=settings.seed, day=datetime.now(UTC).date())
    model = Snapshot(snapshot).noise(small).model if noisy else None
    simulator = AerSimulator(method=plan.method, noise_model=model, max_parallel_threads=1)
    times = []
    for _ in range(int(runs)):
        began = time.perf_counter()
        result = simulator.run(small.circuit, shots=program.items[0].shots).result()
        times.append(time.perf_counter() - began)
        assert result.success, result.status
    print(json.dumps(times))


if __name__ == "__main__":
    main(*sys.argv[1:])
