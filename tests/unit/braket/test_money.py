"""Device costs, the tracker's price list, and spending limits: our own, in the shapes that Amazon's clients read."""

import csv
import io
import json
from dataclasses import replace

import pytest

from adapters.braket import BraketDialect, BraketSettings, arns, prices
from gateway.domain.budget import Period, Unit, Window
from gateway.domain.errors import RefusedError
from gateway.domain.money import Tariff
from gateway.ports import answers as answered
from gateway.ports import operations as ask
from gateway.ports.dialect import WireRequest
from tests.fakes import values
from tests.unit.braket import made

DIALECT = BraketDialect(BraketSettings())
LIST = WireRequest(method="GET", path=prices.PATH, query=(), headers={}, body=b"")
GARNET = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"
FORTE = "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1"
SV1 = "arn:aws:braket:::device/quantum-simulator/amazon/sv1"
BY_TASK = Tariff(currency="USD", source="a list", per_task_micros=300_000, per_shot_micros=1_450)
BY_TIME = Tariff(currency="USD", source="a list", per_second_micros=1_250)
STANDING = values.STANDING


def view(arn, tariff, backend=values.HARDWARE):
    return replace(values.VIEW, backend=replace(backend, name=arn, upstream="braket"), tariff=tariff)


def listed(*views):
    wire = DIALECT.answer(ask.ListPrices(), answered.BackendList(backends=views))
    assert wire.content_type == "text/csv"
    return list(csv.DictReader(wire.body.decode().splitlines()[5:]))


def found(rows, **wanted):
    named = {name.replace("_", " "): value for name, value in wanted.items()}
    return [row for row in rows if named.items() <= row.items()]


def limits(*standings, backends=(GARNET, FORTE), region="us-east-1", **body):
    operation = DIALECT.operation(made.request("POST", "/spending-limits", body, region=region))
    shown = tuple(replace(values.HARDWARE, name=arn, upstream="braket") for arn in backends)
    given = answered.LimitsView(project_id=made.JOB.project_id, standings=standings, backends=shown)
    return json.loads(DIALECT.answer(operation, given).body)


# ── the price list ───────────────────────────────────────────────────────────────────────────────
def test_the_price_list_is_asked_for_without_a_key():
    """The SDK's tracker signs nothing; a signed request of that name is one for an object."""
    assert DIALECT.open_to_all(LIST)
    assert isinstance(DIALECT.operation(LIST), ask.ListPrices)
    assert not DIALECT.open_to_all(made.request("GET", prices.PATH, service="s3"))
    assert not DIALECT.open_to_all(replace(LIST, path="/devices"))


def test_an_operator_may_keep_the_price_list():
    kept = BraketDialect(BraketSettings(price_list=False))
    told = kept.environment(url="https://gw.example", instance=values.INSTANCE, key="k", pair=values.PAIR)

    assert not kept.open_to_all(LIST)
    assert "BRAKET_PRICE_OFFERS_URL" not in told


def test_the_tracker_finds_one_price_of_a_task_and_one_of_its_shots():
    rows = listed(view(GARNET, BY_TASK), view(FORTE, BY_TASK), view(SV1, BY_TIME, values.BACKEND))

    garnet = {"Region_Code": "eu-north-1", "DeviceName": "Garnet"}
    (task,) = found(rows, Product_Family="Quantum Task", **garnet)
    (shot,) = found(rows, Product_Family="Quantum Task-Shot", **garnet)
    assert (task["PricePerUnit"], shot["PricePerUnit"], shot["Currency"]) == ("0.3", "0.00145", "USD")


@pytest.mark.parametrize("region", prices.REGIONS)
def test_what_stands_in_no_region_costs_the_same_in_all(region):
    rows = listed(view(SV1, BY_TIME, values.BACKEND))

    (price,) = found(rows, Region_Code=region, Version="SV1", Product_Family="Simulator Task", operation="CompleteTask")
    assert (price["PricePerUnit"], price["Unit"]) == ("0.075", "minutes")


def test_a_device_without_a_price_is_not_on_the_list():
    assert listed(view(GARNET, None)) == []


def test_the_one_device_that_the_tracker_writes_in_capitals_is_written_so():
    (first, _) = listed(view("arn:aws:braket:eu-north-1::device/qpu/aqt/Ibex-Q1", BY_TASK))

    assert first["DeviceName"] == "IBEX-Q1"


