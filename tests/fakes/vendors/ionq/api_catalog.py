"""IonQ's routes beside jobs: backends, characterizations, estimates, sessions, the key, usage.

Backends and the list of characterizations are public, as the vendor has it; its SDK asks for backends without a key.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from aiohttp import web

from tests.fakes.vendors.faults import struck
from tests.fakes.vendors.ionq.books import Books
from tests.fakes.vendors.ionq.devices import Device
from tests.fakes.vendors.ionq.door import Door, Owner, reading, truth, whole_number
from tests.fakes.vendors.ionq.session import Session
from tests.fakes.vendors.ionq.usage import usage
from tests.fakes.vendors.ionq.wire import SessionOrder
from tests.fakes.vendors.ionq.words import absent, invalid, refused

PAGE: Final = 10
"""Characterizations on a page, at most."""
_SHOT_SECONDS: Final = 0.002


class CatalogRoutes:
    """What a client reads before it submits, and sessions."""

    def __init__(self, books: Books, door: Door, organization_id: str) -> None:
        self._books, self._door, self._organization_id = books, door, organization_id

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Give the routes."""
        keyed, backend = self._door.keyed, "/v0.4/backends/{backend}"
        return [
            web.get("/v0.4/backends", self.backends),
            web.get(backend, self.backend),
            web.get(f"{backend}/characterizations", self.characterizations),
            web.get(f"{backend}/characterizations/{{id}}", keyed(self.characterization)),
            web.get("/v0.4/jobs/estimate", keyed(self.estimate)),
            web.post("/v0.4/sessions", keyed(self.open_session)),
            web.get("/v0.4/sessions", keyed(self.sessions)),
            web.get("/v0.4/sessions/{session_id}", keyed(self.session)),
            web.post("/v0.4/sessions/{session_id}/end", keyed(self.end_session)),
            web.get("/v0.4/whoami", keyed(self.whoami)),
            web.get("/v0.4/organizations/{organization_id}/usage", keyed(self.usage)),
        ]

    async def backends(self, _: web.Request) -> web.Response:
        return web.json_response([device.view() for device in self._books.devices.values()])

    async def backend(self, request: web.Request) -> web.Response:
        return web.json_response(self._device(request).view())

    async def characterizations(self, request: web.Request) -> web.Response:
        """Give a page, newest first; a simulator has null, not an empty list."""
        device = self._device(request)
        limit = whole_number(request, "limit", PAGE, least=1, most=PAGE)
        page = whole_number(request, "page", 1, least=1)
        start, end = _moment(request, "start"), _moment(request, "end")
        found = [
            each
            for each in device.characterizations(stale=struck(request, "stale_calibration"))
            if (start is None or _at(each) >= start) and (end is None or _at(each) < end)
        ]
        shown = found[(page - 1) * limit : page * limit]
        left = max(0, -(-len(found) // limit) - page)
        return web.json_response({"characterizations": shown if device.hardware else None, "pages": left})

    async def characterization(self, request: web.Request, _: Owner) -> web.Response:
        for stale in (False, True):
            for each in self._device(request).characterizations(stale=stale):
                if each["id"] == request.match_info["id"]:
                    return web.json_response(each)
        raise absent()

    async def estimate(self, request: web.Request, _: Owner) -> web.Response:
        name = request.query.get("backend")
        device = self._books.devices.get(name or "")
        if device is None:
            raise invalid("query", "backend", "must be a backend that exists")
        asked = {
            "backend": device.name,
            "type": request.query.get("type", "ionq.circuit.v1"),
            "qubits": whole_number(request, "qubits", 25, least=0),
            "shots": whole_number(request, "shots", 1000, least=1),
            "1q_gates": whole_number(request, "1q_gates", 0, least=0),
            "2q_gates": whole_number(request, "2q_gates", 0, least=0),
            "error_mitigation": truth(request, "error_mitigation") or False,
        }
        return web.json_response(self._estimated(device, asked))

    def _estimated(self, device: Device, asked: dict[str, Any]) -> dict[str, Any]:
        rates, debiased = device.rates, asked["error_mitigation"]
        cost = rates.cost(
            one_qubit_gates=asked["1q_gates"],
            two_qubit_gates=asked["2q_gates"],
            shots=asked["shots"],
            debiased=debiased,
        )
        return {
            "input_values": asked,
            "estimated_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "cost_unit": "usd",
            "rate_information": {
                "job_cost_minimum": rates.debiased_minimum if debiased else rates.minimum,
                "cost_2q_gate": rates.two_qubit_gate,
                "cost_1q_gate": rates.one_qubit_gate,
                "organization": self._organization_id,
            },
            "estimated_cost": cost,
            "estimated_execution_time": round(asked["shots"] * _SHOT_SECONDS, 3),
            "current_predicted_queue_time": device.queue_ms / 1000,
        }

    async def open_session(self, request: web.Request, owner: Owner) -> web.Response:
        asked = await reading(request, SessionOrder)
        device = self._books.devices.get(asked.backend)
        if device is None or not device.hardware:
            raise invalid("body", "backend", "must be a quantum computer that exists")
        session = Session(
            id=str(uuid4()),
            project_id=owner.project_id,
            organization_id=self._organization_id,
            backend=device.name,
            settings=asked.settings.model_dump(exclude_unset=True),
        )
        self._books.keep(session)
        return web.json_response(session.view(), status=201)

    async def sessions(self, request: web.Request, owner: Owner) -> web.Response:
        active = truth(request, "active")
        mine = [each for each in self._books.sessions.values() if each.project_id == owner.project_id]
        views = [each.view() for each in mine if active in {None, each.active}]
        return web.json_response({"organization_id": self._organization_id, "sessions": views})

    async def session(self, request: web.Request, owner: Owner) -> web.Response:
        return web.json_response(self._session(request, owner).view())

    async def end_session(self, request: web.Request, owner: Owner) -> web.Response:
        session = self._session(request, owner)
        session.end()
        self._books.keep(session)
        return web.json_response(session.view())

    async def whoami(self, _: web.Request, owner: Owner) -> web.Response:
        shown = {"key_id": owner.key_id, "key_name": "Fake Key", "project_id": owner.project_id}
        return web.json_response(shown)

    async def usage(self, request: web.Request, _: Owner) -> web.Response:
        if request.match_info["organization_id"] != self._organization_id:
            raise refused(403, "The key is not of this organization")
        return web.json_response(usage(request, self._organization_id, self._books.submitted()))

    def _device(self, request: web.Request) -> Device:
        device = self._books.devices.get(request.match_info["backend"])
        if device is None:
            raise absent()
        return device

    def _session(self, request: web.Request, owner: Owner) -> Session:
        session = self._books.sessions.get(request.match_info["session_id"])
        if session is None or session.project_id != owner.project_id:
            raise absent()
        return session


def _moment(request: web.Request, name: str) -> datetime | None:
    text = request.query.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid("query", name, "must be a date or a time in ISO 8601") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _at(characterization: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(characterization["date"])
