"""Stock SDKs under a policy that lets no circuit run more than so often at once: they see whole pubs, and are told."""

import json

import pytest

from tests.sdk.stand import standing

pytestmark = pytest.mark.long

MOST = 40
TABLES = {"size": [{"when": {"dialect": ["ibm"]}, "split_shots": MOST}], "disclosure": [], "run": []}


@pytest.fixture(scope="module")
def stand(tmp_path_factory):
    """Give a gateway with such a policy, in front of a fake IBM."""
    folder = tmp_path_factory.mktemp("split")
    with standing("ibm", folder, "--queue-seconds", "0.1", policies={"obligations": TABLES}) as made:
        yield made


@pytest.fixture(scope="module")
def report(sdk, stand):
    return sdk.run("split_ibm", env=stand.env)


@pytest.fixture(params=["ibm", "emulated"])
def told(request, report):
    return report[request.param]


def test_every_pub_has_all_the_shots_it_asked_for(told):
    registers, turned, small, dynamic = told["pubs"]

    assert registers["shots"] == {"alpha": 100, "beta": 100}
    assert set(registers["counts"]["alpha"]) == {"00", "11"}
    assert registers["counts"]["beta"] == {"1": 100}
    assert (turned["shape"], turned["shots"]) == ([2, 2], {"meas": 50})
    assert (small["shots"], dynamic["shots"]) == ({"meas": 7}, {"c": 50})
    assert set(dynamic["counts"]["c"]) == {"00", "11"}


def test_every_parameter_set_has_its_own_shots(told):
    assert told["sets"] == [{"0": 50}, {"1": 50}, {"1": 50}, {"0": 50}]


def test_a_result_that_is_fetched_again_is_the_same(told):
    assert told["again"] == told["pubs"]


def test_pubs_and_result_say_what_was_done(told):
    parts = [each["metadata"].get("qgw") for each in told["pubs"]]

    assert parts == [{"parts": [40, 40, 20]}, {"parts": [40, 10]}, None, {"parts": [40, 10]}]
    assert f"in parts of at most {MOST} shots" in told["told"]


def test_execution_spans_tell_of_every_sample_once(told):
    assert told["seen"] == [100, 200, 7, 50]


@pytest.mark.parametrize(
    ("case", "words"),
    [("estimator", "this is an estimator"), ("client-side", "this is an executor"), ("twirled", "IBM twirls")],
)
def test_what_has_no_parts_is_denied_with_words(report, case, words):
    assert report[case]["type"] is not None
    assert "engine/obligation" in report[case]["message"]
    assert words in report[case]["message"]


def test_the_vendor_ran_one_job_of_small_circuits(stand, report):
    """One permit is one attempt: the parts of a job are never jobs of their own."""
    taken = stand.direct("GET", f"/jobs/{stand.vendor_id(report['ibm']['id'])}").json()

    assert [pub[2] for pub in taken["params"]["pubs"]] == [40, 40, 20, 40, 10, 7, 40, 10]
    assert len({json.dumps(pub[:2]) for pub in taken["params"]["pubs"]}) == len(report["ibm"]["pubs"])
