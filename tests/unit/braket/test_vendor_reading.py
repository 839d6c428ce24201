"""What Braket says, read without asking anybody: windows, queues, calibrations, tasks, results, and accounts."""

import json
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from adapters.braket import BraketSettings, adapter, openqasm
from adapters.braket.settings import BraketAccount, BraketCredential
from adapters.braket.vendor import BraketVendor
from adapters.braket.vendor_backends import queue_length, report
from adapters.braket.vendor_calibration import calibration
from adapters.braket.vendor_tasks import job
from gateway.casework.forms import AccountRefusedError, Form
from gateway.domain.errors import NotFoundError
from gateway.ports.vendor import AnswerLostError
from tests.fakes.vendors.aws.calls import GARNET, SV1
from tests.unit.braket.asking import ATTRIBUTES, MARK, body

SUNDAY, MONDAY = 1, 2
"""Of March 2026."""
SUMMARY = {
    "deviceArn": GARNET,
    "deviceName": "Garnet",
    "providerName": "IQM",
    "deviceType": "QPU",
    "deviceStatus": "ONLINE",
}
SHOWN = {
    "quantumTaskArn": f"arn:aws:braket:eu-north-1:{'1' * 12}:quantum-task/t",
    "deviceArn": GARNET,
    "createdAt": "2026-03-01T12:00:00.123Z",
    "outputS3Directory": f"lab/{MARK}/t",
}


def able(**changes):
    told = {
        "braketSchemaHeader": {"name": "n", "version": "1"},
        "action": {"braket.ir.openqasm.program": {"supportedOperations": ["H"]}},
        "paradigm": {"qubitCount": 20},
        "service": {"shotsRange": [1, 9], "executionWindows": [], "updatedAt": "2026-03-01T04:00:00+00:00"},
    }
    return {**told, **changes}


def described(**changes):
    return {"deviceCapabilities": json.dumps(able(**changes))}


def online(windows, day, hour, minute=0, second=0):
    service = {"shotsRange": [1, 9], "executionWindows": windows}
    now = datetime(2026, 3, day, hour, minute, second, 999_999, tzinfo=UTC)
    return report(SUMMARY, described(service=service), region="eu-north-1", now=now).status.online


def window(day, start, end):
    return {"executionDay": day, "windowStartHour": start, "windowEndHour": end}


# ── devices ──────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("days", "moment", "open_"),
    [
        pytest.param("Everyday", (SUNDAY, 9), True, id="at its beginning"),
        pytest.param("Everyday", (SUNDAY, 8, 59, 59), False, id="a second before"),
        pytest.param("Everyday", (SUNDAY, 17, 30), True, id="at its end"),
        pytest.param("Everyday", (SUNDAY, 17, 30, 1), False, id="a second after"),
        pytest.param("Weekdays", (SUNDAY, 12), False, id="weekdays on a Sunday"),
        pytest.param("Weekdays", (MONDAY, 12), True, id="weekdays on a Monday"),
        pytest.param("Weekend", (SUNDAY, 12), True, id="the weekend on a Sunday"),
        pytest.param("Weekend", (MONDAY, 12), False, id="the weekend on a Monday"),
        pytest.param("Monday", (MONDAY, 12), True, id="its own day"),
        pytest.param("Monday", (SUNDAY, 12), False, id="another day"),
        pytest.param("Sometimes", (MONDAY, 12), False, id="a day that nobody knows"),
    ],
)
def test_a_window_opens_and_closes_to_the_second(days, moment, open_):
    assert online([window(days, "09:00", "17:30:00")], *moment) is open_


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        pytest.param((SUNDAY, 22), True, id="in the evening of its day"),
        pytest.param((MONDAY, 5), True, id="in the morning after"),
        pytest.param((SUNDAY, 5), False, id="in the morning before"),
        pytest.param((MONDAY, 22), False, id="in the evening after"),
        pytest.param((SUNDAY, 12), False, id="at noon"),
    ],
)
def test_a_window_past_midnight_belongs_to_the_day_it_begins(moment, open_):
    assert online([window("Sunday", "21:00:00", "06:00:00")], *moment) is open_


def test_one_open_window_among_others_is_enough():
    shut, opened = window("Monday", "01:00", "02:00"), window("Sunday", "11:00", "13:00")

    assert online([shut, opened], SUNDAY, 12)
    assert not online([], SUNDAY, 12)


@pytest.mark.parametrize(
    ("text", "length"), [("3", 3), (">4000", 4000), ("0 (1 prioritized job(s) running)", 0), ("None", 0), ("", 0)]
)
def test_lengths_of_queues_are_texts(text, length):
    assert queue_length(text) == length


