"""The dialect as a whole: services, refusals, the environment, and that its tables are total."""

import json
import re
import subprocess
import sys

import pytest

from adapters.braket import BraketDialect, BraketSettings, answers
from adapters.braket.routes import Routes
from gateway.domain.errors import GatewayError, NotFoundError, RefusedError, UnavailableError
from gateway.domain.secret import Secret
from gateway.ports.dialect import SigningPair
from tests.conformance.test_braket_dialect import TestBraketDialect as Conformance
from tests.fakes import values
from tests.unit.braket import made

DIALECT = BraketDialect(BraketSettings(region="eu-north-1"))


class TooManyError(RefusedError):
    code = "test-too-many"


class LaterError(UnavailableError):
    code = "test-later"


class SkewedError(RefusedError):
    code = "signature-expired"


def refused(error=None, *, service="braket", status=403):
    given = error or TooManyError("no <more>")
    return DIALECT.refuse(made.request("GET", "/", service=service), given, status=status, request_id="r-1")


def test_every_operation_that_is_read_has_a_writer():
    assert set(answers._WRITERS) == {example.operation for example in Conformance().examples()}


def test_the_serving_process_loads_neither_qiskit_nor_numpy():
    script = (
        "import sys, adapters.braket; "
        "print(*{'numpy', 'qiskit', 'openqasm3', 'antlr4', 'botocore', 'qiskit_qasm3_import'} & set(sys.modules))"
    )

    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "\n"


@pytest.mark.parametrize(
    ("status", "shown", "code"),
    [
        (400, 400, "ValidationException"),
        (401, 403, "UnrecognizedClientException"),
        (402, 402, "ServiceQuotaExceededException"),
        (403, 403, "AccessDeniedException"),
        (404, 404, "ResourceNotFoundException"),
        (409, 409, "ConflictException"),
        (410, 410, "ValidationException"),
        (429, 402, "ServiceQuotaExceededException"),
        (503, 503, "InternalServiceException"),
    ],
)
def test_a_refusal_has_a_code_that_boto_knows(status, shown, code):
    """boto repeats a 429 three times; what asking again cannot change never has it."""
    wire = refused(status=status)

    assert (wire.status, wire.headers["x-amzn-errortype"]) == (shown, code)
    assert json.loads(wire.body) == {"message": "no <more>", "qgw": {"code": "test-too-many", "request_id": "r-1"}}


@pytest.mark.parametrize("code", ["over-budget", "budget-exceeded", "quota-exceeded"])
def test_who_has_used_up_what_is_theirs_hears_of_a_quota(code):
    kind = type("SpentError", (RefusedError,), {"code": code})
    wire = DIALECT.refuse(made.request("POST", "/quantum-task"), kind("no"), status=403, request_id="r-1")

    assert (wire.status, wire.headers["x-amzn-errortype"]) == (402, "ServiceQuotaExceededException")


class UnknownOperationLikeError(RefusedError):
    code = "unknown-operation"


class UnknownProgramLikeError(RefusedError):
    code = "unknown-program"


def test_only_what_is_not_there_is_not_found():
    """The SDK asks three times for a task that is not found, and tells people to look for the device."""
    operation, program = UnknownOperationLikeError("no"), UnknownProgramLikeError("no")

    assert (refused(operation, status=404).status, refused(program, status=404).status) == (403, 400)
    assert refused(operation, status=404).headers["x-amzn-errortype"] == "AccessDeniedException"
    assert refused(program, status=404).headers["x-amzn-errortype"] == "ValidationException"


@pytest.mark.parametrize(
    ("service", "status", "code"),
    [
        ("s3", 404, "NoSuchKey"),
        ("s3", 401, "InvalidAccessKeyId"),
        ("s3", 403, "AccessDenied"),
        ("s3", 400, "InvalidRequest"),
        ("s3", 503, "ServiceUnavailable"),
        ("sts", 401, "InvalidClientTokenId"),
        ("sts", 403, "AccessDenied"),
    ],
)
def test_s3_and_sts_are_refused_in_xml(service, status, code):
    wire = refused(service=service, status=status)

    assert wire.content_type in {"application/xml", "text/xml"}
    assert f"<Code>{code}</Code><Message>no &lt;more&gt;</Message>".encode() in wire.body
    assert b"<RequestId>r-1</RequestId>" in wire.body


