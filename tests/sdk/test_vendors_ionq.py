"""IonQ's SDK through the gateway to IonQ: what it is told is what IonQ says, and every intent is one job there."""

import json

import pytest

from tests.sdk.comparison import strangers, unexpected

SHOTS = 100
FOUND = {
    "single": ({"00", "11"},),
    "ordered": ({"100"},),
    "several": ({"00", "11"}, {"100"}),
    "memory": ({"00", "11"},),
    "dynamic": ({"10 0", "10 1"},),
    "native": ({"00", "11"},),
    "plain": ({"00", "11"},),
    "sharpened": ({"00", "11"},),
    "ideal": ({"00", "11"},),
}
CASES = (*FOUND, "noisy", "dry")
KINDS = ("probabilities", "probabilities?sharpen=true", "histogram", "shots")


@pytest.fixture(scope="module")
def run(ionq_sdk, at_ionq):
    return ionq_sdk.run("vendor_ionq_run", env=at_ionq.env)


@pytest.fixture(scope="module")
def look(ionq_sdk, at_ionq):
    return ionq_sdk.run("vendor_ionq_look", env=at_ionq.env)


@pytest.fixture(scope="module")
def owner(ionq_sdk, at_ionq):
    """See what IonQ shows to the owner of the account, past the gateway."""
    direct = at_ionq.direct
    return ionq_sdk.run("vendor_ionq_look", "direct", env={"IONQ_API_URL": direct.base, "IONQ_API_KEY": direct.key})


def both(stand, path, job_id):
    """Ask IonQ and the gateway the same about a job."""
    theirs = stand.direct("GET", path.format(stand.vendor_id(job_id)))
    return theirs, stand.gateway("GET", path.format(job_id))


# ── what comes back ──────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("case", FOUND)
def test_every_kind_of_job_comes_back_as_its_circuit_says(run, case):
    told, shots = run[case], 600 if case == "sharpened" else SHOTS

    assert tuple(set(counts) for counts in told["counts"]) == FOUND[case]
    assert {sum(counts.values()) for counts in told["counts"]} == {shots}
    assert told["again"] == told["counts"]
    assert told["status"] == "JobStatus.DONE"
    if told["memory"]:
        assert [set(shots) for shots in told["memory"]] == list(FOUND[case])


def test_noise_is_ionqs_own(run):
    """IonQ's simulator applies its noise models; nobody may be told that it did not."""
    assert sum(run["noisy"]["counts"][0].values()) == SHOTS
    assert not any("noise model" in warning for warning in run["warnings"])


def test_a_dry_run_is_compiled_by_ionq_and_has_no_result(run):
    assert (run["dry"]["dry"], run["dry"]["gateset"]) == (True, "native")
    assert run["dry"]["result"]["type"] == "IonQJobError"


@pytest.mark.parametrize("case", FOUND)
def test_a_job_says_what_ran_it_and_keeps_its_words(run, case):
    kind = "simulator" if case == "ideal" else "hardware"

    assert run[case]["label"]["execution_kind"] == kind
    assert run[case]["metadata"] == {"lab": "41", "owner": "ada"}


@pytest.mark.parametrize("case", CASES)
def test_a_job_is_described_as_ionq_describes_it(at_ionq, run, case):
    theirs, ours = both(at_ionq, "/jobs/{}", run[case]["id"])

    assert unexpected("ionq", theirs.body, ours.body) == {}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", KINDS)
