"""Backends as the API shows them: the list, configuration, properties and status of each."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web

from tests.fakes.vendors.faults import struck
from tests.fakes.vendors.ibm import calibration
from tests.fakes.vendors.ibm.devices import Device, configuration, devices
from tests.fakes.vendors.ibm.jobs import moment
from tests.fakes.vendors.ibm.refusals import absent
from tests.fakes.vendors.serving import BackendChange

_NAMES_ONLY_BEFORE: Final = "2025-01-01"


@dataclass(kw_only=True)
class Backend:
    """One device, when it was calibrated, and what is the matter with it at present."""

    device: Device
    calendar: calibration.Calendar
    online: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while it takes jobs from its queue."""
    queue: set[str] = field(default_factory=set)
    """Ids of the jobs that wait."""
    others_waiting: int = 0
    """How many jobs of other people wait, as the control route says."""
    message: str = "available"

    def change(self, change: BackendChange) -> None:
        """Do as the control route says."""
        if change.online is True:
            self.online.set()
            self.message = "available"
        if change.online is False:
            self.online.clear()
            self.message = "maintenance"
        if change.queue_length is not None:
            self.others_waiting = change.queue_length
        if change.message is not None:
            self.message = change.message
        if change.calibrated_at is not None:
            self.calendar.stick(change.calibrated_at)
        if change.recalibrate:
            self.calendar.recalibrate(now())

    @property
    def queue_length(self) -> int:
        """Count the jobs that wait, one's own and others'."""
        return self.others_waiting + len(self.queue)

    def calibration_id(self) -> str:
        """Give the id of the snapshot that counts now."""
        newest = self.calendar.newest(now())
        assert newest is not None
        return self.calendar.id(newest)


class Backends:
    """The backends of the service and the routes that show them."""

    def __init__(self, period_seconds: int) -> None:
        self._written: dict[tuple[str, datetime], bytes] = {}
        self._all = {
            name: Backend(device=device, calendar=calibration.Calendar(device=name, period_seconds=period_seconds))
            for name, device in devices().items()
        }
        for backend in self._all.values():
            backend.online.set()

    def __getitem__(self, name: str) -> Backend:
        return self._all[name]

    def find(self, name: str) -> Backend:
        """Give a backend.

        Raises:
            RefusedError: there is none of this name.
        """
        if name not in self._all:
            raise absent(f"Backend {name}", 1216)
        return self._all[name]

    def routes(self, base: str) -> Sequence[web.RouteDef]:
        """Give the routes of this resource."""
        one = f"{base}/backends/{{name}}"
        return [
            web.get(f"{base}/backends", self._list),
            web.get(f"{one}/configuration", self._configuration),
            web.get(f"{one}/properties", self._properties),
            web.get(f"{one}/status", self._status),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        if request.headers["IBM-API-Version"] < _NAMES_ONLY_BEFORE:
            return web.json_response({"devices": list(self._all)})
        return web.json_response({"devices": [self._entry(backend) for backend in self._all.values()]})

    def _entry(self, backend: Backend) -> dict[str, Any]:
        device = backend.device
        queue = backend.queue_length
        return {
            "name": device.name,
            "status": {"name": "online" if backend.online.is_set() else "offline", "reason": backend.message},
            "is_simulator": False,
            "qubits": device.qubits,
            "clops": {"type": "hardware", "value": 180_000},
            "processor_type": {"family": device.family, "revision": device.revision},
            "queue_length": queue,
            "wait_time_seconds": {"average": 3 * queue, "p50": 2 * queue, "p95": 9 * queue},
        }

    async def _configuration(self, request: web.Request) -> web.Response:
        backend = self.find(request.match_info["name"])
        self._snapshot(request, backend)
        return web.json_response(configuration(backend.device))

    async def _properties(self, request: web.Request) -> web.Response:
        backend = self.find(request.match_info["name"])
        date = self._snapshot(request, backend)
        if date is None:
            return web.json_response({})
        shown = calibration.stale(date) if struck(request, "stale_calibration") else date
        return web.Response(body=self._page(backend.device, shown), content_type="application/json")

    async def _status(self, request: web.Request) -> web.Response:
        backend = self.find(request.match_info["name"])
        return web.json_response(
            {
                "state": backend.online.is_set(),
                "status": "active" if backend.online.is_set() else "maintenance",
                "message": backend.message,
                "length_queue": backend.queue_length,
                "backend_version": backend.device.version,
            }
        )

    def _snapshot(self, request: web.Request, backend: Backend) -> datetime | None:
        wanted = request.query.get("calibration_id")
        if wanted is None:
            return backend.calendar.newest(now(), moment(request.query.get("updated_before")))
        date = backend.calendar.find(wanted, now())
        if date is None:
            raise absent(f"Calibration {wanted}")
        return date

    def _page(self, device: Device, date: datetime) -> bytes:
        """Write a snapshot once: an Eagle's has more than a thousand numbers."""
        key = (device.name, date)
        if key not in self._written:
            self._written[key] = json.dumps(calibration.properties(device, date)).encode()
        return self._written[key]


def now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)
