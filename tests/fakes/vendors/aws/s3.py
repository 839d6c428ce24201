"""The part of S3 that Braket's users need: buckets are made and found, objects put, got and listed; path-style only.

Keys and buckets come from the raw path, decoded once. Everything else S3 can do is refused by name.
"""

import hashlib
import json
import re
import zlib
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qs, quote, unquote
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from aiohttp import web

from tests.fakes.vendors.aws.answers import XMLNS_S3, no, xml
from tests.fakes.vendors.aws.results import altered
from tests.fakes.vendors.aws.signature import STREAMED, Caller
from tests.fakes.vendors.aws.storage import Storage, Stored
from tests.fakes.vendors.faults import struck
from tests.fakes.vendors.serving import RefusedError

_BUCKET: Final = re.compile(r"(?!xn--)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")
_DATE: Final = "%a, %d %b %Y %H:%M:%S GMT"
_LISTED: Final = {"list-type", "prefix", "delimiter", "max-keys", "continuation-token", "start-after", "encoding-type"}
_IGNORED: Final = {"x-id", "fetch-owner"}
"""Query parameters that change nothing here."""
_MOST_KEYS: Final = 1000
_LOCK_MODE: Final = "x-amz-object-lock-mode"
_LOCKED_UNTIL: Final = "x-amz-object-lock-retain-until-date"


