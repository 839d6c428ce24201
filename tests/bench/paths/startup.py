"""From the command to the first answer."""

import subprocess
import time

from tests.bench.constant import wait_until_it_answers
from tests.bench.deployment import deploy, pid_of
from tests.bench.outcome import Budget, Outcome, Series
from tests.bench.processes import mapped, resident_mebibytes, serving
from tests.bench.scale import Scale
from tests.running import GATEWAY, Gateway

TITLE = "Start-up"
_LIBRARIES = ("qiskit", "qiskit_aer", "numpy")


def measure(scale: Scale) -> Outcome:
    """Start, ask until it answers, look inside, stop."""
    deployment = deploy(scale.scratch / "startup")
    answered, ready, resident, loaded = [], [], [], set()
    for _ in range(scale.runs):
        began = time.perf_counter()
        gateway = _launched(deployment.gateway)
        try:
            wait_until_it_answers(f"{gateway.url}/", _process(gateway))
            answered.append(time.perf_counter() - began)
            gateway.wait_ready()
            ready.append(time.perf_counter() - began)
            pid = serving(pid_of(gateway)).pid
            resident.append(resident_mebibytes(pid))
            loaded |= {library for library in _LIBRARIES if f"/{library}/" in mapped(pid)}
        finally:
            gateway.stop()
    first = Series(what="first answer", unit="s", values=tuple(answered))
    imported = Series(what="heavy libraries in the serving process", unit="libraries", values=(float(len(loaded)),))
    return Outcome(
        series=(
            first,
            Series(what="ready for submissions", unit="s", values=tuple(ready)),
            Series(what="resident size when ready", unit="MiB", values=tuple(resident)),
            imported,
        ),
        budgets=(
            Budget(promise="`gateway serve` answers in below 2 s", found=first, at_most=2.0),
            Budget(promise="qiskit is not imported in the serving process", found=imported, at_most=0.0),
        ),
        note=(
            "From starting the command in a warm file cache. Ready is later than answering: circuit readers warm up "
            f"meanwhile. Looked for in the serving process's memory map: {', '.join(_LIBRARIES)}; found: "
            f"{', '.join(sorted(loaded)) or 'none'}."
        ),
    )


def _launched(gateway: Gateway) -> Gateway:
    log = (gateway.state_dir / "log").open("ab")
    with log:
        gateway.process = subprocess.Popen(
            [*GATEWAY, "serve"], env=gateway.environment, stdout=subprocess.DEVNULL, stderr=log
        )
    return gateway


def _process(gateway: Gateway) -> "subprocess.Popen[bytes]":
    assert gateway.process is not None
    return gateway.process
