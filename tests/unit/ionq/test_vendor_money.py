"""What IonQ says that a job cost, in whole micros: rounded up, and never guessed."""

import pytest

from adapters.ionq.vendor_jobs import priced
from gateway.ports.vendor import VendorJob

TOLD = VendorJob(id="v", status="completed")


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        (12.4166, 12_416_600),
        (97.5, 97_500_000),
        (0, 0),
        (0.00000049, 1),
        (0.1, 100_000),
    ],
)
def test_dollars_become_micros_by_their_decimals(value, micros):
    assert priced(TOLD, {"cost": {"value": value, "unit": "usd"}}).cost_micros == micros


@pytest.mark.parametrize(
    "cost",
    [
        pytest.param({}, id="no cost yet"),
        pytest.param({"cost": {"value": 1, "unit": "eur"}}, id="another currency"),
        pytest.param({"cost": {"value": -1, "unit": "usd"}}, id="a negative amount"),
        pytest.param({"cost": {"value": "1", "unit": "usd"}}, id="a text"),
        pytest.param({"cost": {"value": True, "unit": "usd"}}, id="a truth value"),
        pytest.param({"cost": {"value": float("nan"), "unit": "usd"}}, id="no number"),
        pytest.param({"cost": {"value": float("inf"), "unit": "usd"}}, id="infinity"),
    ],
)
def test_what_is_no_price_is_none(cost):
    assert priced(TOLD, cost).cost_micros is None
