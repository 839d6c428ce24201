"""IonQ's API as the gateway asks it, against the strict fake: each question, and what every failure means."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial

import aiohttp
import pytest

from adapters.ionq import IonqSettings
from adapters.ionq.vendor import MARK, IonqVendor
from gateway.domain.backend import ExecutionKind
from gateway.domain.secret import Secret
from gateway.ports.vendor import (
    Account,
    AnswerLostError,
    Call,
    Dispatch,
    VendorAnswer,
    VendorBusyError,
    VendorCredentialError,
    VendorRefusedError,
)
from tests.fakes.vendors.ionq import DEFAULT_KEY, FakeIonq
from tests.fakes.vendors.serving import Pace, serving

BELL = {
    "type": "ionq.circuit.v1",
    "backend": "qpu.forte-1",
    "shots": 100,
    "name": "bell",
    "metadata": {"user": "data"},
    "input": {
        "gateset": "qis",
        "qubits": 2,
        "circuit": [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}],
    },
}
TWO = {
    **BELL,
    "type": "ionq.multi-circuit.v1",
    "input": {
        "gateset": "qis",
        "qubits": 2,
        "circuits": [{"circuit": [{"gate": "x", "target": 0}]}, {"circuit": [{"gate": "x", "target": 1}]}],
    },
}
ACCOUNT = Account(id="a", vendor="ionq", name="lab", project_id=None, attributes={}, version=1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def dispatch(body=BELL, mark="qgw-" + "0" * 32, **changes):
    content = json.dumps({**body, **changes}).encode()
    return Dispatch(job_id="j", attempt=1, mark=mark, backend="qpu.forte-1", body=content)


def call(session, key=DEFAULT_KEY):
    async def send(request):
        try:
            async with session.request(
                request.method, request.url, headers=dict(request.headers), data=request.body or None
            ) as answer:
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return VendorAnswer(status=answer.status, headers=headers, body=await answer.read())
        except aiohttp.ClientError:
            raise AnswerLostError("cut") from None

    async def credential(_purpose):
        return {"api_key": Secret.of(key)}

    now = datetime.now(UTC)
    return Call(account=ACCOUNT, now=now, send=send, open=credential, remember=lambda *_: None, recall=lambda _: None)


@pytest.fixture
async def ionq():
    """Give the vendor, a way to call it, and the control of its fake."""
    fake = FakeIonq(keys={DEFAULT_KEY: "project"}, pace=Pace(queue_seconds=0.01, run_seconds=0.01))
    async with serving(fake) as served, aiohttp.ClientSession() as session:
        vendor = IonqVendor(IonqSettings(url=f"{served.url}/v0.4"))
        yield vendor, partial(call, session), session, served.control


async def submitted(vendor, made, asked):
    return await vendor.submit(made, asked, vendor.prepare(ACCOUNT, asked))


async def ended(vendor, made, job_id):
    while (job := await vendor.show(made, job_id)).status in {"queued", "running"}:
        pass
    return job


async def fails(session, control, match, kind, **more):
    rules = {"rules": [{"match": match, "kind": kind, "times": 1, **more}], "seed": 1}
    async with session.post(f"{control}/_control/faults", json=rules) as answer:
        assert answer.status == 200


async def test_backends_are_told_with_their_status(ionq):
    vendor, made, _, _ = ionq

    reports = {each.backend.name: each for each in await vendor.backends(made())}

    assert reports["qpu.forte-1"].backend.kind is ExecutionKind.HARDWARE
    assert reports["qpu.forte-1"].backend.qubits == 36
    assert reports["qpu.forte-1"].status.online
    assert reports["simulator"].backend.kind is ExecutionKind.SIMULATOR


async def test_a_characterization_is_a_snapshot_by_content(ionq):
    vendor, made, _, _ = ionq

    first, again = [await vendor.calibration(made(), "qpu.forte-1") for _ in range(2)]

    assert first == again
    assert len(first.qubits) == 36
    assert first.provenance["resolution"] == "medians"
    assert await vendor.calibration(made(), "simulator") is None


def test_only_declared_edits_are_made():
    prepared = IonqVendor(IonqSettings()).prepare(ACCOUNT, dispatch(session_id="ours"))

    sent = json.loads(prepared.body)
    assert [edit.pointer for edit in prepared.edits] == [f"/metadata/{MARK}", "/session_id"]
    assert sent.pop("metadata") == {"user": "data", MARK: "qgw-" + "0" * 32}
    assert sent == {key: value for key, value in BELL.items() if key != "metadata"}


@pytest.mark.parametrize("body", [BELL, TWO], ids=["one circuit", "two circuits"])
async def test_a_job_is_submitted_followed_and_fetched_whole(ionq, body):
    vendor, made, session, _ = ionq
    asked = dispatch(body)

    job = await ended(vendor, made(), await submitted(vendor, made(), asked))
    documents = await vendor.documents(made(), job)

    assert job.status == "completed"
    assert job.mark == asked.mark
    assert job.cost_micros is not None
    told = json.loads(job.envelope)["results"]["probabilities"]["url"]
    url = vendor._base.removesuffix("/v0.4") + told
    async with session.get(url, headers={"Authorization": f"apiKey {DEFAULT_KEY}"}) as answer:
        assert documents["result"] == await answer.read()
    result = vendor.decode(asked.body, documents)
    assert all(item.shots == 100 for item in result.items)
    if body is TWO:
        assert [item.registers["meas"].samples.data[0] for item in result.items] == [1, 2]


async def test_a_job_is_found_by_its_mark_on_any_page(ionq):
    vendor, made, _, _ = ionq
    wanted = dispatch(mark="qgw-" + "a" * 32)
    job_id = await submitted(vendor, made(), wanted)
    for number in range(60):
        await submitted(vendor, made(), dispatch(mark=f"qgw-{number:032x}"))

    found = await vendor.find(made(), wanted, since=LONG_AGO)

    assert found.id == job_id
    assert await vendor.find(made(), dispatch(mark="qgw-" + "f" * 32), since=LONG_AGO) is None
    assert len(await vendor.recent(made(), since=LONG_AGO)) == 61
    assert await vendor.recent(made(), since=datetime.now(UTC) + timedelta(hours=1)) == []


async def test_cancelling_twice_is_no_error(ionq):
    vendor, made, _, _ = ionq
    job_id = await submitted(vendor, made(), dispatch())

    for _ in range(2):
        await vendor.cancel(made(), job_id)


@pytest.mark.parametrize(
    ("kind", "more", "error"),
    [
        ("status", {"status": 503}, AnswerLostError),
        ("status", {"status": 500}, AnswerLostError),
        ("throttle", {}, VendorBusyError),
        ("status", {"status": 422}, VendorRefusedError),
        ("accept_then_cut", {}, AnswerLostError),
        ("accept_then_status", {"status": 502}, AnswerLostError),
        ("half_answer", {}, AnswerLostError),
        ("garbage", {}, AnswerLostError),
    ],
)
async def test_what_a_failed_submission_means(ionq, kind, more, error):
    vendor, made, session, control = ionq
    await fails(session, control, "POST /jobs", kind, **more)

    with pytest.raises(error):
        await submitted(vendor, made(), dispatch())


async def test_a_wrong_key_is_the_gateways_own_fault(ionq):
    vendor, made, _, _ = ionq

    with pytest.raises(VendorCredentialError) as refused:
        await submitted(vendor, made(key="not-a-key-of-ionqs"), dispatch())

    assert "not-a-key-of-ionqs" not in str(refused.value)


async def test_what_ionq_refuses_comes_back_in_its_own_words(ionq):
    vendor, made, _, _ = ionq

    with pytest.raises(VendorRefusedError, match="ionq refused") as refused:
        await submitted(vendor, made(), dispatch(backend="qpu.nowhere"))

    assert refused.value.status == 400
