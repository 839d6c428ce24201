"""The upstream with real worker processes."""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.aer import AerSettings, AerUpstream, adapter
from adapters.aer.errors import OptionRefusedError, QueueFullError, UpstreamClosedError
from gateway.domain.errors import NotFoundError, UnavailableError
from gateway.domain.result import ProgramResult
from tests.unit.aer.circuits import brickwork, busy, ghz
from tests.unit.aer.conftest import NOON, ROOT
from tests.unit.aer.plain_reader import circuit_item, write

pytestmark = pytest.mark.long

BELL = circuit_item(ghz([0, 1], declared=27))
SLOW = circuit_item(busy())


async def test_a_job_runs_and_its_result_is_told(bench):
    aer = await bench()

    assert await aer.submit("job", BELL) == "job"
    ended = await aer.ending("job")

    assert [progress.status for progress in aer.told] == ["running", "completed"]
    assert (ended.attempt, ended.at, ended.reason) == (1, NOON, "")
    assert isinstance(ended.result, ProgramResult)
    assert ended.result.metadata["method"] == "stabilizer"
    assert ended.result.items[0].registers["c"].samples.shape == (1000, 1)
    assert aer.upstream.queue_position("job") is None


async def test_a_seed_in_the_options_is_used_and_every_seed_is_recorded(bench):
    aer = await bench()
    for job in ("a", "b"):
        await aer.submit(job, BELL, options={"simulator": {"seed_simulator": 5}})
    await aer.submit("c", BELL)

    a, b, c = [(await aer.ending(job)).result for job in ("a", "b", "c")]

    assert a.metadata["seed"] == 5
    assert a.items == b.items
    assert 0 <= c.metadata["seed"] < 2**53
    assert c.metadata["seed"] != 5


async def test_calibrated_noise_comes_from_the_days_snapshot(bench):
    aer = await bench(noise="calibrated")
    await aer.submit("job", BELL)

    metadata = (await aer.ending("job")).result.metadata

    assert metadata["noise"] == "calibrated"
    assert metadata["calibration_digest"] == aer.upstream.calibration("sim_heavyhex_27").digest


async def test_a_worker_is_kept_for_one_principal_and_never_shared_with_another(bench):
    """What one tenant's payload did to a process must not reach the next tenant."""
    aer = await bench()
    for job, principal in (("a1", "ada"), ("a2", "ada"), ("b1", "bob")):
        await aer.submit(job, BELL, principal=principal)
        await aer.ending(job)

    assert aer.upstream._crew.forked == 2


async def test_a_worker_retires_after_its_jobs(bench):
    aer = await bench(jobs_per_worker=1)
    for job in ("a", "b"):
        await aer.submit(job, BELL)
        await aer.ending(job)

    assert aer.upstream._crew.forked == 2


async def test_a_principal_with_many_jobs_does_not_keep_another_waiting(bench):
    aer = await bench()
    await aer.submit("slow", SLOW)
    await aer.until("slow", "running")
    for number in range(4):
        await aer.submit(f"ada{number}", BELL)
    await aer.submit("bob0", BELL, principal="bob")
    positions = [aer.upstream.queue_position(job) for job in ("ada0", "bob0", "ada1", "slow")]

    await aer.upstream.cancel("slow")
    await aer.ending("ada3")

    assert positions == [1, 2, 3, None]
    finished = [progress.job_id for progress in aer.told if progress.status == "completed"]
    assert finished == ["ada0", "bob0", "ada1", "ada2", "ada3"]


async def test_a_full_queue_refuses_before_anything_starts(bench):
    aer = await bench(queue_per_principal=1)
    await aer.submit("running", SLOW)
    await aer.until("running", "running")
    await aer.submit("waiting", BELL)

    with pytest.raises(QueueFullError):
        await aer.submit("refused", BELL)

    assert not await aer.upstream.cancel("refused")
    assert aer.upstream.status("sim_line_5").queue_length == 2


async def test_a_running_job_is_cancelled_at_once_and_its_worker_replaced(bench):
    aer = await bench()
    await aer.submit("slow", SLOW)
    await aer.until("slow", "running")
    pid = await _worker(aer)

    assert await aer.upstream.cancel("slow")

    assert (await aer.ending("slow")).status == "cancelled"
    assert not _alive(pid)
    await aer.submit("next", BELL)
    assert (await aer.ending("next")).status == "completed"
    assert not await aer.upstream.cancel("slow")


