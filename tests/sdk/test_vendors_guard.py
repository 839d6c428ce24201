"""No SDK of these tests can reach a real vendor, whatever the machine that runs them is configured with."""

import pytest


@pytest.mark.parametrize(
    "env",
    [
        pytest.param({"IONQ_API_URL": "https://api.ionq.co/v0.4"}, id="IonQ's own address"),
        pytest.param({"AWS_ENDPOINT_URL_S3": "https://s3.us-east-1.amazonaws.com"}, id="AWS's own address"),
        pytest.param({"QISKIT_IBM_URL": "http://192.0.2.1/experimental/api/v1"}, id="another machine"),
    ],
)
def test_an_sdk_that_points_elsewhere_is_not_started(ionq_sdk, env):
    with pytest.raises((AssertionError, ValueError)):
        ionq_sdk.run("ionq_run", env=env)


def test_the_machines_own_configuration_is_not_read(ionq_sdk):
    surroundings = ionq_sdk._surroundings()

    assert surroundings["AWS_CONFIG_FILE"] == surroundings["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
    assert surroundings["HTTPS_PROXY"] == "http://127.0.0.1:9"
    assert not any(name.startswith(("IONQ", "QISKIT")) for name in surroundings)