def test_all_queues_of_tasks_count_and_those_of_hybrid_jobs_do_not():
    queues = [("QUANTUM_TASKS_QUEUE", "3"), ("QUANTUM_TASKS_QUEUE", "2"), ("JOBS_QUEUE", "7")]
    device = {**described(), "deviceQueueInfo": [{"queue": name, "queueSize": size} for name, size in queues]}

    assert report(SUMMARY, device, region="eu-north-1", now=datetime.now(UTC)).status.queue_length == 5


@pytest.mark.parametrize("changes", [{"action": {"braket.ir.ahs.program": {}}}, {"paradigm": {}}])
def test_a_device_that_is_not_of_gates_is_left_out(changes):
    assert report(SUMMARY, described(**changes), region="us-east-1", now=datetime.now(UTC)) is None


# ── calibrations ─────────────────────────────────────────────────────────────────────────────────
def fidelity(kind, value):
    return {"fidelityType": {"name": kind, "description": None}, "fidelity": value}


def standardized(version="2"):
    gate = {"direction": {"control": 3, "target": 1}, "gateName": "CNOT", **fidelity("x", 0.75)}
    one = {"T1": {"value": 28.5, "unit": "us"}, "T2": {"value": 2.0, "unit": "S"}}
    return {
        "braketSchemaHeader": {"name": "n", "version": version},
        "oneQubitProperties": {
            "3": {**one, "oneQubitFidelity": [fidelity("READOUT", 0.5), fidelity("RANDOMIZED_BENCHMARKING", 0.875)]},
            "1": {**one, "oneQubitFidelity": [fidelity("SIMULTANEOUS_RANDOMIZED_BENCHMARKING", 0.25)]},
        },
        "twoQubitProperties": {"1-3": {"twoQubitGateFidelity": [gate, {**gate, "direction": None, "gateName": "CZ"}]}},
    }


def test_qubits_keep_their_numbers_and_times_are_seconds():
    snapshot = calibration(GARNET, able(standardized=standardized()))

    assert [qubit.readout_error for qubit in snapshot.qubits] == [1.0, 0.0, 1.0, 0.5]
    assert snapshot.qubits[3].t1_seconds == pytest.approx(28.5e-6)
    assert snapshot.qubits[3].t2_seconds == 2.0
    assert {(gate.gate, gate.qubits): gate.error for gate in snapshot.gates} == {
        ("1q", (3,)): 0.125,
        ("1q", (1,)): 0.75,
        ("cnot", (3, 1)): 0.25,
        ("cz", (1, 3)): 0.25,
    }
    assert snapshot.taken_at == datetime(2026, 3, 1, 4, tzinfo=UTC)


def test_a_snapshots_digest_is_of_what_was_measured_and_when_and_of_nothing_else():
    first = calibration(GARNET, able(standardized=standardized()))
    same = calibration(GARNET, able(standardized=standardized(), provider={"x": 1}))
    service = {"updatedAt": "2026-03-01T05:00:00Z"}
    later = calibration(GARNET, able(standardized=standardized(), service=service))
    other = calibration(GARNET, able(standardized=standardized("1")))

    assert same.digest == first.digest
    assert len({first.digest, later.digest, other.digest}) == 3


def test_means_are_told_of_every_coupled_pair_and_own_values_go_before():
    means = {
        "braketSchemaHeader": {"name": "n", "version": "3"},
        "oneQubitProperties": {"1": {"oneQubitFidelity": [fidelity("x", 0.5)]}},
        "singleQubitFidelity": [fidelity("x", 0.75)],
        "twoQubitGateFidelity": [fidelity("x", 0.25)],
        "twoQubitGateDuration": {"value": 200, "unit": "ns"},
        "updatedAt": "2026-03-02T00:00:00Z",
    }
    connectivity = {"fullyConnected": False, "connectivityGraph": {"0": ["2"]}}
    snapshot = calibration(SV1, able(standardized=means, paradigm={"qubitCount": 3, "connectivity": connectivity}))

    assert [gate.error for gate in snapshot.gates] == [0.25, 0.5, 0.25, 0.75]
    assert snapshot.gates[-1].qubits == (0, 2)
    assert snapshot.gates[-1].length_seconds == pytest.approx(2e-7)
    assert snapshot.taken_at == datetime(2026, 3, 2, tzinfo=UTC)


def test_without_measurements_or_their_time_there_is_no_snapshot():
    assert calibration(SV1, able()) is None
    assert calibration(SV1, able(standardized=standardized(), service={})) is None


# ── tasks ────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("CREATED", "queued"),
        ("QUEUED", "queued"),
        ("RUNNING", "running"),
        ("CANCELLING", "running"),
        ("COMPLETED", "completed"),
        ("FAILED", "failed"),
        ("CANCELLED", "cancelled"),
    ],
)
def test_every_status_has_a_meaning(said, status):
    assert job({**SHOWN, "status": said}).status == status


