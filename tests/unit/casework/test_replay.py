"""What a replay says: the same, chance, another machine, or a record that does not hold."""

import struct
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from gateway.casework.inspection import Entry, JobReport
from gateway.casework.replay import MOST_COMPARED, NothingToReplayError, Replayer
from gateway.cli.replay import verdict
from gateway.domain.backend import ExecutionKind
from gateway.domain.circuit import ProgramFacts
from gateway.domain.job import JobStatus
from gateway.domain.result import ItemResult, ProgramResult, Register, Summary, Tensor
from tests.unit.casework.test_inspection import JOB

BODY = b'{"circuit": "bell"}'
RAN = {"simulator": "qiskit-aer 0.18.0", "method": "stabilizer", "seed": 7, "noise": "ideal"}
DONE = replace(JOB, status=JobStatus.COMPLETED, payload_digest=sha256(BODY).hexdigest(), program_digest="cd" * 32)
ON_HARDWARE = replace(DONE, kind=ExecutionKind.HARDWARE, backend="ibm_lund", calibration_digest="ef" * 32)
NOTHING = Summary(
    shots=0,
    distinct_outcomes=None,
    top_probability_ppm=None,
    entropy_microbits=None,
    value_ppm=None,
    standard_error_ppm=None,
)


def measured(shares, shots=2000, sets=1, seed=1):
    """What two qubits read, drawn from shares of 00, 01, 10 and 11."""
    drawn = np.random.default_rng(seed).choice(4, size=(sets, shots), p=shares).astype(np.uint8)
    shape = () if sets == 1 else (sets,)
    samples = Tensor(dtype="uint8", shape=(*shape, shots, 1), data=drawn.tobytes())
    return item(registers={"c": Register(bits=2, samples=samples)}, shape=shape, shots=shots)


def estimated(values, errors):
    tensors = {
        name: Tensor(dtype="float64", shape=(len(each),), data=struct.pack(f"<{len(each)}d", *each))
        for name, each in {"evs": values, "stds": errors}.items()
    }
    return item(tensors=tensors, shape=(len(values),))


def item(registers=None, tensors=None, shape=(), shots=0):
    return ItemResult(
        registers=registers or {}, tensors=tensors or {}, shape=shape, shots=shots, summary=NOTHING, metadata={}
    )


def program(*items, metadata=RAN):
    return ProgramResult(items=items, metadata=metadata, started_at="", finished_at="", cpu_seconds=0.0, seconds=0.0)


BELL, NOISY = [0.5, 0, 0, 0.5], [0.46, 0.04, 0.04, 0.46]


class Sealed:
    """The vault, the reader, the simulator and the vendor of one job, with what happened in order."""

    def __init__(self, job=DONE, then=(), now=(), execution=RAN, ran=None, digest="cd" * 32, body=BODY):
        self.job, self.results = job, {b"then": program(*then), b"now": program(*now, metadata=ran or RAN)}
        self.execution, self.digest, self.body, self.happened, self.reruns = execution, digest, body, [], []

    async def replay(self, **options):
        replayer = Replayer(
            inspection=_Inspection(self),
            entries=self,
            vault=self,
            database=None,
            dialects={"ibm": self},
            vendors={"ibm": self},
            sandbox=self,
            rerunner=self,
        )
        return await replayer.replay(self.job.client_job_id, **options)

    async def record(self, type_, **said):
        self.happened.append((type_, said["body"], said["by"]))

    async def open(self, *, object_id, kind):
        assert object_id == self.job.id
        self.happened.append(("opened", kind))
        return self.body if kind == "payload" else b"then"

    async def measure(self, **_):
        return ProgramFacts(circuits=(), total_shots=0, estimated_seconds=0.0, digest=self.digest, payload_versions=())

    async def run(self, rerun):
        self.reruns.append(rerun)
        return self.results[b"now"]

    def encode_results(self, job, payload, result):
        assert (job, payload, result) == (self.job, self.body, self.results[b"now"])
        return {"result": b"now"}

    def decode(self, submitted, documents):
        assert submitted == self.body
        return self.results[documents["result"]]


class _Inspection:
    def __init__(self, sealed):
        self.sealed = sealed

    async def job(self, name):
        job = self.sealed.job
        assert name == job.client_job_id
        body = {"job_id": job.id, "execution": self.sealed.execution}
        told = Entry(
            seq=3, type="job.completed", at="", event_id="", project_id="", body=body, names={}, prev="", leaf_hash=""
        )
        return JobReport(job=job, attempts=(), sealed=("payload", "provenance", "result"), entries=(told,))


async def test_a_simulated_job_comes_out_the_same():
    sealed = Sealed(then=[measured(BELL)], now=[measured(BELL)])
    found = await sealed.replay()

    assert (found.identical, found.repeatable, found.holds, found.different) == (True, True, True, False)
    assert sealed.reruns[0].seed == 7
    assert sealed.reruns[0].calibration is None
    assert verdict(found) == "it came out the same, shot for shot"