async def test_a_waiting_job_is_cancelled_without_having_run(bench):
    aer = await bench()
    await aer.submit("slow", SLOW)
    await aer.until("slow", "running")
    await aer.submit("waiting", BELL)

    assert await aer.upstream.cancel("waiting")

    assert [progress.status for progress in aer.told if progress.job_id == "waiting"] == ["cancelled"]
    assert aer.upstream.queue_position("waiting") is None


async def test_a_worker_that_is_killed_fails_its_job_and_no_other(bench):
    aer = await bench()
    await aer.submit("unlucky", SLOW)
    await aer.until("unlucky", "running")

    os.kill(await _worker(aer), signal.SIGKILL)

    ended = await aer.ending("unlucky")
    assert (ended.status, ended.reason_code) == ("failed", None)
    assert ended.reason.startswith("simulator-worker-died: ")
    await aer.submit("next", BELL)
    assert (await aer.ending("next")).status == "completed"


async def test_when_the_zygote_is_killed_everything_is_brought_up_again(bench):
    aer = await bench()
    await aer.submit("unlucky", SLOW)
    await aer.until("unlucky", "running")
    await _worker(aer)

    os.kill(aer.upstream._crew._nursery.pid, signal.SIGKILL)

    assert (await aer.ending("unlucky")).reason.startswith("simulator-worker-died: ")
    await aer.submit("next", BELL)
    assert (await aer.ending("next")).status == "completed"


async def test_the_clients_time_limit_ends_a_job_in_the_vendors_words(bench):
    aer = await bench()
    await aer.submit("slow", SLOW, max_seconds=1)

    ended = await aer.ending("slow")

    assert (ended.status, ended.reason_code) == ("cancelled", 1305)
    assert "maximum execution time of 1 s" in ended.reason


async def test_the_operators_time_limit_is_a_failure_of_the_job(bench):
    aer = await bench(wall_seconds=0.5)
    await aer.submit("slow", SLOW, max_seconds=100)

    ended = await aer.ending("slow")

    assert ended.status == "failed"
    assert ended.reason == "simulator-time-limit: the simulation ran longer than 0.5 s"


async def test_the_cpu_limit_ends_a_job(bench):
    aer = await bench(cpu_seconds=1)
    await aer.submit("slow", SLOW)

    assert (await aer.ending("slow")).reason == "simulator-cpu-limit: the simulation used more than 1 s of CPU"


async def test_the_memory_limit_ends_a_job_and_leaves_the_machine_alone(bench):
    """The facts are those of small circuits, so the check before the run does not see it coming."""
    aer = await bench(memory_bytes=64 * 2**20)
    small = circuit_item(brickwork(2, 1, seed=1))
    await aer.submit("state", small, body=write("sampler", [circuit_item(brickwork(28, 1, seed=1))]))
    await aer.submit("shots", BELL, body=write("sampler", [circuit_item(ghz([0], declared=1), shots=2_000_000_000)]))

    for job in ("state", "shots"):
        assert (await aer.ending(job)).reason.startswith("simulator-memory-limit: ")
    await aer.submit("next", BELL)
    assert (await aer.ending("next")).status == "completed"


async def test_a_payload_that_cannot_be_read_fails_in_the_readers_words(bench):
    aer = await bench()
    await aer.submit("job", BELL, body=b"unreadable")

    assert (await aer.ending("job")).reason == "payload-unreadable: the payload is malformed"


async def test_a_payload_that_breaks_the_reader_is_not_quoted(bench):
    aer = await bench()
    await aer.submit("job", BELL, body=b'{"kind": "secret"}')

    assert (await aer.ending("job")).reason == "simulator-failed: the circuit made the simulator fail"


async def test_a_newer_permit_for_a_job_that_runs_does_not_run_it_twice(bench):
    aer = await bench()
    await aer.submit("slow", SLOW)
    await aer.until("slow", "running")
    await aer.submit("slow", SLOW, attempt=2)

    await aer.upstream.cancel("slow")

    assert (await aer.ending("slow")).attempt == 2
    assert len([progress for progress in aer.told if progress.status == "running"]) == 1


async def test_an_outcome_is_told_again_until_the_ledger_takes_it(bench, monkeypatch):
    class LedgerUnavailableError(UnavailableError):
        code = "ledger-unavailable"
        retry_after_seconds = 0

    aer = await bench()
    told, context = [], aer.upstream._context

    async def refuse_twice(progress):
        told.append(progress.status)
        if len(told) < 3:
            raise LedgerUnavailableError("disk full")
        await context.progress(progress)

    monkeypatch.setattr(aer.upstream, "_context", replace(context, progress=refuse_twice))
    await aer.submit("job", BELL)

    assert (await aer.ending("job")).status == "completed"
    assert told == ["running", "running", "running", "completed"]


