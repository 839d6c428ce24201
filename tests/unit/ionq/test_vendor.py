"""IonQ's API as the gateway asks it, against the strict fake: each question, and what every failure means."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial

import aiohttp
import pytest

from adapters.ionq import IonqSettings
from adapters.ionq.documents import NO_PROBABILITIES, SHOTS_ARTIFACT, of_variants
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
DYNAMIC = {
    **BELL,
    "type": "ionq.qasm3.v1",
    "input": {
        "qubits": 2,
        "data": 'OPENQASM 3.0; include "stdgates.inc"; bit[1] a; bit[2] b; qubit[2] q; x q[0]; a[0] = measure q[0]; '
        "reset q[0]; x q[1]; b[0] = measure q[0]; b[1] = measure q[1];",
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


async def test_a_dynamic_circuit_is_read_by_register(ionq):
    """IonQ has no probabilities of one; an empty object stands for them, and clients are never shown it."""
    vendor, made, _, _ = ionq
    asked = dispatch(DYNAMIC)

    job = await ended(vendor, made(), await submitted(vendor, made(), asked))
    documents = await vendor.documents(made(), job)

    assert documents["result"] == NO_PROBABILITIES
    (item,) = vendor.decode(asked.body, documents).items
    assert {name: (register.bits, set(register.samples.data)) for name, register in item.registers.items()} == {
        "a": (1, {1}),
        "b": (2, {0b10}),
    }
    assert (item.shots, item.summary.distinct_outcomes) == (100, 1)


@pytest.mark.parametrize("shots", [None, b'{"shots": []}'], ids=["without shots", "of no shots"])
def test_a_dynamic_circuit_that_shows_nothing_is_not_made_up(shots):
    kept = {"result": NO_PROBABILITIES, **({} if shots is None else {SHOTS_ARTIFACT: shots})}

    with pytest.raises(ValueError, match="OpenQASM job"):
        IonqVendor(IonqSettings()).decode(json.dumps(DYNAMIC).encode(), kept)


async def test_a_dry_run_leaves_its_circuit_and_nothing_to_read(ionq):
    vendor, made, _, _ = ionq
    asked = dispatch(dry_run=True)

    job = await ended(vendor, made(), await submitted(vendor, made(), asked))
    documents = await vendor.documents(made(), job)

    assert documents.keys() == {"result", "ionq.native.v1"}
    assert vendor.decode(asked.body, documents).items == ()


async def test_a_debiased_job_is_fetched_with_its_variants_whether_or_not_it_was_asked_for(ionq):
    """IonQ debiases by itself from 500 shots on: what is sharpened is then not what is plain."""
    vendor, made, _, _ = ionq

    job = await ended(vendor, made(), await submitted(vendor, made(), dispatch(shots=500)))
    documents = await vendor.documents(made(), job)

    variants = json.loads(documents[of_variants("shots")])
    assert [len(shots) for shots in variants.values()] == [100] * 5
    assert documents["sharpened"] != documents["result"]


async def test_a_job_is_found_by_its_mark_on_any_page(ionq):
    vendor, made, _, _ = ionq
    wanted = dispatch(mark="qgw-" + "a" * 32)
    job_id = await submitted(vendor, made(), wanted)
    for number in range(60):
        await submitted(vendor, made(), dispatch(mark=f"qgw-{number:032x}"))

    absent = dispatch(mark="qgw-" + "f" * 32)
    found = await vendor.find(made(), [wanted, absent, dispatch(mark=f"qgw-{7:032x}")], since=LONG_AGO)

    assert found[wanted.mark].id == job_id
    assert set(found) == {wanted.mark, f"qgw-{7:032x}"}
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