def test_results_are_ionqs_byte_for_byte(at_ionq, run, case, kind):
    """A job of many circuits has its results together, the others one by one; who has none says so."""
    whole = "/aggregated" if case == "several" and kind.startswith("prob") else ""
    path, _, query = kind.partition("?")
    theirs, ours = both(at_ionq, f"/jobs/{{}}/results/{path}{whole}?{query}", run[case]["id"])

    if theirs.status == 200:
        assert (ours.status, ours.body) == (200, theirs.body)
        assert ours.headers["qgw-backend"]
    else:
        assert (theirs.status, ours.status // 100) == (404, 4)


def test_circuits_and_variants_have_results_of_their_own(at_ionq, run):
    """What the description of a job points at is there, under the names that it gives."""
    for case, names in (("several", ("child_job_ids",)), ("sharpened", ("output",))):
        theirs, ours = (reply.json() for reply in both(at_ionq, "/jobs/{}", run[case]["id"]))
        pairs = list(zip(_urls(theirs, *names), _urls(ours, *names), strict=True))
        assert pairs
        for told, shown in pairs:
            assert at_ionq.direct("GET", told).body == at_ionq.gateway("GET", shown).body, shown


def _urls(job, name):
    if name == "child_job_ids":
        return [f"/jobs/{child}/results/{kind}" for child in job[name] for kind in ("probabilities", "shots")]
    variants = job["output"]["error_mitigation"]["debiasing"]["variants"]
    return [one["url"].removeprefix("/v0.4") for each in variants for one in each["results"].values()]


def test_a_list_says_the_same_as_each_job(at_ionq, run):
    listed = {each["id"]: each for each in at_ionq.gateway("GET", "/jobs?limit=100").json()["jobs"]}

    for case in CASES:
        whole = at_ionq.gateway("GET", f"/jobs/{run[case]['id']}").json()
        assert listed[whole["id"]] == whole


# ── what is never told ───────────────────────────────────────────────────────────────────────────
def test_no_id_or_account_of_ionqs_reaches_a_client(at_ionq, run, look):
    secret = {at_ionq.direct.key, *at_ionq.direct("GET", "/whoami").json().values()}
    for case in CASES:
        theirs, _ = both(at_ionq, "/jobs/{}", run[case]["id"])
        secret.update(strangers("ionq", theirs.body))

    told = [each for each in at_ionq.tap.passed if "/results/" not in each.path]

    assert len(secret) > len(CASES)
    assert len(told) > 50
    for each in told:
        words = each.told.decode() + str(each.headers)
        assert not [one for one in secret if one in words], each.path


# ── looking around ───────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", ["ionq_qpu.forte-1", "ionq_qpu.aria-1", "ionq_simulator"])
def test_a_machine_looks_as_it_looks_to_its_owner(look, owner, name):
    assert _rounded(look["devices"][name]) == _rounded(owner["devices"][name])


def _rounded(report):
    """Forget the last digits: the gateway keeps errors, which are 1 less a fidelity."""
    return json.loads(json.dumps(report), parse_float=lambda text: round(float(text), 9))


def test_backends_are_listed_as_ionq_lists_them(at_ionq):
    theirs, ours = (
        {each["backend"]: each for each in ask("GET", "/backends").json()} for ask in (at_ionq.direct, at_ionq.gateway)
    )

    for name, told in theirs.items():
        own = {"qgw", "characterization_id"}
        assert {key: value for key, value in ours[name].items() if key not in own} == {
            key: value for key, value in told.items() if key not in own
        }


def test_a_session_is_the_gateways_own(look):
    session = look["session"]

    assert session["shots"] == 10
    assert "takes no more jobs" in session["late"]["message"]


def test_polls_are_answered_from_our_record(at_ionq):
    body = {"type": "ionq.circuit.v1", "backend": "qpu.forte-1", "shots": 10, "name": "polled"}
    gates = {"gateset": "qis", "qubits": 1, "circuit": [{"gate": "h", "target": 0}]}
    before = at_ionq.asked()["GET /v0.4/jobs/{id}"]
    job_id = at_ionq.gateway("POST", "/jobs", {**body, "input": gates}).json()["id"]

    polls = 0
    while at_ionq.gateway("GET", f"/jobs/{job_id}").json()["status"] != "completed":
        polls += 1

    asked = at_ionq.asked()["GET /v0.4/jobs/{id}"] - before
    assert polls > 2 * asked
    assert asked <= 8


# ── jobs that do not end well ────────────────────────────────────────────────────────────────────
def test_a_denial_names_its_rule_and_no_request_left(look, at_ionq):
    assert look["denied"]["type"] == "IonQAPIError"
    assert "circuits/shots" in look["denied"]["message"]
    assert "[decision " in look["denied"]["message"]


def test_ionqs_refusal_is_shown_in_its_own_words(look):
    assert look["refused"]["type"] == "IonQAPIError"
    assert "ionq refused (400)" in look["refused"]["message"]
    assert "at least 500 shots" in look["refused"]["message"]


def test_a_job_that_ionq_fails_says_why(look, at_ionq):
    theirs, ours = both(at_ionq, "/jobs/{}", look["failed"]["id"])

    assert look["failed"]["type"] == "IonQJobFailureError"
    assert "UnsupportedGate: gate 0 (ms): this backend has zz instead" in look["failed"]["message"]
    assert unexpected("ionq", theirs.body, ours.body) == {}


def test_a_waiting_job_is_cancelled_at_ionq(ionq_sdk, at_ionq):
    told = ionq_sdk.run("vendor_ionq_later", "--cancel", env=at_ionq.env)
    theirs, ours = both(at_ionq, "/jobs/{}", told["id"])

    assert (told["cancel"]["type"], told["status"]) == (None, "JobStatus.CANCELLED")
    assert told["result"]["type"] == "IonQJobStateError"
    assert theirs.json()["status"] == "canceled"
    assert unexpected("ionq", theirs.body, ours.body) == {}


# ── trouble on the way ───────────────────────────────────────────────────────────────────────────
def test_a_lost_answer_is_one_job_at_ionq(ionq_sdk, at_ionq):
    """Four ways to lose it, one of them between the SDK and the gateway; the SDK is told once, or nothing."""
    kinds = ("accept_then_status", "accept_then_cut", "half_answer", "accept_then_delay")
    rules = [{"match": "POST /jobs$", "kind": kind, "times": 1, "seconds": 1.5} for kind in kinds]
    names = ("lost-status", "lost-cut", "lost-half", "lost-here", "not-lost")
    at_ionq.tap.needles.append(b'"lost-here"')

    with at_ionq.failing(*rules), at_ionq.tap.listening() as heard:
        report = ionq_sdk.run("vendor_ionq_submit", *names, env=at_ionq.env)

    told = {each["name"]: each for each in report["jobs"]}
    taken = [job["more"]["name"] for job in at_ionq.fake.jobs()]
    assert [taken.count(name) for name in names] == [1] * len(names)
    assert [told[name].get("shots") for name in names] == [10, 10, 10, None, 10]
    assert [each.status for each in heard if each.method == "POST"] == [201, 201, 201, 0, 201]


def test_an_outage_diverts_who_consents_and_denies_who_does_not(ionq_sdk, at_ionq, run):
    with at_ionq.away(), at_ionq.tap.listening() as heard:
        report = ionq_sdk.run("vendor_ionq_submit", "strict=qgw:simulator:deny", "willing", env=at_ionq.env)
        older = ionq_sdk.run("vendor_ionq_later", run["single"]["id"], env=at_ionq.env)

    strict, willing = report["jobs"]
    assert strict["type"] == "IonQAPIError"
    assert "qpu.forte-1 takes no work now" in strict["message"]
    assert willing["shots"] == 10
    assert willing["label"]["execution_kind"] == "simulator"
    assert any("ran on sim_line_5, a simulator" in warning for warning in report["warnings"])
    assert older["counts"] == {run["single"]["id"]: run["single"]["counts"][0]}
    assert {each.status for each in heard} == {200, 201, 403, 404}


def test_jobs_survive_a_restart_of_the_gateway(ionq_sdk, at_ionq, run):
    """What is at IonQ stays one job there: a simulator's too, which at a vendor is not ours to run twice."""
    waiting = {"type": "ionq.circuit.v1", "backend": "simulator", "name": "over the restart"}
    waiting |= {"shots": 10, "metadata": {"shots": "10"}}
    gates = {"gateset": "qis", "qubits": 1, "circuit": [{"gate": "h", "target": 0}]}
    job_id = at_ionq.gateway("POST", "/jobs", {**waiting, "input": gates}).json()["id"]

    at_ionq.restart()

    ids = [run[case]["id"] for case in ("single", "dynamic")]
    report = ionq_sdk.run("vendor_ionq_later", *ids, job_id, env=at_ionq.env)
    assert report["counts"][ids[0]] == run["single"]["counts"][0]
    assert report["counts"][ids[1]] == run["dynamic"]["counts"][0]
    assert sum(report["counts"][job_id].values()) == 10
    assert [job["more"]["name"] for job in at_ionq.fake.jobs()].count("over the restart") == 1


def test_the_fake_found_nothing_strange(at_ionq, run, look):
    """Whatever was sent to IonQ was in its own words, with the right key."""
    verdicts = at_ionq.fake.ask("state")["verdicts"]

    assert (verdicts["unauthenticated"], verdicts["crashed"]) == (0, 0)
    assert json.loads(at_ionq.gateway("GET", "/backends/qpu.forte-1").body)["status"] == "available"
