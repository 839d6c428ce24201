"""The fake Braket over HTTP, called by botocore: tasks are taken once, run, end, and can be found again."""

import asyncio
import contextlib
import json
import re

import aiohttp
import pytest
from botocore.exceptions import ClientError

from tests.fakes.vendors.aws import FakeAws
from tests.fakes.vendors.aws.calls import ANKAA, BUCKET, FLIP, FORTE, GARNET, SV1, Calls, action, order
from tests.fakes.vendors.journal import Journal
from tests.fakes.vendors.serving import BackendChange, Pace, running

AT_ONCE = Pace(queue_seconds=0, run_seconds=0)
INSTANT = Pace(queue_seconds=0, run_seconds=0, instant=True)
HELD = Pace(queue_seconds=60, instant=True)


@contextlib.asynccontextmanager
async def fake(pace=INSTANT, region="us-east-1", **more):
    vendor = FakeAws(pace=pace, **more)
    async with running(vendor) as url:
        calls = Calls(url, region=region)
        await calls.make_bucket(region)
        yield vendor, calls


async def create(calls, **more):
    answer = await calls("braket", "create_quantum_task", **order(**more))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    return answer["quantumTaskArn"]


async def ordered(calls, *rules):
    async with aiohttp.ClientSession(calls.url) as session:
        answer = await session.post("/_control/faults", json={"rules": list(rules)})
        assert answer.status == 200


@pytest.mark.parametrize(
    ("device", "region"), [(SV1, "us-east-1"), (FORTE, "us-east-1"), (ANKAA, "us-west-1"), (GARNET, "eu-north-1")]
)
async def test_every_device_runs_a_program_for_real(device, region):
    """Bit 0 of a shot belongs to the first measured qubit: Braket is big-endian."""
    async with fake(AT_ONCE, region) as (_, calls):
        task = await calls.ended(await create(calls, device=device))
        results = await calls.results(task)

    shots = results.get("measurements") or list(map(list, results["measurementProbabilities"]))
    assert {tuple(map(int, shot)) for shot in shots} == {(1, 0)}
    assert results["measuredQubits"] == [0, 1]
    assert results["taskMetadata"]["id"] == task["quantumTaskArn"]
    assert results["additionalMetadata"]["action"]["source"] == FLIP


async def test_a_task_passes_through_its_states():
    async with fake(Pace(queue_seconds=0.3, run_seconds=0.3, instant=True)) as (vendor, calls):
        arn = await create(calls)
        seen = []
        while not seen or seen[-1] != "COMPLETED":
            if (status := vendor.tasks.all[arn].status) not in seen:
                seen.append(status)
            await asyncio.sleep(0.01)

    assert [status for status in seen if status != "CREATED"] == ["QUEUED", "RUNNING", "COMPLETED"]


async def test_a_queued_task_tells_its_position_and_a_finished_one_why_not():
    async with fake(HELD) as (vendor, calls):
        vendor.change(BackendChange(backend="SV1", queue_length=5))
        arns = [await create(calls) for _ in range(2)]
        asked = {"quantumTaskArn": arns[1], "additionalAttributeNames": ["QueueInfo"]}
        waiting = await calls("braket", "get_quantum_task", **asked)
        await calls("braket", "cancel_quantum_task", quantumTaskArn=arns[1])
        await calls.ended(arns[1])
        ended = await calls("braket", "get_quantum_task", **asked)
        device = await calls("braket", "get_device", deviceArn=SV1)

    assert waiting["queueInfo"]["position"] == "7"
    assert ended["queueInfo"]["position"] == "None"
    assert "CANCELLED" in ended["queueInfo"]["message"]
    assert device["deviceQueueInfo"][0]["queueSize"] == "6"


async def test_the_same_token_and_body_are_one_task():
    async with fake() as (vendor, calls):
        arns = {await create(calls, clientToken="token") for _ in range(3)}

    assert len(arns) == len(vendor.seen()) == 1


async def test_the_same_token_sent_at_the_same_time_is_one_task():
    """While one program is read in a thread, its retry may arrive."""
    async with fake(Pace(queue_seconds=60)) as (vendor, calls):
        arns = await asyncio.gather(*(create(calls, clientToken="token") for _ in range(4)))

    assert len(set(arns)) == len(vendor.seen()) == 1


