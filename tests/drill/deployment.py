"""A whole deployment for a drill: strict fake vendors, and a gateway in front of them that can be killed."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.running import Gateway

ROOT = Path(__file__).parents[2]
PACE = {
    "first_poll_seconds": 0.5,
    "running_poll_seconds": 2.0,
    "requests_per_second": 400.0,
    "polls_at_once": 32,
    "refresh_seconds": 5.0,
    "settle_seconds": 1.0,
    "shortest_pause_seconds": 0.5,
    "longest_pause_seconds": 2.0,
}
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Fake:
    """One fake vendor in a process of its own."""

    vendor: str
    told: Mapping[str, Any]
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def url(self) -> str:
        """Where the vendor's own API is."""
        return str(self.told["url"])

    def ask(self, path: str, body: Any = None) -> Any:
        """Ask or tell the fake's control."""
        data = None if body is None else json.dumps(body).encode()
        control = str(self.told.get("control", self.url))
        address = f"{control}/_control/{path}"
        request = urllib.request.Request(address, data, {"content-type": "application/json"})  # noqa: S310  # our own
        with _DIRECT.open(request, timeout=30) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def jobs(self) -> list[dict[str, Any]]:
        """List every job that the vendor ever took."""
        listed: list[dict[str, Any]] = self.ask("state")["jobs"]
        return listed


@contextmanager
def fakes(vendors: Sequence[str], *arguments: str) -> Iterator[dict[str, Fake]]:
    """Start fake vendors, and stop them."""
    with ExitStack() as stack:
        started = {}
        for vendor in vendors:
            command = [sys.executable, "-m", f"tests.fakes.vendors.{vendor}", *arguments]
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT))
            stack.callback(process.kill)
            assert process.stdout is not None
            started[vendor] = Fake(vendor, json.loads(process.stdout.readline()), process)
        yield started


def priced(folder: Path, upstreams: Sequence[str], *, per_job_micros: int = 300_000) -> Path:
    """Write a price file in which the fakes' hardware has a price, or policy would let nothing go."""
    free = {"per_job_micros": 0, "per_shot_micros": 0, "per_second_micros": 0}
    dear = {**free, "per_job_micros": per_job_micros, "per_shot_micros": 350}
    places = [
        ("aer", "simulator", free),
        *((name, kind, dear) for name in upstreams for kind in ("hardware", "simulator")),
    ]
    prices = {
        "schema": "qgw.prices/1",
        "currency": "USD",
        "sources": {"drill": {"date": "2026-11-22", "title": "made up for a drill", "url": None}},
        "prices": [
            {"upstream": name, "backend": "*", "kind": kind, "source": "drill", **price} for name, kind, price in places
        ],
    }
    path = folder / "prices.json"
    path.write_text(json.dumps(prices))
    return path


def overrides(folder: Path, policies: Mapping[str, Any]) -> Path:
    """Write tables of `org` that an operator has changed."""
    root = folder / "overrides"
    for table, content in policies.items():
        path = root / "org" / table / "data.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(content))
    return root


def gateway(folder: Path, adapters: Mapping[str, Any], *, pace: Mapping[str, Any] = PACE) -> Gateway:
    """Describe a gateway that asks the fakes; nothing is started."""
    return Gateway(
        folder / "state",
        settings={
            "GATEWAY_BUDGETS__PRICES": str(priced(folder, list(adapters))),
            "GATEWAY_ADAPTERS": json.dumps(adapters),
            "GATEWAY_VENDORS": json.dumps({name: {"pace": dict(pace)} for name in adapters}),
        },
    )
