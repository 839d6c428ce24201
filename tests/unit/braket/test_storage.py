"""S3: a bucket in name only, and results exactly where their task was told to put them."""

import re
from dataclasses import replace

import pytest

from adapters.braket import BraketDialect, BraketSettings
from gateway.domain.errors import RefusedError
from gateway.domain.job import JobStatus
from gateway.ports import answers as answered
from tests.fakes import values
from tests.unit.braket import made

DIALECT = BraketDialect(BraketSettings())
BODY = b'{"measurements": []}'


def asked(method, path, **more):
    return DIALECT.operation(made.request(method, path, service="s3", **more))


def got(path=made.KEY, job=made.DONE, body=BODY, **headers):
    return DIALECT.answer(asked("GET", path, headers=headers), answered.ResultBody(job=job, body=body))


def listed(job, prefix, body=BODY):
    operation = asked("GET", f"/{made.BUCKET}", query=[("list-type", "2"), ("prefix", prefix)])
    wire = DIALECT.answer(operation, answered.ResultBody(job=job, body=body))
    return re.findall("<Key>([^<]*)</Key>", wire.body.decode())


def test_results_are_given_byte_for_byte():
    wire = got()

    assert (wire.status, wire.body) == (200, BODY)
    assert wire.headers["qgw-execution-kind"] == "simulator"


@pytest.mark.parametrize(
    ("span", "part", "told"),
    [
        ("bytes=0-3", BODY[:4], "bytes 0-3/20"),
        ("bytes=4-", BODY[4:], "bytes 4-19/20"),
        ("bytes=-5", BODY[-5:], "bytes 15-19/20"),
        ("bytes=-500", BODY, "bytes 0-19/20"),
        ("bytes=10-500", BODY[10:], "bytes 10-19/20"),
    ],
)
def test_a_part_is_the_part_that_was_asked_for(span, part, told):
    wire = got(range=span)

    assert (wire.status, wire.body, wire.headers["content-range"]) == (206, part, told)


@pytest.mark.parametrize("span", ["bytes=20-", "bytes=5-2", "bytes=0-1,4-5", "lines=0-1", "bytes=-"])
def test_a_part_that_cannot_be_is_refused(span):
    with pytest.raises(RefusedError):
        got(range=span)


@pytest.mark.parametrize(
    "place",
    [
        pytest.param({"bucket": "another-bucket"}, id="another bucket"),
        pytest.param({"prefix": "elsewhere"}, id="another prefix"),
        pytest.param({"prefix": "tasks/tasks"}, id="a longer prefix"),
    ],
)
def test_results_are_nowhere_else(place):
    job = replace(made.DONE, echo={**made.ECHO, **place})

    with pytest.raises(RefusedError) as caught:
        got(job=job)
    assert caught.value.code == "not-found"


def test_results_that_are_not_there_yet_are_told_from_those_that_are_gone():
    with pytest.raises(RefusedError) as early:
        got(job=made.JOB, body=None)
    with pytest.raises(RefusedError) as late:
        got(body=None)

    assert (early.value.code, late.value.code) == ("not-found", "results-gone")


def test_a_prefix_may_have_any_letters():
    echo = {**made.ECHO, "prefix": "meine tasks/ü+1"}
    path = f"/{made.BUCKET}/meine%20tasks/%C3%BC%2B1/{made.TASK_ID}/results.json"

    assert got(path, replace(made.DONE, echo=echo)).body == BODY


def test_a_listing_below_a_task_shows_its_results():
    directory = f"tasks/{made.TASK_ID}"

    assert listed(made.DONE, directory) == [f"{directory}/results.json"]
    assert listed(made.DONE, f"{directory}/results.json") == [f"{directory}/results.json"]
    assert listed(made.DONE, f"{directory}/other") == []
    assert listed(made.JOB, directory, body=None) == []
    assert listed(replace(made.DONE, echo={**made.ECHO, "bucket": "another-bucket"}), directory) == []