async def test_the_same_token_with_another_body_is_refused():
    async with fake() as (vendor, calls):
        await create(calls, clientToken="token")
        with pytest.raises(ClientError, match=r"ValidationException.*clientToken"):
            await create(calls, clientToken="token", shots=11)

    assert len(vendor.seen()) == 1


async def test_another_token_is_another_task():
    async with fake() as (vendor, calls):
        assert await create(calls) != await create(calls)

    assert len({job.body_sha256 for job in vendor.seen()}) == 2


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        pytest.param({"shots": 100_001}, "shots must be between", id="too many shots"),
        pytest.param({"outputS3Bucket": "amazon-braket-other"}, "Caller doesn't have access to", id="no such bucket"),
        pytest.param({"action": "{"}, "not valid JSON", id="no JSON"),
        pytest.param({"action": "{}"}, "braketSchemaHeader", id="no header"),
        pytest.param({"action": action("OPENQASM 3.0; qubit q; nope q;")}, "gate nope", id="an unknown gate"),
        pytest.param({"action": action("OPENQASM 3.0; qubit q; x q")}, "cannot be parsed", id="no OpenQASM"),
        pytest.param({"action": action("qubit q; h q;"), "shots": 0}, "result types must", id="nothing asked for"),
        pytest.param({"deviceParameters": "[]"}, "must be a JSON object", id="parameters of another kind"),
        pytest.param(
            {"deviceParameters": '{"braketSchemaHeader": {"name": "other"}}'}, "schema other", id="strange parameters"
        ),
        pytest.param(
            {"action": '{"braketSchemaHeader": {"name": "braket.ir.ahs.program", "version": "1"}}'},
            "not supported by SV1",
            id="another kind of action",
        ),
    ],
)
async def test_what_the_device_cannot_run_is_refused_before_it_is_taken(more, reason):
    async with fake(AT_ONCE) as (vendor, calls):
        with pytest.raises(ClientError, match=f"ValidationException.*{reason}"):
            await create(calls, **more)

    assert vendor.seen() == []


@pytest.mark.parametrize(
    ("more", "message"),
    [
        pytest.param({"bogus": 1}, 'Unknown parameter in input: "bogus"', id="an unknown field"),
        pytest.param({"shots": "10"}, "Invalid type for parameter shots", id="a number as text"),
        pytest.param({"shots": True}, "not be a boolean", id="a boolean as number"),
        pytest.param({"shots": -1}, "valid min value: 0", id="a negative number"),
        pytest.param({"clientToken": "t" * 65}, "clientToken.*at most 64", id="a long token"),
        pytest.param({"tags": {"a": 1}}, "tags.a", id="a tag that is no text"),
        pytest.param({"experimentalCapabilities": {"enabled": "SOME"}}, "one of", id="a word that is not allowed"),
    ],
)
async def test_a_body_that_the_model_does_not_allow_is_refused(more, message):
    """The SDK's own check lets some of these pass: they must fail here, as at the service."""
    async with fake() as (vendor, calls):
        body = json.dumps(order(clientToken="token") | more).encode()
        signed = calls.signed("POST", "/quantum-task", body)
        status, (headers, text) = await calls.raw("POST", "/quantum-task", signed, body)

    assert (status, headers["x-amzn-ErrorType"]) == (400, "ValidationException")
    assert re.search(f"^1 validation error detected: .*{message}", json.loads(text)["message"])
    assert vendor.seen() == []


@pytest.mark.parametrize(
    ("body", "type_"),
    [
        pytest.param(b'{"shots": 1, "shots": 2}', "application/json", id="a key twice"),
        pytest.param(b'{"shots": NaN}', "application/json", id="NaN"),
        pytest.param(b"[]", "application/json", id="no object"),
    ],
)
async def test_a_body_that_is_not_one_json_object_is_refused(body, type_):
    async with fake() as (_, calls):
        signed = calls.signed("POST", "/quantum-task", body, Content_Type=type_)
        status, (headers, _) = await calls.raw("POST", "/quantum-task", signed, body)

    assert (status, headers["x-amzn-ErrorType"]) == (400, "ValidationException")


