"""The fake AWS lets nobody in whose signature does not cover what arrived."""

import contextlib
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from tests.fakes.vendors.aws import FakeAws, Key
from tests.fakes.vendors.aws.calls import GARNET, Calls
from tests.fakes.vendors.serving import running

BODY = b'{"filters":[]}'
PUT = "/amazon-braket-bucket"


@contextlib.asynccontextmanager
async def fake(*keys):
    vendor = FakeAws(**({"keys": keys} if keys else {}))
    async with running(vendor) as url:
        yield vendor, Calls(url)


async def test_a_signed_request_is_let_in():
    async with fake() as (vendor, calls):
        status, _ = await calls.raw("POST", "/devices", calls.signed("POST", "/devices", BODY), BODY)

    assert status == 200
    assert vendor.verdicts["unauthenticated"] == 0


async def test_an_arn_stays_one_encoded_segment_of_the_path():
    """A framework that decodes %2F before it routes breaks the route and the signature."""
    target = f"/device/{quote(GARNET, safe='')}"
    async with fake() as (_, calls):
        calls.region = "eu-north-1"
        status, (_, text) = await calls.raw("GET", target, calls.signed("GET", target))

    assert (status, json.loads(text)["deviceArn"]) == (200, GARNET)


def spoilt_signature(headers):
    head, _, signature = headers["Authorization"].rpartition("=")
    turned = signature[:-1] + ("0" if signature[-1] != "0" else "1")
    return headers | {"Authorization": f"{head}={turned}"}


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        pytest.param(lambda _: {"Content-Type": "application/json"}, "MissingAuthenticationTokenException", id="none"),
        pytest.param(
            lambda sent: sent | {"Authorization": "Bearer key"}, "IncompleteSignatureException", id="another scheme"
        ),
        pytest.param(spoilt_signature, "InvalidSignatureException", id="one digit of the signature"),
        pytest.param(
            lambda sent: sent | {"Authorization": sent["Authorization"].replace("AKIAFAKE", "AKIAMINE")},
            "UnrecognizedClientException",
            id="an unknown key",
        ),
        pytest.param(
            lambda sent: sent | {"Authorization": sent["Authorization"].replace("us-east-1", "us-west-1")},
            "InvalidSignatureException",
            id="another region",
        ),
        pytest.param(
            lambda sent: sent | {"X-Amz-Security-Token": "token"}, "UnrecognizedClientException", id="a strange token"
        ),
        pytest.param(
            lambda sent: sent | {"X-Amz-Target": "more"}, "InvalidSignatureException", id="an unsigned x-amz header"
        ),
        pytest.param(
            lambda sent: sent | {"Authorization": sent["Authorization"].replace("host;", "")},
            "IncompleteSignatureException",
            id="a host that is not signed",
        ),
        pytest.param(
            lambda sent: sent | {"Host": "elsewhere"}, "InvalidSignatureException", id="a host a proxy has changed"
        ),
    ],
)
async def test_a_spoilt_request_is_refused(spoil, code):
    async with fake() as (vendor, calls):
        headers = spoil(calls.signed("POST", "/devices", BODY))
        status, (answered, text) = await calls.raw("POST", "/devices", headers, BODY)

    assert (status, answered["x-amzn-ErrorType"]) == (403, code)
    assert json.loads(text)["message"]
    assert vendor.verdicts["unauthenticated"] == 1


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        pytest.param("POST", "/devices", BODY + b" ", id="another body"),
        pytest.param("POST", "/jobs", BODY, id="another path"),
        pytest.param("POST", "/devices?x=1", BODY, id="another query"),
        pytest.param("PUT", "/devices", BODY, id="another method"),
    ],
)
async def test_another_request_than_the_signed_one_is_refused(method, target, body):
    async with fake() as (_, calls):
        status, (answered, _) = await calls.raw(method, target, calls.signed("POST", "/devices", BODY), body)

    assert (status, answered["x-amzn-ErrorType"]) == (403, "InvalidSignatureException")


@pytest.mark.parametrize(("seconds", "status"), [(280, 200), (-280, 200), (320, 403), (-320, 403)])
async def test_a_clock_may_be_five_minutes_off(monkeypatch, seconds, status):
    shifted = datetime.now(UTC) + timedelta(seconds=seconds)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda **_: shifted)
    async with fake() as (_, calls):
        answered, _ = await calls.raw("POST", "/devices", calls.signed("POST", "/devices", BODY), BODY)

    assert answered == status


async def test_a_temporary_key_needs_its_session_token():
    key = Key("ASIATEMPORARY", "secret", "session")
    async with fake(key) as (_, calls):
        listed = await Calls(calls.url, key)("braket", "search_devices", filters=[])
        with pytest.raises(ClientError, match="UnrecognizedClientException"):
            await Calls(calls.url, Key(key.id, key.secret))("braket", "search_devices", filters=[])

    assert listed["devices"]


async def test_s3_says_no_in_xml():
    async with fake() as (_, calls):
        headers = spoilt_signature(calls.signed("PUT", PUT, service="s3"))
        status, (answered, text) = await calls.raw("PUT", PUT, headers)

    assert (status, answered["Content-Type"]) == (403, "application/xml; charset=utf-8")
    assert "<Code>SignatureDoesNotMatch</Code>" in text


async def test_s3_refuses_a_body_whose_hash_was_not_the_signed_one():
    async with fake() as (_, calls):
        status, (_, text) = await calls.raw("PUT", PUT, calls.signed("PUT", PUT, b"one", service="s3"), b"two")

    assert status == 400
    assert "<Code>XAmzContentSHA256Mismatch</Code>" in text


async def test_s3_takes_no_body_that_nothing_protects(monkeypatch):
    """Without TLS, an unsigned payload could be anybody's."""
    monkeypatch.setattr("botocore.auth.S3SigV4Auth.payload", lambda *_: "UNSIGNED-PAYLOAD")
    async with fake() as (_, calls):
        status, (_, text) = await calls.raw("PUT", PUT, calls.signed("PUT", PUT, b"one", service="s3"), b"one")

    assert status == 400
    assert "<Code>XAmzContentSHA256Mismatch</Code>" in text


async def test_s3_wants_the_hash_of_the_body():
    async with fake() as (_, calls):
        for_sts = calls.signed("PUT", PUT, service="sts")
        headers = for_sts | {"Authorization": for_sts["Authorization"].replace("/sts/", "/s3/")}
        status, (_, text) = await calls.raw("PUT", PUT, headers)

    assert status == 400
    assert "x-amz-content-sha256" in text


async def test_sts_tells_the_account_and_nothing_else():
    async with fake() as (vendor, calls):
        told = await calls("sts", "get_caller_identity")
        with pytest.raises(ClientError, match="AccessDenied"):
            await calls("sts", "get_session_token")

    assert told["Account"] == vendor.account


async def test_a_service_that_is_not_offered_is_refused():
    async with fake() as (_, calls):
        with pytest.raises(ClientError, match="Service logs is not offered"):
            await calls("logs", "describe_log_groups")


def test_a_key_shows_its_secret_to_nobody():
    assert "hush" not in repr(Key.parse("ID:hush:tok"))


@pytest.mark.parametrize("text", ["ID", "ID:", ":SECRET", "ID:SECRET:TOKEN:MORE"])
def test_a_credential_is_two_or_three_parts(text):
    with pytest.raises(ValueError, match="ID:SECRET"):
        Key.parse(text)
