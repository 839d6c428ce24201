"""Looks at a gateway's metrics all the time during a drill, and notes when breakers turn.

Moments are monotonic seconds.
"""

import asyncio
import time
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

from tests.running import Gateway

_PAUSE_SECONDS = 0.05


@dataclass
class Watch:
    """What the metrics said."""

    gateway: Gateway
    opened: dict[str, list[float]] = field(default_factory=dict)
    """By vendor, when its breaker was first seen open, each time."""
    closed: dict[str, list[float]] = field(default_factory=dict)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            for vendor, away in (await asyncio.to_thread(self._breakers)).items():
                self._note(vendor, away=away)
            await asyncio.sleep(_PAUSE_SECONDS)

    def away(self, vendor: str) -> bool:
        """Say whether a vendor's breaker is open."""
        return len(self.opened.get(vendor, ())) > len(self.closed.get(vendor, ()))

    def _note(self, vendor: str, *, away: bool) -> None:
        if away != self.away(vendor):
            (self.opened if away else self.closed).setdefault(vendor, []).append(time.monotonic())

    def _breakers(self) -> dict[str, bool]:
        families = text_string_to_metric_families(self.gateway.metrics())
        states = (family.samples for family in families if family.name == "gateway_vendor_breaker_state")
        return {
            sample.labels["vendor"]: sample.value > 0
            for samples in states
            for sample in samples
            if not sample.labels["backend"]
        }