async def test_a_body_of_another_type_is_refused():
    async with fake() as (_, calls):
        signed = calls.signed("POST", "/devices", b"{}", Content_Type="text/plain")
        status, _ = await calls.raw("POST", "/devices", signed, b"{}")

    assert status == 415


async def test_a_device_that_is_offline_or_retired_takes_nothing():
    async with fake(region="us-west-1") as (vendor, calls):
        vendor.change(BackendChange(backend="Ankaa-3", online=False))
        with pytest.raises(ClientError, match="DeviceOfflineException"):
            await create(calls, device=ANKAA)
        with pytest.raises(ClientError, match="DeviceRetiredException"):
            await create(calls, device=ANKAA.replace("Ankaa-3", "Aspen-M-3"))

    assert vendor.seen() == []


async def test_a_device_of_another_region_is_not_there():
    async with fake() as (_, calls):
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            await create(calls, device=GARNET)


async def test_a_task_can_be_cancelled_until_it_has_ended():
    async with fake(HELD) as (_, calls):
        arn = await create(calls)
        first = await calls("braket", "cancel_quantum_task", quantumTaskArn=arn, clientToken="once")
        task = await calls.ended(arn)
        again = await calls("braket", "cancel_quantum_task", quantumTaskArn=arn, clientToken="once")
        with pytest.raises(ClientError, match="ConflictException"):
            await calls("braket", "cancel_quantum_task", quantumTaskArn=arn, clientToken="twice")

    assert first["cancellationStatus"] == "CANCELLING"
    assert (task["status"], again["cancellationStatus"]) == ("CANCELLED", "CANCELLED")


async def test_tasks_are_found_by_filter_newest_first_and_page_by_page():
    async with fake() as (_, calls):
        arns = [await create(calls, device=device) for device in (SV1, FORTE) * 3]
        by_device = {"name": "deviceArn", "operator": "EQUAL", "values": [SV1]}
        first = await calls("braket", "search_quantum_tasks", filters=[by_device], maxResults=2)
        rest = await calls("braket", "search_quantum_tasks", filters=[by_device], nextToken=first["nextToken"])
        late = {"name": "createdAt", "operator": "GT", "values": ["2999-01-01T00:00:00Z"]}
        none = await calls("braket", "search_quantum_tasks", filters=[late])
        elsewhere = await calls("braket", "search_quantum_tasks", filters=[], region="us-west-2")
        with pytest.raises(ClientError, match="Filter name nope"):
            await calls("braket", "search_quantum_tasks", filters=[by_device | {"name": "nope"}])

    found = [each["quantumTaskArn"] for each in first["quantumTasks"] + rest["quantumTasks"]]
    assert found == arns[0::2][::-1]
    assert "nextToken" not in rest
    assert none["quantumTasks"] == elsewhere["quantumTasks"] == []


async def test_tags_are_kept_added_and_taken():
    async with fake() as (_, calls):
        arn = await create(calls, tags={"team": "a", "run": "1"})
        await calls("braket", "tag_resource", resourceArn=arn, tags={"more": "2"})
        await calls("braket", "untag_resource", resourceArn=arn, tagKeys=["run", "team"])
        told = await calls("braket", "list_tags_for_resource", resourceArn=arn)

    assert told["tags"] == {"more": "2"}


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("search_spending_limits", {"filters": []}),
        ("get_job", {"jobArn": "arn:aws:braket:us-east-1:123456789012:job/x"}),
    ],
)
async def test_spending_limits_and_hybrid_jobs_are_refused(operation, params):
    async with fake() as (_, calls):
        with pytest.raises(ClientError, match="AccessDeniedException"):
            await calls("braket", operation, **params)


async def test_a_program_set_runs_every_executable():
    source = "OPENQASM 3.0; input float a; bit[1] b; qubit[1] q; rx(a) q[0]; b[0] = measure q[0];"
    header = {"name": "braket.ir.openqasm.program_set", "version": "1"}
    programs = [{"source": source, "inputs": {"a": [0.0, 3.141592653589793]}}]
    text = json.dumps({"braketSchemaHeader": header, "programs": programs})
    async with fake(AT_ONCE) as (_, calls):
        results = await calls.results(await calls.ended(await create(calls, device=FORTE, action=text)))
        with pytest.raises(ClientError, match="cannot be shared evenly"):
            await create(calls, device=FORTE, action=text, shots=9)

    ran = results["programResults"][0]["executableResults"]
    assert [each["measurementProbabilities"] for each in ran] == [{"0": 1.0}, {"1": 1.0}]