class S3:
    """Answers requests whose credential scope says s3."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def answer(self, request: web.Request, caller: Caller, body: bytes) -> web.Response:
        """Carry a request out."""
        raw_path, _, raw_query = request.raw_path.partition("?")
        bucket, _, key = raw_path.removeprefix("/").partition("/")
        query = {name: values[-1] for name, values in parse_qs(raw_query, keep_blank_values=True).items()}
        place = _Place(request, caller, unquote(bucket), unquote(key), query)
        found = _BUCKET_ROUTES if not key else _OBJECT_ROUTES
        if not bucket or request.method not in found or "x-amz-copy-source" in request.headers:
            raise _not_implemented()
        if place.strange(_LISTED | {"location"} if not key else set()):
            raise _not_implemented()
        if (request.method, key) != ("PUT", ""):
            self._check_bucket(place)
        return await found[request.method](self, place, body)

    async def create_bucket(self, place: "_Place", body: bytes) -> web.Response:
        """Make a bucket in the caller's region."""
        if _BUCKET.fullmatch(place.bucket) is None:
            raise no("s3", 400, "InvalidBucketName", "The specified bucket is not valid.", BucketName=place.bucket)
        if _location(body) != place.caller.region:
            told = "The specified location constraint is incompatible with the region this request was sent to."
            raise no("s3", 400, "IllegalLocationConstraintException", told)
        there = self._storage.buckets.get(place.bucket)
        if there is not None and (there, place.caller.region) != ("us-east-1", "us-east-1"):
            told = "Your previous request to create the named bucket succeeded and you already own it."
            raise no("s3", 409, "BucketAlreadyOwnedByYou", told, BucketName=place.bucket)
        self._storage.create(place.bucket, place.caller.region)
        if place.request.headers.get("x-amz-bucket-object-lock-enabled", "").lower() == "true":
            self._storage.locking.add(place.bucket)
        return web.Response(headers={"Location": f"/{place.bucket}"})

    async def head_bucket(self, place: "_Place", _: bytes) -> web.Response:
        """Tell that a bucket is there, and where."""
        return web.Response(headers={"x-amz-bucket-region": self._storage.buckets[place.bucket]})

    async def get_bucket(self, place: "_Place", _: bytes) -> web.Response:
        """List a bucket, or tell its location."""
        if "location" in place.query:
            region = self._storage.buckets[place.bucket]
            told = "" if region == "us-east-1" else region
            return xml(f'<LocationConstraint xmlns="{XMLNS_S3}">{told}</LocationConstraint>')
        if place.query.get("list-type") != "2":
            raise _not_implemented()
        return xml(self._listing(place))

    async def put_object(self, place: "_Place", body: bytes) -> web.Response:
        """Keep an object; the checksum sent must be that of what arrived."""
        content = unchunked(place.request, body)
        headers = place.request.headers
        _check_sum(headers.get("x-amz-checksum-crc32"), content)
        _check_digests(headers, content)
        lock = self._lock(place)
        if headers.get("If-None-Match") == "*" and self._storage.read(place.bucket, place.key) is not None:
            told = "At least one of the pre-conditions you specified did not hold"
            raise no("s3", 412, "PreconditionFailed", told, Condition="If-None-Match")
        content_type = headers.get("Content-Type", "binary/octet-stream")
        stored = self._storage.write(place.bucket, place.key, content, content_type, **lock)
        return web.Response(headers={"ETag": stored.etag, "x-amz-checksum-crc32": stored.crc32})

    async def get_object(self, place: "_Place", _: bytes) -> web.Response:
        """Give an object or the part of it that Range names."""
        stored = self._storage.read(place.bucket, place.key)
        if stored is None:
            told = "The specified key does not exist."
            raise no("s3", 404, "NoSuchKey", told, verdict="absent", Key=place.key)
        if struck(place.request, "wrong_result"):
            stored = _wrong(stored)
        headers = {
            "ETag": stored.etag,
            "Last-Modified": stored.modified_at.strftime(_DATE),
            "Accept-Ranges": "bytes",
            "Content-Type": stored.content_type,
            **({_LOCK_MODE: stored.lock_mode, _LOCKED_UNTIL: stored.locked_until} if stored.lock_mode else {}),
        }
        if (part := _part(place.request.headers.get("Range"), len(stored.body))) is not None:
            headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{len(stored.body)}"
            return web.Response(status=206, body=stored.body[part], headers=headers)
        if place.request.headers.get("x-amz-checksum-mode") == "ENABLED":
            headers |= {"x-amz-checksum-crc32": stored.crc32, "x-amz-checksum-type": "FULL_OBJECT"}
        return web.Response(body=stored.body, headers=headers)

    def _lock(self, place: "_Place") -> dict[str, str]:
        """Read until when an object is to be locked; only a bucket that was made for it locks any."""
        mode, until = (place.request.headers.get(name, "") for name in (_LOCK_MODE, _LOCKED_UNTIL))
        if not mode and not until:
            return {}
        if place.bucket not in self._storage.locking:
            raise no("s3", 400, "InvalidRequest", "Bucket is missing Object Lock Configuration")
        if not {"Content-MD5", "x-amz-checksum-sha256"} & set(place.request.headers):
            told = "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock"
            raise no("s3", 400, "InvalidRequest", f"{told} parameters")
        if mode not in {"COMPLIANCE", "GOVERNANCE"} or datetime.fromisoformat(until) <= datetime.now(UTC):
            raise no("s3", 400, "InvalidArgument", "The retain until date must be in the future!")
        return {"lock_mode": mode, "locked_until": until}

    def _check_bucket(self, place: "_Place") -> None:
        region = self._storage.buckets.get(place.bucket)
        if region is None:
            told = "The specified bucket does not exist"
            raise no("s3", 404, "NoSuchBucket", told, verdict="absent", BucketName=place.bucket)
        if region != place.caller.region:
            told = f"The authorization header is malformed; the region '{place.caller.region}' is wrong; "
            refused = no("s3", 400, "AuthorizationHeaderMalformed", f"{told}expecting '{region}'", Region=region)
            refused.answer.headers["x-amz-bucket-region"] = region
            raise refused

    def _listing(self, place: "_Place") -> str:
        query = place.query
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        after = query.get("continuation-token", query.get("start-after", ""))
        most = min(int(query.get("max-keys", _MOST_KEYS)), _MOST_KEYS)
        keys = [key for key in self._storage.keys(place.bucket, prefix) if key > after]
        shown, common = keys[:most], set()
        if delimiter:
            common = {f"{prefix}{_head(key, prefix, delimiter)}" for key in shown if delimiter in key[len(prefix) :]}
            shown = [key for key in shown if delimiter not in key[len(prefix) :]]
        text = (lambda name: quote(name, safe="/")) if query.get("encoding-type") == "url" else escape
        parts = {"Name": place.bucket, "Prefix": text(prefix), "KeyCount": len(shown) + len(common), "MaxKeys": most}
        parts["IsTruncated"] = "true" if len(keys) > most else "false"
        if len(keys) > most:
            parts["NextContinuationToken"] = escape(keys[most - 1])
        if "encoding-type" in query:
            parts["EncodingType"] = "url"
        body = "".join(f"<{name}>{value}</{name}>" for name, value in parts.items())
        body += "".join(self._listed(place.bucket, key, text(key)) for key in shown)
        body += "".join(f"<CommonPrefixes><Prefix>{text(each)}</Prefix></CommonPrefixes>" for each in sorted(common))
        return f'<ListBucketResult xmlns="{XMLNS_S3}">{body}</ListBucketResult>'

    def _listed(self, bucket: str, key: str, text: str) -> str:
        stored = self._storage.read(bucket, key)
        assert stored is not None
        told = f"<Key>{text}</Key><LastModified>{stored.modified_at:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
        size = f"<Size>{len(stored.body)}</Size><StorageClass>STANDARD</StorageClass>"
        return f"<Contents>{told}<ETag>{escape(stored.etag)}</ETag>{size}</Contents>"


