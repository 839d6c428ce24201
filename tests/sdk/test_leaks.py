"""Secrets that slipped into a job, as a user of each unmodified SDK hears of them."""

import pytest

from tests.sdk.stand import exports

pytestmark = pytest.mark.long

SECRET = "AKIA" + "Q3" * 8
PLACES = {
    "ibm": ("ibm_sdk", {"metadata": "metadata of circuit 0", "name": "names of circuit 0"}),
    "ionq": ("ionq_sdk", {"metadata": "metadata", "name": "name"}),
    "braket": ("braket_sdk", {"tags": "tags", "comments": "comments"}),
}


@pytest.fixture(scope="module", params=sorted(PLACES))
def told(request, gateway):
    sdk, places = PLACES[request.param]
    env = exports(gateway.deployment.cli("env", request.param, "--key", gateway.deployment.key()))
    report = request.getfixturevalue(sdk).run(f"{request.param}_leaks", env={**env, "A_SECRET": SECRET})
    return report, places


def test_a_secret_is_refused_and_the_place_is_told(told):
    report, places = told

    for case, place in places.items():
        assert "data/leaks: a key of a cloud service was found in" in str(report[case])
        assert place in str(report[case])


def test_the_refusal_does_not_repeat_it(told):
    report, _ = told

    assert SECRET not in str(report)


def test_the_same_job_without_it_runs(told):
    report, _ = told

    assert sum(report["counts"].values()) in {100, 200}
