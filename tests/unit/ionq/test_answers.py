"""Backends, characterizations, sessions, money and refusals in IonQ's shapes."""

import json
from dataclasses import replace

import pytest

from adapters.ionq import IonqDialect, IonqSettings, asked
from gateway.domain.errors import NotFoundError, RefusedError, UnavailableError
from gateway.domain.job import JobStatus
from gateway.domain.money import Quote, Tariff
from gateway.ports import answers as answered
from gateway.ports import operations as ask
from gateway.ports.dialect import WireRequest
from tests.fakes import values

DIALECT = IonqDialect(IonqSettings(simulator_backend="sim_line_5"))
LIST = ask.ListCalibrations(backend="sim_line_5", after=None, before=None, limit=2, offset=2)
ONE = ask.ShowCalibration(backend="sim_line_5", before=None, calibration_id=None)
SHOW_SESSION = ask.ShowSession(session_id=values.SESSION.id)
ESTIMATE = asked.Estimate(
    backend="sim_line_5", circuits=1, shots=10, seconds=2.0, inputs={"backend": "simulator", "shots": 10}
)
QUOTE = Quote(amount_micros=12_400_000, currency="USD", price_revision="ab" * 32, basis="per shot and gate")
PERIOD = asked.ShowPeriod(
    organization="org", start="2026-03-01", end="2026-04-01", group_by="project", modality="monthly"
)


def answer(operation, given):
    wire = DIALECT.answer(operation, given)
    return json.loads(wire.body)


def test_the_simulator_is_listed_first_and_every_backend_by_a_name_the_sdk_can_say():
    hardware = replace(values.VIEW, backend=replace(values.HARDWARE, name="qpu.forte-1"))

    listed = answer(ask.ListBackends(), answered.BackendList(backends=(values.VIEW, hardware)))

    assert [each["backend"] for each in listed] == ["simulator", "simulator.sim_line_5", "qpu.forte-1"]
    assert [each["qgw"]["execution_kind"] for each in listed] == ["simulator", "simulator", "hardware"]


def test_a_backend_has_what_the_specification_requires():
    status = replace(values.STATUS, online=False, queue_length=3)
    view = replace(values.VIEW, status=status, calibration=values.CALIBRATION)

    told = answer(ask.ShowConfiguration(backend="sim_line_5"), view)

    assert (told["qubits"], told["status"], told["average_queue_time"]) == (5, "unavailable", 3000)
    assert told["characterization_id"] == "c0ffee00-0000-0000-0000-000000000000"
    assert told["last_updated"]


def test_a_snapshot_is_summed_up_in_medians():
    given = answered.CalibrationView(backend=values.BACKEND, calibration=values.CALIBRATION)

    told = answer(ONE, given)

    assert told["id"] == "c0ffee00-0000-0000-0000-000000000000"
    assert told["connectivity"] == [[0, 1], [1, 2], [2, 3], [3, 4]]
    assert told["fidelity"]["spam"]["median"] == pytest.approx(0.99)
    assert told["fidelity"]["1q"]["median"] == pytest.approx(1 - 2e-4)
    assert told["timing"]["t1"] == pytest.approx(202e-6)
    assert told["timing"]["2q"] == pytest.approx(68e-9)


def test_a_backend_without_gates_has_no_fidelity_of_them():
    bare = replace(values.CALIBRATION, gates=(), qubits=())

    told = answer(ONE, answered.CalibrationView(backend=values.BACKEND, calibration=bare))

    assert told["fidelity"]["2q"] == {"median": None, "stderr": None}


def test_no_snapshot_is_not_found():
    with pytest.raises(NotFoundError):
        answer(ONE, answered.CalibrationView(backend=values.BACKEND, calibration=None))


@pytest.mark.parametrize(("count", "pages"), [(3, 0), (4, 1), (5, 1), (6, 2)])
def test_a_page_of_snapshots_says_how_many_are_left(count, pages):
    page = answered.CalibrationList(backend=values.BACKEND, calibrations=(values.CALIBRATION,), count=count)

    assert answer(LIST, page)["pages"] == pages


@pytest.mark.parametrize(
    ("session", "jobs", "status"),
    [
        pytest.param(values.SESSION, {}, "created", id="new"),
        pytest.param(values.SESSION, {"completed": 2}, "started", id="used"),
        pytest.param(replace(values.SESSION, accepting_jobs=False), {"queued": 1}, "ended", id="ended"),
    ],
)
def test_a_session_tells_how_far_it_is_where_the_sdk_looks(session, jobs, status):
    view = answered.SessionView(session=replace(session, echo={"settings": {"a": 1}}), jobs=jobs, used_seconds=2.5)

    told = answer(SHOW_SESSION, view)

    assert (told["status"], told["state"]) == (status, status)
    assert told["active"] is session.accepting_jobs
    assert (told["usage_time"], told["settings"], told["backend"]) == (2.5, {"a": 1}, "simulator.sim_line_5")


