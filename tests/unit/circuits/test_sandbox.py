"""The worker pool: whose worker it is, when it is replaced, and what stays out of the serving process."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.circuits.sandbox import Sandbox, SandboxBusyError, SandboxLimits, UnreadablePayloadError
from tests.unit.ibm_reader.wire import bell, packed, sampler

READERS = {"probe": "tests.unit.circuits.probe_reader:ProbeReader"}
"""A reader that tells what a worker can see, and fails on command."""


@pytest.fixture
async def make_sandbox(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    made = []

    async def make(readers=READERS, *, remembered=0, **limits) -> Sandbox:
        """Start one that reads every payload, because the probe answers the same order differently each time."""
        pool = Sandbox(readers, SandboxLimits(remembered=remembered, **limits))
        await pool.start()
        made.append(pool)
        return pool

    yield make
    for pool in made:
        await pool.close()


async def ask(pool: Sandbox, order: bytes, *, project: str = "p", principal: str = "ada"):
    facts = await pool.measure(reader="probe", body=order, project_id=project, principal_id=principal)
    return facts.payload_versions


async def worker_of(pool: Sandbox, project: str, principal: str = "ada") -> int:
    return int((await ask(pool, b"pid", project=project, principal=principal))[0])


async def test_a_project_keeps_its_worker_and_shares_it_with_nobody(make_sandbox):
    """What a payload may have left behind in a worker stays with the project that sent it."""
    pool = await make_sandbox()
    first = await worker_of(pool, "p")
    other = await worker_of(pool, "q")

    assert await worker_of(pool, "p") == first
    assert other != first
    assert await worker_of(pool, "q", "bob") == other


async def test_the_same_bytes_of_one_project_are_read_once(make_sandbox):
    """Whoever of the project asks: facts depend on nothing but the bytes."""
    pool = await make_sandbox(remembered=2)
    first = await ask(pool, b"moment")

    assert await ask(pool, b"moment", principal="bob") == first
    assert await ask(pool, b"moment", project="q") != first


async def test_what_was_not_measured_is_read_again(make_sandbox):
    pool = await make_sandbox(remembered=2)
    before = await worker_of(pool, "p")
    for _ in range(2):
        with pytest.raises(UnreadablePayloadError):
            await ask(pool, b"panic")

    assert pool.workers_replaced == 2
    assert await worker_of(pool, "p") == before, "asked before, so it is remembered although its worker is gone"


async def test_a_worker_is_retired_after_its_payloads(make_sandbox):
    pool = await make_sandbox(payloads_per_worker=2)

    pids = [await worker_of(pool, "p") for _ in range(5)]

    assert [pids.index(pid) for pid in pids] == [0, 0, 2, 2, 4]
    assert pool.workers_replaced == 2


async def test_projects_that_come_and_go_leave_a_bounded_pool(make_sandbox):
    pool = await make_sandbox(workers=2)

    pids = {await worker_of(pool, f"p{n}") for n in range(12)}
    await asyncio.sleep(0.2)

    assert len(pids) == 12
    assert sum(Path(f"/proc/{pid}").exists() for pid in pids) <= 4


@pytest.mark.parametrize(
    ("order", "problem"),
    [
        pytest.param(b"refuse", "probe-problem", id="a refusal"),
        pytest.param(b"crash", "worker-died", id="a crash in C"),
        pytest.param(b"panic", "malformed", id="an error that is no Exception"),
        pytest.param(b"memory", "too-costly", id="more memory than allowed"),
        pytest.param(b"spin", "too-costly", id="more CPU than allowed"),
        pytest.param(b"sleep", "too-costly", id="more time than allowed"),
    ],
)
async def test_every_failure_is_a_refusal_and_the_next_payload_is_served(make_sandbox, order, problem):
    pool = await make_sandbox(cpu_seconds=0.3, wall_seconds=1.0)

    with pytest.raises(UnreadablePayloadError) as refusal:
        await ask(pool, order)

    assert refusal.value.problem == problem
    assert "SECRET" not in refusal.value.message
    assert await worker_of(pool, "p")


async def test_a_worker_survives_a_refusal_and_no_limit_hit(make_sandbox):
    pool = await make_sandbox()
    pid = await worker_of(pool, "p")
    with pytest.raises(UnreadablePayloadError):
        await ask(pool, b"refuse")
    assert await worker_of(pool, "p") == pid

    with pytest.raises(UnreadablePayloadError):
        await ask(pool, b"panic")
    assert await worker_of(pool, "p") != pid


async def test_a_worker_killed_while_idle_is_noticed_before_it_is_asked(make_sandbox):
    pool = await make_sandbox()
    os.kill(await worker_of(pool, "p"), signal.SIGKILL)
    await asyncio.sleep(0.1)

    assert await worker_of(pool, "p")


async def test_a_killed_zygote_is_replaced(make_sandbox):
    pool = await make_sandbox()
    (zygote,) = await ask(pool, b"parent")
    os.kill(int(zygote), signal.SIGKILL)
    await asyncio.sleep(0.1)

    assert await worker_of(pool, "p")
    assert await ask(pool, b"parent") != (zygote,)


async def test_a_cancelled_caller_costs_a_worker_and_no_turn(make_sandbox):
    pool = await make_sandbox(workers=1)
    await worker_of(pool, "p")
    asking = asyncio.create_task(ask(pool, b"sleep"))
    await asyncio.sleep(0.05)
    asking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await worker_of(pool, "p")


async def test_who_cannot_be_served_in_time_hears_that_nothing_was_forwarded(make_sandbox):
    pool = await make_sandbox(waiting_seconds=0.1)
    with pytest.raises(SandboxBusyError, match="nothing was forwarded"):
        await ask(pool, b"pid")


async def test_a_reader_that_cannot_start_is_reported(make_sandbox):
    pool = await make_sandbox({"probe": "tests.unit.circuits.no_such_reader:Nothing"}, waiting_seconds=1.5)
    assert pool.ready() is not None

    with pytest.raises(SandboxBusyError):
        await ask(pool, b"pid")
    async with asyncio.timeout(20):
        while pool.ready() != "the circuit sandbox: its workers do not start":  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.05)


async def test_ready_means_that_a_worker_is_warm(make_sandbox):
    pool = await make_sandbox()
    assert pool.ready() == "the circuit sandbox: its workers are starting"

    await ask(pool, b"pid")

    assert pool.ready() is None


async def test_a_worker_sees_no_environment_network_or_privilege(make_sandbox, monkeypatch):
    """A payload that takes a worker over finds nothing there."""
    monkeypatch.setenv("GATEWAY_SECRET", "SECRET")
    pool = await make_sandbox()

    uid, interfaces, *environment = await ask(pool, b"look")

    assert "GATEWAY_SECRET" not in environment
    if os.geteuid() == 0:
        assert uid != "0"
    if "network" not in pool.limits_not_set:
        assert interfaces in {"", "lo"}


def test_the_serving_process_imports_no_reader_and_no_qiskit():
    heavy = ("qiskit", "numpy", "samplomatic")
    program = f"import sys, gateway.circuits.sandbox; print([name for name in {heavy} if name in sys.modules])"
    imported = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert imported.stdout.strip() == "[]"


async def test_the_hook_hears_every_outcome(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    heard = []
    pool = Sandbox(READERS, SandboxLimits(), measured=lambda outcome, seconds: heard.append((outcome, seconds >= 0)))
    await pool.start()
    await ask(pool, b"pid")
    with pytest.raises(UnreadablePayloadError):
        await ask(pool, b"refuse")
    await pool.close()

    assert heard == [("ok", True), ("probe-problem", True)]


async def test_closing_leaves_no_process(make_sandbox):
    pool = await make_sandbox()
    pids = [await worker_of(pool, "p"), int((await ask(pool, b"parent"))[0])]

    await pool.close()

    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


async def test_a_real_body_comes_back_as_facts(make_sandbox):
    pool = await make_sandbox({"ibm": "adapters.ibm.reader:IbmReader"})

    facts = await pool.measure(reader="ibm", body=sampler([packed(bell())]), project_id="p", principal_id="ada")

    assert facts.circuits[0].gates == {"barrier": 1, "cx": 1, "h": 1, "measure": 2}
    assert facts.total_shots == 4096
