"""The kill switch, pulled on a running gateway: what runs at a vendor is stopped there, and nothing new goes."""

import pytest

from tests.integration import bodies
from tests.integration.abroad import abroad, bell
from tests.integration.people import entry_of
from tests.running import eventually

pytestmark = pytest.mark.long

REASON = "an audit"


@pytest.fixture(scope="module")
def waiting(tmp_path_factory):
    """Vendors at which a job waits longer than any test looks at it."""
    with abroad(tmp_path_factory.mktemp("halts"), ["ionq", "ibm"], "--instant", "--queue-seconds", "300") as made:
        yield made


@pytest.fixture
def busy(waiting):
    """The same, with every halt lifted after the test."""
    yield waiting
    for each in waiting.gateway.json("halt", "list"):
        waiting.gateway.cli("halt", "lift", each["id"])


def submit(busy, name):
    """Submit a job, and wait until the vendor has it; a halt that was just lifted may still refuse the first."""
    reply = eventually(lambda: found if (found := busy.ionq("POST", "jobs", bell(name=name))).status < 300 else None)
    eventually(lambda: busy.named(name))
    return reply.json()["id"]


def statuses(busy, name):
    return [job["status"] for job in busy.named(name)]


def halt(busy, *scope):
    (made,) = busy.gateway.json("halt", "set", *scope, "--reason", REASON)
    return made["id"]


@pytest.mark.parametrize(
    "scope", [("--vendor", "ionq"), ("--project", "default"), ("--all",)], ids=lambda each: each[0]
)
def test_what_waits_at_a_vendor_is_stopped_there(busy, scope):
    name = f"stopped {scope[0]}"
    job = submit(busy, name)

    halt(busy, *scope)

    assert busy.ionq_ended(job)["status"] == "canceled"
    assert statuses(busy, name) == ["canceled"]
    assert entry_of(busy.gateway, "job.cancelled", job)["upstream"] == "ionq"


def test_nothing_new_goes_until_it_is_lifted(busy):
    """The refusal names the reason, in a status that no SDK repeats."""
    made = halt(busy, "--vendor", "ionq")
    refused = eventually(lambda: r if (r := busy.ionq("POST", "jobs", bell())).status >= 400 else None)

    assert refused.status == 403
    assert REASON in refused.body.decode()
    taken = len(busy.taken("ionq"))
    other = busy.ibm("POST", "jobs", bodies.golden(backend="ibm_test_five", tags=["qgw:simulator=deny"]))
    assert other.status == 200, other.body

    busy.gateway.cli("halt", "lift", made)
    eventually(lambda: busy.ionq("POST", "jobs", bell(name="afterwards")).status < 300)
    assert len(busy.taken("ionq")) == taken + 1


def test_what_was_halted_stays_stopped_after_a_restart_without_the_halt(busy):
    """The vendor did not hear it in time, and the operator has let work go on: that job was stopped all the same."""
    job, halted = submit(busy, "restart"), busy.gateway.log().count("jobs.halted")
    busy.fakes["ionq"].ask("faults", {"rules": [{"match": "PUT /jobs", "kind": "status", "status": 503}]})
    made = halt(busy, "--vendor", "ionq")
    eventually(lambda: busy.gateway.log().count("jobs.halted") > halted)
    busy.gateway.kill()
    busy.gateway.cli("halt", "lift", made)
    busy.fakes["ionq"].ask("faults", {"rules": []})
    assert statuses(busy, "restart") != ["canceled"]

    busy.gateway.start()

    assert busy.ionq_ended(job)["status"] == "canceled"
    assert statuses(busy, "restart") == ["canceled"]
