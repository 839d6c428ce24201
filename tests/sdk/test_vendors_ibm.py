"""IBM's SDK through the gateway to IBM: what it is told is what IBM says, and every intent is one job there."""

import json

import pytest

from tests.running import eventually
from tests.sdk.comparison import strangers, unexpected

CASES = ("sampler", "parametrised", "estimator", "executor")
BASES = {"QISKIT_IBM_URL": "experimental/api/v1", "IAM_URL": "iam"}
CATALOGS = {"GLOBAL_SEARCH_URL": "search", "GLOBAL_CATALOG_URL": "catalog"}


@pytest.fixture(scope="module")
def run(ibm_sdk, at_ibm):
    return ibm_sdk.run("vendor_ibm_run", env=at_ibm.env)


@pytest.fixture(scope="module")
def look(ibm_sdk, at_ibm):
    return ibm_sdk.run("vendor_ibm_look", env=at_ibm.env)


@pytest.fixture(scope="module")
def owner(ibm_sdk, at_ibm):
    """See what IBM shows to the owner of the account, past the gateway."""
    direct, url = at_ibm.direct, at_ibm.fake.url
    credential = {"QISKIT_IBM_TOKEN": direct.key, "QISKIT_IBM_INSTANCE": direct.crn}
    addresses = {name: f"{url}/{path}" for name, path in (BASES | CATALOGS).items()}
    return ibm_sdk.run("vendor_ibm_look", "direct", env={**at_ibm.env, **credential, **addresses})


def both(stand, path, job_id):
    """Ask IBM and the gateway the same about a job."""
    theirs = stand.direct("GET", path.format(stand.vendor_id(job_id)))
    return theirs, stand.gateway("GET", path.format(job_id))


# ── what comes back ──────────────────────────────────────────────────────────────────────────────
def test_registers_come_back_by_name(run):
    plain, registers, dynamic = run["sampler"]["pubs"]

    assert set(plain["counts"]["meas"]) == {"00", "11"}
    assert set(registers["counts"]["alpha"]) == {"00", "11"}
    assert registers["counts"]["beta"] == {"1": 100}
    assert set(dynamic["counts"]["c"]) == {"00", "11"}


def test_parameters_give_an_array_of_results(run):
    (pub,) = run["parametrised"]["pubs"]

    assert (pub["shape"], pub["shots"]["meas"]) == ([3], 50)
    assert sum(pub["counts"]["meas"].values()) == 150


def test_an_estimate_and_a_program_of_one_s_own_come_back(run):
    correlation, single = run["estimator"]["evs"]

    assert correlation == pytest.approx(1, abs=0.3)
    assert single == pytest.approx(0, abs=0.3)
    assert run["executor"]["shapes"] == [{"meas": [50, 2]}, {"meas": [3, 50, 2]}]


@pytest.mark.parametrize("case", ["sampler", "parametrised"])
def test_a_job_is_found_again_with_its_words_and_what_it_used(run, case):
    told = run[case]

    assert told["again"] == told["pubs"]
    assert told["tags"] == ["lab-41", "ada", "qgw:execution=hardware"]
    assert told["usage"] == told["metrics"]["usage"]["quantum_seconds"] > 0
    assert (told["status"], told["backend"]) == ("DONE", "ibm_test_five")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("path", ["/jobs/{}", "/jobs/{}?exclude_params=true", "/jobs/{}/metrics"])
def test_a_job_is_described_as_ibm_describes_it(at_ibm, run, case, path):
    theirs, ours = both(at_ibm, path, run[case]["id"])

    assert unexpected("ibm", theirs.body, ours.body) == {}


@pytest.mark.parametrize("case", CASES)
def test_results_are_ibms_byte_for_byte(at_ibm, run, case):
    theirs, ours = both(at_ibm, "/jobs/{}/results", run[case]["id"])

    assert (theirs.status, ours.status) == (200, 200)
    assert ours.body == theirs.body
    assert ours.headers["qgw-backend"] == "ibm_test_five"


