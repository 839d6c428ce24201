"""Jobs that the gateway simulates: small ones per second, and what a long one costs over Aer run directly."""

import time
from collections.abc import Callable, Mapping

from tests.bench import aer_alone, bodies
from tests.bench.deployment import bearer, deploy, poll, submission
from tests.bench.outcome import Budget, Outcome, Series, ratio
from tests.bench.scale import Scale
from tests.bench.traffic import Plan, drive
from tests.running import Gateway

TITLE = "Simulated execution"
SMALL, LARGE = "sim_line_5", "sim_heavyhex_27"
LONG: Mapping[str, bytes] = {
    "ideal": bodies.brickwork(LARGE, qubits=18, layers=60, shots=1000),
    "calibrated": bodies.brickwork(LARGE, qubits=10, layers=12, shots=1000),
}
"""Jobs that take Aer more than half a second, by kind of noise."""
_PAUSE_SECONDS = 0.01
_PATIENCE_SECONDS = 180.0


def measure(scale: Scale) -> Outcome:
    """Measure without noise, then with the noise of the day's calibration."""
    series: list[Series] = []
    budgets = []
    for noise, body in LONG.items():
        rates, ours, direct = _measured(scale, noise, body)
        overhead = ratio(f"long job, {noise}, over Aer run directly", ours, direct)
        series += [
            Series(what=f"two Bell circuits, {noise}", unit="jobs/s", values=tuple(rates)),
            Series(what=f"long job, {noise}, submission to result", unit="s", values=tuple(ours)),
            Series(what=f"long job, {noise}, Aer run directly", unit="s", values=tuple(direct)),
            overhead,
        ]
        budgets.append(Budget(promise=f"{noise}: below 1.2 times Aer run directly", found=overhead, at_most=1.2))
    return Outcome(
        series=series,
        budgets=budgets,
        note=(
            "One simulator worker, one thread. Jobs per second from the first submission to the last result. The long "
            "jobs are brickwork circuits (18 qubits ideal, 10 qubits noisy); their time runs from the submission "
            "to the poll that says completed, against Aer in a process that already holds circuit and noise model."
        ),
    )


def _measured(scale: Scale, noise: str, body: bytes) -> tuple[list[float], list[float], list[float]]:
    rates, ours, direct = [], [], []
    settings = {"noise": noise, "workers": 1, "queue_per_principal": 1000}
    deployment = deploy(scale.scratch / noise, aer=settings)
    with deployment.running() as gateway:
        token = bearer(gateway, deployment.keys[0])
        _seconds(gateway, token, body)  # the simulator's own start is no job's cost
        for _ in range(scale.runs):
            rates.append(_rate(gateway, token, scale.simulations))
            ours.append(_seconds(gateway, token, body))
            direct += aer_alone.seconds(body, backend=LARGE, noise=noise, runs=1)
    return rates, ours, direct


def _rate(gateway: Gateway, token: dict[str, str], jobs: int) -> float:
    request = submission(token, bodies.bell(SMALL))
    load = drive(Plan(port=gateway.port, requests=[request], connections=4, seconds=_PATIENCE_SECONDS, most=jobs))
    began = time.perf_counter() - load.seconds
    _wait(lambda: not gateway.request("GET", "/ibm/api/v1/jobs?pending=true&limit=1", headers=token).json()["jobs"])
    return jobs / (time.perf_counter() - began)


def _seconds(gateway: Gateway, token: dict[str, str], body: bytes) -> float:
    began = time.perf_counter()
    sent = submission(token, body)
    answer = gateway.request(sent.method, sent.path, headers=sent.headers, body=sent.body).json()
    asked = poll(token, answer["id"])

    def ended() -> bool:
        status = gateway.request(asked.method, asked.path, headers=asked.headers).json()["state"]["status"]
        assert status in {"Queued", "Running", "Completed"}, status
        return bool(status == "Completed")

    _wait(ended)
    return time.perf_counter() - began


def _wait(over: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not over():
        if time.monotonic() > deadline:
            raise TimeoutError(f"jobs are still unfinished after {_PATIENCE_SECONDS:g} s")
        time.sleep(_PAUSE_SECONDS)