def test_a_status_that_nobody_knows_is_no_usable_answer():
    with pytest.raises(AnswerLostError, match="status"):
        job({**SHOWN, "status": "PAUSED"})


@pytest.mark.parametrize(
    ("changes", "mark"),
    [
        pytest.param({"tags": {"qgw-mark": "other"}}, MARK, id="a directory goes before a tag"),
        pytest.param({"outputS3Directory": "elsewhere/t", "tags": {"qgw-mark": MARK}}, MARK, id="a tag"),
        pytest.param({"outputS3Directory": f"{MARK}x/t"}, None, id="a directory that only looks like it"),
        pytest.param({"outputS3Directory": "tasks/t"}, None, id="somebody else's task"),
    ],
)
def test_where_a_mark_is_found(changes, mark):
    assert job({**SHOWN, "status": "QUEUED", **changes}).mark == mark


def test_a_failure_is_told_in_plain_words_without_our_account():
    told = job(
        {
            **SHOWN,
            "status": "FAILED",
            "failureReason": "no access\nto amazon-braket-123456789012",
            "endedAt": "2026-03-01T13:00Z",
        }
    )

    assert told.reason == "no access to amazon-braket-…"
    assert told.finished_at == datetime(2026, 3, 1, 13, tzinfo=UTC)


@pytest.mark.parametrize(("told", "place"), [("2", 2), (">2000", 2000), ("None", None)])
def test_a_place_in_the_queue_is_a_text(told, place):
    assert job({**SHOWN, "status": "QUEUED", "queueInfo": {"position": told}}).queue_position == place


# ── results ──────────────────────────────────────────────────────────────────────────────────────
def results(**changes):
    told = {
        "braketSchemaHeader": {"name": "braket.task_result.gate_model_task_result", "version": "1"},
        "measuredQubits": [4, 7],
        "taskMetadata": {
            "id": "t",
            "shots": 3,
            "deviceId": GARNET,
            "createdAt": "2026-03-01T12:00:00.000Z",
            "endedAt": "2026-03-01T12:00:09.000Z",
        },
        "additionalMetadata": {"action": {}},
    }
    return {"result": json.dumps({**told, **changes}).encode()}


def submitted(source="OPENQASM 3.0; bit[2] c; qubit[2] q;"):
    return body(action=json.dumps({"source": source}))


def decode(documents, source="OPENQASM 3.0; bit[2] c; qubit[2] q;"):
    return BraketVendor(BraketSettings()).decode(submitted(source), documents)


def test_bit_i_of_a_register_is_the_ith_measured_qubit():
    result = decode(results(measurements=[[1, 0], [1, 0], [0, 1]]))

    [item] = result.items
    assert (item.shots, item.summary.distinct_outcomes, item.summary.top_probability_ppm) == (3, 2, 666_667)
    assert item.registers["c"].samples.data == b"\x01\x01\x02"
    assert (result.started_at, result.finished_at) == ("2026-03-01T12:00:00.000Z", "2026-03-01T12:00:09.000Z")
    assert result.metadata["execution_kind"] == "hardware"


@pytest.mark.parametrize(
    "source", ["OPENQASM 3.0; qubit[2] q;", "bit[3] c; bit[2] d; bit[2] e; qubit[2] q;"], ids=["none", "not the one"]
)
def test_without_a_declared_register_it_is_b(source):
    assert set(decode(results(measurements=[[0, 1]]), source).items[0].registers) == {"b"}


def test_probabilities_alone_become_all_the_shots():
    told = results(measurementProbabilities={"10": 0.34, "00": 0.66})

    assert sorted(decode(told).items[0].registers["c"].samples.data) == [0, 0, 1]


def test_a_translated_program_gets_its_own_registers_back():
    source = f"OPENQASM 3.0;\n{openqasm.layout_comment({'high': [1], 'low': [-1, 0]})}\nbit[2] b;"
    registers = decode(results(measurements=[[1, 0], [0, 1]]), source).items[0].registers

    assert registers["high"].samples.data == b"\x00\x01"
    assert (registers["low"].bits, registers["low"].samples.data) == (2, b"\x02\x00")


def test_registers_wider_than_a_byte_are_big_endian():
    told = results(measurements=[[1] + [0] * 8], measuredQubits=list(range(9)))
    samples = decode(told, "bit[9] b;").items[0].registers["b"].samples

    assert (samples.shape, samples.data) == ((1, 2), b"\x00\x01")


