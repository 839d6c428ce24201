"""The part of Amazon S3 that the SDK needs: a bucket that is always there, and in it the results of one's tasks.

A bucket here is a name that the client chose, nothing more. An object is asked for by the place where its task was
told to put it; whose task it is is decided by the key that signs, never by the bucket.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes
from xml.sax.saxutils import escape

from adapters.braket import arns, results, tasks
from adapters.braket.errors import UPLOADS, NotOfferedError, ResultsGoneError
from gateway.domain.clock import rfc3339
from gateway.domain.errors import NotFoundError
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.malformed import InvalidValueError, UnknownOperationError
from gateway.ports.answers import JobList, ResultBody
from gateway.ports.dialect import WireAnswer, WireRequest
from gateway.ports.operations import ListJobs, Operation, ShowIdentity, ShowResults

XML = "application/xml"
_PART = "application/octet-stream"
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_PATH = re.compile(r"/(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<key>[^?]+))?")
_OBJECT = re.compile(rf"(?P<prefix>.+)/(?P<task>{arns.UUID})/{re.escape(results.NAME)}")
_WITH_TASK = re.compile(rf"(?P<prefix>.+)/(?P<task>{arns.UUID})(?:/.*)?")
_RANGE = re.compile(r"bytes=(?P<first>[0-9]{1,18})?-(?P<last>[0-9]{1,18})?")
_LISTING = frozenset(
    {
        "list-type",
        "prefix",
        "delimiter",
        "encoding-type",
        "max-keys",
        "continuation-token",
        "start-after",
        "fetch-owner",
    }
)
SUPPORTED = "CreateBucket, HeadBucket, GetBucketLocation, ListObjectsV2, GetObject and HeadObject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket(ShowIdentity):
    """CreateBucket, HeadBucket or GetBucketLocation: a bucket is there as soon as it is named."""

    name: str
    region: str
    location: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GetObject(ShowResults):
    """GetObject or HeadObject of a task's results."""

    bucket: str
    key: str
    span: str
    """The `Range` header; empty is the whole object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTask(ShowResults):
    """ListObjectsV2 below one task."""

    bucket: str
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListBucket(ListJobs):
    """ListObjectsV2 over many tasks."""

    bucket: str
    prefix: str


def operation(request: WireRequest, *, path: str, region: str, page_limit: int) -> Operation:
    """Say what a request to S3 asks for.

    Raises:
        RefusedError: what is not served here, or cannot be read.
    """
    found = _PATH.fullmatch(path)
    if found is None:
        raise UnknownOperationError(supported=SUPPORTED)
    bucket, key = found["bucket"], found["key"]
    names = {name for name, _ in request.query}
    if key is not None:
        return _object(request, bucket, _decoded(key))
    match request.method:
        case "PUT" | "HEAD" if not names:
            return Bucket(name=bucket, region=region)
        case "GET" if names == {"location"}:
            return Bucket(name=bucket, region=region, location=True)
        case "GET" if "list-type" in names and names <= _LISTING:
            return _listing(dict(request.query), bucket, page_limit)
        case _:
            raise UnknownOperationError(supported=SUPPORTED)


def bucket(operation_: Bucket) -> WireAnswer:
    """Acknowledge a bucket."""
    headers = {"x-amz-bucket-region": operation_.region, "location": f"/{operation_.name}"}
    if not operation_.location:
        return WireAnswer(status=200, body=b"", headers=headers, content_type=XML)
    # The oldest region has no name in this answer.
    name = "" if operation_.region == "us-east-1" else operation_.region
    return _xml(f'<LocationConstraint xmlns="{_NAMESPACE}">{name}</LocationConstraint>')


def get(operation_: GetObject, answer: ResultBody) -> WireAnswer:
    """Give an object, or the part of it that was asked for.

    Raises:
        NotFoundError: the task puts its results elsewhere, or has none yet.
        ResultsGoneError: it had some.
    """
    job = answer.job
    if (operation_.bucket, operation_.key) != _place(job):
        raise NotFoundError(noun="object", name=operation_.client_job_id)
    if answer.body is None:
        if job.status is JobStatus.COMPLETED:
            raise ResultsGoneError(task=job.client_job_id)
        raise NotFoundError(noun="object", name=operation_.client_job_id)
    headers = {"accept-ranges": "bytes", "etag": f'"{job.client_job_id.replace("-", "")}"'}
    if not operation_.span:
        return WireAnswer(status=200, body=answer.body, headers=headers)
    first, end = _span(operation_.span, len(answer.body))
    headers["content-range"] = f"bytes {first}-{end - 1}/{len(answer.body)}"
    return WireAnswer(status=206, body=answer.body[first:end], headers=headers, content_type=_PART)


def list_task(operation_: ListTask, answer: ResultBody) -> WireAnswer:
    """List what one task left."""
    bucket_, key = _place(answer.job)
    there = answer.body is not None and bucket_ == operation_.bucket and key.startswith(operation_.prefix)
    objects = [_entry(answer.job, size=len(answer.body or b""))] if there else []
    return _page(operation_.bucket, operation_.prefix, objects, following=None)


def list_bucket(operation_: ListBucket, answer: JobList) -> WireAnswer:
    """List the results of a page of tasks; their sizes are not known without opening them, and left out."""
    objects = [
        _entry(view.job, size=None)
        for view in answer.jobs
        if view.job.status is JobStatus.COMPLETED and tasks.is_task(view.job)
        if _place(view.job)[0] == operation_.bucket and _place(view.job)[1].startswith(operation_.prefix)
    ]
    following = operation_.offset + len(answer.jobs)
    more = bool(answer.jobs) and following < answer.count
    return _page(operation_.bucket, operation_.prefix, objects, following=following if more else None)


def refusal(*, code: str, message: str, request_id: str) -> bytes:
    """Write a refusal."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{escape(message)}</Message>'
        f"<RequestId>{escape(request_id)}</RequestId></Error>"
    ).encode()