async def test_a_house_that_fails_to_listen_does_not_stop_the_simulator(bench, monkeypatch, caplog):
    aer = await bench()
    context = aer.upstream._context

    async def fail_once(progress):
        if progress.job_id == "first":
            raise RuntimeError("a bug of ours")
        await context.progress(progress)

    monkeypatch.setattr(aer.upstream, "_context", replace(context, progress=fail_once))
    await aer.submit("first", BELL)
    await aer.submit("next", BELL)

    assert (await aer.ending("next")).status == "completed"
    assert {record.message for record in caplog.records} == {"upstream.progress_lost"}


async def test_nothing_is_taken_when_closed_or_switched_off(bench):
    closed, off = await bench(), await bench(enabled=False)
    await closed.upstream.close()

    for aer in (closed, off):
        with pytest.raises(UpstreamClosedError):
            await aer.submit("job", BELL)
    assert off.upstream.backends() == ()
    assert not closed.upstream.status("sim_line_5").online


async def test_closing_leaves_no_process_and_tells_no_ending(bench):
    """What ran is not over: the outbox still holds it, and it is attempted again after the start."""
    aer = await bench()
    await aer.submit("slow", SLOW)
    await aer.until("slow", "running")
    pids = [await _worker(aer), aer.upstream._crew._nursery.pid]

    await aer.upstream.close()

    assert not any(_alive(pid) for pid in pids)
    assert [progress.status for progress in aer.told] == ["running"]


async def test_a_status_says_that_no_hardware_is_involved(bench):
    status = (await bench()).upstream.status("sim_heavyhex_127")

    assert status.online
    assert status.message.startswith("simulator: ")
    assert "no quantum hardware is involved" in status.message


async def test_history_goes_back_to_the_first_day_and_not_into_the_future(bench):
    upstream = (await bench()).upstream
    today = upstream.calibration("sim_line_5")

    assert today.taken_at == datetime(2025, 6, 1, tzinfo=UTC)
    assert upstream.calibration("sim_line_5", before=NOON + timedelta(days=9)) == today
    assert upstream.calibration("sim_line_5", before=NOON - timedelta(hours=13)).taken_at == today.taken_at - timedelta(
        days=1
    )
    assert upstream.calibration("sim_line_5", before=datetime(2024, 12, 31, tzinfo=UTC)) is None
    assert upstream.calibration("sim_line_5") is today


async def test_only_the_devices_that_are_offered_are_known(bench):
    aer = await bench(devices=("sim_line_5",))

    assert [device.name for device in aer.upstream.backends()] == ["sim_line_5"]
    for ask in (aer.upstream.status, aer.upstream.calibration):
        with pytest.raises(NotFoundError):
            ask("sim_heavyhex_27")
    with pytest.raises(NotFoundError):
        await aer.submit("job", BELL)


async def test_options_are_judged_before_the_job_is_taken(bench):
    upstream = (await bench()).upstream

    assert upstream.options_not_applied("sampler", {"twirling": {"enable_gates": True}}) == ("twirling.enable_gates",)
    with pytest.raises(OptionRefusedError):
        upstream.options_not_applied("sampler", {"execution": {"init_qubits": False}})


def test_the_serving_process_imports_neither_qiskit_nor_numpy():
    """Both take seconds, and their bugs belong into workers."""
    script = (
        "import sys, adapters.aer; print(sorted({'qiskit', 'qiskit_aer', 'numpy', 'samplomatic'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_the_adapter_offers_an_upstream_and_no_dialect():
    assert (adapter.name, adapter.settings, adapter.upstream, adapter.dialect) == (
        "aer",
        AerSettings,
        AerUpstream,
        None,
    )


@pytest.mark.parametrize(
    "wrong", [{"devices": ["ibm_fez"]}, {"noise": "real"}, {"workers": 0}, {"colour": "red"}, {"devices": []}]
)
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match="validation error"):
        AerSettings(**wrong)


def test_every_setting_is_explained():
    assert all(field.description for field in AerSettings.model_fields.values())


async def _worker(aer) -> int:
    """Wait until a worker sits at a desk."""
    async with asyncio.timeout(30):
        while True:
            ticket = next(iter(aer.upstream._tickets.values()))
            if ticket.desk and ticket.desk.child:
                return ticket.desk.child.pid
            await asyncio.sleep(0.01)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