def test_expectations_are_summed_up_and_a_simulators_seconds_told():
    values = [
        {"type": {"type": "expectation", "observable": ["z"], "targets": [0]}, "value": -0.5},
        {"type": {"type": "probability"}, "value": [1.0, 0.0]},
    ]
    about = {"action": {}, "simulatorMetadata": {"executionDuration": 1500}}
    task = {"shots": 1, "deviceId": SV1}
    told = results(measurements=[[1, 0]], resultTypes=values, additionalMetadata=about, taskMetadata=task)
    result = decode(told)

    assert result.items[0].summary.value_ppm == -500_000
    assert (result.seconds, result.metadata["execution_kind"]) == (1.5, "simulator")


@pytest.mark.parametrize(
    "documents",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"result": b"<html>"}, id="no JSON"),
        pytest.param({"result": b"[]"}, id="no object"),
        pytest.param(results(), id="no measurements"),
        pytest.param(results(measurements=[[0, 1, 1]]), id="more bits than measured qubits"),
        pytest.param(results(measurements=[[0, 2]]), id="no bits"),
        pytest.param(results(measurementProbabilities={"00": 0.5}), id="half of the probability"),
        pytest.param(results(measurementProbabilities={"00": 1.5, "11": -0.5}), id="less than none of it"),
        pytest.param(
            results(braketSchemaHeader={"name": "braket.task_result.program_set_task_result"}), id="a program set"
        ),
    ],
)
def test_what_is_no_gate_model_result_is_said_to_be_none(documents):
    with pytest.raises(ValueError, match=r"."):
        decode(documents)


# ── accounts ─────────────────────────────────────────────────────────────────────────────────────
def test_a_bucket_is_named_by_a_template_or_region_by_region():
    pairs = BraketAccount(regions="us-east-1,eu-north-1", bucket="us-east-1=one-bucket,eu-north-1=other-bucket")
    template = BraketAccount.model_validate(ATTRIBUTES)

    assert [pairs.bucket_in(region) for region in pairs.places] == ["one-bucket", "other-bucket"]
    assert template.bucket_in("eu-north-1") == "amazon-braket-eu-north-1-test"
    assert BraketAccount(regions="us-east-1", bucket="the-one").bucket_in("us-east-1") == "the-one"


def test_a_device_without_a_region_is_used_in_the_first():
    account = BraketAccount(regions="eu-north-1,us-east-1", bucket="b-{region}")

    assert (account.region_of(SV1), account.region_of(GARNET)) == ("eu-north-1", "eu-north-1")
    with pytest.raises(NotFoundError, match="Ankaa"):
        account.region_of(GARNET.replace("eu-north-1", "us-west-1").replace("Garnet", "Ankaa-3"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"regions": "Frankfurt"}, "attribute regions", id="no region"),
        pytest.param({"regions": "us-east-1,"}, "attribute regions", id="an empty region"),
        pytest.param(
            {"bucket": "one-for-all"}, "each region needs a bucket of its own", id="one bucket for three regions"
        ),
        pytest.param({"bucket": "us-east-1=one-bucket"}, "each region needs a bucket", id="a region without a bucket"),
        pytest.param({"bucket": "Big-{region}"}, "each region needs a bucket", id="no name of a bucket"),
        pytest.param({"prefix": "/a"}, "attribute prefix", id="a prefix that begins with a slash"),
        pytest.param({"crn": "x"}, "there is no such attribute", id="an attribute of another vendor"),
    ],
)
def test_an_account_that_cannot_work_is_refused_when_it_is_added(changes, words):
    with pytest.raises(AccountRefusedError, match=words):
        Form.of(adapter).checked_attributes({**ATTRIBUTES, **changes})


def test_an_account_keeps_its_attributes_as_given():
    assert Form.of(adapter).checked_attributes(ATTRIBUTES) == ATTRIBUTES
    assert dict(Form.of(adapter).secrets) == {"access_key_id": True, "secret_access_key": True, "session_token": False}


def test_secrets_are_not_shown():
    credential = BraketCredential(access_key_id="AKIAFAKEVENDOR000001", secret_access_key="s" * 40)

    assert "ssss" not in repr(credential)


# ── addresses ────────────────────────────────────────────────────────────────────────────────────
def test_every_region_has_its_own_addresses_unless_one_address_is_given():
    usual, one = BraketSettings(), BraketSettings(endpoint="http://127.0.0.1:9/")

    assert usual.url("braket", "eu-north-1") == "https://braket.eu-north-1.amazonaws.com"
    assert usual.url("s3", "us-east-1") == "https://s3.us-east-1.amazonaws.com"
    assert one.url("braket", "eu-north-1") == one.url("s3", "us-east-1") == "http://127.0.0.1:9"
    with pytest.raises(ValidationError):
        BraketSettings(endpoint="ftp://somewhere")