def test_a_list_says_the_same_as_each_job(at_ibm, run):
    listed = {each["id"]: each for each in at_ibm.gateway("GET", "/jobs?exclude_params=true").json()["jobs"]}

    for case in CASES:
        whole = at_ibm.gateway("GET", f"/jobs/{run[case]['id']}?exclude_params=true").json()
        assert listed[whole["id"]] == whole


# ── what is never told ───────────────────────────────────────────────────────────────────────────
def test_no_id_or_account_of_ibms_reaches_a_client(at_ibm, run, look):
    secret = {at_ibm.direct.key, at_ibm.direct.crn, at_ibm.direct.crn.split(":")[6]}
    for case in CASES:
        secret.update(strangers("ibm", both(at_ibm, "/jobs/{}", run[case]["id"])[0].body))

    told = [each for each in at_ibm.tap.passed if not each.path.endswith("/results")]

    assert len(secret) > len(CASES)
    assert len(told) > 50
    for each in told:
        words = each.told.decode() + str(each.headers)
        assert not [one for one in secret if one in words], each.path


# ── looking around ───────────────────────────────────────────────────────────────────────────────
def test_machines_and_simulators_are_listed_and_a_machine_is_less_busy(look):
    assert {"ibm_test_five", "ibm_test_eagle", "sim_line_5"} <= set(look["listed"])
    assert look["least_busy"].startswith("ibm_test")


def test_a_machine_is_configured_as_its_owner_sees_it(look, owner):
    """Transpiled for the gateway's description, a circuit must fit IBM's: gates, couplings, timing."""
    shown, told = look["device"]["configuration"], owner["device"]["configuration"]

    assert shown.pop("qgw")["execution_kind"] == "hardware"
    assert shown == told
    assert look["device"]["target"] == owner["device"]["target"]
    assert look["device"]["status"] == owner["device"]["status"]


def test_a_machine_is_calibrated_as_its_owner_sees_it(look, owner):
    shown, told = (_measured(report["device"]["properties"]) for report in (look, owner))

    assert told
    assert {place: shown.get(place) for place in told} == told


def _measured(properties):
    """Read everything that was measured, by place and name; the gateway calculates in units of its own."""
    qubits = {f"qubit {number}": each for number, each in enumerate(properties["qubits"])}
    gates = {each["name"]: each["parameters"] for each in properties["gates"]}
    return {
        (place, one["name"]): pytest.approx(one["value"], rel=1e-9)
        for place, measured in (qubits | gates).items()
        for one in measured
        if one["name"] in {"T1", "T2", "readout_error", "gate_error", "gate_length"}
    }


# ── what a user does with jobs ───────────────────────────────────────────────────────────────────
def test_sessions_and_batches_run_and_take_nothing_once_closed(look):
    told = look["sessions"]

    assert (told["shots"], told["batch"], told["closed"]) == ({"meas": 10}, [{"meas": 10}] * 2, "Closed")
    assert "session is closed" in told["late"]["message"].lower()


def test_jobs_are_found_tagged_and_deleted(look):
    job = look["job"]

    assert job["tags"] == ["kept", "later", "qgw:execution=hardware"]
    assert job["lists"] == {"tagged": [job["id"]], "on": True, "pending": False, "program": True}
    assert job["inputs"] == 5
    assert job["properties"]
    assert "permitted by decision" in job["logs"]
    assert job["metrics"]["usage"]["status"] == "complete"
    assert job["deleted"]["type"] == "RuntimeJobNotFound"


def test_a_waiting_job_is_cancelled_at_ibm(look, at_ibm):
    told = look["cancelled"]
    eventually(lambda: at_ibm.gateway("GET", f"/jobs/{told['id']}").json()["status"] == "Cancelled")
    theirs, ours = both(at_ibm, "/jobs/{}", told["id"])

    assert (told["cancel"]["type"], told["status"]) == (None, "CANCELLED")
    assert told["result"]["type"] == "RuntimeInvalidStateError"
    assert theirs.json()["status"].startswith("Cancelled")
    assert unexpected("ibm", theirs.body, ours.body) == {}