def test_a_listing_of_a_bucket_goes_through_the_tasks_page_by_page():
    elsewhere = replace(made.DONE, echo={**made.ECHO, "bucket": "another-bucket"})
    views = tuple(answered.JobView(job=job, body=None, queue_position=None) for job in (made.DONE, made.JOB, elsewhere))
    query = [("list-type", "2"), ("prefix", "tasks"), ("continuation-token", "5"), ("max-keys", "3")]
    operation = asked("GET", f"/{made.BUCKET}", query=query)

    wire = DIALECT.answer(operation, answered.JobList(jobs=views, count=9, limit=3, offset=5))

    assert (operation.limit, operation.offset) == (3, 5)
    assert re.findall("<Key>([^<]*)</Key>", wire.body.decode()) == [f"tasks/{made.TASK_ID}/results.json"]
    assert b"<IsTruncated>true</IsTruncated><NextContinuationToken>8<" in wire.body


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        pytest.param("PUT", made.KEY, "not-offered", id="an upload"),
        pytest.param("DELETE", made.KEY, "not-offered", id="a removal"),
        pytest.param("POST", made.KEY, "not-offered", id="an upload in parts"),
        pytest.param("GET", f"/{made.BUCKET}/tasks/x/results.json", "unknown-operation", id="no task"),
        pytest.param("GET", f"/{made.BUCKET}/tasks/../{made.TASK_ID}/results.json", "invalid-value", id="dots"),
        pytest.param("GET", f"/{made.BUCKET}/tasks/%2E%2E/{made.TASK_ID}/results.json", "invalid-value", id="hidden"),
        pytest.param("GET", f"/{made.BUCKET}/a//{made.TASK_ID}/results.json", "invalid-value", id="an empty name"),
        pytest.param("GET", f"/{made.BUCKET}/%ff/{made.TASK_ID}/results.json", "invalid-value", id="no text"),
        pytest.param("DELETE", f"/{made.BUCKET}", "unknown-operation", id="a bucket's removal"),
        pytest.param("GET", f"/{made.BUCKET}", "unknown-operation", id="the first version of a listing"),
        pytest.param("GET", "/", "unknown-operation", id="all buckets"),
    ],
)
def test_nothing_else_is_served(method, path, code):
    with pytest.raises(RefusedError) as caught:
        asked(method, path)

    assert caught.value.code == code


@pytest.mark.parametrize(
    "query",
    [
        [("list-type", "2"), ("delimiter", "/")],
        [("list-type", "2"), ("start-after", "a")],
        [("list-type", "1")],
        [("list-type", "2"), ("continuation-token", "x")],
    ],
)
def test_a_listing_that_would_be_another_is_refused(query):
    with pytest.raises(RefusedError):
        asked("GET", f"/{made.BUCKET}", query=query)


@pytest.mark.parametrize(("region", "name"), [("us-east-1", ""), ("eu-north-1", "eu-north-1")])
def test_a_bucket_is_where_it_is_asked_for(region, name):
    operation = asked("GET", f"/{made.BUCKET}", region=region, query=[("location", "")])
    identity = answered.IdentityView(
        instance=values.INSTANCE, principal_id="p", principal_name="ada", project_id="project-1", key_id="k"
    )

    assert f'/">{name}</LocationConstraint>'.encode() in DIALECT.answer(operation, identity).body


def test_a_job_that_came_in_other_words_has_no_object():
    job = replace(values.JOB, status=JobStatus.COMPLETED)
    operation = asked("GET", f"/{made.BUCKET}", query=[("list-type", "2")])
    view = answered.JobView(job=job, body=None, queue_position=None)

    wire = DIALECT.answer(operation, answered.JobList(jobs=(view,), count=1, limit=10, offset=0))

    assert b"<Contents>" not in wire.body
    with pytest.raises(RefusedError):
        got(job=job)


def test_statuses_that_are_not_final_have_no_objects():
    views = tuple(
        answered.JobView(job=replace(made.DONE, status=status), body=None, queue_position=None) for status in JobStatus
    )
    operation = asked("GET", f"/{made.BUCKET}", query=[("list-type", "2")])

    wire = DIALECT.answer(operation, answered.JobList(jobs=views, count=len(views), limit=10, offset=0))

    assert wire.body.count(b"<Contents>") == 1