class _Place:
    """What a request is about."""

    def __init__(self, request: web.Request, caller: Caller, bucket: str, key: str, query: Mapping[str, str]) -> None:
        self.request, self.caller, self.bucket, self.key, self.query = request, caller, bucket, key, query

    def strange(self, known: set[str]) -> bool:
        """Tell whether the query asks for something the fake does not do."""
        return bool(set(self.query) - known - _IGNORED)


def unchunked(request: web.Request, body: bytes) -> bytes:
    """Take the frames of `aws-chunked` off a body, and check its length and its trailing checksum."""
    if request.headers.get("x-amz-content-sha256") != STREAMED:
        return body
    content, rest = bytearray(), body
    while True:
        line, _, rest = rest.partition(b"\r\n")
        try:
            size = int(line, 16)
        except ValueError as error:
            raise no("s3", 400, "IncompleteBody", "The chunks of the body are malformed.") from error
        if size == 0:
            break
        content += rest[:size]
        rest = rest[size + 2 :]
    if str(len(content)) != request.headers.get("x-amz-decoded-content-length"):
        told = "You did not provide the number of bytes specified by the x-amz-decoded-content-length header."
        raise no("s3", 400, "IncompleteBody", told)
    trailer = dict(line.split(":", 1) for line in rest.decode("latin-1").split("\r\n") if ":" in line)
    _check_sum(trailer.get("x-amz-checksum-crc32"), bytes(content))
    return bytes(content)


def _check_sum(told: str | None, content: bytes) -> None:
    if told is not None and told.strip() != b64encode(zlib.crc32(content).to_bytes(4, "big")).decode():
        raise no("s3", 400, "BadDigest", "The CRC32 you specified did not match the calculated checksum.")


def _check_digests(headers: Mapping[str, str], content: bytes) -> None:
    for name, made in (("Content-MD5", hashlib.md5), ("x-amz-checksum-sha256", hashlib.sha256)):
        told = headers.get(name)
        if told is not None and told != b64encode(made(content, usedforsecurity=False).digest()).decode():
            raise no("s3", 400, "BadDigest", f"The {name} you specified did not match what we received.")


def _location(body: bytes) -> str:
    if not body:
        return "us-east-1"
    try:
        root = ET.fromstring(body)  # noqa: S314  # a test's own client sent it
    except ET.ParseError as error:
        raise no("s3", 400, "MalformedXML", "The XML you provided was not well-formed.") from error
    return root.findtext(f"{{{XMLNS_S3}}}LocationConstraint") or "us-east-1"


def _part(told: str | None, size: int) -> slice | None:
    """Read a Range of one part; what is no such range is ignored, as S3 does."""
    found = _RANGE.fullmatch(told or "")
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start >= size or end < start:
        raise no("s3", 416, "InvalidRange", "The requested range is not satisfiable", ActualObjectSize=size)
    return slice(start, end + 1)


def _wrong(stored: Stored) -> Stored:
    body = json.dumps(altered(json.loads(stored.body))).encode()
    return Stored(body=body, content_type=stored.content_type, modified_at=stored.modified_at)


def _head(key: str, prefix: str, delimiter: str) -> str:
    return key[len(prefix) :].partition(delimiter)[0] + delimiter


def _not_implemented() -> RefusedError:
    told = "A header or parameter you provided implies functionality that is not implemented."
    return no("s3", 501, "NotImplemented", told)


_Route = Callable[[S3, _Place, bytes], Awaitable[web.Response]]
_BUCKET_ROUTES: Final[Mapping[str, _Route]] = {"PUT": S3.create_bucket, "HEAD": S3.head_bucket, "GET": S3.get_bucket}
_OBJECT_ROUTES: Final[Mapping[str, _Route]] = {"PUT": S3.put_object, "HEAD": S3.get_object, "GET": S3.get_object}