async def test_who_opens_a_payload_is_recorded_before_it_is_opened():
    sealed = Sealed(then=[measured(BELL)], now=[measured(BELL)])
    await sealed.replay(by="p-1")

    assert sealed.happened == [
        ("job.replayed", {"job_id": DONE.id, "noise": "as-it-ran"}, "p-1"),
        ("opened", "payload"),
        ("opened", "result"),
    ]


async def test_a_simulated_job_that_does_not_come_out_again_contradicts_the_record():
    found = await Sealed(then=[measured(BELL)], now=[measured(BELL, seed=2)]).replay()

    assert (found.identical, found.holds) == (False, False)
    assert "contradicted" in verdict(found)


@pytest.mark.parametrize("name", ["seed", "method", "noise", "simulator"])
async def test_what_ran_under_other_conditions_need_not_come_out_the_same(name):
    found = await Sealed(then=[measured(BELL)], now=[measured(BELL, seed=2)], ran={**RAN, name: "another"}).replay()

    assert (found.repeatable, found.holds, found.different) == (False, True, False)
    assert verdict(found) == "chance explains the differences"


async def test_hardware_differs_by_its_errors_and_that_is_no_finding():
    vendor = {"execution_kind": "hardware", "vendor": "ibm"}
    sealed = Sealed(
        job=ON_HARDWARE, then=[measured(NOISY, shots=8000)], now=[measured(BELL, shots=8000)], execution=vendor
    )
    found = await sealed.replay()

    assert (found.different, found.repeatable, found.holds) == (True, False, True)
    assert sealed.reruns[0].seed is None
    assert "as hardware does" in verdict(found)
    assert found.sampled[0].distance.total_variation_interval.low > 0


async def test_a_hardware_job_that_an_ideal_machine_could_have_run_is_said_to_be_chance():
    vendor = {"execution_kind": "hardware", "vendor": "ibm"}
    found = await Sealed(
        job=ON_HARDWARE, then=[measured(BELL, seed=3)], now=[measured(BELL)], execution=vendor
    ).replay()

    assert verdict(found) == "chance explains the differences"


async def test_another_payload_than_the_recorded_one_does_not_hold():
    swapped = await Sealed(then=[measured(BELL)], now=[measured(BELL)], body=b"another").replay()
    other = await Sealed(then=[measured(BELL)], now=[measured(BELL)], digest="00" * 32).replay()

    assert (swapped.payload_holds, swapped.holds) == (False, False)
    assert (other.circuits_hold, other.holds) == (False, False)
    assert "not the one that the ledger names" in verdict(swapped)


async def test_estimates_are_compared_by_their_stated_errors():
    errors = [0.01, 0.01, 0.01]
    near = await Sealed(
        then=[estimated([0.5, -0.5, 1.0], errors)], now=[estimated([0.51, -0.5, 1.0], errors)], ran={**RAN, "seed": 8}
    ).replay()
    far = await Sealed(
        then=[estimated([0.5, -0.5, 1.0], errors)], now=[estimated([0.6, -0.5, 1.0], errors)], ran={**RAN, "seed": 8}
    ).replay()

    assert near.estimated[0].largest_deviation == pytest.approx(0.01 / (0.01 * 2**0.5))
    assert (near.different, far.different) == (False, True)
    assert far.estimated[0].values == 3


async def test_every_parameter_set_is_compared_up_to_a_limit():
    sets = MOST_COMPARED + 5
    found = await Sealed(then=[measured(BELL, shots=20, sets=sets)], now=[measured(BELL, shots=20, sets=sets)]).replay()

    assert (len(found.sampled), found.left_out) == (MOST_COMPARED, 5)
    assert found.identical


async def test_registers_are_compared_together():
    """Each by itself would look the same: only together do they show that they agree or do not."""

    def two(second):
        first = measured([0.5, 0.5, 0, 0])
        other = measured([0.5, 0.5, 0, 0], seed=second)
        return item(registers={"a": first.registers["c"], "b": other.registers["c"]}, shape=(), shots=first.shots)

    found = await Sealed(then=[two(1)], now=[two(2)], ran={**RAN, "seed": 8}).replay()

    assert found.different


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.RUNNING])
async def test_without_a_result_there_is_nothing_to_replay(status):
    with pytest.raises(NothingToReplayError, match=status.value):
        await Sealed(job=replace(DONE, status=status)).replay()


async def test_what_holds_neither_samples_nor_estimates_cannot_be_compared():
    with pytest.raises(NothingToReplayError, match="neither"):
        await Sealed(then=[item()], now=[item()]).replay()
