"""What devices cost, in the two shapes that Amazon's SDK reads: `deviceCost` of a device, and the price list.

Its cost tracker takes the list from the address in `BRAKET_PRICE_OFFERS_URL`: the CSV of AWS's bulk pricing API, of
which it skips five lines and then looks for exactly one row per device, region and product. It shows no key when it
asks. Prices are exact decimals of whole micros.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

from adapters.braket import arns
from gateway.domain.backend import ExecutionKind
from gateway.domain.money import Tariff
from gateway.ports.answers import BackendList, BackendView
from gateway.ports.dialect import WireAnswer

PATH: Final = "/price-list/index.csv"
REGIONS: Final = ("us-east-1", "us-west-1", "us-west-2", "eu-west-2", "eu-north-1")
"""Where the SDK looks for devices; what stands in no region is charged alike in all of them."""

_MICROS: Final = 1_000_000
_SECONDS: Final = 60
_COLUMNS: Final = (
    "SKU",
    "Region Code",
    "DeviceName",
    "Product Family",
    "Version",
    "operation",
    "PricePerUnit",
    "Currency",
    "Unit",
)


def device_cost(tariff: Tariff) -> dict[str, Any]:
    """Give the part of a price that grows with the work: of a shot, else of a minute. The vendor's schema has one."""
    if tariff.per_second_micros and not tariff.per_shot_micros:
        return {"price": tariff.per_second_micros * _SECONDS / _MICROS, "unit": "minute"}
    return {"price": tariff.per_shot_micros / _MICROS, "unit": "shot"}


def price_list(answer: BackendList) -> WireAnswer:
    """Write the price list of every device whose price is known."""
    text = io.StringIO()
    sources = sorted({view.tariff.source for view in answer.backends if view.tariff is not None})
    about = csv.writer(text)
    about.writerow(("FormatVersion", "v1.0"))
    about.writerow(("Disclaimer", "Prices by which this gateway holds money for jobs; a bill may say otherwise"))
    about.writerow(("Publication Date", ""))
    about.writerow(("Version", *sources))
    about.writerow(("OfferCode", "AmazonBraket"))
    rows = csv.DictWriter(text, _COLUMNS, restval="")
    rows.writeheader()
    rows.writerows(row for view in answer.backends if view.tariff is not None for row in _rows(view, view.tariff))
    return WireAnswer(status=200, body=text.getvalue().encode(), content_type="text/csv")


def _rows(view: BackendView, tariff: Tariff) -> Iterator[dict[str, str]]:
    arn = arns.device(view.backend.name, view.backend.kind)
    for region in (arns.region(arn),) if arns.region(arn) else REGIONS:
        products = _of_simulator if view.backend.kind is ExecutionKind.SIMULATOR else _of_device
        for number, product in enumerate(products(arn.rpartition("/")[2], tariff)):
            row = {"SKU": f"{arn} {region} {number}", "Region Code": region, "Currency": tariff.currency}
            yield row | product


def _of_device(name: str, tariff: Tariff) -> Iterable[dict[str, str]]:
    """Name a device as the tracker does: with a capital, and one of them wholly in capitals."""
    named = (name[0].upper() + name[1:]).replace("Ibex", "IBEX")
    return (
        {"DeviceName": named, "Product Family": "Quantum Task", "PricePerUnit": _price(tariff.per_task_micros)},
        {"DeviceName": named, "Product Family": "Quantum Task-Shot", "PricePerUnit": _price(tariff.per_shot_micros)},
    )


def _of_simulator(name: str, tariff: Tariff) -> Iterable[dict[str, str]]:
    by_the_minute = {
        "Version": name.upper(),
        "Product Family": "Simulator Task",
        "operation": "CompleteTask",
        "PricePerUnit": _price(tariff.per_second_micros * _SECONDS),
        "Unit": "minutes",
    }
    return (by_the_minute,)


def _price(micros: int) -> str:
    return f"{Decimal(micros) / _MICROS:f}"