def test_an_estimate_is_in_whole_dollars():
    given = answered.CostEstimate(backend=values.BACKEND, quote=QUOTE, seconds=2.0, queue_length=3, at=values.NOW)

    told = answer(ESTIMATE, given)

    assert (told["estimated_cost"], told["cost_unit"]) == (12.4, "usd")
    assert (told["estimated_execution_time"], told["current_predicted_queue_time"]) == (2.0, 6.0)
    assert told["estimated_at"].endswith("+00:00")
    assert told["input_values"] == {"backend": "simulator", "shots": 10}


def test_an_estimate_tells_the_rates_it_was_made_with():
    tariff = Tariff(
        currency="USD",
        source="a list",
        one_qubit_gate_nanos=220_000,
        two_qubit_gate_nanos=975_000,
        minimum_micros=12_416_600,
    )
    quote = replace(QUOTE, amount_micros=97_500_000, estimate_micros=12_416_600)
    given = answered.CostEstimate(
        backend=values.BACKEND, quote=quote, seconds=2.0, queue_length=0, at=values.NOW, tariff=tariff
    )

    told = answer(ESTIMATE, given)

    rates = told["rate_information"]
    assert (rates["cost_1q_gate"], rates["cost_2q_gate"], rates["job_cost_minimum"]) == (0.00022, 0.000975, 12.4166)
    assert told["estimated_cost"] == 12.4166
    assert "at most 97.5 are held" in rates["organization"]


def test_without_a_price_there_is_no_estimate():
    given = answered.CostEstimate(backend=values.BACKEND, quote=None, seconds=2.0, queue_length=0, at=values.NOW)

    with pytest.raises(RefusedError, match="simulator has no price here"):
        answer(ESTIMATE, given)


def test_a_cost_is_there_once_it_is_settled():
    held = answered.CostView(job=values.JOB, currency="USD", held_micros=2_500_000, settled_micros=None)

    show = ask.ShowCost(client_job_id="j")
    assert answer(show, held) == {"dry_run": False, "estimated_cost": {"value": 2.5, "unit": "usd"}}
    assert answer(show, replace(held, settled_micros=0))["cost"] == {"value": 0.0, "unit": "usd"}


def test_usage_is_told_for_the_one_period_there_are_books_for():
    view = answered.UsageView(
        instance=values.INSTANCE,
        used_seconds=1.5,
        period_start=values.NOW.replace(day=1),
        period_end=values.NOW.replace(month=4, day=1),
    )

    assert answer(PERIOD, view)["time_us_total"] == 1_500_000
    with pytest.raises(RefusedError, match="2026-03-01 and 2026-04-01"):
        answer(replace(PERIOD, start="2025-01-01"), view)


def test_a_submission_is_answered_as_created():
    job = replace(values.JOB, status=JobStatus.QUEUED)

    wire = DIALECT.answer(ask.Submit(submission=None), answered.Accepted(job=job))

    assert wire.status == 201
    assert json.loads(wire.body)["id"] == job.client_job_id


class BusyError(UnavailableError):
    code = "busy"


@pytest.mark.parametrize(
    ("method", "given", "shown"),
    [
        pytest.param("POST", 403, 403, id="a denial"),
        pytest.param("POST", 409, 409, id="a conflict, which only a GET repeats"),
        pytest.param("GET", 409, 400, id="a conflict of a GET"),
        pytest.param("GET", 503, 500, id="nothing there, of a GET"),
        pytest.param("POST", 503, 500, id="nothing there, of a POST"),
        pytest.param("POST", 429, 403, id="too much"),
        pytest.param("PUT", 504, 500, id="too slow"),
        pytest.param("GET", 404, 404, id="not found"),
    ],
)
def test_no_refusal_has_a_status_on_which_the_sdk_asks_again(method, given, shown):
    request = WireRequest(method=method, path="/jobs", query=(), headers={}, body=b"")

    wire = DIALECT.refuse(request, BusyError("the words"), status=given, request_id="r-1")

    assert wire.status == shown
    assert json.loads(wire.body) == {
        "statusCode": shown,
        "error": "busy",
        "message": "the words",
        "request_id": "r-1",
    }