def test_a_clock_that_is_wrong_is_told_so():
    skewed = SkewedError("set the clock")

    assert refused(skewed, status=401).headers["x-amzn-errortype"] == "InvalidSignatureException"
    assert b"<Code>RequestTimeTooSkewed</Code>" in refused(skewed, service="s3", status=401).body


def test_an_unsigned_request_is_refused_in_json():
    request = made.request("GET", "/", headers={"authorization": ""})

    wire = DIALECT.refuse(request, NotFoundError(noun="job", name="j"), status=404, request_id="r")

    assert json.loads(wire.body)["message"].startswith("no job")


def test_boto_reads_when_to_ask_again():
    """It ignores `Retry-After`."""
    assert refused(LaterError("later"), status=503).headers["x-amz-retry-after"] == "2000"
    assert "x-amz-retry-after" not in refused().headers


def outcome(*asked, **more):
    try:
        return type(Routes(BraketSettings()).operation(made.request(*asked, **more))).__name__
    except GatewayError as error:
        return error.code


@pytest.mark.parametrize(
    ("asked", "service", "code"),
    [
        (("POST", "/job"), "braket", "not-offered"),
        (("GET", "/job/arn%3Aaws"), "braket", "not-offered"),
        (("PUT", "/job/arn%3Aaws/cancel"), "braket", "not-offered"),
        (("POST", "/jobs"), "braket", "not-offered"),
        (("POST", "/spending-limit"), "braket", "not-offered"),
        (("POST", "/spending-limits", {}), "braket", "SearchLimits"),
        (("GET", "/price-list/index.csv"), "s3", "unknown-operation"),
        (("PATCH", "/spending-limit/arn%3Aaws/update"), "braket", "not-offered"),
        (("GET", "/quantum-task"), "braket", "unknown-operation"),
        (("GET", "/nothing"), "braket", "unknown-operation"),
        (("POST", "/sts", b"Action=AssumeRole&Version=2011-06-15"), "sts", "not-offered"),
        (("POST", "/sts", b"Action=GetCallerIdentity&Action=AssumeRole"), "sts", "malformed-form"),
        (("POST", "/sts", b"\xff"), "sts", "malformed-form"),
        (("POST", "/", b"Action=GetCallerIdentity"), "sts", "WhoAmI"),
        (("POST", "/"), "iam", "unknown-operation"),
        (("POST", "/"), "ecr", "unknown-operation"),
        (("POST", "/s3/devices"), "braket", "unknown-operation"),
    ],
)
def test_each_service_serves_its_own(asked, service, code):
    assert outcome(*asked, service=service) == code


def test_the_environment_sends_only_what_is_ours_here():
    """`AWS_ENDPOINT_URL` would send every other service of AWS too."""
    pair = SigningPair(access_key_id="QGWK0123456789AB", secret=Secret.of("s" * 40))

    told = DIALECT.environment(url="https://gw.example", instance=values.INSTANCE, key="k", pair=pair)

    assert told == {
        "BRAKET_PRICE_OFFERS_URL": "https://gw.example/aws/price-list/index.csv",
        "AWS_ENDPOINT_URL_BRAKET": "https://gw.example/aws/braket",
        "AWS_ENDPOINT_URL_S3": "https://gw.example/aws/s3",
        "AWS_ENDPOINT_URL_STS": "https://gw.example/aws/sts",
        "AWS_ACCESS_KEY_ID": "QGWK0123456789AB",
        "AWS_SECRET_ACCESS_KEY": "s" * 40,
        "AWS_DEFAULT_REGION": "eu-north-1",
    }


def test_task_ids_are_uuids():
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", DIALECT.client_job_id(b"\x01\xff" * 8))