async def test_a_program_too_large_for_this_machine_fails_with_the_reason():
    async with fake(AT_ONCE) as (_, calls):
        task = await calls.ended(await create(calls, action=action("OPENQASM 3.0; qubit[30] q; h q;")))

    assert task["status"] == "FAILED"
    assert "30 qubits are in use" in task["failureReason"]


async def test_tokens_tasks_and_results_outlive_a_restart(tmp_path):
    async with fake(journal=Journal(tmp_path / "state")) as (_, calls):
        done = await calls.ended(await create(calls, clientToken="done"))
    async with fake(HELD, journal=Journal(tmp_path / "state")) as (_, calls):
        held = await create(calls, clientToken="held")
    async with running(FakeAws(pace=INSTANT, journal=Journal(tmp_path / "state"))) as url:
        calls = Calls(url)
        assert await create(calls, clientToken="done") == done["quantumTaskArn"]
        assert (await calls.results(done))["measurements"]
        assert (await calls.ended(held))["status"] == "COMPLETED"


async def test_late_results_are_missing_although_the_task_is_complete():
    async with fake() as (_, calls):
        await ordered(calls, {"match": "POST /quantum-task$", "kind": "late_result", "seconds": 0.5, "times": 1})
        task = await calls.ended(await create(calls))
        with pytest.raises(ClientError, match="NoSuchKey"):
            await calls.results(task)
        await asyncio.sleep(0.6)
        results = await calls.results(task)

    assert results["measurements"]


async def test_wrong_results_have_every_bit_turned():
    async with fake(AT_ONCE) as (_, calls):
        task = await calls.ended(await create(calls))
        await ordered(calls, {"match": "GET results.json$", "kind": "wrong_result", "times": 1})
        wrong, right = await calls.results(task), await calls.results(task)

    assert (wrong["measurements"][0], right["measurements"][0]) == ([0, 1], [1, 0])


async def test_a_task_taken_without_an_answer_is_found_again_by_its_token():
    """The heart of exactly once: the vendor has the job, the client knows nothing."""
    async with fake() as (vendor, calls):
        await ordered(calls, {"match": "POST /quantum-task$", "kind": "accept_then_cut", "times": 1})
        with pytest.raises(Exception, match="Connection was closed"):
            await create(calls, clientToken="lost")
        arn = await create(calls, clientToken="lost")

    assert [job.id for job in vendor.seen()] == [arn]


@pytest.mark.parametrize(
    ("service", "operation", "params", "code"),
    [
        ("braket", "search_devices", {"filters": []}, "ThrottlingException"),
        ("s3", "head_bucket", {"Bucket": BUCKET}, "429"),
        ("s3", "list_objects_v2", {"Bucket": BUCKET}, "SlowDown"),
        ("sts", "get_caller_identity", {}, "Throttling"),
    ],
)
async def test_a_throttled_client_is_told_in_the_words_of_the_service(service, operation, params, code):
    async with fake() as (_, calls):
        await ordered(calls, {"match": "* /", "kind": "throttle", "times": 1})
        with pytest.raises(ClientError) as refused:
            await calls(service, operation, **params)

    answer = refused.value.response
    assert answer["Error"]["Code"] == code
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-retry-after"] == "200"


async def test_the_books_tell_tokens_tags_and_digests_but_no_content():
    async with fake() as (_, calls), aiohttp.ClientSession(calls.url) as session:
        arn = await create(calls, clientToken="token", tags={"a": "b"})
        answer = await session.get("/_control/state")
        text = await answer.text()

    state = json.loads(text)
    assert (state["jobs"][0]["id"], state["jobs"][0]["client_token"]) == (arn, "token")
    assert state["jobs"][0]["metadata"] == {"a": "b"}
    assert state["requests"]["POST /quantum-task"] == 1
    assert "OPENQASM" not in text
