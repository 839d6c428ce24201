"""The fake S3: buckets have a region, objects are what was put, lists have pages."""

import contextlib
import zlib
from base64 import b64encode

import pytest
from botocore.exceptions import ClientError

from tests.fakes.vendors.aws import FakeAws
from tests.fakes.vendors.aws.calls import BUCKET, Calls
from tests.fakes.vendors.aws.s3 import unchunked
from tests.fakes.vendors.serving import RefusedError, running


@contextlib.asynccontextmanager
async def bucket(region="us-east-1"):
    async with running(FakeAws()) as url:
        calls = Calls(url, region=region)
        await calls.make_bucket(region)
        yield calls


async def put(calls, key, body=b"content"):
    return await calls("s3", "put_object", Bucket=BUCKET, Key=key, Body=body)


@pytest.mark.parametrize(
    "key", ["plain", "a/b/c.json", "sp ace", "ümlaut", "pl+us", "per%cent", "../up", "double//two"]
)
async def test_an_object_is_read_as_it_was_put_whatever_its_key(key):
    async with bucket() as calls:
        await put(calls, key, key.encode())
        read = await calls("s3", "get_object", Bucket=BUCKET, Key=key)
        listed = await calls("s3", "list_objects_v2", Bucket=BUCKET)

    assert read["Body"] == key.encode()
    assert [each["Key"] for each in listed["Contents"]] == [key]


@pytest.mark.parametrize(
    ("asked", "body", "told"),
    [
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
    ],
)
async def test_a_range_is_a_part(asked, body, told):
    async with bucket() as calls:
        await put(calls, "digits", b"0123456789")
        read = await calls("s3", "get_object", Bucket=BUCKET, Key="digits", Range=asked)

    assert (read["ResponseMetadata"]["HTTPStatusCode"], read["Body"], read["ContentRange"]) == (206, body, told)


async def test_a_range_behind_the_end_is_refused():
    async with bucket() as calls:
        await put(calls, "short", b"0")
        with pytest.raises(ClientError, match="InvalidRange"):
            await calls("s3", "get_object", Bucket=BUCKET, Key="short", Range="bytes=1-2")


async def test_a_head_tells_size_and_tag_without_the_body():
    async with bucket() as calls:
        await put(calls, "key", b"12345")
        told = await calls("s3", "head_object", Bucket=BUCKET, Key="key")
        with pytest.raises(ClientError, match="404"):
            await calls("s3", "head_object", Bucket=BUCKET, Key="none")

    assert (told["ContentLength"], told["ETag"]) == (5, '"827ccb0eea8a706c4c34a16891f84e7b"')


async def test_a_list_has_pages_prefixes_and_folders():
    async with bucket() as calls:
        for key in ("a/1", "a/2", "b/1", "c"):
            await put(calls, key)
        first = await calls("s3", "list_objects_v2", Bucket=BUCKET, MaxKeys=3)
        token = first["NextContinuationToken"]
        rest = await calls("s3", "list_objects_v2", Bucket=BUCKET, ContinuationToken=token)
        under = await calls("s3", "list_objects_v2", Bucket=BUCKET, Prefix="a/")
        folders = await calls("s3", "list_objects_v2", Bucket=BUCKET, Delimiter="/")

    assert [each["Key"] for each in first["Contents"] + rest["Contents"]] == ["a/1", "a/2", "b/1", "c"]
    assert (first["IsTruncated"], rest["IsTruncated"], under["KeyCount"]) == (True, False, 2)
    assert [each["Prefix"] for each in folders["CommonPrefixes"]] == ["a/", "b/"]
    assert [each["Key"] for each in folders["Contents"]] == ["c"]


async def test_a_bucket_made_again_is_already_owned_but_not_in_us_east_1():
    async with bucket("eu-north-1") as calls:
        with pytest.raises(ClientError, match="BucketAlreadyOwnedByYou"):
            await calls.make_bucket("eu-north-1")
    async with bucket() as calls:
        await calls.make_bucket()


async def test_a_bucket_is_made_in_the_region_that_signs():
    async with bucket() as calls:
        with pytest.raises(ClientError, match="IllegalLocationConstraintException"):
            await calls("s3", "create_bucket", region="eu-north-1", Bucket="amazon-braket-more")


async def test_a_bucket_of_another_region_says_where_it_is():
    """The SDK signs with the session's region; AWS answers with the bucket's."""
    async with bucket("eu-north-1") as calls:
        calls.region = "us-east-1"
        target = f"/{BUCKET}/key"
        status, (headers, text) = await calls.raw("GET", target, calls.signed("GET", target, service="s3"))

    assert (status, headers["x-amz-bucket-region"]) == (400, "eu-north-1")
    assert "<Region>eu-north-1</Region>" in text


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        pytest.param("get_object", {"Key": "none"}, "NoSuchKey", id="no such key"),
        pytest.param("get_object", {"Bucket": "amazon-none", "Key": "k"}, "NoSuchBucket", id="no such bucket"),
        pytest.param("create_bucket", {"Bucket": "x..Capital"}, "InvalidBucketName", id="a bad name"),
        pytest.param("delete_object", {"Key": "k"}, "NotImplemented", id="delete"),
        pytest.param("get_bucket_acl", {}, "NotImplemented", id="another query"),
        pytest.param("copy_object", {"Key": "k", "CopySource": f"{BUCKET}/k"}, "NotImplemented", id="copy"),
    ],
)
async def test_what_cannot_be_done_is_refused_by_name(operation, params, code):
    async with bucket() as calls:
        with pytest.raises(ClientError, match=code):
            await calls("s3", operation, **{"Bucket": BUCKET} | params)


async def test_a_checksum_that_is_not_that_of_the_body_is_refused():
    async with bucket() as calls:
        with pytest.raises(ClientError, match="BadDigest"):
            await calls("s3", "put_object", Bucket=BUCKET, Key="k", Body=b"one", ChecksumCRC32=crc32(b"two"))


def crc32(body):
    return b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


class Chunked:
    """What arrives over https, as far as `unchunked` looks."""

    def __init__(self, length):
        self.headers = {
            "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            "x-amz-decoded-content-length": str(length),
        }


def chunks(checksum):
    return f"4\r\nWiki\r\n3\r\nabc\r\n0\r\nx-amz-checksum-crc32:{checksum}\r\n\r\n".encode()


def test_the_frames_of_an_upload_over_tls_are_taken_off():
    assert unchunked(Chunked(7), chunks(crc32(b"Wikiabc"))) == b"Wikiabc"


@pytest.mark.parametrize(
    ("length", "body"),
    [
        pytest.param(8, chunks(crc32(b"Wikiabc")), id="another length than told"),
        pytest.param(7, chunks(crc32(b"Wikiabd")), id="another checksum"),
        pytest.param(7, b"no frames at all", id="no frames"),
    ],
)
def test_frames_that_do_not_hold_what_they_promise_are_refused(length, body):
    with pytest.raises(RefusedError):
        unchunked(Chunked(length), body)
