"""Amazon Braket's SDK through the gateway to Braket: what it is told is what Braket says, one task for every intent."""

import json
import re

import pytest

from tests.sdk.comparison import strangers, unexpected
from tests.sdk.stand import BUCKET

pytestmark = pytest.mark.long

GARNET = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"
FOUND = {
    "plain": {"00", "11"},
    "values": {"001", "111"},
    "verbatim": {"10"},
    "inputs": {"10"},
    "histogram": {"00", "11"},
    "simulator": {"00", "11"},
    "elsewhere": {"00", "11"},
}
CASES = (*FOUND, "batch")
ACCOUNT = re.compile(r"\b123456789012\b")


@pytest.fixture(scope="module")
def run(braket_sdk, at_braket):
    return braket_sdk.run("vendor_braket_run", env=at_braket.env)


@pytest.fixture(scope="module")
def look(braket_sdk, at_braket):
    return braket_sdk.run("vendor_braket_look", env=at_braket.env)


@pytest.fixture(scope="module")
def owner(braket_sdk, at_braket):
    """See what Braket shows to the owner of the account, past the gateway."""
    direct = at_braket.direct
    endpoints = {f"AWS_ENDPOINT_URL_{service}": direct.endpoint for service in ("BRAKET", "S3", "STS")}
    pair = {"AWS_ACCESS_KEY_ID": direct.pair.id, "AWS_SECRET_ACCESS_KEY": direct.pair.secret}
    env = {**at_braket.env, **endpoints, **pair}
    return braket_sdk.run("vendor_braket_look", "direct", env=env)


def both(stand, arn):
    """Ask Braket and the gateway for the same task."""
    return stand.direct.task(stand.vendor_id(arn)), stand.gateway.task(arn)


def arns(run, case):
    return run[case]["ids"] if case == "batch" else [run[case]["id"]]


# ── what comes back ──────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("case", FOUND)
def test_every_kind_of_task_comes_back_as_its_circuit_says(run, case):
    told = run[case]

    assert set(told["counts"]) == FOUND[case]
    assert sum(told["counts"].values()) == 100
    assert told["again"] == told["counts"]
    assert (told["state"], told["position"]) == ("COMPLETED", None)


def test_values_are_brakets(run):
    correlation, variance, probability, sample = run["values"]["values"]

    assert (correlation, variance, probability) == (1.0, 0.0, [0.0, 1.0])
    assert set(sample) == {1.0, -1.0}
    assert len(run["simulator"]["values"][0]) == 2


def test_a_batch_is_answered_in_order(run):
    assert run["batch"]["counts"] == [{"10": 100}, {"01": 100}, {"11": 100}]


def test_a_task_says_what_ran_it_and_where_its_client_wanted_its_results(run):
    tags = {case: run[case]["metadata"]["tags"] for case in ("plain", "simulator")}
    place = run["elsewhere"]["metadata"]

    assert tags["plain"] == {"owner": "ada", "qgw:execution": "hardware"}
    assert tags["simulator"] == {"qgw:execution": "simulator"}
    assert (place["outputS3Bucket"], place["outputS3Directory"][:11]) == ("my-own-bucket", "some/where/")


@pytest.mark.parametrize("case", CASES)
def test_a_task_is_described_as_braket_describes_it(at_braket, run, case):
    for arn in arns(run, case):
        theirs, ours = both(at_braket, arn)
        assert unexpected("braket", theirs.body, ours.body) == {}


@pytest.mark.parametrize("case", CASES)
def test_results_are_brakets_byte_for_byte(at_braket, run, case):
    for arn in arns(run, case):
        theirs, ours = both(at_braket, arn)
        results = at_braket.direct.results(theirs.json())
        for _ in range(2):
            fetched = at_braket.gateway.results(ours.json())
            assert (fetched.status, fetched.body) == (200, results.body)
        assert fetched.headers["qgw-backend"]


def test_results_are_fetched_from_s3_once(at_braket, run):
    """However often clients read them: afterwards they are the gateway's to give."""
    task = at_braket.gateway.task(run["plain"]["id"]).json()
    before = at_braket.asked()["GET /{bucket}/{key}"]

    for _ in range(3):
        assert at_braket.gateway.results(task).status == 200

    assert at_braket.asked()["GET /{bucket}/{key}"] == before


# ── what is never told ───────────────────────────────────────────────────────────────────────────
def test_no_id_or_account_of_brakets_reaches_a_client(at_braket, run, look):
    secret = {at_braket.direct.pair.id, at_braket.direct.pair.secret, BUCKET.partition("{")[0]}
    for case in CASES:
        for arn in arns(run, case):
            secret.update(each.rpartition("/")[2] for each in strangers("braket", both(at_braket, arn)[0].body))

    told = [each for each in at_braket.tap.passed if not each.path.partition("?")[0].endswith("results.json")]

    assert len(secret) > len(CASES)
    assert len(told) > 50
    for each in told:
        words = each.told.decode() + str(each.headers)
        assert not ACCOUNT.search(words), each.path
        assert not [one for one in secret if one in words], each.path


