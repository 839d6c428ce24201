"""IonQ's routes for what jobs gave: probabilities, histograms, shots, variants, artifacts, compiled circuits."""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web

from tests.fakes.vendors.faults import struck
from tests.fakes.vendors.ionq import measured as shapes
from tests.fakes.vendors.ionq.books import Books
from tests.fakes.vendors.ionq.door import Door, Keyed, Owner, truth
from tests.fakes.vendors.ionq.job import Job
from tests.fakes.vendors.ionq.measured import Measured
from tests.fakes.vendors.ionq.wire import CircuitSubmission, MultiSubmission, QasmSubmission
from tests.fakes.vendors.ionq.words import absent

Compute = Callable[[Callable[[], Any]], Awaitable[Any]]
Shape = Callable[[Measured], Any]


class ResultRoutes:
    """What is below one job."""

    def __init__(self, books: Books, door: Door, compute: Compute) -> None:
        self._books, self._door, self._compute = books, door, compute

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Give the routes."""
        keyed, job, variant = self._door.keyed, "/v0.4/jobs/{id}", "/v0.4/jobs/{id}/variants/{variant}/results"
        return [
            web.get(f"{job}/results/probabilities", keyed(self.probabilities)),
            web.get(f"{job}/results/probabilities/aggregated", keyed(self.aggregated)),
            web.get(f"{job}/results/histogram", keyed(self._shots_as(_histogram))),
            web.get(f"{job}/results/shots", keyed(self._shots_as(_shots))),
            web.get(f"{variant}/probabilities", keyed(self._variant_as(_probabilities))),
            web.get(f"{variant}/histogram", keyed(self._variant_as(_histogram))),
            web.get(f"{variant}/shots", keyed(self._variant_as(_shots))),
            web.get(f"{job}/artifacts/{{artifact}}", keyed(self.artifact)),
            web.get(f"{job}/circuits/{{lang}}", keyed(self.compiled)),
        ]

    async def probabilities(self, request: web.Request, owner: Owner) -> web.Response:
        sharpen = truth(request, "sharpen")
        job, found = self._found(request, owner)
        return web.json_response(_probabilities(found, sharpen=bool(sharpen and job.debiased)))

    async def aggregated(self, request: web.Request, owner: Owner) -> web.Response:
        """Give all circuits in the order of the submission, for clients pair them by it."""
        job = self._job(request, owner)
        if not isinstance(job.submission, MultiSubmission):
            raise absent()
        lie, sharpen = struck(request, "wrong_result"), bool(truth(request, "sharpen") and job.debiased)
        outcomes = {child.id: _bent(child.measured, lie) for child in job.children if child.measured}
        return web.json_response({name: _probabilities(each, sharpen=sharpen) for name, each in outcomes.items()})

    def _shots_as(self, shape: Shape) -> Keyed:
        async def handler(request: web.Request, owner: Owner) -> web.Response:
            _, found = self._found(request, owner)
            if found.shots is None:
                raise absent()
            return web.json_response(shape(found))

        return handler

    def _variant_as(self, shape: Shape) -> Keyed:
        async def handler(request: web.Request, owner: Owner) -> web.Response:
            job, found = self._found(request, owner)
            for variant, lot in zip(job.variants(), shapes.lots(found), strict=False):
                if variant == request.match_info["variant"]:
                    return web.json_response(shape(shapes.sampled(lot)))
            raise absent()

        return handler

    async def artifact(self, request: web.Request, owner: Owner) -> web.Response:
        job = self._job(request, owner)
        wanted = request.match_info["artifact"]
        for name, artifact in job.formats().items():
            if artifact == wanted:
                return await self._artifact(job, name, lie=struck(request, "wrong_result"))
        raise absent()

    async def _artifact(self, job: Job, name: str, *, lie: bool) -> web.Response:
        if name == "ionq.native.v1":
            return web.json_response(await self._native(job))
        if name == "ionq.mir.v1":
            assert isinstance(job.submission, QasmSubmission)
            return web.Response(body=job.submission.input.data.encode(), content_type="application/octet-stream")
        assert job.measured is not None
        found, kind = _bent(job.measured, lie), name.split(".")[2]
        if kind == "shots":
            return web.json_response({"shots": shapes.shot_by_shot(found)})
        return web.json_response({kind: {"registers": shapes.by_register(found, counted=kind == "histogram")}})

    async def compiled(self, request: web.Request, owner: Owner) -> web.Response:
        """Give a compiled circuit as text inside JSON."""
        job = self._job(request, owner)
        lang = request.match_info["lang"]
        if lang not in {"native", "qasm3"} or not isinstance(job.submission, CircuitSubmission):
            raise absent()
        if lang == "native":
            return web.json_response(json.dumps(await self._native(job)))
        circuit = job.submission.input

        def program() -> str:
            from tests.fakes.vendors.ionq.circuits import program

            return program(circuit)

        return web.json_response(await self._compute(program))

    async def _native(self, job: Job) -> dict[str, Any]:
        """Compile for the device; a simulator has both gates on two qubits and gets the newer."""
        pair = "zz" if "zz" in job.device.native_pairs else "ms"
        asked = job.submission
        circuits = [child.submission for child in job.children] if job.children else [asked]

        def work() -> list[dict[str, Any]]:
            from tests.fakes.vendors.ionq.circuits import compiled

            return [{"circuit": compiled(one.input, pair)} for one in circuits if isinstance(one, CircuitSubmission)]

        done = await self._compute(work)
        whole = {"gateset": "native", "qubits": max(each.qubits for each in job.sizes())}
        return whole | ({"circuits": done} if job.children else done[0])

    def _job(self, request: web.Request, owner: Owner) -> Job:
        """Find a job that has results; one that is not done has none."""
        job = self._books.job(owner.project_id, request.match_info["id"])
        if job.status != "completed":
            raise absent()
        return job

    def _found(self, request: web.Request, owner: Owner) -> tuple[Job, Measured]:
        job = self._job(request, owner)
        if job.measured is None or job.measured.registers is not None:
            raise absent()
        return job, _bent(job.measured, struck(request, "wrong_result"))


def _probabilities(found: Measured, *, sharpen: bool = False) -> dict[str, float]:
    return shapes.written(shapes.sharpened(found) if sharpen else found.probabilities)


def _histogram(found: Measured) -> dict[str, float]:
    return shapes.written(dict(sorted(Counter(found.shots or ()).items())))


def _shots(found: Measured) -> list[str]:
    return [str(shot) for shot in found.shots or ()]


def _bent(found: Measured, lie: bool) -> Measured:
    """Flip the lowest bit of everything when the fake is told to lie."""
    if not lie:
        return found
    probabilities = {state ^ 1: share for state, share in found.probabilities.items()}
    shots = None if found.shots is None else [shot ^ 1 for shot in found.shots]
    return Measured(probabilities=probabilities, shots=shots, registers=found.registers)
