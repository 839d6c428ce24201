"""Prices with what only the gateway knows: whose account pays, what bounds the job, and what its vendor reported."""

import json
from dataclasses import dataclass, replace

import pytest

from gateway.budgets.pricing import Pricing
from gateway.budgets.quote import PriceBook
from gateway.domain.backend import ExecutionKind
from gateway.domain.budget import Charge
from gateway.domain.circuit import ProgramFacts
from gateway.domain.result import ProgramResult
from gateway.domain.submission import Submission
from gateway.ports.operations import EstimateCost
from gateway.ports.upstream import Progress
from gateway.ports.vendor import Account, VendorJob
from tests.fakes import values

BACKEND = replace(values.HARDWARE, upstream="ibm", name="ibm_fez")
JOB = replace(values.JOB, upstream="ibm", backend="ibm_fez", kind=ExecutionKind.HARDWARE)
FACTS = ProgramFacts(circuits=(), total_shots=100, estimated_seconds=2.0, digest="", payload_versions=())
HELD = Charge(micros=300_000_000, currency="USD", jobs=1, circuits=1, shots=100, qpu_milliseconds=300_000)
SOURCE = {"date": "2026-11-01", "title": "a list", "url": None}


def price(rate, **more):
    return {"upstream": "ibm", "backend": "*", "kind": "hardware", "source": "list", "rates": [rate]} | more


def book(tmp_path, *prices):
    path = tmp_path / "prices.json"
    file = {"schema": "qgw.prices/2", "currency": "USD", "sources": {"list": SOURCE}, "prices": prices}
    path.write_text(json.dumps(file))
    return PriceBook.load(path)


@pytest.fixture
def by_time(tmp_path):
    per_second = {"by": "second", "per_second_micros": 500_000}
    return book(tmp_path, price(per_second, plan="flex"), price(per_second | {"per_second_micros": 1_000_000}))


@pytest.fixture
def by_shot(tmp_path):
    return book(tmp_path, price({"by": "task", "per_task_micros": 300_000, "per_shot_micros": 1_000}))


@pytest.fixture
def by_gate(tmp_path):
    gates = {"one_qubit_gate_nanos": 1_000, "two_qubit_gate_nanos": 2_000}
    return book(tmp_path, price({"by": "gate", "minimum_micros": 5, "mitigated_minimum_micros": 9_000} | gates))


@dataclass(frozen=True)
class Paying:
    """One account, on one plan."""

    plan: str

    def account(self, vendor, project_id):
        attributes = {"plan": self.plan} if self.plan else {}
        return Account(id="a", vendor=vendor, name="lab", project_id=project_id, attributes=attributes, version=1)


def submission(**changes):
    given = dict.fromkeys(("session_id", "max_execution_seconds", "calibration_id"))
    texts = dict.fromkeys(("program", "body_digest", "sdk"), "")
    more = {"body": b"", "options": {}, "tags": (), "private": False, "unknown_fields": (), "echo": {}}
    return Submission(**(given | texts | more | {"dialect": "ibm", "backend": "ibm_fez"} | changes))


@pytest.mark.parametrize(
    ("accounts", "micros"),
    [
        pytest.param(Paying("flex"), 500_000, id="its plan"),
        pytest.param(Paying("other"), 1_000_000, id="a plan without a price of its own"),
        pytest.param(Paying(""), 1_000_000, id="no plan"),
        pytest.param(None, 1_000_000, id="no vendor at all"),
    ],
)
def test_the_plan_of_the_account_that_pays_decides(by_time, accounts, micros):
    quote = Pricing(book=by_time, accounts=accounts).quote("p", submission(), BACKEND, FACTS, max_seconds=1)

    assert quote.amount_micros == micros


