"""The worker on what the real SDKs send, in its own process group's place: no fork, no limits but the CPU timer."""

import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from adapters.aer import codec, feasibility
from adapters.aer.feasibility import Limits
from adapters.aer.worker import _LIMITS, Worker
from adapters.ibm.reader import IbmReader
from gateway.circuits.measure import measure
from gateway.domain.result import ProgramResult, Register

REQUESTS = sorted((Path(__file__).parents[2] / "golden" / "ibm" / "requests").glob("*.json"))


@pytest.fixture(autouse=True)
def _cpu_budget_ends_with_the_test() -> Iterator[None]:
    """A worker is a process of its own; here its CPU limit would be that of the whole test run."""
    limits = resource.getrlimit(resource.RLIMIT_CPU)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    resource.setrlimit(resource.RLIMIT_CPU, limits)


def run(body: bytes, **changes) -> ProgramResult:
    reader = IbmReader()
    limits = Limits(cpu_seconds=60, memory_bytes=2**30, noisy=False)
    plans = [feasibility.choose(circuit, limits) for circuit in measure(reader.read(body, _LIMITS)).circuits]
    order = {
        "reader": "ibm",
        "body": body,
        "methods": [plan.method for plan in plans],
        "cpu_seconds": 600.0,
        "memory_bytes": 2**30,
        "threads": 1,
        "calibration": None,
        **changes,
    }
    answer = Worker({"ibm": reader}).handle(order)
    assert "result" in answer, answer
    return codec.decode_result(answer["result"])


def bits(register: Register) -> np.ndarray:
    """Give the bits of a register as the SDK's client reads them: `[..., shots, bits]`, bit 0 first."""
    rows = np.frombuffer(register.samples.data, dtype=np.uint8).reshape(register.samples.shape)
    return np.unpackbits(rows, axis=-1)[..., ::-1][..., : register.bits]


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.stem)
def test_everything_the_sdks_send_runs(path):
    """Sampler, estimator and executor; parameters, registers, dynamic circuits, twirling; both SDKs."""
    result = run(path.read_bytes())

    assert result.items
    for item in result.items:
        for register in item.registers.values():
            assert register.samples.shape == (*item.shape, item.shots, (register.bits + 7) // 8)
        assert all(tensor.shape[: len(item.shape)] == item.shape for tensor in item.tensors.values())
        assert item.registers or {"evs", "stds"} <= item.tensors.keys()
        assert item.summary.shots == item.shots


@pytest.mark.parametrize("sdk", ["0.49", "0.51"])
def test_a_twirled_bell_state_is_a_bell_state_once_the_flips_are_undone(sdk):
    """Each randomization is another circuit; only together with the flips is it the submitted one."""
    path = next(path for path in REQUESTS if path.name == f"executor-sampler-twirled.sdk-{sdk}.json")

    item = run(path.read_bytes()).items[0]

    read = bits(item.registers["meas"])
    flips = np.frombuffer(item.tensors["measurement_flips.meas"].data, dtype=bool)
    true = read ^ flips.reshape(item.tensors["measurement_flips.meas"].shape)
    assert flips.any()
    assert (read[..., 0] != read[..., 1]).any()
    assert (true[..., 0] == true[..., 1]).all()
    assert 0 < true.mean() < 1


@pytest.mark.parametrize("sdk", ["0.49", "0.51"])
def test_options_that_change_nothing_are_listed_in_the_result(sdk):
    listed = {
        kind: run(path.read_bytes()).metadata["options_not_applied"]
        for path in REQUESTS
        for kind in ("sampler-options", "estimator-resilience")
        if path.name == f"{kind}.sdk-{sdk}.json"
    }

    assert listed["sampler-options"] == [
        "dynamical_decoupling.enable",
        "twirling.enable_gates",
        "twirling.enable_measure",
    ]
    assert listed["estimator-resilience"] == ["resilience_level"]


def test_a_method_that_cannot_run_the_circuit_is_a_failure_in_words():
    path = next(path for path in REQUESTS if path.name.startswith("sampler-parametrised"))
    order = {"reader": "ibm", "body": path.read_bytes(), "methods": ["stabilizer"] * 2, "calibration": None}

    answer = Worker({"ibm": IbmReader()}).handle({**order, "cpu_seconds": 600.0, "memory_bytes": 2**30, "threads": 1})

    assert answer["code"] == "simulator-failed"
    assert len(answer["message"]) <= 300