def test_the_list_begins_with_five_lines_that_are_skipped():
    wire = DIALECT.answer(ask.ListPrices(), answered.BackendList(backends=(view(GARNET, BY_TASK),)))

    assert list(csv.reader(io.StringIO(wire.body.decode())))[5][1] == "Region Code"


# ── what a device costs ──────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("tariff", "cost"),
    [
        pytest.param(BY_TASK, {"price": 0.00145, "unit": "shot"}, id="by the shot"),
        pytest.param(BY_TIME, {"price": 0.075, "unit": "minute"}, id="by the minute"),
        pytest.param(None, None, id="not known"),
    ],
)
def test_a_device_tells_what_it_costs(tariff, cost):
    shown = DIALECT.answer(ask.ShowConfiguration(backend=GARNET), view(GARNET, tariff))

    assert json.loads(json.loads(shown.body)["deviceCapabilities"])["service"]["deviceCost"] == cost


def test_a_price_of_ours_stands_in_place_of_the_vendors_own():
    """What is held by is what is told; where we know no price, Braket's own word stays."""
    told = json.dumps({"service": {"deviceCost": {"price": 9.0, "unit": "shot"}}}).encode()
    theirs = view(GARNET, BY_TASK, replace(values.HARDWARE, vendor="braket", told=told))

    costs = [
        json.loads(json.loads(DIALECT.answer(ask.ShowConfiguration(backend=GARNET), each).body)["deviceCapabilities"])
        for each in (theirs, replace(theirs, tariff=None))
    ]

    assert [each["service"]["deviceCost"]["price"] for each in costs] == [0.00145, 9.0]


# ── spending limits ──────────────────────────────────────────────────────────────────────────────
def test_a_limit_is_shown_for_each_device_of_the_region():
    (shown,) = limits(STANDING)["spendingLimits"]

    assert shown["deviceArn"] == FORTE
    assert (shown["spendingLimit"], shown["queuedSpend"], shown["totalSpend"]) == ("100", "3.000001", "20")
    assert shown["timePeriod"]["startAt"] == STANDING.begins_at.timestamp()
    assert shown["timePeriod"]["endAt"] == STANDING.resets_at.timestamp()
    account = arns.account(made.JOB.project_id)
    assert shown["spendingLimitArn"].startswith(f"arn:aws:braket:us-east-1:{account}:spending-limit/")
    assert shown["tags"] == {"qgw:limit": "alpha-month"}


def test_a_limit_without_an_end_has_one_for_brakets_clients():
    endless = replace(STANDING, begins_at=None, resets_at=None)

    (shown,) = limits(endless)["spendingLimits"]

    assert shown["timePeriod"] == {"startAt": values.LIMIT.created_at.timestamp(), "endAt": 4_102_444_800.0}


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"unit": Unit.SHOTS, "currency": ""}, id="of another unit"),
        pytest.param({"currency": "EUR"}, id="of another currency"),
        pytest.param({"upstream": "ibm"}, id="of another vendor"),
        pytest.param({"window": Window(period=Period.OPEN)}, id="of what is under way"),
    ],
)
def test_what_is_no_spending_limit_is_none(changed):
    assert limits(replace(STANDING, limit=replace(values.LIMIT, **changed)))["spendingLimits"] == []


def test_limits_are_found_by_their_device():
    device = {"name": "deviceArn", "operator": "EQUAL"}

    assert len(limits(STANDING, filters=[device | {"values": [FORTE]}])["spendingLimits"]) == 1
    assert limits(STANDING, filters=[device | {"values": [GARNET]}])["spendingLimits"] == []
    (there,) = limits(STANDING, region="eu-north-1")["spendingLimits"]
    assert there["deviceArn"] == GARNET


def test_limits_come_in_pages():
    second = replace(STANDING, limit=replace(values.LIMIT, id="limit-2", name="team"))

    page = limits(STANDING, second, maxResults=1)
    last = limits(STANDING, second, maxResults=1, nextToken=page["nextToken"])

    names = [each["spendingLimits"][0]["tags"]["qgw:limit"] for each in (page, last)]
    assert names == ["alpha-month", "team"]
    assert "nextToken" not in last


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/spending-limit"),
        ("PATCH", "/spending-limit/arn%3Aaws/update"),
        ("DELETE", "/spending-limit/arn%3Aaws/delete"),
    ],
)
def test_limits_are_changed_by_operators_alone(method, path):
    with pytest.raises(RefusedError, match="gateway budgets"):
        DIALECT.operation(made.request(method, path, {}))
