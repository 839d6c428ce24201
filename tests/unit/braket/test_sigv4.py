"""Signatures, both ways, against botocore's own signer, which is what stock SDKs sign with."""

from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import assume, given
from hypothesis import strategies as st

from adapters.braket import sigv4
from gateway.domain.secret import Secret
from gateway.domain.signature import Signer, sign, sign_request

SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNl"
HOST = "gw.example.org:8443"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

texts = st.text(st.sampled_from("abcXYZ019 /:~!*'()+$@,;=&é-_.%#?"), max_size=24)
services = st.sampled_from(["braket", "sts", "s3"])


@st.composite
def requests(draw):
    """Make a request as botocore would send it, signed by botocore."""
    service = draw(services)
    safe = "/~" if service == "s3" else "~"
    path = "/aws/" + quote(draw(texts), safe=safe)
    pairs = draw(st.lists(st.tuples(st.sampled_from("abA-"), texts), max_size=3))
    query = "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in pairs)
    body = draw(st.binary(max_size=40))
    target = path + (f"?{query}" if query else "")
    made = AWSRequest(
        draw(st.sampled_from(["GET", "POST", "PUT"])),
        f"http://{HOST}{target}",
        data=body,
        headers={"Host": HOST, "Braket-Trackers": "  1   2 ", "Content-Type": "application/json"},
    )
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    token = draw(st.sampled_from([None, "token"]))
    signer(Credentials("QGWK0123456789AB", SECRET, token), service, "eu-north-1").add_auth(made)
    headers = {name.lower(): value for name, value in made.headers.items()}
    return made.method, target, headers, body


def holds(method, target, headers, body):
    """Say whether a signature fits, as the gateway finds out."""
    shown = sigv4.shown(headers["authorization"])
    over = sigv4.signed(shown, method=method, target=target, headers=headers, body=body)
    if over is None or not over.body_signed:
        return False
    scope = {"day": shown.day, "region": shown.region, "service": shown.service}
    return sign(Secret.of(SECRET), over.string_to_sign, **scope) == shown.signature


@given(requests())
def test_what_botocore_signs_fits(request):
    assert holds(*request)


@given(requests(), st.sampled_from(["method", "target", "query", "body", "host", "amz", "date"]))
def test_what_was_changed_on_the_way_fits_no_more(request, changed):
    method, target, headers, body = request
    other = {
        "method": ("DELETE", target, headers, body),
        "target": (method, target.replace("/aws/", "/aws/x", 1), headers, body),
        "query": (method, target + ("&z=1" if "?" in target else "?z=1"), headers, body),
        "body": (method, target, headers, body + b"x"),
        "host": (method, target, {**headers, "host": "other.example.org"}, body),
        "amz": (method, target, {**headers, "x-amz-added": "1"}, body),
        "date": (method, target, {**headers, "x-amz-date": "20260301T120001Z"}, body),
    }[changed]
    assert not holds(*other)