def _object(request: WireRequest, bucket_: str, key: str) -> GetObject:
    if request.method in {"PUT", "POST", "DELETE"}:
        raise NotOfferedError(UPLOADS)
    found = _OBJECT.fullmatch(key)
    if request.method not in {"GET", "HEAD"} or found is None:
        raise UnknownOperationError(supported=f"{SUPPORTED}; an object is the {results.NAME} of a task")
    return GetObject(client_job_id=found["task"], bucket=bucket_, key=key, span=request.headers.get("range", ""))


def _listing(query: dict[str, str], bucket_: str, page_limit: int) -> Operation:
    prefix, token = query.get("prefix", ""), query.get("continuation-token", "0")
    if query["list-type"] != "2" or not token.isdecimal() or "start-after" in query or "delimiter" in query:
        raise InvalidValueError(
            place="the listing", allowed="list-type 2 with a prefix, and the continuation-token of the page before"
        )
    if found := _WITH_TASK.fullmatch(prefix):
        return ListTask(client_job_id=found["task"], bucket=bucket_, prefix=prefix)
    most = query.get("max-keys", str(page_limit))
    limit = min(int(most) if most.isdecimal() else page_limit, page_limit) or 1
    every = ListJobs(limit=limit, offset=int(token[:9]))
    return ListBucket(**{name: getattr(every, name) for name in every.__slots__}, bucket=bucket_, prefix=prefix)


def _decoded(key: str) -> str:
    """Decode a key once; one with empty or dot segments is read by every server differently, so by none here."""
    try:
        text = unquote_to_bytes(key).decode()
    except UnicodeDecodeError:
        raise InvalidValueError(place="the key", allowed="UTF-8 text") from None
    if not text.isprintable() or {"", ".", ".."} & set(text.split("/")):
        raise InvalidValueError(place="the key", allowed="names separated by single slashes")
    return text


def _place(job: JobRecord) -> tuple[str, str]:
    """Give the bucket and key of a task's results, as its client chose them."""
    return job.echo["bucket"], f"{job.echo['prefix']}/{job.client_job_id}/{results.NAME}"


def _span(header: str, size: int) -> tuple[int, int]:
    found = _RANGE.fullmatch(header)
    first = last = None
    if found is not None:
        first, last = (None if part is None else int(part) for part in found.groups())
    if first is None and last is not None:
        first, last = max(size - last, 0), None
    if first is None or first >= size or (last is not None and last < first):
        raise InvalidValueError(place="the header range", allowed=f"one range of bytes within the {size} there are")
    return first, size if last is None else min(last + 1, size)


def _entry(job: JobRecord, *, size: int | None) -> str:
    _, key = _place(job)
    told = "" if size is None else f"<Size>{size}</Size>"
    moment = rfc3339(job.finished_at or job.created_at)
    return (
        f"<Contents><Key>{escape(quote(key))}</Key><LastModified>{moment}</LastModified>{told}"
        "<StorageClass>STANDARD</StorageClass></Contents>"
    )


def _page(bucket_: str, prefix: str, objects: Iterable[str], *, following: int | None) -> WireAnswer:
    entries = list(objects)
    more = "" if following is None else f"<NextContinuationToken>{following}</NextContinuationToken>"
    return _xml(
        f'<ListBucketResult xmlns="{_NAMESPACE}"><Name>{bucket_}</Name><Prefix>{escape(quote(prefix))}</Prefix>'
        f"<KeyCount>{len(entries)}</KeyCount><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType>"
        f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>{more}{''.join(entries)}</ListBucketResult>"
    )


def _xml(text: str) -> WireAnswer:
    return WireAnswer(status=200, body=f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode(), content_type=XML)
