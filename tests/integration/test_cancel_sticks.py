"""A cancel is kept: at the vendor, across a crash, and against helpers that submit again what did not succeed."""

import contextlib
import sqlite3

import pytest

from tests.integration.abroad import abroad, bell
from tests.integration.people import entry_of
from tests.running import eventually

pytestmark = pytest.mark.long

NO_CANCEL = {"rules": [{"match": "PUT /jobs", "kind": "status", "status": 503}]}


@pytest.fixture(scope="module")
def waiting(tmp_path_factory):
    """IonQ, where a job waits longer than any test looks at it."""
    with abroad(tmp_path_factory.mktemp("sticks"), ["ionq"], "--instant", "--queue-seconds", "300") as made:
        yield made


def submit(waiting, **changes):
    reply = waiting.ionq("POST", "jobs", bell(**changes))
    assert reply.status < 300, reply.body
    return reply.json()["id"]


def cancel(waiting, job):
    reply = waiting.ionq("PUT", f"jobs/{job}/status/cancel")
    assert reply.status == 200, reply.body


def at_vendor(waiting, name):
    (job,) = waiting.named(name)
    return job["status"]


def test_a_cancel_reaches_the_vendor_and_is_told_when_it_did(waiting):
    job = submit(waiting, name="reaches")

    cancel(waiting, job)

    assert waiting.ionq_ended(job)["status"] == "canceled"
    assert at_vendor(waiting, "reaches") == "canceled"
    assert entry_of(waiting.gateway, "job.cancel_requested", job)


def test_a_cancel_that_the_vendor_did_not_hear_is_asked_for_after_a_crash(waiting):
    """Its owner was told that it stops; a paid job must not run on because the gateway was killed."""
    job = submit(waiting, name="crash")
    waiting.fakes["ionq"].ask("faults", NO_CANCEL)
    cancel(waiting, job)
    waiting.gateway.kill()
    waiting.fakes["ionq"].ask("faults", {"rules": []})
    assert at_vendor(waiting, "crash") != "canceled"

    waiting.gateway.start()

    assert waiting.ionq_ended(job)["status"] == "canceled"
    assert at_vendor(waiting, "crash") == "canceled"


@pytest.mark.parametrize("crash", [False, True], ids=["at once", "after a crash"])
def test_cancelled_work_is_not_created_again_behind_its_owners_back(waiting, crash):
    name = f"again-{crash}"
    job = submit(waiting, name=name)
    cancel(waiting, job)
    eventually(lambda: entry_of(waiting.gateway, "job.cancel_requested", job))
    if crash:
        waiting.ionq_ended(job)  # its client has seen it, so this is no retry of a lost answer
        eventually(lambda: _answered(waiting, job))
        waiting.gateway.kill()
        waiting.gateway.start()
    taken = len(waiting.taken("ionq"))

    refused = waiting.ionq("POST", "jobs", bell(name=name))

    assert refused.status == 403
    assert job in refused.body.decode()
    assert len(waiting.taken("ionq")) == taken
    meant = submit(waiting, name=name, metadata={"qgw:rerun": "yes"})
    assert meant != job


def _answered(waiting, job):
    """Say whether the gateway has written down that the client knows its job."""
    query = "SELECT count(*) FROM job_answered JOIN job ON job.id = job_answered.job_id WHERE job.client_job_id = ?"
    database = waiting.gateway.state_dir / "gateway.sqlite3"
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(query, (job,)).fetchone()[0]