@given(services, texts, st.binary(max_size=20), st.booleans())
def test_our_own_signature_is_botocores(service, text, body, temporary):
    """The vendor's side signs with it, and Amazon verifies as botocore signs."""
    path = "/" + quote(text, safe="/~" if service == "s3" else "~")
    assume(service == "s3" or "//" not in path)
    token = "token" if temporary else None
    url, sent = f"https://braket.us-east-1.amazonaws.com{path}?b=2&a=1", {"content-type": "application/json"}
    signer = Signer(
        access_key_id="AKID",
        secret=Secret.of(SECRET),
        region="us-east-1",
        service=service,
        token=Secret.of(token) if token else None,
    )

    ours = sign_request(signer, method="POST", url=url, headers=sent, body=body, now=NOW)

    host = {"host": "braket.us-east-1.amazonaws.com"}
    arrived = {**ours, **host}
    theirs = AWSRequest("POST", url, data=body, headers={**sent, **host})
    for name in (name for name in ours if name.startswith("x-amz-")):
        theirs.headers[name] = ours[name]
    theirs.context["timestamp"] = ours["x-amz-date"]
    verifier = (S3SigV4Auth if service == "s3" else SigV4Auth)(Credentials("AKID", SECRET, token), service, "us-east-1")
    canonical = verifier.canonical_request(theirs)
    assert verifier.signature(verifier.string_to_sign(theirs, canonical), theirs) == ours["authorization"][-64:]
    assert sigv4.shown(arrived["authorization"]).signed_headers == tuple(sorted(set(arrived) - {"authorization"}))


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer abc",
        "AWS QGWK0123456789AB:c2lnbmF0dXJl",
        "AWS4-HMAC-SHA256 Credential=A/20260301/r/s3/aws4_request, SignedHeaders=host, Signature=" + "0" * 63,
        "AWS4-HMAC-SHA256 Credential=A/20260301/r/s3/aws5_request, SignedHeaders=host, Signature=" + "0" * 64,
        "AWS4-ECDSA-P256-SHA256 Credential=A/20260301/s3/aws4_request, SignedHeaders=host, Signature=" + "0" * 64,
    ],
)
def test_other_credentials_are_none(authorization):
    assert sigv4.shown(authorization) is None


HEADERS = {"host": HOST, "x-amz-date": "20260301T120000Z"}


def over(service="braket", signed="host;x-amz-date", body=b"", **headers):
    sent = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    claims = sigv4.shown(
        f"AWS4-HMAC-SHA256 Credential=A/20260301/r-1/{service}/aws4_request, SignedHeaders={signed}, "
        f"Signature={'0' * 64}"
    )
    return sigv4.signed(claims, method="PUT", target="/aws/b/k", headers=sent, body=body)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"signed": "x-amz-date"}, id="the host is not signed"),
        pytest.param({"signed": "x-amz-date;host"}, id="out of order"),
        pytest.param({"signed": "host;host;x-amz-date"}, id="a header twice"),
        pytest.param({"signed": "content-type;host;x-amz-date"}, id="a header that did not come"),
        pytest.param({"x_amz_meta": "1"}, id="a header for AWS that is not signed"),
        pytest.param({"x_amz_date": "yesterday"}, id="no date"),
        pytest.param({"service": "s3"}, id="S3 without a payload hash"),
    ],
)
def test_what_no_sdk_signs_is_no_signature(wrong):
    assert over(**wrong) is None


def test_a_body_that_is_not_read_yet_is_not_signed():
    assert over().body_signed
    assert not over(content_length="3").body_signed
    assert not over(transfer_encoding="chunked").body_signed
    assert over(content_length="3", body=b"abc").body_signed


def unsigned(claimed, body=b"", service="s3", **headers):
    names = sorted({"host", "x-amz-date", "x-amz-content-sha256", *(name.replace("_", "-") for name in headers)})
    return over(service, ";".join(names), body, x_amz_content_sha256=claimed, **headers)


def test_an_unsigned_payload_protects_no_body():
    assert unsigned("UNSIGNED-PAYLOAD").body_signed
    assert not unsigned("UNSIGNED-PAYLOAD", b"abc").body_signed
    assert unsigned("UNSIGNED-PAYLOAD", service="braket") is None
    assert unsigned("STREAMING-AWS4-HMAC-SHA256-PAYLOAD") is None


def test_a_claimed_hash_is_not_believed():
    """Otherwise the body would be anybody's."""
    claimed = sha256(b"abc").hexdigest()

    assert unsigned(claimed, b"abc").string_to_sign != unsigned(claimed, b"abd").string_to_sign


def test_chunks_with_a_checksum_are_taken_for_what_they_are():
    body = b"3\r\nabc\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n"
    told = {"x_amz_decoded_content_length": "3", "x_amz_trailer": "x-amz-checksum-crc32"}

    assert unsigned("STREAMING-UNSIGNED-PAYLOAD-TRAILER", body, **told).body_signed
    broken = body.replace(b"abc", b"abd")
    assert not unsigned("STREAMING-UNSIGNED-PAYLOAD-TRAILER", broken, **told).body_signed