# ── looking around ───────────────────────────────────────────────────────────────────────────────
def test_every_device_of_the_account_is_listed(look):
    named = [arn.rpartition("/")[2] for arn in look["listed"]]

    assert {"Garnet", "Forte-1", "Ankaa-3", "sv1"} <= set(named)
    assert len(named) == len(set(named))


@pytest.mark.parametrize(
    "arn",
    [
        GARNET,
        "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1",
        "arn:aws:braket:::device/quantum-simulator/amazon/sv1",
    ],
)
def test_a_device_looks_as_it_looks_to_its_owner(look, owner, arn):
    """Gates, couplings, windows, calibration; only what it costs and how often to ask is the gateway's word."""
    shown, told = (report["devices"][arn] for report in (look, owner))

    for device in (shown, told):
        device["properties"]["service"].pop("getTaskPollIntervalMillis", None)
        device["properties"]["service"].pop("deviceCost", None)
        device["properties"].pop("qgw", None)
    assert shown == told


def test_tasks_are_found_by_a_search(look):
    assert look["cancelled"]["id"] in look["search"]["cancelled"]
    assert look["cancelled"]["id"] not in look["search"]["failed"]


# ── tasks that do not end well ───────────────────────────────────────────────────────────────────
def test_a_denial_names_its_rule(look):
    assert look["denied"]["type"] == "AccessDeniedException"
    assert "circuits/shots" in look["denied"]["message"]
    assert "[decision " in look["denied"]["message"]


def test_brakets_refusal_is_shown_in_its_own_words(look):
    assert look["refused"]["type"] == "ValidationException"
    assert "braket refused (400)" in look["refused"]["message"]


def test_a_waiting_task_is_cancelled_at_braket(look, at_braket):
    cancelled = look["cancelled"]
    theirs, ours = both(at_braket, cancelled["id"])

    assert (cancelled["cancel"]["type"], cancelled["state"], cancelled["result"]) == (None, "CANCELLED", None)
    assert cancelled["late"]["type"] == "ConflictException"
    assert theirs.json()["status"] == "CANCELLED"
    assert unexpected("braket", theirs.body, ours.body) == {}


# ── trouble on the way ───────────────────────────────────────────────────────────────────────────
def test_a_lost_answer_is_one_task_at_braket(braket_sdk, at_braket):
    """Four ways to lose it, one of them between the SDK and the gateway, which the SDK repeats with its token."""
    kinds = ("accept_then_status", "accept_then_cut", "half_answer", "accept_then_delay")
    rules = [{"match": "POST /quantum-task$", "kind": kind, "times": 1, "seconds": 1.5} for kind in kinds]
    names = ("lost-status", "lost-cut", "lost-half", "lost-here", "not-lost")
    at_braket.tap.needles.append(b"lost-here")

    with at_braket.failing(*rules), at_braket.tap.listening() as heard:
        report = braket_sdk.run("vendor_braket_submit", *names, env=at_braket.env)

    taken = [job["client_token"] for job in at_braket.fake.jobs()]
    told = [at_braket.vendor_id(each["id"]) for each in report["tasks"]]
    posts = [each.status for each in heard if each.path.endswith("/quantum-task")]
    assert [each.get("shots") for each in report["tasks"]] == [10] * len(names)
    assert len(set(told)) == len(names)
    assert len(taken) == len(set(taken))
    assert posts == [201, 201, 201, 0, 201, 201]
    sent = {json.loads(each.sent)["clientToken"] for each in heard if each.path.endswith("/quantum-task")}
    assert len(sent) == len(names)


def test_an_outage_diverts_who_consents_and_denies_who_does_not(braket_sdk, at_braket, run):
    older = run["plain"]["id"]
    with at_braket.away():
        report = braket_sdk.run(
            "vendor_braket_submit", "strict=qgw:simulator=deny", "willing", older, env=at_braket.env
        )

    strict, willing = report["tasks"]
    assert strict["type"] == "AccessDeniedException"
    assert "takes no work now" in strict["message"]
    assert (willing["shots"], willing["tags"]["qgw:execution"]) == (10, "simulator")
    assert report["counts"] == {older: run["plain"]["counts"]}


def test_tasks_survive_a_restart_of_the_gateway(braket_sdk, at_braket, run):
    before = len(at_braket.fake.jobs())

    at_braket.restart()

    ids = [run[case]["id"] for case in ("plain", "values")]
    report = braket_sdk.run("vendor_braket_submit", *ids, env=at_braket.env)
    assert report["counts"] == {arn: run[case]["counts"] for arn, case in zip(ids, ("plain", "values"), strict=True)}
    assert len(at_braket.fake.jobs()) == before


def test_the_fake_found_nothing_strange(at_braket, run, look):
    """Whatever was sent to AWS was signed for the right service and region, and fitted its published model."""
    verdicts = at_braket.fake.ask("state")["verdicts"]

    assert (verdicts["unauthenticated"], verdicts["crashed"]) == (0, 0)