def test_a_denial_names_its_rule(look):
    assert look["denied"]["type"] == "IBMRuntimeError"
    assert "circuits/shots" in look["denied"]["message"]
    assert "[decision " in look["denied"]["message"]


def test_polls_are_answered_from_our_record(at_ibm, run):
    """A job that waits is asked about by its client all the time, and at IBM now and then."""
    sent = at_ibm.gateway("GET", f"/jobs/{run['sampler']['id']}").json()
    body = {"program_id": "sampler", "backend": "ibm_test_five", "params": sent["params"]}
    before = at_ibm.asked()["GET /api/v1/jobs/{id}"]
    job_id = at_ibm.gateway("POST", "/jobs", body).json()["id"]
    polling = at_ibm.gateway.session()

    polls = 0
    while polling("GET", f"/jobs/{job_id}?exclude_params=true").json()["status"] not in {"Completed", "Failed"}:
        polls += 1

    asked = at_ibm.asked()["GET /api/v1/jobs/{id}"] - before
    assert polls > 2 * asked
    assert asked <= 8


# ── trouble on the way ───────────────────────────────────────────────────────────────────────────
def test_a_lost_answer_is_one_job_at_ibm(ibm_sdk, at_ibm):
    """Four ways to lose it, one of them between the SDK and the gateway."""
    kinds = ("accept_then_status", "accept_then_cut", "half_answer", "accept_then_delay")
    rules = [{"match": "POST /api/v1/jobs$", "kind": kind, "times": 1, "seconds": 1.5} for kind in kinds]
    names = ("lost-status", "lost-cut", "lost-half", "lost-here", "not-lost")
    at_ibm.tap.needles.append(b'"lost-here"')

    with at_ibm.failing(*rules):
        report = ibm_sdk.run("vendor_ibm_submit", *names, env=at_ibm.env)

    taken = [tag for job in at_ibm.fake.jobs() for tag in job["tags"]]
    told = {each["name"]: each for each in report["jobs"]}
    assert [taken.count(name) for name in names] == [1] * len(names)
    assert [told[name].get("shots") for name in names if name != "lost-here"] == [{"meas": 10}] * 4
    assert told["lost-here"]["id"] is None or told["lost-here"]["shots"] == {"meas": 10}


def test_an_outage_diverts_who_consents_and_denies_who_does_not(ibm_sdk, at_ibm, run):
    older = run["parametrised"]["id"]
    with at_ibm.away():
        words = ("strict=qgw:simulator=deny", "willing", "--read", older)
        report = ibm_sdk.run("vendor_ibm_submit", *words, env=at_ibm.env)

    strict, willing = report["jobs"]
    assert strict["type"] == "IBMRuntimeError"
    assert "takes no work now" in strict["message"]
    assert willing["backend"].startswith("sim_")
    assert willing["label"]["execution_kind"] == "simulator"
    assert report["counts"] == {older: run["parametrised"]["pubs"][0]["counts"]}


def test_jobs_survive_a_restart_of_the_gateway(ibm_sdk, at_ibm, run):
    before = len(at_ibm.fake.jobs())

    at_ibm.restart()

    ids = [run[case]["id"] for case in ("sampler", "parametrised")]
    report = ibm_sdk.run("vendor_ibm_submit", "--read", *ids, env=at_ibm.env)
    assert report["counts"] == {run[case]["id"]: run[case]["pubs"][0]["counts"] for case in ("sampler", "parametrised")}
    assert len(at_ibm.fake.jobs()) == before


def test_the_fake_found_nothing_strange(at_ibm, run, look):
    """Whatever was sent to IBM had a token of its IAM, the instance, and a body that it knows."""
    verdicts = at_ibm.fake.ask("state")["verdicts"]

    assert (verdicts["unauthenticated"], verdicts["crashed"]) == (0, 0)
    assert json.loads(at_ibm.gateway("GET", "/backends").body)["devices"]