@pytest.mark.parametrize(
    ("asked", "allowed", "bound"),
    [
        pytest.param(None, None, 300, id="neither: what the deployment says"),
        pytest.param(60, None, 60, id="the caller's own"),
        pytest.param(None, 30, 30, id="policy's"),
        pytest.param(60, 30, 30, id="the shorter one"),
        pytest.param(10, 30, 10, id="the caller's, when it is shorter"),
    ],
)
def test_the_shortest_limit_bounds_the_job(by_time, asked, allowed, bound):
    wanted = submission(max_execution_seconds=asked)

    assert Pricing(book=by_time).quote("p", wanted, BACKEND, FACTS, max_seconds=allowed).bound_seconds == bound


@pytest.mark.parametrize(
    ("mitigated", "held", "expected"), [(None, 9_000, 300), (True, 9_000, 9_000), (False, 300, 300)]
)
def test_an_estimate_is_made_of_a_size(by_gate, mitigated, held, expected):
    asked = EstimateCost(
        backend="ibm_fez", circuits=1, shots=100, seconds=1.0, one_qubit_gates=1, two_qubit_gates=1, mitigated=mitigated
    )

    quote = Pricing(book=by_gate).estimate("p", BACKEND, asked)

    assert (quote.amount_micros, quote.estimate_micros) == (held, expected)


def report(status="completed", result=None, **told):
    vendor = VendorJob(id="v", status=status, **told)
    return Progress(job_id=JOB.id, attempt=1, status=status, at=values.NOW, result=result, vendor=vendor)


@pytest.mark.parametrize(
    ("told", "charged"),
    [
        pytest.param(
            report(billed_seconds=1.5), replace(HELD, micros=1_500_000, qpu_milliseconds=1_500), id="by billed time"
        ),
        pytest.param(
            report("failed", billed_seconds=0.5),
            replace(HELD, micros=500_000, qpu_milliseconds=500),
            id="a failed part",
        ),
        pytest.param(report("failed"), Charge(currency="USD"), id="nothing for nothing"),
        pytest.param(
            report(cost_micros=7, billed_seconds=1.5), replace(HELD, micros=7, qpu_milliseconds=1_500), id="its bill"
        ),
        pytest.param(report("cancelled", cost_micros=500), replace(HELD, micros=500), id="a bill for what was stopped"),
        pytest.param(
            report(cost_micros=7, cost_currency="EUR"), HELD, id="a bill in a currency that nothing was held in"
        ),
    ],
)
def test_a_job_is_charged_by_what_its_vendor_reports(by_time, told, charged):
    assert Pricing(book=by_time).charge(JOB, told, HELD) == charged


def test_a_part_of_the_shots_costs_a_part(by_shot):
    pricing, told = Pricing(book=by_shot), report("cancelled", shots_done=40)

    assert pricing.charge(JOB, told, HELD) == replace(HELD, micros=340_000, shots=40)
    assert pricing.native(told, (100, "shots")) == (40, "shots")


@pytest.mark.parametrize(
    ("told", "held", "native"),
    [
        pytest.param(report(billed_seconds=1.5), (300_000, "milliseconds"), (1_500, "milliseconds"), id="time"),
        pytest.param(report(), (300_000, "milliseconds"), None, id="time of which nothing is told"),
        pytest.param(report(shots_done=1), (5, "gate-shots"), None, id="a unit that no vendor reports"),
        pytest.param(report(shots_done=1), None, None, id="none"),
    ],
)
def test_the_vendors_own_unit_is_told_where_it_is_known(by_time, told, held, native):
    assert Pricing(book=by_time).native(told, held) == native


def test_a_simulator_here_is_charged_for_the_time_it_computed(tmp_path):
    rate = {"by": "second", "per_second_micros": 1_000}
    known = book(tmp_path, price(rate, upstream="aer", kind="simulator"))
    result = ProgramResult(items=(), metadata={}, started_at="", finished_at="", cpu_seconds=2.5, seconds=1.0)

    told = Progress(job_id=values.JOB.id, attempt=1, status="completed", at=values.NOW, result=result)
    charge = Pricing(book=known).charge(values.JOB, told, replace(HELD, qpu_milliseconds=0))

    assert charge.micros == 2_500
    assert charge.qpu_milliseconds == 0
