"""Braket's API for tasks as the gateway asks it, against the strict fake: each question, and what failures mean."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from gateway.ports.vendor import (
    AnswerLostError,
    Resend,
    VendorBusyError,
    VendorCredentialError,
    VendorRefusedError,
)
from tests.fakes.vendors.aws import Key
from tests.fakes.vendors.aws.calls import ANKAA, FORTE, GARNET, SV1, action
from tests.fakes.vendors.aws.vendor import KEY
from tests.fakes.vendors.serving import BackendChange
from tests.unit.braket.asking import ACCOUNT, AT_ONCE, HELD, LONG_AGO, MARK, TASK, asking, body, dispatch


# ── tasks ────────────────────────────────────────────────────────────────────────────────────────
async def test_only_declared_edits_are_made_and_every_other_value_keeps_its_bytes():
    async with asking() as aws:
        received = body(GARNET).replace(b'"shots": 10', b'"shots" : 1e1 , "tags": {"team": "\\u00e4"}')
        prepared = aws.vendor.prepare(ACCOUNT, replace(dispatch(GARNET), body=received))

    assert [(edit.pointer, edit.why) for edit in prepared.edits] == [
        ("/clientToken", "mark"),
        ("/outputS3Bucket", "bucket"),
        ("/outputS3KeyPrefix", "bucket"),
        ("/tags/qgw-mark", "mark"),
    ]
    assert [edit.old_digest is None for edit in prepared.edits] == [False, False, False, True]
    assert b'"shots":1e1' in prepared.body
    assert b'"team":"\\u00e4"' in prepared.body
    sent = json.loads(prepared.body)
    assert sent["outputS3Bucket"] == "amazon-braket-eu-north-1-test"
    assert sent["outputS3KeyPrefix"] == f"lab/results/{MARK}"
    assert (sent["clientToken"], sent["tags"]["qgw-mark"]) == (MARK, MARK)
    untouched = {"deviceArn", "shots", "action"}
    assert {name: sent[name] for name in untouched} == {**{name: TASK[name] for name in untouched}, "deviceArn": GARNET}
    assert set(sent) == {*TASK, "tags"}


async def test_a_tag_under_our_name_is_replaced_and_that_is_declared():
    async with asking() as aws:
        prepared = aws.vendor.prepare(ACCOUNT, dispatch(tags={"qgw-mark": "forged"}))

    assert prepared.edits[-1].old_digest == sha256(b'"forged"').hexdigest()
    assert json.loads(prepared.body)["tags"] == {"qgw-mark": MARK}


@pytest.mark.parametrize("device", [SV1, FORTE, GARNET, ANKAA])
async def test_a_task_is_submitted_followed_and_fetched_whole(device):
    async with asking(AT_ONCE) as aws:
        asked = dispatch(device)
        job = await aws.ended(await aws.submit(asked))
        documents = await aws.vendor.documents(aws.call(), job)
        result = aws.vendor.decode(asked.body, documents)

        assert documents == {"result": aws.stored(job)}
    assert (job.status, job.mark, job.backend) == ("completed", MARK, device)
    assert job.submitted_at <= job.finished_at
    assert json.loads(job.envelope)["quantumTaskArn"] == job.id
    register = result.items[0].registers["b"]
    assert (register.bits, register.samples.data) == (2, b"\x01" * 10)
    assert result.metadata["execution_kind"] == ("simulator" if device == SV1 else "hardware")
    assert aws.fake.verdicts == Counter()


async def test_a_lost_answer_and_the_same_body_again_are_one_task():
    """The heart of exactly once: Braket has the task, and takes its token for no other."""
    async with asking() as aws:
        aws.fails("POST /quantum-task$", "accept_then_cut")
        with pytest.raises(AnswerLostError):
            await aws.submit()
        found = (await aws.vendor.find(aws.call(), [dispatch()], since=LONG_AGO))[MARK]
        again = await aws.submit()

    assert aws.vendor.resend is Resend.IDEMPOTENT
    assert [job.id for job in aws.fake.seen()] == [again] == [found.id]
    assert aws.fake.seen()[0].client_token == MARK


async def test_a_task_is_found_by_its_mark_on_any_page():
    async with asking(HELD) as aws:
        wanted = dispatch(mark=f"qgw-{'a' * 32}")
        arn = await aws.submit(wanted)
        for number in range(101):
            await aws.submit(dispatch(mark=f"qgw-{number:032x}"))
        elsewhere = dispatch(GARNET, f"qgw-{'e' * 32}")
        other = await aws.submit(elsewhere)
        absent = dispatch(mark=f"qgw-{'f' * 32}")
        found = await aws.vendor.find(aws.call(), [wanted, absent, elsewhere], since=LONG_AGO)

    assert {mark: job.id for mark, job in found.items()} == {wanted.mark: arn, elsewhere.mark: other}
    assert found[wanted.mark].status == "queued"


async def test_a_mark_outlives_its_tag():
    """Anybody who may use the console may remove a tag; a directory stays."""
    async with asking() as aws:
        arn = await aws.submit(dispatch(GARNET))
        aws.fake.tasks.tag(aws.fake.tasks.all[arn], {})
        found = (await aws.vendor.find(aws.call(), [dispatch(GARNET)], since=LONG_AGO))[MARK]

    assert (found.id, found.mark) == (arn, MARK)


async def test_recent_tasks_come_from_all_regions():
    async with asking() as aws:
        arns = [await aws.submit(dispatch(device, f"qgw-{n:032x}")) for n, device in enumerate((SV1, GARNET, ANKAA))]
        found = await aws.vendor.recent(aws.call(), since=LONG_AGO)
        later = await aws.vendor.recent(aws.call(), since=datetime.now(UTC) + timedelta(hours=1))

    assert {job.id for job in found} == set(arns)
    assert {job.mark for job in found} == {f"qgw-{n:032x}" for n in range(3)}
    assert later == []


async def test_a_search_with_a_region_away_is_no_empty_search():
    async with asking() as aws:
        aws.fails("POST /quantum-tasks", "status", status=503)

        with pytest.raises(AnswerLostError):
            await aws.vendor.find(aws.call(), [dispatch()], since=LONG_AGO)


async def test_a_waiting_task_tells_its_place():
    async with asking(HELD) as aws:
        aws.fake.change(BackendChange(backend="SV1", queue_length=5))
        arn = await aws.submit()
        waiting = await aws.vendor.show(aws.call(), arn)
        await aws.vendor.cancel(aws.call(), arn)
        ended = await aws.ended(arn)

    assert (waiting.status, waiting.queue_position) == ("queued", 6)
    assert (ended.status, ended.queue_position) == ("cancelled", None)


async def test_cancelling_what_is_being_cancelled_or_has_ended_is_no_error():
    async with asking() as aws:
        done = await aws.ended(await aws.submit())
        for _ in range(2):
            await aws.vendor.cancel(aws.call(), done.id)

        assert aws.fake.verdicts["invalid"] == 2, "the fake refused both with a conflict"
        with pytest.raises(VendorRefusedError, match="404"):
            await aws.vendor.cancel(aws.call(), done.id[:-1] + ("0" if done.id[-1] != "0" else "1"))


async def test_a_failed_task_says_why():
    async with asking(AT_ONCE) as aws:
        asked = dispatch(action=action("OPENQASM 3.0; qubit[30] q; h q;"))
        job = await aws.ended(await aws.submit(asked))

    assert job.status == "failed"
    assert "30 qubits are in use" in job.reason


async def test_a_task_that_is_not_there_is_refused_as_such():
    async with asking() as aws:
        with pytest.raises(VendorRefusedError) as refused:
            await aws.vendor.show(aws.call(), f"arn:aws:braket:us-east-1:{'1' * 12}:quantum-task/{'0' * 8}")

    assert refused.value.status == 404


# ── results ──────────────────────────────────────────────────────────────────────────────────────
async def test_late_results_are_asked_for_again_and_not_lost():
    async with asking() as aws:
        aws.fails("POST /quantum-task$", "late_result", seconds=0.3)
        job = await aws.ended(await aws.submit())
        with pytest.raises(VendorRefusedError, match="NoSuchKey") as refused:
            await aws.vendor.documents(aws.call(), job)
        while aws.stored(job) is None:
            await aws.vendor.show(aws.call(), job.id)
        documents = await aws.vendor.documents(aws.call(), job)

    assert refused.value.status == 404
    assert documents["result"] == aws.stored(job)


async def test_what_lies_beside_the_results_is_fetched_under_its_own_name():
    async with asking() as aws:
        job = await aws.ended(await aws.submit())
        shown = json.loads(job.envelope)
        for name in ("more/part-1.json", "two words.json", "job", f"{'x' * 201}"):
            key = f"{shown['outputS3Directory']}/{name}"
            aws.fake._storage.write(shown["outputS3Bucket"], key, b"[1]", "application/json")
        documents = await aws.vendor.documents(aws.call(), job)

    assert documents == {"result": aws.stored(job), "more/part-1.json": b"[1]"}


@pytest.mark.parametrize(
    ("fault", "kept"),
    [
        pytest.param({"kind": "status", "status": 403}, True, id="no right to list"),
        pytest.param({"kind": "status", "status": 503}, False, id="S3 is away"),
    ],
)
async def test_results_come_without_a_right_to_list_but_not_without_an_answer(fault, kept):
    async with asking() as aws:
        job = await aws.ended(await aws.submit())
        aws.fails("GET ^/amazon-braket-us-east-1-test$", **fault)
        if kept:
            assert set(await aws.vendor.documents(aws.call(), job)) == {"result"}
        else:
            with pytest.raises(AnswerLostError, match="SlowDown"):
                await aws.vendor.documents(aws.call(), job)


# ── failures ─────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("kind", "more", "error"),
    [
        ("status", {"status": 503}, AnswerLostError),
        ("status", {"status": 500}, AnswerLostError),
        ("throttle", {}, VendorBusyError),
        ("status", {"status": 400, "body": {"__type": "aws#ThrottlingException"}}, VendorBusyError),
        ("status", {"status": 400}, VendorRefusedError),
        ("status", {"status": 402}, VendorRefusedError),
        ("status", {"status": 410}, VendorRefusedError),
        ("status", {"status": 424}, VendorRefusedError),
        ("status", {"status": 403}, VendorCredentialError),
        ("status", {"status": 400, "body": "<Error><Code>ExpiredToken</Code></Error>"}, VendorCredentialError),
        ("cut_before_read", {}, AnswerLostError),
        ("cut_after_read", {}, AnswerLostError),
        ("accept_then_cut", {}, AnswerLostError),
        ("accept_then_status", {"status": 502}, AnswerLostError),
        ("half_answer", {}, AnswerLostError),
        ("garbage", {}, AnswerLostError),
        ("garbage", {"body": "{}"}, AnswerLostError),
    ],
)
async def test_what_a_failed_submission_means(kind, more, error):
    async with asking() as aws:
        aws.fails("POST /quantum-task$", kind, **more)

        with pytest.raises(error) as raised:
            await aws.submit()

    assert type(raised.value) is error
    assert len(aws.fake.seen()) <= 1


async def test_what_braket_refuses_comes_back_in_its_own_words_without_our_account():
    async with asking() as aws:
        answer = {"message": "account 123456789012 may not use so many qubits"}
        aws.fails(
            "POST /quantum-task$", "status", status=400, body=answer, headers={"x-amzn-ErrorType": "Nope:http://x"}
        )

        with pytest.raises(VendorRefusedError) as refused:
            await aws.submit()

    assert refused.value.message == "braket refused (400): Nope: account … may not use so many qubits"


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"access_key_id": "AKIAUNKNOWN000000001"}, id="an unknown key"),
        pytest.param({"secret_access_key": "not-the-secret-of-that-key"}, id="another secret"),
        pytest.param({"session_token": "a-token-that-does-not-belong"}, id="a token that is not its own"),
    ],
)
async def test_a_wrong_credential_is_the_gateways_own_fault_and_not_repeated_in_words(wrong):
    async with asking() as aws:
        aws.secrets |= wrong

        with pytest.raises(VendorCredentialError) as refused:
            await aws.submit()

    assert aws.fake.verdicts["unauthenticated"] == 1
    assert not any(value in f"{refused.value!r}{refused.value}" for value in aws.secrets.values())


async def test_a_missing_right_is_named_and_whose_it_is_is_not():
    async with asking() as aws:
        said = "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: braket:CreateQuantumTask on x"
        aws.fails("POST /quantum-task$", "status", status=403, body={"__type": "AccessDenied", "message": said})

        with pytest.raises(VendorCredentialError) as refused:
            await aws.submit()

    assert refused.value.message == "braket refused (403): AccessDenied, it may not do braket:CreateQuantumTask"


async def test_temporary_credentials_bring_their_token():
    key = Key(KEY.id, KEY.secret, "the-token-of-a-session")
    async with asking(keys=(key,)) as aws:
        aws.secrets["session_token"] = key.token
        job = await aws.ended(await aws.submit())

        assert await aws.vendor.documents(aws.call(), job)
    assert aws.fake.verdicts == Counter()
