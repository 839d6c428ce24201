"""CreateQuantumTask, from received bytes to a submission."""

import json

import pytest

from adapters.braket import BraketDialect, BraketSettings
from gateway.domain.errors import RefusedError
from tests.unit.braket import made

DIALECT = BraketDialect(BraketSettings())
AGENT = "Boto3/1.44.5 md/Botocore#1.44.5 BraketSdk/1.127.5 BraketSchemas/1.32.1 NotebookInstance/None"


def submission(headers=None, region="us-east-1", **changes):
    request = made.request("POST", "/quantum-task", made.task(**changes), headers=headers, region=region)
    return DIALECT.operation(request).submission


def refused(**changes):
    with pytest.raises(RefusedError) as caught:
        submission(**changes)
    return caught.value


def test_a_task_is_read_whole():
    read = submission(headers={"user-agent": AGENT}, region="eu-north-1", tags={"owner": "ada", "qgw:execution": "x"})

    assert (read.program, read.backend) == ("sampler", "sim_line_5")
    assert read.repeat_token == made.task()["clientToken"]
    assert read.tags == ("owner=ada",)
    assert read.options == {"deviceParameters": {"paradigmParameters": {"qubitCount": 2}}}
    assert read.sdk == "amazon-braket-sdk 1.127.5 boto3 1.44.5"
    assert read.echo == {**made.ECHO, "region": "eu-north-1", "parameters": made.task()["deviceParameters"]}
    assert read.unknown_fields == ()


def test_a_header_says_more_than_the_token_that_the_sdk_makes_by_itself():
    """boto draws a new `clientToken` for every call; who sends a header has thought about which calls are one."""
    header = {"idempotency-key": "night-7"}
    one, again = (submission(header, clientToken=token) for token in ("a" * 8, "b" * 8))
    other = submission(header, clientToken="a" * 8, shots=9)

    assert {one.repeat_token, again.repeat_token, other.repeat_token} == {"night-7"}
    assert one.work_digest == again.work_digest != other.work_digest
    assert submission(clientToken="a" * 8).work_digest == ""


def test_a_device_of_amazon_s_is_called_by_its_arn():
    arn = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"

    assert submission(deviceArn=arn).backend == arn


def test_classification_and_consent_are_tags():
    read = submission(tags={"qgw:classification": "confidential", "qgw:simulator": "deny", "empty": ""})

    assert read.tags == ("qgw:classification=confidential", "qgw:simulator=deny", "empty=")


def test_what_nobody_knows_becomes_a_pointer():
    read = submission(surprise=1, action=made.action(extra={"a": 1}))

    assert read.unknown_fields == ("/surprise", "/action/extra")


def test_reservations_and_experiments_are_options_that_somebody_judges():
    read = submission(associations=[{"arn": "a", "type": "RESERVATION_TIME_WINDOW_ARN"}], deviceParameters=None)

    assert read.options == {"associations": [{"arn": "a", "type": "RESERVATION_TIME_WINDOW_ARN"}]}


def test_long_device_parameters_are_not_carried_along():
    """They stand in the body, which is kept."""
    assert submission(deviceParameters=json.dumps({"a": "b" * 5000})).echo["parameters"] == ""


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        pytest.param({"clientToken": None}, "missing-field", "/clientToken", id="no token"),
        pytest.param({"clientToken": "x" * 65}, "invalid-value", "64", id="a long token"),
        pytest.param({"shots": 0}, "invalid-value", "pass shots=", id="exact values"),
        pytest.param({"shots": True}, "wrong-type", "an integer", id="shots of the wrong type"),
        pytest.param({"deviceArn": "sim_line_5"}, "invalid-value", "SearchDevices", id="a name for an ARN"),
        pytest.param({"deviceArn": f"{made.DEVICE}/../x"}, "invalid-value", "SearchDevices", id="a path in an ARN"),
        pytest.param({"outputS3Bucket": "Upper"}, "invalid-value", "lower-case", id="no bucket name"),
        pytest.param({"outputS3KeyPrefix": "tasks/"}, "invalid-value", "slash", id="a slash at the end"),
        pytest.param({"outputS3KeyPrefix": "a//b"}, "invalid-value", "slash", id="an empty name"),
        pytest.param({"action": "{"}, "invalid-value", "/action", id="an action that is no JSON"),
        pytest.param({"action": '{"a": 1, "a": 2}'}, "invalid-value", "/action", id="an action read in two ways"),
        pytest.param({"action": made.action(source=1)}, "wrong-type", "/action/source", id="a source that is no text"),
        pytest.param({"deviceParameters": "NaN"}, "invalid-value", "/deviceParameters", id="parameters that are none"),
        pytest.param({"tags": {"a=b": "c"}}, "invalid-value", "equals sign", id="a key that could be read in two ways"),
        pytest.param({"jobToken": "t"}, "not-offered", "hybrid jobs", id="a task of a hybrid job"),
    ],
)
def test_what_cannot_be_is_refused_by_its_place(changes, code, words):
    error = refused(**changes)

    assert error.code == code
    assert words in error.message


@pytest.mark.parametrize(
    "name",
    [
        "braket.ir.openqasm.program_set",
        "braket.ir.ahs.program",
        "braket.ir.annealing.problem",
        "braket.ir.blackbird.program",
        "braket.ir.jaqcd.program",
    ],
)
def test_other_programs_are_refused_with_what_runs(name):
    """Never mangled: what is not read whole is not run at all."""
    error = refused(action=json.dumps({"braketSchemaHeader": {"name": name, "version": "1"}, "programs": []}), shots=-1)

    assert error.code == "unknown-program"
    assert "braket.ir.openqasm.program" in error.message
    assert "program set" in error.message
