"""kill -9 at random moments under load: no old generation answers on, the ledger holds, no acknowledged job is lost."""

import random
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence

import pytest

from tests.fault.load import Acknowledged, load
from tests.integration import bodies, refusals
from tests.integration.people import settle, within
from tests.processes import Process
from tests.running import API, Gateway, eventually

pytestmark = pytest.mark.long

GONE_SECONDS = 5.0
CLIENTS = ("alice", "bob", "mallory")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    gateway = Gateway(tmp_path_factory.mktemp("killed") / "state").init()
    try:
        yield gateway, within(gateway, settle)
    finally:
        gateway.discard()


@pytest.fixture
def gateway(deployed):
    """A gateway that serves, whatever the test before did to it."""
    running = deployed[0]
    if not running.processes():
        running.start()
    return running


@pytest.fixture
def keys(deployed):
    return deployed[1]


def listens(gateway: Gateway) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", gateway.port)) == 0


def supervisor_alone(everyone: Sequence[Process]) -> None:
    everyone[0].kill()


def whole_group(everyone: Sequence[Process]) -> None:
    for process in everyone:
        process.kill()


def group_from_below(everyone: Sequence[Process]) -> None:
    for process in reversed(everyone):
        process.kill()


def after_random_moment(gateway: Gateway, keys, kill: Callable[[Sequence[Process]], None]) -> Acknowledged:
    """Kill under load; the moment is drawn from the seed that pytest-randomly prints, and told when a test fails."""
    moment = random.uniform(0.2, 1.5)
    sys.stdout.write(f"killed {moment:.3f} s after the first acknowledgement\n")
    with load(gateway, [keys[who] for who in CLIENTS]) as told:
        eventually(lambda: told.jobs)
        time.sleep(moment)
        told.killed = gateway.processes()
        kill(told.killed)
    return told


def nothing_is_lost(gateway: Gateway, told: Acknowledged) -> None:
    """Every acknowledged job exists and comes to an end, and the ledger proves itself."""
    assert told.jobs
    assert told.statuses <= {200, 503}
    ended = {job: gateway.ended(key, job, seconds=90)["status"] for job, key in told.jobs.items()}
    assert set(ended.values()) == {"Completed"}
    verified = gateway.run("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.parametrize("kill", [supervisor_alone, whole_group, group_from_below])
def test_nothing_answers_on_after_a_kill_and_nothing_is_lost_after_a_restart(gateway, keys, kill):
    """A second gateway may bind the port at once: the first one must not have left anybody behind."""
    everyone = gateway.processes()
    assert len(everyone) >= 5

    told = after_random_moment(gateway, keys, kill)

    eventually(lambda: not [process for process in (*everyone, *told.killed) if process.alive], seconds=GONE_SECONDS)
    eventually(lambda: not listens(gateway), seconds=GONE_SECONDS)
    gateway.process.wait(10)
    gateway.start()
    nothing_is_lost(gateway, told)


def test_a_killed_worker_is_replaced_and_nothing_is_lost(gateway, keys):
    """The supervisor has no key and no socket; what it starts anew finds the queue in the database."""
    supervisor, serving, *_ = gateway.processes()

    told = after_random_moment(gateway, keys, lambda _: serving.kill())

    eventually(lambda: not [process for process in (serving, *told.killed[1:]) if process.alive], seconds=GONE_SECONDS)
    eventually(gateway.ready, seconds=60)
    assert supervisor.alive
    assert gateway.processes()[1] != serving
    nothing_is_lost(gateway, told)
    assert "child.replaced" in gateway.log()


@pytest.mark.parametrize("command", ["gateway.policy.engine_child", "gateway.circuits.worker", "adapters.aer.worker"])
def test_a_killed_helper_is_replaced_and_jobs_go_on(gateway, keys, command):
    """Policy, sandbox and simulator live in processes of their own; each may die alone."""
    for helper in [process for process in gateway.processes() if command in process.command]:
        helper.kill()

    eventually(
        lambda: gateway.request("POST", f"{API}/jobs", key=keys["alice"], body=bodies.golden()).status == 200,
        seconds=60,
    )
    job = eventually(
        lambda: (
            reply.json()["id"]
            if (reply := gateway.request("POST", f"{API}/jobs", key=keys["alice"], body=bodies.golden())).status == 200
            else None
        )
    )

    assert gateway.ended(keys["alice"], job)["status"] == "Completed"
    assert eventually(gateway.ready, seconds=60)


def test_a_running_job_survives_the_death_of_its_simulator(gateway, keys):
    """What cannot be finished ends with a reason; it never runs for ever."""
    job = gateway.submit(keys["alice"], bodies.slow())
    eventually(lambda: gateway.job(keys["alice"], job)["status"] == "Running")
    time.sleep(0.5)
    for helper in [process for process in gateway.processes() if "adapters.aer.worker" in process.command]:
        helper.kill()

    shown = gateway.ended(keys["alice"], job)

    assert shown["status"] == "Failed"
    assert shown["state"]["reason"]


def test_a_second_gateway_on_the_same_state_does_not_serve(gateway):
    """Two writers of one ledger would each believe in another head."""
    second = Gateway(gateway.state_dir)

    refused = second.run("serve")

    assert (refused.returncode, f"process {gateway.processes()[1].pid}" in refused.stderr) == (2, True), refused.stderr
    assert gateway.ready()


def test_a_database_that_is_locked_away_stops_submissions_and_leaves_reads_open(gateway, keys):
    """Nothing runs that is not recorded; what is there already can be looked at."""
    done = gateway.submit(keys["alice"], bodies.golden(tags=["before"]))
    gateway.ended(keys["alice"], done)
    path = gateway.state_dir / "gateway.sqlite3"
    thief = sqlite3.connect(path, isolation_level=None)
    thief.execute("BEGIN IMMEDIATE")
    try:
        refused = gateway.request("POST", f"{API}/jobs", key=keys["alice"], body=bodies.golden(tags=["meanwhile"]))
        shown = gateway.job(keys["alice"], done)
        results = gateway.request("GET", f"{API}/jobs/{done}/results", key=keys["alice"])
        eventually(lambda: not gateway.ready())
    finally:
        thief.execute("ROLLBACK")
        thief.close()
    eventually(gateway.ready)

    refusals.check(refused, 503, "ledger-unavailable")
    assert int(refused.headers["retry-after"]) > 0
    assert (shown["status"], results.status) == ("Completed", 200)
    assert gateway.request("GET", f"{API}/jobs?tags=meanwhile", key=keys["alice"]).json()["jobs"] == []
    again = gateway.submit(keys["alice"], bodies.golden(tags=["meanwhile"]))
    assert gateway.ended(keys["alice"], again)["status"] == "Completed"
    assert gateway.run("audit", "verify").returncode == 0
