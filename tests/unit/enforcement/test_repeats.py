"""Exactly once, as a client sees it: an SDK's own retry is merged, a deliberate repeat runs."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.errors import RefusedError
from gateway.domain.ids import ClientJobId, JobId
from gateway.domain.principal import Caller
from gateway.enforcement.repeats import Delivery, Repeats, TokenReusedError
from tests.fakes import values
from tests.policy.cast import KEY, PRINCIPAL, PROJECT, SUBMISSION

WINDOW = timedelta(seconds=60)
START = datetime(2026, 11, 22, tzinfo=UTC)
ALICE = Caller(principal=PRINCIPAL, project=PROJECT, key=KEY)


def submission(body, token=None):
    return replace(SUBMISSION, body=body, body_digest=sha256(body).hexdigest(), repeat_token=token)


@dataclass
class Desk:
    """Submits to `Repeats` as the submitter does, and hands out a new job for each that is not merged."""

    repeats: Repeats = field(default_factory=Repeats)
    now: datetime = START
    made: int = 0

    async def submit(self, body, *, token=None, gone=False):
        """Give the delivery and the job that the client is told."""
        delivery = Delivery(repeats=self.repeats, gone=gone)
        sent = submission(body, token)
        standing, again = self.repeats.join(ALICE, sent, delivery, window=WINDOW, now=self.now)
        if not again:
            self.made += 1
            self.repeats.settle(standing, self.job(sent))
        return delivery, (await standing.outcome).client_job_id

    def job(self, sent):
        return replace(
            values.JOB,
            id=JobId(f"internal-{self.made}"),
            client_job_id=ClientJobId(f"job-{self.made}"),
            payload_digest=sent.body_digest,
            work_digest=sent.body_digest,
            key_id=ALICE.key.id,
            project_id=ALICE.project.id,
            principal_id=ALICE.principal.id,
            repeat_token=sent.repeat_token,
        )

    def later(self, seconds):
        self.now += timedelta(seconds=seconds)


async def test_a_retry_after_a_cut_gets_the_first_job():
    desk = Desk()
    first, job = await desk.submit(b"a")
    first.lost(desk.now)
    desk.later(2)

    assert (await desk.submit(b"a"))[1] == job
    assert desk.repeats.of(job) == 1


async def test_a_retry_that_overtakes_the_first_answer_waits_for_it():
    desk = Desk()
    first = Delivery(repeats=desk.repeats)
    sent = submission(b"a")
    standing, _ = desk.repeats.join(ALICE, sent, first, window=WINDOW, now=desk.now)
    first.lost(desk.now)

    retry = asyncio.create_task(desk.submit(b"a"))
    await asyncio.sleep(0)
    desk.repeats.settle(standing, desk.job(sent))

    assert (await retry)[1] == "job-0"
    assert desk.made == 0


@pytest.mark.parametrize(
    "why",
    ["answered", "asked for", "another body", "too late", "refused"],
)
async def test_everything_else_is_a_deliberate_repeat(why):
    desk = Desk()
    first, job = await desk.submit(b"a")
    match why:
        case "answered":
            first.arrived()
        case "asked for":
            first.lost(desk.now)
            desk.repeats.asked(desk.repeats._jobs[job].outcome.result())
        case "too late":
            first.lost(desk.now)
            desk.later(61)
        case _:
            first.lost(desk.now)
    body = b"b" if why in {"another body", "refused"} else b"a"

    assert (await desk.submit(body))[1] != job


@pytest.mark.parametrize("token", [None, "t"])
async def test_a_refusal_is_not_remembered(token):
    desk = Desk()
    delivery = Delivery(repeats=desk.repeats)
    sent = submission(b"a", token)
    standing, _ = desk.repeats.join(ALICE, sent, delivery, window=WINDOW, now=desk.now)
    desk.repeats.refuse(standing, RefusedError("no"))
    delivery.lost(desk.now)

    await desk.submit(b"a", token=token)

    assert desk.made == 1


async def test_a_token_decides_alone():
    desk = Desk()
    first, job = await desk.submit(b"a", token="t")
    first.arrived()
    desk.later(10_000)

    assert (await desk.submit(b"a", token="t"))[1] == job
    assert (await desk.submit(b"a", token="u"))[1] != job
    with pytest.raises(TokenReusedError, match=job):
        await desk.submit(b"b", token="t")


async def test_a_restart_takes_answers_it_does_not_know_of_for_lost():
    desk, after = Desk(), Desk(made=100)
    _, job = await desk.submit(b"a")
    after.repeats.restore([desk.repeats._jobs[job].outcome.result()], after.now)

    assert (await after.submit(b"a"))[1] == job
    assert (await after.submit(b"a"))[1] != job


async def test_each_lost_answer_is_given_to_one_retry():
    desk = Desk()
    sent = [await desk.submit(b"a") for _ in range(3)]
    for delivery, _ in sent:
        delivery.lost(desk.now)
    lost = [job for _, job in sent]

    told = []
    for _ in range(3):
        delivery, job = await desk.submit(b"a")
        delivery.arrived()
        told.append(job)

    assert sorted(told) == sorted(set(lost))


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["x", "y"]),
        st.sampled_from(["arrives", "is cut", "is 5xx", "is cut before it is read"]),
        st.integers(min_value=0, max_value=5),
    ),
    min_size=1,
    max_size=12,
)


@given(STEPS)
@settings(max_examples=300)
async def test_one_job_per_intent_whatever_is_cut(intents):
    """An SDK that retries until it has an answer gets one job per intent; no two intents share one."""
    desk, told = Desk(), []
    for body, trouble, retries in intents:
        for attempt in range(retries + 1):
            last = attempt == retries
            gone = not last and trouble == "is cut before it is read"
            delivery, job = await desk.submit(body.encode(), gone=gone)
            if last or trouble == "arrives":
                delivery.arrived()
                break
            delivery.lost(desk.now)
            desk.later(2**attempt)
        told.append(job)

    assert len(set(told)) == len(intents)
    assert desk.made == len(intents)


@given(st.lists(st.tuples(st.sampled_from(["x", "y"]), st.sampled_from([0, 1, 59, 61])), min_size=1, max_size=30))
async def test_no_answered_submission_is_ever_merged(repeats):
    """False merges are counted: there are none as long as answers arrive."""
    desk, merged = Desk(), 0
    for body, pause in repeats:
        before = desk.made
        delivery, _ = await desk.submit(body.encode())
        merged += desk.made == before
        delivery.arrived()
        desk.later(pause)

    assert merged == 0


async def test_memory_is_bounded():
    desk = Desk(repeats=Repeats(capacity=10))
    for number in range(50):
        delivery, _ = await desk.submit(str(number).encode())
        delivery.lost(desk.now)

    assert len(desk.repeats._lost) <= 10
    assert len(desk.repeats._jobs) <= 10
