"""Work that says where it comes from, by each unmodified SDK: what its user tags, and what it says by itself."""

import pytest

from tests.sdk.stand import exports

pytestmark = pytest.mark.long

DATASETS = ["doi:10.5281/zenodo.7", "s3://lab/run-7"]
SDKS = {
    "ibm": ("ibm_sdk", "qiskit-ibm-runtime ", ("qiskit ", "declared")),
    "ionq": ("ionq_sdk", "qiskit-ionq ", ("qiskit ", "declared")),
    "braket": ("braket_sdk", "amazon-braket-sdk ", ("none", "tagged")),
}


@pytest.fixture(scope="module")
def key(gateway):
    gateway.deployment.cli("projects", "new", "plant", "--workload", "production")
    return gateway.deployment.key(project="plant")


@pytest.fixture(scope="module", params=sorted(SDKS))
def told(request, gateway, key):
    sdk, *_ = SDKS[request.param]
    env = exports(gateway.deployment.cli("env", request.param, "--key", key))
    report = request.getfixturevalue(sdk).run(f"{request.param}_tagged", env=env)
    return request.param, report, gateway.deployment.json("jobs", "provenance", report["job"])


def test_production_work_of_unknown_origin_is_refused_with_the_tags_that_help(told):
    _, report, _ = told

    for words in ("code.revision", "data.datasets", "qgw:code=COMMIT", "qgw:dataset=none"):
        assert words in str(report["refused"])


def test_tagged_work_runs_and_is_complete(told):
    _, report, traced = told

    assert sum(report["counts"].values()) in {100, 200, 500}
    assert traced["holds"]
    assert (traced["document"]["complete"], traced["document"]["missing"]) == (True, [])


def test_every_field_says_who_told_it(told):
    dialect, _, traced = told
    _, client, (compiler, compiler_by) = SDKS[dialect]
    fields = traced["document"]["fields"]

    assert fields["code.revision"] == {"value": ["git:4be1c7f"], "origin": "tagged"}
    assert fields["data.datasets"] == {"value": DATASETS, "origin": "tagged"}
    assert fields["data.labels"] == {"value": ["vqe"], "origin": "tagged"}
    assert fields["software.sdk"]["origin"] == "declared"
    assert fields["software.sdk"]["value"].startswith(client)
    assert fields["software.compiler"]["origin"] == compiler_by
    assert fields["software.compiler"]["value"].startswith(compiler)
    assert {fields[name]["origin"] for name in ("circuit.digest", "shots", "payload.digest")} == {"measured"}
    assert fields["software.executor"]["value"].startswith("qiskit-aer ")


def test_a_simulated_job_comes_out_the_same_when_it_is_replayed(told, gateway):
    _, report, traced = told

    replayed = gateway.deployment.json("replay", report["job"])

    assert (replayed["holds"], replayed["repeatable"], replayed["identical"]) == (True, True, True)
    assert str(replayed["now"]["seed"]) == traced["document"]["fields"]["seeds.used"]["value"]
    assert replayed["sampled"][0]["distance"]["total_variation"] == 0
